from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log2

import pytest

from aggregator.headline import Headline, Revision
from aggregator.merge.heat import explain, heat
from aggregator.merge.slip import slip_of
from tests.newsroom import KABAR, NOON, headline, source

HALF_LIFE = timedelta(hours=12)
HOUR = timedelta(hours=1)
WARTA = source("Warta")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def line(number: int, outlet: int = 0, at: datetime = NOON, **changes: object) -> Headline:
    """One of a story; outlets are numbered."""
    return headline(number, source(f"Outlet{outlet}"), story="s", published_at=at, **changes)


def revised(first: Headline, *instants: datetime) -> Headline:
    revisions = tuple(Revision(title=f"{at}", until=at) for at in instants)
    return replace(first, updated_at=instants[-1], revisions=revisions)


def heat_of(*lines: Headline, half_life: timedelta = HALF_LIFE, weights: dict[str, float] | None = None) -> float:
    return heat([slip_of(each, weights or {}) for each in lines], half_life)


def test_heat_is_the_logarithm_of_the_sum_of_all_that_was_said() -> None:
    lines = [line(1, 1), revised(line(2, 2, NOON + HOUR), NOON + 2 * HOUR), line(3, 3, NOON + 5 * HOUR)]
    said = [(1.0, 0), (2.5, 1), (2.5, 2), (1.0, 5)]
    since = (NOON - EPOCH) / HALF_LIFE

    expected = since + log2(sum(weight * 2 ** (hours / 12) for weight, hours in said))
    assert heat_of(*lines, weights={lines[1].source: 2.5}) == pytest.approx(expected, abs=1e-9)


def test_twice_the_outlets_are_as_hot_as_one_a_half_life_later() -> None:
    assert heat_of(line(1, 1), line(2, 2)) == pytest.approx(heat_of(line(3, at=NOON + HALF_LIFE)), abs=1e-9)


def test_a_shorter_half_life_prefers_what_is_new() -> None:
    old, new = [line(n, n) for n in range(4)], [line(9, at=NOON + 6 * HOUR)]

    assert heat_of(*old) > heat_of(*new)
    assert heat_of(*old, half_life=HOUR) < heat_of(*new, half_life=HOUR)


def test_an_outlet_that_repeats_itself_heats_nothing() -> None:
    assert heat_of(line(1)) == heat_of(line(1), *(line(n, at=NOON + n * HOUR) for n in range(2, 50)))


@pytest.mark.parametrize(
    ("one", "other", "counts"),
    [
        pytest.param((7, 8), (7, 9), 1, id="the same page"),
        pytest.param((7, 8), (9, 8), 1, id="the same words"),
        pytest.param((7, 8), (9, 10), 2, id="each its own"),
        pytest.param((), (), 2, id="nobody knows"),
    ],
)
def test_a_text_that_several_outlets_print_counts_once(
    one: tuple[int, ...], other: tuple[int, ...], counts: int
) -> None:
    alone = heat_of(line(1, 1, marks=one))

    assert heat_of(line(1, 1, marks=one), line(2, 2, marks=other)) - alone == pytest.approx(log2(counts), abs=1e-9)


def test_a_copy_of_a_copy_is_a_copy() -> None:
    copies = [line(1, 1, marks=(7, 8)), line(2, 2, NOON + HOUR, marks=(9, 8)), line(3, 3, NOON + 2 * HOUR, marks=(9,))]

    assert heat_of(*copies) == heat_of(copies[0])


def test_whoever_rewrites_a_title_ten_times_is_no_ten_outlets() -> None:
    often = revised(line(1), *(NOON + n * HOUR for n in range(1, 11)))

    assert heat_of(often) == heat_of(revised(line(1), NOON + 10 * HOUR))
    assert heat_of(line(1)) < heat_of(often) < heat_of(line(2, 2, NOON + 10 * HOUR), line(3, 3, NOON + 10 * HOUR))


def test_heat_is_a_number_at_either_end_of_the_calendar() -> None:
    ancient = line(1, 1, datetime(1995, 1, 1, tzinfo=UTC))

    assert heat_of(ancient, line(2, 2)) == pytest.approx(heat_of(line(2, 2)))
    assert heat_of(ancient, line(2, 2), weights={ancient.source: 0.0, line(2, 2).source: 0.0}) > 0


def test_heat_does_not_depend_on_the_order_of_arrival() -> None:
    lines = [line(n, n, NOON + n * HOUR, marks=(n % 7,)) for n in range(50)]

    assert heat_of(*lines) == heat_of(*lines[::-1])


def test_a_storys_heat_is_explained_term_by_term() -> None:
    lines = [
        headline(1, KABAR, marks=(5,), published_at=NOON),
        headline(2, WARTA, marks=(5,), published_at=NOON + HOUR),
        revised(headline(3, WARTA, published_at=NOON + 2 * HOUR), NOON + 3 * HOUR),
        headline(4, source("Suara"), published_at=NOON),
    ]
    terms = explain(lines, {KABAR.id: 2.0}, HALF_LIFE)

    assert [(term.headline[-1], term.kind, term.repeats and term.repeats[-1], term.weight) for term in terms] == [
        ("1", "told", None, 2.0),
        ("4", "told", None, 1.0),
        ("2", "repeated", "1", 1.0),
        ("3", "repeated", "2", 1.0),
    ]
    assert [term.share for term in terms] == pytest.approx([2 / 3, 1 / 3, 0, 0])


def test_a_revision_is_a_term_of_its_own() -> None:
    told, again = explain([revised(line(1), NOON + HALF_LIFE)], {}, HALF_LIFE)

    assert (told.kind, told.at, again.kind, again.at) == ("told", NOON, "revised", NOON + HALF_LIFE)
    assert (told.share, again.share) == pytest.approx((1 / 3, 2 / 3))
