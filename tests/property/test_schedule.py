"""Whatever hints say, nobody is asked early, and nobody is given up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from aggregator.schedule.cron import check_cron
from aggregator.schedule.due import next_due
from aggregator.schedule.rhythm import LONGEST, SHORTEST, begun, forecast, is_overdue_news, learnt
from aggregator.site import Polling
from aggregator.source import Hints, Rhythm, Source, Standing

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WISHES = st.none() | st.timedeltas(timedelta(0), timedelta(days=366))
INTERVALS = st.timedeltas(timedelta(minutes=1), timedelta(days=30))
HINTS = st.builds(
    Hints,
    max_age=WISHES,
    retry_after=WISHES,
    ttl=WISHES,
    update_period=WISHES,
    skip_hours=st.lists(st.integers(0, 23)).map(tuple),
    skip_days=st.lists(st.integers(0, 6)).map(tuple),
)
ZONES = st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Asia/Jakarta"), ZoneInfo("America/St_Johns")])
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AGES = st.one_of(
    st.timedeltas(timedelta(hours=-1), timedelta(hours=6)),
    st.timedeltas(timedelta(0), timedelta(days=60)),
    st.timedeltas(timedelta(0), timedelta(days=12_000)),
)
PUBLISHED = st.lists(AGES.map(lambda age: NOW - age), max_size=60)
RHYTHMS = st.builds(
    lambda published, zone, heard: learnt(begun(now=NOW), published, zone=zone, heard_at=heard, now=NOW),
    PUBLISHED,
    ZONES,
    st.none() | AGES.map(lambda age: NOW - age),
)


@given(RHYTHMS, ZONES, INTERVALS, INSTANTS | AGES.map(lambda age: NOW + age))
def test_whatever_came_the_interval_keeps_its_bounds(
    rhythm: Rhythm, zone: ZoneInfo, every: timedelta, now: datetime
) -> None:
    told = forecast(rhythm, zone, every=every, now=now)
    assert min(SHORTEST, every) <= told.least <= max(LONGEST, every)
    assert told.reason.startswith("about ")
    assert told == forecast(rhythm, zone, every=every, now=now)


@given(RHYTHMS, ZONES, st.lists(st.timedeltas(timedelta(0), timedelta(days=400)), min_size=2, max_size=2).map(sorted))
def test_the_longer_the_silence_the_more_overdue(rhythm: Rhythm, zone: ZoneInfo, silences: list[timedelta]) -> None:
    shorter, longer = (is_overdue_news(rhythm, zone, since=NOW, now=NOW + silence) for silence in silences)
    assert longer or not shorter


@given(RHYTHMS, ZONES, st.integers(1, 50))
def test_the_same_hour_of_a_week_of_more_silence_is_not_asked_sooner(
    rhythm: Rhythm, zone: ZoneInfo, weeks: int
) -> None:
    after = NOW + timedelta(days=1)
    later = after + timedelta(weeks=weeks)
    waits = [forecast(rhythm, zone, every=timedelta(minutes=15), now=now).least for now in (after, later)]
    assert waits[0] <= waits[1] + timedelta(seconds=1)


@given(PUBLISHED, ZONES, st.lists(st.integers(0, 60), max_size=6).map(sorted))
def test_the_same_history_teaches_the_same_however_it_is_cut(
    published: Sequence[datetime], zone: ZoneInfo, cuts: list[int]
) -> None:
    told, heard = sorted(published), NOW - timedelta(days=20_000)
    begin = begun(now=heard)
    whole = learnt(begin, told, zone=zone, heard_at=heard, now=NOW)
    for start, end in zip([0, *cuts], [*cuts, 60], strict=True):
        begin = learnt(begin, told[start:end], zone=zone, heard_at=heard, now=NOW)
    assert begin == whole


@given(
    id_=st.text(),
    rhythm=st.none() | RHYTHMS,
    hints=HINTS,
    failures=st.integers(0, 2000),
    every=st.none() | INTERVALS,
    default=INTERVALS,
    cron=st.sampled_from([None, None, "* * * * *", "0 6 * * 1"]),
    now=INSTANTS,
)
def test_nobody_is_asked_early_and_nobody_is_given_up(
    id_: str,
    rhythm: Rhythm | None,
    hints: Hints,
    failures: int,
    every: timedelta | None,
    default: timedelta,
    cron: str | None,
    now: datetime,
) -> None:
    source = Source(id=id_, name="x", urls=("x",), every=every, cron=cron)
    standing = Standing(source=id_, name="x", urls=("x",), hints=hints, failures=failures, rhythm=rhythm)
    polling = Polling(every=default, at_once=1, per_host=1, host_gap=timedelta(0), allow_private=())
    due = next_due(source, standing, polling=polling, now=now)

    assert due is not None
    assert due.at.utcoffset() == timedelta(0)
    wait = due.at - now
    if failures and hints.retry_after is not None:
        assert wait >= min(hints.retry_after, timedelta(days=7))
    if not failures and hints.max_age is not None:
        assert wait >= min(hints.max_age, timedelta(hours=24))
    if cron is None:
        shortest = min(every or default, timedelta(hours=24))
        guess = 0.9 * default if rhythm is None else min(default, SHORTEST)
        assert wait >= (shortest / 2 if failures else every or guess)
        a_week_of_skipping = timedelta(days=7)
        assert wait <= max(every or default, timedelta(days=7)) + a_week_of_skipping + timedelta(minutes=10)


@given(st.text() | st.lists(st.text("0123456789*/-,amon", max_size=5), min_size=5, max_size=5).map(" ".join))
def test_any_text_is_a_cron_expression_or_told_not_to_be(text: str) -> None:
    words = "passed"
    try:
        check_cron(text)
    except ValueError as error:
        words = str(error)
    assert words
