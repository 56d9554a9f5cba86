from datetime import UTC, datetime, timedelta

import pytest

from aggregator.schedule.hints import after_skipped, body_waits, header_waits, in_words, retry_waits
from aggregator.source import Hints

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 1, 5, 12, 34, tzinfo=UTC)


def test_no_hints_ask_for_nothing() -> None:
    assert [*body_waits(Hints()), *header_waits(Hints()), *retry_waits(Hints())] == []
    assert after_skipped(MONDAY, Hints()) == (MONDAY, None)


@pytest.mark.parametrize(("given", "bounded"), [(HOUR / 2, HOUR / 2), (30 * HOUR, HOUR)])
def test_the_document_may_ask_for_an_hour_at_most(given: timedelta, bounded: timedelta) -> None:
    waits = [*body_waits(Hints(ttl=given, update_period=given))]
    assert [(wait.reason, wait.least) for wait in waits] == [("<ttl>", bounded), ("sy:updatePeriod", bounded)]


@pytest.mark.parametrize(("given", "bounded"), [(2 * HOUR, 2 * HOUR), (300 * HOUR, 24 * HOUR)])
def test_freshness_may_ask_for_a_day_at_most(given: timedelta, bounded: timedelta) -> None:
    assert [wait.least for wait in header_waits(Hints(max_age=given))] == [bounded]


@pytest.mark.parametrize(
    ("given", "bounded"),
    [(timedelta(seconds=1), timedelta(minutes=1)), (2 * HOUR, 2 * HOUR), (timedelta(days=366), timedelta(days=7))],
)
def test_retry_after_is_kept_between_a_minute_and_a_week(given: timedelta, bounded: timedelta) -> None:
    assert [wait.least for wait in retry_waits(Hints(retry_after=given))] == [bounded]


@pytest.mark.parametrize(
    ("hints", "moved", "reason"),
    [
        pytest.param(Hints(skip_hours=(11, 13)), MONDAY, None, id="an-allowed-hour"),
        pytest.param(Hints(skip_hours=(12,)), MONDAY + HOUR, "skipHours", id="one-hour"),
        pytest.param(Hints(skip_hours=(12, 13, 14)), MONDAY + 3 * HOUR, "skipHours", id="three-hours"),
        pytest.param(Hints(skip_hours=tuple(range(1, 24))), MONDAY + 12 * HOUR, "skipHours", id="over-midnight"),
        pytest.param(Hints(skip_days=(0,)), datetime(2026, 1, 6, 0, 34, tzinfo=UTC), "skipDays", id="a-day"),
        pytest.param(
            Hints(skip_days=(0,), skip_hours=(0, 1)), datetime(2026, 1, 6, 2, 34, tzinfo=UTC), "skipDays", id="both"
        ),
        pytest.param(Hints(skip_hours=tuple(range(24))), MONDAY, None, id="all-hours-are-nonsense"),
        pytest.param(Hints(skip_days=tuple(range(7))), MONDAY, None, id="all-days-are-nonsense"),
    ],
)
def test_skipped_hours_and_days_are_left(hints: Hints, moved: datetime, reason: str | None) -> None:
    assert after_skipped(MONDAY, hints) == (moved, reason)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (45, "45 s"),
        (90, "1 min 30 s"),
        (900, "15 min"),
        (5400, "1 h 30 min"),
        (86_401, "1 d 1 s"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
