from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.schedule.rhythm import (
    LONGEST,
    SHORTEST,
    begun,
    busiest_hours,
    expected_a_day,
    forecast,
    is_overdue_news,
    learnt,
)
from aggregator.source import Rhythm

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERY = 15 * MINUTE
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
UTC_ZONE, JAKARTA = ZoneInfo("UTC"), ZoneInfo("Asia/Jakarta")
FOUR_WEEKS = [NOON - day * DAY for day in range(28, 0, -1)]


def heard(*published: datetime, now: datetime = NOON, zone: ZoneInfo = UTC_ZONE) -> Rhythm:
    """Learn from a first document."""
    return learnt(begun(now=now), published, zone=zone, heard_at=None, now=now)


def wait(rhythm: Rhythm, now: datetime = NOON, every: timedelta = EVERY, zone: ZoneInfo = UTC_ZONE) -> timedelta:
    return forecast(rhythm, zone, every=every, now=now).least


def steady(gap: timedelta, *, days: int = 28, now: datetime = NOON) -> Rhythm:
    """Learn from one headline in each `gap`, at no fixed time."""
    return heard(*(now - (number + number * 0.618 % 1) * gap for number in range(int(days * DAY / gap))), now=now)


def test_a_source_of_one_headline_an_hour_is_asked_at_poll_every() -> None:
    assert 0.8 * EVERY < wait(steady(HOUR), now=NOON + 10 * MINUTE) < 1.2 * EVERY


