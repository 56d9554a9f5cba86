from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.schedule.due import brought_forward, first_due, moved, next_due, set_right
from aggregator.site import Polling
from aggregator.source import Due, Hints, Source, Standing

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLLING = Polling(every=15 * MINUTE, at_once=32, per_host=1, host_gap=timedelta(seconds=1), allow_private=())
MANY = [f"http://news{number}.example/feed" for number in range(300)]


def source(id_: str = MANY[0], **settings: Any) -> Source:
    return Source(id=id_, name=id_, urls=(id_,), **settings)


def standing(hints: Hints = Hints(), failures: int = 0, last_answer: str = "200") -> Standing:
    return Standing(source="", name="", urls=("a",), hints=hints, failures=failures, last_answer=last_answer)


def due(asker: Source, stand: Standing) -> Due:
    told = next_due(asker, stand, polling=POLLING, now=NOW)
    assert told is not None
    assert told.source == asker.id
    return told


def waits(stand: Standing, **settings: Any) -> list[timedelta]:
    return sorted(due(source(id_, **settings), stand).at - NOW for id_ in MANY)


def test_a_parked_source_is_never_due() -> None:
    assert next_due(source(), replace(standing(), gone=("a",)), polling=POLLING, now=NOW) is None


def test_our_own_interval_is_jittered_both_ways_by_a_tenth() -> None:
    spread = waits(standing())
    assert 13.5 * MINUTE <= spread[0] < 13.7 * MINUTE
    assert 16.3 * MINUTE < spread[-1] <= 16.5 * MINUTE
    assert due(source(), standing()).reason == "every 15 min"


def test_the_same_question_has_the_same_answer() -> None:
    assert due(source(), standing()) == due(source(), standing())


@pytest.mark.parametrize(
    ("hints", "settings", "least", "most", "reason"),
    [
        pytest.param(Hints(ttl=30 * MINUTE), {}, 30, 33, "<ttl> 30 min", id="ttl"),
        pytest.param(Hints(ttl=DAY), {}, 60, 66, "<ttl> 1 h (1 d asked)", id="ttl-of-a-day"),
        pytest.param(Hints(ttl=MINUTE), {}, 13.5, 16.5, "every 15 min", id="ttl-never-hurries"),
        pytest.param(Hints(update_period=7 * DAY), {}, 60, 66, "sy:updatePeriod 1 h (7 d asked)", id="sy"),
        pytest.param(Hints(max_age=2 * HOUR), {}, 120, 130, "Cache-Control: max-age 2 h", id="max-age"),
        pytest.param(
            Hints(max_age=9 * DAY), {}, 1440, 1450, "Cache-Control: max-age 1 d (9 d asked)", id="max-age-of-days"
        ),
        pytest.param(Hints(retry_after=DAY), {}, 13.5, 16.5, "every 15 min", id="old-retry-after"),
        pytest.param(Hints(), {"every": MINUTE}, 1, 1.1, "every 1 min", id="fixed"),
        pytest.param(Hints(), {"every": DAY}, 1440, 1450, "every 1 d", id="fixed-day"),
        pytest.param(
            Hints(ttl=HOUR, update_period=HOUR), {"every": MINUTE}, 1, 1.1, "every 1 min", id="fixed-beats-ttl"
        ),
        pytest.param(
            Hints(skip_hours=tuple(range(12, 20))), {"every": MINUTE}, 1, 1.1, "every 1 min", id="fixed-beats-skip"
        ),
        pytest.param(
            Hints(max_age=HOUR), {"every": MINUTE}, 60, 66, "Cache-Control: max-age 1 h", id="max-age-beats-fixed"
        ),
    ],
)
def test_after_success(hints: Hints, settings: dict[str, Any], least: float, most: float, reason: str) -> None:
    spread = waits(standing(hints), **settings)
    assert least * MINUTE <= spread[0] < spread[-1] <= most * MINUTE
    assert due(source(**settings), standing(hints)).reason == reason


def test_a_max_age_close_to_our_interval_is_never_undercut() -> None:
    assert waits(standing(Hints(max_age=14 * MINUTE)))[0] >= 14 * MINUTE


def test_skipped_hours_are_waited_out() -> None:
    told = due(source(), standing(Hints(skip_hours=(12, 13))))
    assert told.at.hour == 14
    assert told.reason == "skipHours"


