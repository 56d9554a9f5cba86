from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.monitor.days import Days

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def days(*ago: float, zone: str = "UTC") -> Days:
    counted = Days(ZoneInfo(zone))
    for each in ago:
        counted.add("dunia", NOON - each * DAY)
    return counted


@pytest.mark.parametrize(
    ("ago", "watched_days", "expected"),
    [
        ([], 30, 0),
        ([0.1] * 13, 30, 13 / 6.5),
        ([each / 2 for each in range(13)], 30, 13 / 6.5),
        ([0.1] * 6, 0, 6),
        ([0.1] * 6, 1, 6 / 1.5),
        ([0.1, 3], 0, 2 / 3.5),
        ([0.1, 9, 20, 400], 0, 1),
        ([9], 20, 0),
    ],
    ids=[
        "silent",
        "all today, of a week",
        "every twelve hours",
        "its first day",
        "its second day",
        "first asked today, and lists older ones",
        "what is older than a week counts for nothing",
        "nothing for more than a week",
    ],
)
def test_headlines_a_day_are_those_of_a_week_over_the_time_watched(
    ago: list[float], watched_days: float, expected: float
) -> None:
    assert days(*ago).per_day("dunia", watched_since=NOON - watched_days * DAY, now=NOON) == expected


def test_a_source_that_was_never_asked_brings_nothing() -> None:
    assert days().per_day("dunia", watched_since=None, now=NOON) == 0


def test_the_day_begins_at_midnight_in_the_newsrooms_zone() -> None:
    counted = days(0, 0.75, 0.9, zone="Asia/Jakarta")  # noon; 18:00 and 14:24 the day before, in UTC

    assert counted.today("dunia", now=NOON) == 2
    assert counted.today("dunia", now=NOON + timedelta(hours=5)) == 0
    assert counted.today("kabar", now=NOON) == 0


@pytest.mark.parametrize("order", [1, -1])
def test_no_more_than_eight_days_are_kept_in_whatever_order_they_come(order: int) -> None:
    kept = days(*[*range(60)][::order]).sketch()

    assert sorted(day for day, _ in kept) == [NOON.toordinal() - each for each in range(7, -1, -1)]


def test_what_was_counted_goes_on_from_a_sketch() -> None:
    counted = days(0, 1, 1)
    again = Days(UTC, dict(counted.sketch()))
    again.add("dunia", NOON)

    assert again.today("dunia", now=NOON) == 2
    assert counted.today("dunia", now=NOON) == 1
