from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.schedule.doubt import AGAIN_AFTER, doubt, lies_ahead
from aggregator.schedule.rhythm import begun, learnt
from aggregator.source import Rhythm, Standing, Validators

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("UTC")
URL = "https://dunia.example/rss"


def http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def steady(gap: timedelta) -> Rhythm:
    """Learn from one headline in each `gap` of the last sixty days."""
    published = [NOW - number * gap for number in range(int(60 * DAY / gap))]
    return learnt(begun(now=NOW), published, zone=ZONE, heard_at=None, now=NOW)


def standing(validators: Validators, **changes: object) -> Standing:
    plain = Standing(
        source=URL,
        name="Dunia",
        urls=(URL,),
        validators=((URL, validators),),
        first_asked_at=NOW - 90 * DAY,
        last_new_at=NOW - HOUR,
        last_answer="304",
        rhythm=steady(HOUR),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


HONEST = standing(Validators(etag='"a"', last_modified=http_date(NOW - HOUR)))
AHEAD = standing(Validators(last_modified=http_date(NOW + 30 * DAY)))


def test_an_honest_source_is_never_asked_without_its_validators() -> None:
    assert doubt(HONEST, ZONE, now=NOW) is None


@pytest.mark.parametrize(
    ("last_modified", "ahead"),
    [
        pytest.param(http_date(NOW + DAY), True, id="tomorrow"),
        pytest.param(http_date(NOW + timedelta(minutes=9)), False, id="clocks-differ"),
        pytest.param(http_date(NOW - DAY), False, id="yesterday"),
        pytest.param("soon", False, id="no-date"),
        pytest.param(None, False, id="none"),
    ],
)
def test_a_last_modified_may_lie_ahead(last_modified: str | None, *, ahead: bool) -> None:
    assert lies_ahead(Validators(last_modified=last_modified), now=NOW) is ahead


def test_a_last_modified_in_the_future_is_doubted_once_a_day() -> None:
    assert doubt(AHEAD, ZONE, now=NOW) == "its Last-Modified lies in the future"
    tried = replace(AHEAD, asked_whole_at=NOW)
    assert doubt(tried, ZONE, now=NOW + AGAIN_AFTER - timedelta(seconds=1)) is None
    assert doubt(tried, ZONE, now=NOW + AGAIN_AFTER) is not None


def test_the_first_answer_is_trusted_for_a_day() -> None:
    assert doubt(replace(AHEAD, first_asked_at=NOW - HOUR), ZONE, now=NOW) is None


@pytest.mark.parametrize("answer", ["200", "226", "503", "timeout"])
def test_only_a_304_is_doubted(answer: str) -> None:
    assert doubt(replace(AHEAD, last_answer=answer), ZONE, now=NOW) is None


def test_who_gave_no_validators_is_asked_without_them_anyway() -> None:
    assert doubt(standing(Validators(), last_new_at=None), ZONE, now=NOW) is None


@pytest.mark.parametrize(
    ("gap", "usual", "beyond"),
    [
        pytest.param(HOUR, DAY / 2, 2 * DAY, id="hourly"),
        pytest.param(DAY, 14 * DAY, 60 * DAY, id="daily"),
    ],
)
def test_a_silence_far_beyond_a_sources_own_rhythm_is_doubted(
    gap: timedelta, usual: timedelta, beyond: timedelta
) -> None:
    silent = replace(HONEST, rhythm=steady(gap), last_new_at=NOW)

    assert doubt(silent, ZONE, now=NOW + usual) is None
    assert doubt(silent, ZONE, now=NOW + beyond) == "it is silent for far longer than usual"


def test_who_has_no_rhythm_is_never_silent_beyond_it() -> None:
    assert doubt(replace(HONEST, rhythm=steady(40 * DAY), last_new_at=NOW), ZONE, now=NOW + 900 * DAY) is None


def test_a_source_that_stays_silent_is_tried_less_and_less_often() -> None:
    silent, tries = replace(HONEST, last_new_at=NOW, first_asked_at=NOW), []
    for day in range(100):
        if doubt(silent, ZONE, now=NOW + day * DAY) is not None:
            silent = replace(silent, asked_whole_at=NOW + day * DAY)
            tries.append(day)

    assert tries == [2, 4, 8, 16, 32, 64]
