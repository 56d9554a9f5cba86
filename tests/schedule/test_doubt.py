from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from aggregator.schedule.doubt import AGAIN_AFTER, doubt, lies_ahead
from aggregator.schedule.history import with_news
from aggregator.source import Standing, Validators

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
URL = "https://dunia.example/rss"


def http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def standing(validators: Validators, **changes: object) -> Standing:
    plain = Standing(
        source=URL,
        name="Dunia",
        urls=(URL,),
        validators=((URL, validators),),
        first_asked_at=NOW - 90 * DAY,
        last_new_at=NOW - HOUR,
        last_answer="304",
        gap=HOUR,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


HONEST = standing(Validators(etag='"a"', last_modified=http_date(NOW - HOUR)))
AHEAD = standing(Validators(last_modified=http_date(NOW + 30 * DAY)))


def test_an_honest_source_is_never_asked_without_its_validators() -> None:
    assert doubt(HONEST, now=NOW) is None


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
    assert doubt(AHEAD, now=NOW) == "its Last-Modified lies in the future"
    tried = replace(AHEAD, asked_whole_at=NOW)
    assert doubt(tried, now=NOW + AGAIN_AFTER - timedelta(seconds=1)) is None
    assert doubt(tried, now=NOW + AGAIN_AFTER) is not None


def test_the_first_answer_is_trusted_for_a_day() -> None:
    assert doubt(replace(AHEAD, first_asked_at=NOW - HOUR), now=NOW) is None


@pytest.mark.parametrize("answer", ["200", "226", "503", "timeout"])
def test_only_a_304_is_doubted(answer: str) -> None:
    assert doubt(replace(AHEAD, last_answer=answer), now=NOW) is None


def test_who_gave_no_validators_is_asked_without_them_anyway() -> None:
    assert doubt(standing(Validators(), last_new_at=None), now=NOW) is None


@pytest.mark.parametrize(
    ("gap", "silent_days"),
    [
        pytest.param(HOUR, 3, id="hourly: a long weekend"),
        pytest.param(DAY, 20, id="daily"),
        pytest.param(7 * DAY, 140, id="weekly"),
        pytest.param(None, 20, id="unknown"),
    ],
)
def test_a_silence_far_beyond_a_sources_own_gaps_is_doubted(gap: timedelta | None, silent_days: int) -> None:
    silent = replace(HONEST, gap=gap, last_new_at=NOW, first_asked_at=NOW - DAY)
    almost, over = NOW + silent_days * DAY - HOUR, NOW + silent_days * DAY

    assert doubt(silent, now=almost) is None
    assert doubt(silent, now=over) == "it is silent for far longer than usual"


def test_a_source_that_stays_silent_is_tried_less_and_less_often() -> None:
    silent, tries = replace(HONEST, last_new_at=NOW, first_asked_at=NOW), []
    for day in range(100):
        if doubt(silent, now=NOW + day * DAY) is not None:
            silent = replace(silent, asked_whole_at=NOW + day * DAY)
            tries.append(day)

    assert tries == [3, 6, 12, 24, 48, 96]


def test_a_gap_is_the_mean_of_the_latest() -> None:
    one = with_news(replace(HONEST, last_new_at=None, gap=None), now=NOW)
    two = with_news(one, now=NOW + HOUR)
    three = with_news(two, now=NOW + 6 * HOUR)

    assert (one.gap, two.gap, three.gap) == (None, HOUR, 2 * HOUR)
    assert three.last_new_at == NOW + 6 * HOUR
