"""Whatever hints say, nobody is asked early, and nobody is given up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.schedule.cron import check_cron
from aggregator.schedule.due import next_due
from aggregator.site import Polling
from aggregator.source import Hints, Source, Standing

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


@given(
    id_=st.text(),
    hints=HINTS,
    failures=st.integers(0, 2000),
    every=st.none() | INTERVALS,
    default=INTERVALS,
    cron=st.sampled_from([None, None, "* * * * *", "0 6 * * 1"]),
    now=INSTANTS,
)
def test_nobody_is_asked_early_and_nobody_is_given_up(
    id_: str, hints: Hints, failures: int, every: timedelta | None, default: timedelta, cron: str | None, now: datetime
) -> None:
    source = Source(id=id_, name="x", urls=(), every=every, cron=cron)
    standing = Standing(source=id_, name="x", urls=(), hints=hints, failures=failures)
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
        assert wait >= (shortest / 2 if failures else every or 0.9 * default)
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
