from datetime import timedelta
from typing import Any

import pytest

from aggregator.dedupe.floods import AGAIN, LATE
from aggregator.dedupe.turnover import lost_dates, replaced_at_once
from aggregator.entry import Entry, Origin, Reading
from aggregator.headline import Headline
from tests.newsroom import NOON, headline

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def lines(count: int, *, first: int = 0, gap: timedelta = HOUR, **changes: Any) -> list[Headline]:
    """The newest at NOON, one in each gap before."""
    return [
        headline(first + number, published_at=NOON - number * gap, first_seen_at=NOON - number * gap, **changes)
        for number in range(count)
    ]


def page(count: int, *, known: int = 0, dated: int = 0) -> Reading:
    listing = tuple(f"{number:016x}" for number in range(count))
    entries = tuple(
        Entry(fingerprint=each, index=index, title="Judul", published_at=NOON if index < dated else None)
        for index, each in enumerate(listing[known:])
    )
    return Reading(kind="page", origin=Origin(id="x", title=""), language=None, listing=listing, entries=entries)


def replaced(new: list[Headline], before: list[Headline], after: timedelta) -> bool:
    return replaced_at_once(new, before, last_new_at=NOON, now=NOON + after) is not None


def test_a_list_that_took_a_day_to_fill_is_not_replaced_by_news_in_half_an_hour() -> None:
    assert replaced(lines(20, first=100), lines(20), HOUR / 2)
    assert replaced_at_once(lines(20), lines(24), last_new_at=NOON, now=NOON + MINUTE) == (
        "all of its 20 lines are new at once, and none of the 24 before is listed any longer"
    )


@pytest.mark.parametrize("hours", [3, 9, 48])
def test_after_a_while_it_may_be(hours: int) -> None:
    assert not replaced(lines(20, first=100), lines(20), hours * HOUR)


def test_who_replaces_all_of_it_every_day_is_not_odd() -> None:
    assert not replaced(lines(20, first=100), lines(20, gap=timedelta(0)), MINUTE)


def test_an_undated_list_is_as_old_as_we_have_known_its_lines() -> None:
    undated = lines(20, date_from="seen")
    assert replaced(lines(20, first=100), undated, HOUR / 2)
    assert not replaced(lines(20, first=100), [*lines(20, gap=timedelta(0), date_from="baseline")], HOUR / 2)


@pytest.mark.parametrize("reason", [AGAIN, LATE])
def test_what_is_no_news_cannot_have_replaced_it_whenever_it_came(reason: str) -> None:
    old = lines(10, first=100, untold=reason)
    assert replaced([*old, *lines(9, first=200)], lines(20), 48 * HOUR)
    assert not replaced([*old, *lines(11, first=200)], lines(20), 48 * HOUR)


def test_a_few_lines_make_no_list() -> None:
    assert not replaced(lines(4, first=100, untold=AGAIN), lines(20), MINUTE)
    assert not replaced(lines(20, first=100, untold=AGAIN), lines(4), MINUTE)


def test_a_source_that_never_brought_news_has_no_usual() -> None:
    assert replaced_at_once(lines(20, untold=AGAIN), lines(20), last_new_at=None, now=NOON) is None


def test_dates_are_lost_where_no_line_bears_one_and_most_did() -> None:
    assert lost_dates(page(5), lines(5)) is not None
    assert lost_dates(page(5), [*lines(3, date_from="seen"), *lines(2)]) is None
    assert lost_dates(page(5), []) is None


@pytest.mark.parametrize(
    "reading",
    [
        pytest.param(page(5, dated=1), id="one-is-dated"),
        pytest.param(page(5, known=1), id="one-is-as-it-was"),
        pytest.param(page(4), id="few-lines"),
    ],
)
def test_dates_are_not_lost(reading: Reading) -> None:
    assert lost_dates(reading, lines(20)) is None
