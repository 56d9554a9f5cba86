from datetime import UTC, datetime, timedelta

import pytest

from aggregator.schedule.backoff import backoff, share

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def waits(failures: int, base: timedelta = QUARTER) -> list[timedelta]:
    return [backoff(f"source{number}", failures, base=base, now=NOW) for number in range(500)]


@pytest.mark.parametrize(
    ("failures", "longest"),
    [(1, 15), (2, 30), (3, 60), (7, 960), (8, 1440), (9, 1440), (10**9, 1440)],
)
def test_each_failure_doubles_the_upper_end_up_to_a_day(failures: int, longest: int) -> None:
    upper = timedelta(minutes=longest)
    assert all(QUARTER / 2 <= wait <= upper for wait in waits(failures))
    assert max(waits(failures)) > upper - (upper - QUARTER / 2) / 20  # full jitter: the whole range is used
    assert min(waits(failures)) < QUARTER / 2 + (upper - QUARTER / 2) / 20


def test_never_less_than_a_minute() -> None:
    assert min(waits(1, timedelta(minutes=1))) == timedelta(minutes=1)
    assert min(waits(5, timedelta(minutes=1))) >= timedelta(minutes=1)


def test_a_weekly_source_is_not_hurried_by_failing() -> None:
    week = timedelta(days=7)
    assert all(week / 2 <= wait <= week for wait in waits(30, week))


def test_the_draw_is_the_same_for_the_same_and_even_over_all() -> None:
    draws = [share(str(number), 1, NOW) for number in range(2000)]
    assert draws == [share(str(number), 1, NOW) for number in range(2000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert len(set(draws)) == len(draws)
    assert abs(sum(draws) / len(draws) - 0.5) < 0.03
    assert share("a", 1, NOW) != share("a", 2, NOW) != share("a", 2, NOW + timedelta(microseconds=1))
