import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.schedule.rhythm import begun, learnt
from aggregator.schedule.silence import SHORTEST, has_fallen_silent
from aggregator.source import Rhythm, Standing
from tests.newsroom import DUNIA

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("UTC")


def every(gap: timedelta, *, days: int = 60) -> list[datetime]:
    """One headline in each gap, the last at NOON."""
    return [NOON - number * gap for number in range(int(days * DAY / gap))]


def standing(rhythm: Rhythm, last: datetime, failures: int = 0) -> Standing:
    return Standing(source=DUNIA.id, name="Dunia", urls=DUNIA.urls, failures=failures, last_new_at=last, rhythm=rhythm)


def silent(published: Sequence[datetime], quiet: timedelta, *, listed: int = 30, failures: int = 0) -> bool:
    last = max(published)
    rhythm = learnt(begun(now=last), published, zone=ZONE, heard_at=None, now=last)
    listing = sorted(published)[-listed:]
    return has_fallen_silent(standing(rhythm, last, failures), DUNIA, listing, heard_at=last + quiet)


@pytest.mark.parametrize(
    ("gap", "told_after"),
    [(HOUR / 2, SHORTEST), (6 * HOUR, SHORTEST), (DAY, 4 * DAY), (3 * DAY, 12 * DAY)],
    ids=["busy", "four-a-day", "daily", "twice-a-week"],
)
def test_a_source_is_silent_after_four_of_its_longest_pauses_and_three_days_at_least(
    gap: timedelta, told_after: timedelta
) -> None:
    assert not silent(every(gap), told_after - HOUR)
    assert silent(every(gap), told_after + HOUR)


def test_one_long_pause_of_late_makes_it_wait_four_times_as_long() -> None:
    holiday = [at for at in every(6 * HOUR) if not 2 * DAY < NOON - at < 4 * DAY]
    assert not silent(holiday, 7 * DAY)
    assert silent(holiday, 9 * DAY)


def test_a_handful_of_headlines_makes_no_rhythm() -> None:
    assert not silent(every(HOUR, days=60), 30 * DAY, listed=10)  # nine pauses
    assert not silent(every(6 * DAY), 60 * DAY)


def test_a_source_that_fails_is_not_told_to_be_silent_too() -> None:
    assert not silent(every(HOUR), 30 * DAY, failures=1)


def test_a_list_of_less_than_a_week_has_to_be_far_overdue_by_its_rhythm() -> None:
    of_a_day = every(2 * HOUR, days=1)  # a day's past: too little to go by
    assert not silent(of_a_day, 4 * DAY)
    assert silent(every(HOUR, days=60), 4 * DAY)


def test_the_list_is_not_looked_at_before_it_matters() -> None:
    looked_at = (pytest.fail("looked at") for _ in range(1))
    assert not has_fallen_silent(standing(begun(now=NOON), NOON), DUNIA, looked_at, heard_at=NOON + 2 * DAY)


def test_of_the_pauses_of_random_sources_hardly_one_is_called_a_silence() -> None:
    dice, false_alarms = random.Random(5), 0
    for _ in range(20):
        told, rhythm = [NOON], begun(now=NOON)
        for _ in range(150):
            at = told[-1] + dice.expovariate(1 / 36) * HOUR  # a headline in 36 hours
            false_alarms += has_fallen_silent(standing(rhythm, told[-1]), DUNIA, told[-30:], heard_at=at)
            rhythm = learnt(rhythm, [at], zone=ZONE, heard_at=told[-1], now=at)
            told.append(at)
    assert false_alarms <= 3  # of 3,000