@pytest.mark.parametrize("less", [4, 9, 25])
def test_the_interval_goes_with_the_square_root_of_the_rate(less: int) -> None:
    flat = [(count // 24,) * 24 + (count // 7,) * 7 + (count // 12,) * 12 for count in (16_800, 16_800 // less)]
    often, seldom = (wait(replace(steady(HOUR), heat=0.0, counts=counts)) for counts in flat)
    assert seldom / often == pytest.approx(less**0.5, rel=0.1)


def test_a_source_of_a_headline_a_minute_is_asked_every_five_minutes() -> None:
    assert wait(steady(MINUTE, days=2)) == SHORTEST


def test_what_is_silent_drifts_to_four_hours() -> None:
    waits = [wait(begun(now=NOON), NOON + silent) for silent in (timedelta(0), HOUR, DAY, 10 * DAY, 99 * DAY)]
    assert waits == sorted(waits)
    assert (waits[0] < 20 * MINUTE, waits[-1]) == (True, LONGEST)


def test_a_busy_source_that_falls_silent_drifts_to_four_hours_too() -> None:
    busy = steady(HOUR)
    waits = [wait(busy, NOON + silent) for silent in (HOUR, DAY, 7 * DAY, 30 * DAY, 90 * DAY)]
    assert waits == sorted(waits)
    assert (waits[1] > 2 * EVERY, waits[-1]) == (True, LONGEST)


def test_a_silent_source_that_comes_alive_is_noticed() -> None:
    silent, now = begun(now=NOON - 99 * DAY), NOON
    for _ in range(3):
        now += HOUR
        silent = learnt(silent, [now], zone=UTC_ZONE, heard_at=NOON, now=now)
    assert wait(silent, now) < HOUR


def test_a_daily_source_is_asked_when_its_time_has_come_and_seldom_before() -> None:
    daily = heard(*FOUR_WEEKS, now=NOON - HOUR)
    asked, now = [], NOON - 6 * HOUR
    while now < NOON + 20 * MINUTE:
        now += wait(daily, now)
        asked.append(now - NOON)
    assert any(timedelta(0) <= at <= 10 * MINUTE for at in asked)
    assert sum(at < -HOUR for at in asked) <= 5


def test_a_weekday_source_is_left_alone_on_sundays() -> None:
    hours = [NOON - number * HOUR for number in range(28 * 24)]
    weekdays = heard(*(at for at in hours if at.weekday() < 5 and 8 <= at.hour < 18), now=NOON)
    sunday, monday = NOON - DAY, NOON
    assert wait(weekdays, sunday) > 2 * wait(weekdays, monday)


def test_days_are_counted_in_the_sources_zone() -> None:
    mornings = [at.replace(hour=0) for at in FOUR_WEEKS]  # 7 o'clock in Jakarta
    rhythm = heard(*mornings, zone=JAKARTA)
    assert busiest_hours(rhythm) == (7,)
    assert busiest_hours(heard(*mornings)) == (0,)


def test_one_headline_brings_others() -> None:
    quiet = steady(12 * HOUR, now=NOON - 11 * HOUR)
    burst = learnt(quiet, [NOON - n * MINUTE for n in (1, 5, 9)], zone=UTC_ZONE, heard_at=NOON - HOUR, now=NOON)
    assert wait(burst) < 0.7 * wait(quiet)
    assert wait(burst) < 0.7 * wait(burst, NOON + 8 * HOUR)


def test_a_document_without_dates_is_one_occasion() -> None:
    undated = [NOON - timedelta(seconds=index) for index in range(50)]
    assert heard(*undated) == heard(undated[-6], now=NOON)


def test_an_import_of_a_thousand_counts_once() -> None:
    one = learnt(begun(now=NOON), [NOON], zone=UTC_ZONE, heard_at=NOON - HOUR, now=NOON)
    thousand = learnt(begun(now=NOON), [NOON] * 1000, zone=UTC_ZONE, heard_at=NOON - HOUR, now=NOON)
    assert one == thousand


def test_a_headline_dated_before_the_last_answer_counts_as_of_now() -> None:
    known, before = steady(6 * HOUR), NOON - HOUR
    backdated = learnt(known, [NOON - 400 * DAY, NOON - 3 * DAY], zone=UTC_ZONE, heard_at=before, now=NOON + HOUR)
    assert backdated == learnt(known, [NOON + HOUR], zone=UTC_ZONE, heard_at=before, now=NOON + HOUR)


def test_a_date_to_come_counts_as_of_now() -> None:
    assert heard(NOON + 9 * MINUTE) == heard(NOON)


def test_a_pinned_headline_of_years_ago_does_not_make_a_source_look_silent() -> None:
    today = [NOON - number * HOUR for number in range(20)]
    with_pinned = heard(NOON - 2000 * DAY, *today)
    assert wait(with_pinned) == pytest.approx(wait(heard(*today)), rel=0.1)


def test_what_a_first_document_lists_teaches_its_past() -> None:
    assert wait(heard(*(NOON - number * 5 * MINUTE for number in range(50)))) < wait(begun(now=NOON)) / 2
    assert wait(heard(*(NOON - number * 30 * DAY for number in range(10))), NOON + DAY) > 3 * HOUR


def test_poll_every_beyond_the_bounds_widens_them() -> None:
    assert wait(steady(MINUTE, days=2), every=MINUTE) == MINUTE
    assert wait(begun(now=NOON - 99 * DAY), every=DAY) == DAY


@pytest.mark.parametrize(
    ("rhythm", "now", "words"),
    [
        pytest.param(steady(20 * MINUTE), NOON, "about 3 an hour on Monday afternoons", id="often"),
        pytest.param(steady(8 * HOUR), NOON + 3 * HOUR, "about one in 8 h on Monday afternoons", id="some"),
        pytest.param(begun(now=NOON), NOON + 9 * DAY, "about one in 9 d on Wednesday afternoons", id="seldom"),
    ],
)
def test_the_reason_is_told_in_words(rhythm: Rhythm, now: datetime, words: str) -> None:
    told = forecast(rhythm, UTC_ZONE, every=EVERY, now=now).reason
    number = next(word for word in words.split() if word.isdigit())
    read = next(int(word) for word in told.split() if word.isdigit())
    assert told.replace(str(read), number) == words
    assert read == pytest.approx(int(number), rel=0.5)


def test_news_is_overdue_far_beyond_the_sources_own_rhythm_only() -> None:
    hourly, weekly = steady(HOUR), heard(*(NOON - number * 7 * DAY for number in range(8)))
    assert not is_overdue_news(hourly, UTC_ZONE, since=NOON, now=NOON + 12 * HOUR)
    assert is_overdue_news(hourly, UTC_ZONE, since=NOON, now=NOON + 2 * DAY)
    assert not is_overdue_news(weekly, UTC_ZONE, since=NOON, now=NOON + 60 * DAY)


def test_a_handful_of_headlines_makes_no_rhythm_that_could_be_overdue() -> None:
    for few in (begun(now=NOON), heard(NOON - MINUTE), heard(*(NOON - number * 10 * MINUTE for number in range(4)))):
        assert not is_overdue_news(few, UTC_ZONE, since=NOON, now=NOON + 99 * DAY)


def test_the_reason_names_the_rate_though_the_interval_is_bounded() -> None:
    told = forecast(steady(3 * MINUTE), UTC_ZONE, every=EVERY, now=NOON)
    assert 16 <= int(told.reason.split()[1]) <= 26


def test_a_weekend_is_no_silence_of_a_weekday_source() -> None:
    friday_evening = NOON - 3 * DAY + 6 * HOUR
    hours = [friday_evening - number * HOUR for number in range(28 * 24)]
    weekdays = heard(*(at for at in hours if at.weekday() < 5 and 8 <= at.hour < 18), now=friday_evening)
    assert not is_overdue_news(weekdays, UTC_ZONE, since=friday_evening, now=friday_evening + 2 * DAY)
    assert is_overdue_news(weekdays, UTC_ZONE, since=friday_evening, now=friday_evening + 8 * DAY)


def test_headlines_a_day_and_busiest_hours_are_known() -> None:
    mornings = heard(*(at + minutes * MINUTE for at in FOUR_WEEKS for minutes in range(0, 60, 10)))
    assert expected_a_day(mornings, UTC_ZONE, now=NOON) == pytest.approx(6, rel=0.1)
    assert busiest_hours(mornings) == (12,)
    assert busiest_hours(begun(now=NOON)) == ()


def test_a_rhythm_stays_small_however_much_came() -> None:
    busy = steady(2 * MINUTE, days=60)
    assert len(" ".join(map(str, busy.counts))) < 300


def test_what_is_long_over_is_forgotten_to_the_last_bit() -> None:
    rhythm = heard(*(NOON - 300 * DAY + number * MINUTE for number in range(200)), now=NOON - 300 * DAY)
    for week in range(42, -1, -1):
        at = NOON - week * 7 * DAY + 8 * HOUR
        rhythm = learnt(rhythm, [at], zone=UTC_ZONE, heard_at=at - HOUR, now=at)
    assert [hour for hour in range(24) if rhythm.counts[hour]] == [20]


def test_a_clock_that_is_set_back_is_survived() -> None:
    rhythm = replace(steady(HOUR), heat=30.0)
    assert SHORTEST <= wait(rhythm, NOON - 400 * DAY) <= LONGEST