@pytest.mark.parametrize(
    ("failures", "answer", "hints", "least", "most", "reason"),
    [
        pytest.param(1, "500", Hints(), 7.5, 15, "back-off after 1 failure", id="first"),
        pytest.param(3, "timeout", Hints(), 7.5, 60, "back-off after 3 failures", id="third"),
        pytest.param(99, "dns", Hints(), 7.5, 1440, "back-off after 99 failures", id="never-given-up"),
        pytest.param(1, "429", Hints(), 15, 30, "back-off after 1 failure", id="429"),
        pytest.param(1, "503", Hints(), 15, 30, "back-off after 1 failure", id="503"),
        pytest.param(1, "429", Hints(retry_after=2 * HOUR), 120, 130, "Retry-After 2 h", id="retry-after"),
        pytest.param(
            1, "503", Hints(retry_after=99 * DAY), 10080, 10090, "Retry-After 7 d (99 d asked)", id="retry-after-99-d"
        ),
        pytest.param(1, "500", Hints(retry_after=MINUTE), 7.5, 15, "back-off after 1 failure", id="short-retry-after"),
    ],
)
def test_after_failure(failures: int, answer: str, hints: Hints, least: float, most: float, reason: str) -> None:
    stand = standing(hints, failures, answer)
    spread = waits(stand)
    assert least * MINUTE <= spread[0] < spread[-1] <= most * MINUTE
    assert due(source(), stand).reason == reason


DAILY: dict[str, Any] = {"cron": "0 6 * * *", "zone": ZoneInfo("Asia/Jakarta")}


@pytest.mark.parametrize(
    ("stand", "settings", "at"),
    [
        pytest.param(standing(), DAILY, datetime(2026, 1, 5, 23, tzinfo=UTC), id="daily"),
        pytest.param(standing(Hints(ttl=DAY)), {"cron": "* * * * *"}, NOW + MINUTE, id="beats-ttl"),
        pytest.param(standing(Hints(skip_hours=(12,))), {"cron": "* * * * *"}, NOW + MINUTE, id="beats-skip-hours"),
        pytest.param(standing(Hints(max_age=HOUR)), {"cron": "30 * * * *"}, NOW + 1.5 * HOUR, id="not-max-age"),
        pytest.param(
            standing(Hints(retry_after=12 * HOUR), 1), DAILY, datetime(2026, 1, 6, 23, tzinfo=UTC), id="not-retry-after"
        ),
    ],
)
def test_cron_replaces_the_interval_and_undercuts_nothing(
    stand: Standing, settings: dict[str, Any], at: datetime
) -> None:
    told = due(source(**settings), stand)
    assert (told.at, told.reason) == (at, f"cron {settings['cron']}")


@pytest.mark.parametrize(
    ("asked", "fires"),
    [(-3, 300), (0.3, 300), (25, 300)],
    ids=["a-new-source-just-before-it-fires", "as-it-fired", "after-a-queue"],
)
def test_cron_does_not_ask_again_within_seconds_and_leaves_no_firing_out(asked: float, fires: float) -> None:
    now = NOW + timedelta(seconds=asked)
    told = next_due(source(cron="*/5 * * * *"), standing(), polling=POLLING, now=now)
    each = next_due(source(cron="* * * * *"), standing(), polling=POLLING, now=now)

    assert told is not None
    assert each is not None
    assert told.at == NOW + timedelta(seconds=fires)
    assert each.at == NOW + MINUTE


def test_a_failing_cron_source_backs_off_too() -> None:
    assert waits(standing(failures=9), cron="* * * * *")[-1] > 12 * HOUR


def test_new_sources_start_spread() -> None:
    starts = [first_due(position, at_once=32, now=NOW) for position in range(10_000)]
    assert starts[0] == NOW
    assert starts[32] - starts[0] == timedelta(seconds=1)
    assert starts[-1] - NOW < 6 * MINUTE


@pytest.mark.parametrize("back", [2 * MINUTE, HOUR, 365 * DAY, 3650 * DAY])
def test_after_the_clock_was_set_back_nobody_waits_longer_than_was_agreed_nor_less(back: timedelta) -> None:
    asked_by_a_wrong_clock = due(source(), standing(Hints(max_age=2 * HOUR)))
    now = NOW - back

    assert set_right(asked_by_a_wrong_clock, now=now).at - now == asked_by_a_wrong_clock.wait


