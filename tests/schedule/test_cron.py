from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.schedule.cron import check_cron, next_firing

GMT = ZoneInfo("UTC")
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)


def firings(expression: str, zone: ZoneInfo, after: datetime, count: int) -> list[str]:
    told = []
    for _ in range(count):
        after = next_firing(expression, zone, after)
        told.append(f"{after:%a %d %b %H:%M}")
    return told


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("*/15 * * * *", ["Mon 05 Jan 12:45", "Mon 05 Jan 13:00"], id="quarters"),
        pytest.param("0 6 * * *", ["Tue 06 Jan 06:00", "Wed 07 Jan 06:00"], id="daily"),
        pytest.param("0 6 * * 0", ["Sun 11 Jan 06:00", "Sun 18 Jan 06:00"], id="sunday-is-0"),
        pytest.param("0 6 * * 7", ["Sun 11 Jan 06:00", "Sun 18 Jan 06:00"], id="sunday-is-7"),
        pytest.param("0 6 * * 1", ["Mon 12 Jan 06:00", "Mon 19 Jan 06:00"], id="monday-is-1"),
        pytest.param("0 6 * * 5-7", ["Fri 09 Jan 06:00", "Sat 10 Jan 06:00", "Sun 11 Jan 06:00"], id="5-7"),
        pytest.param("0 6 * * FRI-sun", ["Fri 09 Jan 06:00", "Sat 10 Jan 06:00", "Sun 11 Jan 06:00"], id="names"),
        pytest.param("0 6 * * 1-5/2", ["Wed 07 Jan 06:00", "Fri 09 Jan 06:00", "Mon 12 Jan 06:00"], id="step"),
        pytest.param("0 6 * * */3", ["Wed 07 Jan 06:00", "Sat 10 Jan 06:00", "Sun 11 Jan 06:00"], id="star-step"),
        pytest.param("0 6 * * 1,3", ["Wed 07 Jan 06:00", "Mon 12 Jan 06:00"], id="list"),
        pytest.param("0 6 9 * 0", ["Fri 09 Jan 06:00", "Sun 11 Jan 06:00"], id="either-day-is-enough"),
        pytest.param("0 6 */2 * 0", ["Sun 11 Jan 06:00", "Sun 25 Jan 06:00"], id="both-days-after-a-star"),
        pytest.param("0 0 29 feb *", ["Tue 29 Feb 00:00"], id="leap-day"),
    ],
)
def test_expressions_mean_what_crontab_says(expression: str, expected: list[str]) -> None:
    assert firings(expression, GMT, MONDAY, len(expected)) == expected


def test_a_firing_is_later_than_the_last_one() -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert next_firing("0 12 * * *", GMT, noon) == noon + timedelta(days=1)
    assert next_firing("0 12 * * *", GMT, noon - timedelta(microseconds=1)) == noon


def test_the_zone_is_the_sources() -> None:
    assert firings("0 6 * * *", ZoneInfo("Asia/Jakarta"), MONDAY, 1) == ["Mon 05 Jan 23:00"]


def test_a_time_that_the_clocks_skip_fires_an_hour_later_once() -> None:
    before = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert firings("30 2 * * *", NEW_YORK, before, 2) == ["Sun 08 Mar 07:30", "Mon 09 Mar 06:30"]


def test_a_time_that_comes_twice_fires_once() -> None:
    before = datetime(2026, 10, 31, 12, tzinfo=UTC)
    assert firings("30 1 * * *", NEW_YORK, before, 2) == ["Sun 01 Nov 05:30", "Mon 02 Nov 06:30"]


def test_an_hourly_firing_misses_no_hour_when_clocks_go_back() -> None:
    before = datetime(2026, 11, 1, 4, 20, tzinfo=UTC)
    assert firings("15 * * * *", NEW_YORK, before, 3) == ["Sun 01 Nov 05:15", "Sun 01 Nov 06:15", "Sun 01 Nov 07:15"]


@pytest.mark.parametrize(
    "expression",
    [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
        "* * * * x", "* * * * 1-", "* * * * */0", "* * * * */x", "* * * * ²", "*/0 * * * *", "5-1 * * * *", "a b c d e",
        "0 0 1,,2 * *", "@daily", "0 0 31 2 *", "0 0 30 feb *",
    ],
)  # fmt: skip
def test_what_is_no_cron_expression_is_said_in_words(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        check_cron(expression)


@pytest.mark.parametrize("expression", ["* * * * *", "0 6 * * 1-5", "0 0 29 2 *", "5,35 */2 1-7 jan-mar mon"])
def test_a_good_expression_passes(expression: str) -> None:
    check_cron(expression)