@pytest.mark.parametrize("passed", [-MINUTE / 2, timedelta(0), MINUTE, 365 * DAY])
def test_an_appointment_stays_where_it_is_as_long_as_the_clock_goes_on(passed: timedelta) -> None:
    made = due(source(), standing(Hints(max_age=2 * HOUR)))

    assert set_right(made, now=NOW + passed) == made


def edited(before: Source, after: Source, stand: Standing, now: Standing | None = None) -> Due:
    return brought_forward(due(before, stand), after, now or stand, polling=POLLING)


@pytest.mark.parametrize(
    ("before", "after", "wait"),
    [
        pytest.param({"every": 4 * HOUR}, {"every": 5 * MINUTE}, 5 * MINUTE, id="a shorter interval"),
        pytest.param({"cron": "0 6 * * *"}, {"every": HOUR}, HOUR, id="an interval instead of cron"),
        pytest.param({"every": 4 * HOUR}, {}, 15 * MINUTE, id="everybody's interval"),
        pytest.param({"every": 4 * HOUR}, {"cron": "30 12 * * *"}, 30 * MINUTE, id="cron that fires before"),
    ],
)
def test_who_is_to_be_asked_more_often_waits_so_long_from_its_last_answer(
    before: Any, after: Any, wait: timedelta
) -> None:
    forward = edited(source(**before), source(**after), standing())

    assert wait * 0.9 <= forward.at - NOW <= wait * 1.1
    assert brought_forward(forward, source(**after), standing(), polling=POLLING) == forward


def test_whose_publisher_wishes_otherwise_is_not_brought_forward_beyond_that() -> None:
    forward = edited(source(every=4 * HOUR), source(every=5 * MINUTE), standing(Hints(max_age=2 * HOUR)))

    assert NOW + 2 * HOUR <= forward.at < NOW + 3 * HOUR


@pytest.mark.parametrize(
    ("after", "stand"),
    [
        pytest.param({"every": 6 * HOUR}, standing(), id="is to be asked less often"),
        pytest.param({"every": 5 * MINUTE}, standing(failures=9, last_answer="timeout"), id="fails"),
        pytest.param({"every": 4 * HOUR}, standing(Hints(max_age=9 * HOUR)), id="is as it was"),
    ],
)
def test_an_appointment_stays_where_it_is_of_one_that(after: Any, stand: Standing) -> None:
    before = source(every=4 * HOUR)

    assert edited(before, source(**after), stand) == due(before, stand)


def test_another_address_does_not_wait_for_the_failures_of_the_one_before_it() -> None:
    forward = edited(source(), source(), standing(failures=9, last_answer="404"), standing())

    assert forward.at - NOW <= 20 * MINUTE


@pytest.mark.parametrize("by", [timedelta(days=3_652), timedelta(hours=-1), timedelta(days=-3_652)])
def test_an_appointment_is_moved_along_with_the_clock(by: timedelta) -> None:
    made = due(source(), standing())

    assert moved(made, source(), standing(), by, polling=POLLING, now=NOW + by).at == made.at + by


@pytest.mark.parametrize(
    ("by", "at"),
    [
        pytest.param(timedelta(days=365), timedelta(), id="ahead: it fires once, late"),
        pytest.param(timedelta(hours=-1), timedelta(), id="an hour back: what has fired does not fire again"),
        pytest.param(timedelta(days=-365), timedelta(days=-365), id="a year back: not in a year"),
    ],
)
def test_what_cron_names_is_a_time_of_the_clock_as_it_is_now(by: timedelta, at: timedelta) -> None:
    daily = source(cron="0 6 * * *", zone=ZoneInfo("UTC"))
    made = due(daily, standing())

    assert moved(made, daily, standing(), by, polling=POLLING, now=NOW + by).at == made.at + at


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(standing(Hints(max_age=20 * HOUR)), id="max-age"),
        pytest.param(standing(Hints(retry_after=20 * HOUR), failures=1, last_answer="503"), id="Retry-After"),
    ],
)
@pytest.mark.parametrize("by", [timedelta(days=365), timedelta(hours=40), timedelta(minutes=30)])
def test_a_clock_that_is_set_ahead_has_cron_fire_inside_no_wait_that_a_publisher_asked_for(
    told: Standing, by: timedelta
) -> None:
    daily = source(cron="0 6 * * *", zone=ZoneInfo("UTC"))

    assert moved(due(daily, told), daily, told, by, polling=POLLING, now=NOW + by).at >= NOW + by + 20 * HOUR
