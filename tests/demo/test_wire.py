from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.demo.outlets import OUTLETS, Outlet
from aggregator.demo.wire import GAP, OPENING, PLOTS, Dispatch, coverage, dispatch, listing, popular
from aggregator.demo.words import WORDS

SEED = 7
HOUR = timedelta(hours=1)
BY_OUTLET = pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.slug)


def sent_between(first: timedelta, last: timedelta) -> list[tuple[Outlet, Dispatch]]:
    """All that all outlets send in a stretch of wire time, in its order."""
    events = range(OPENING + first // GAP - 12, OPENING + last // GAP + 1)
    told = [(outlet, dispatch(outlet, seed=SEED, event=event)) for outlet in OUTLETS for event in events]
    within = [(outlet, one) for outlet, one in told if one is not None and first <= one.sent < last]
    return sorted(within, key=lambda pair: pair[1].sent)


@BY_OUTLET
def test_the_same_seed_and_time_list_the_same(outlet: Outlet) -> None:
    first = listing(outlet, seed=SEED, elapsed=HOUR, limit=outlet.size)
    dispatch.cache_clear()

    assert listing(outlet, seed=SEED, elapsed=HOUR, limit=outlet.size) == first
    assert listing(outlet, seed=SEED + 1, elapsed=HOUR, limit=outlet.size) != first


def test_the_first_headline_of_the_demo_is_the_same_on_every_machine() -> None:
    newest = listing(OUTLETS[0], seed=SEED, elapsed=timedelta(0), limit=1)

    assert [one.title for one in newest] == ["Panitia Padang Suji Tetapkan 75 Calon untuk Pemilihan Ulang"]


@BY_OUTLET
@pytest.mark.parametrize("elapsed", [timedelta(0), 5 * HOUR, 60 * HOUR], ids=["opening", "five-hours", "sixty-hours"])
def test_every_list_is_full_and_newest_first(outlet: Outlet, elapsed: timedelta) -> None:
    listed = listing(outlet, seed=SEED, elapsed=elapsed, limit=outlet.size)

    assert len(listed) == outlet.size
    assert all(earlier.sent <= later.sent <= elapsed for later, earlier in pairwise(listed))
    assert len({one.event for one in listed}) == outlet.size


def test_two_events_never_share_a_headline_in_four_days() -> None:
    events = defaultdict(set)
    for _, one in sent_between(timedelta(hours=-24), timedelta(hours=72)):
        events[one.title].add(one.event)
        events[one.revised_title].add(one.event)

    assert len(events) > 4_000
    assert {title: told for title, told in events.items() if len(told) > 1} == {}


def test_headlines_are_filled_in_and_begin_with_a_capital_or_a_digit() -> None:
    titles = [one.title for _, one in sent_between(timedelta(0), len(PLOTS) * GAP)]

    assert titles
    assert [title for title in titles if "{" in title or "|" in title or title[0].islower()] == []


def test_words_of_two_lists_do_not_keep_step() -> None:
    for _, plot in PLOTS:
        for headline in (*plot.indonesian, *plot.english):
            turns = {
                tuple(WORDS[slot][turn % len(WORDS[slot])] for slot in WORDS if f"{{{slot}}}" in headline)
                for turn in range(60)
            }

            assert len(turns) == 60, headline


def test_within_minutes_of_the_opening_outlets_tell_the_same_story() -> None:
    outlets, titles, links = defaultdict(set), defaultdict(set), defaultdict(set)
    for outlet, one in sent_between(timedelta(0), timedelta(minutes=40)):
        outlets[one.event].add(outlet.slug)
        titles[one.title].add(outlet.slug)
        links[one.link.partition("?")[0]].add(outlet.slug)

    assert sum(len(told) >= 3 for told in outlets.values()) >= 3, "told by several"
    assert sum(len(told) >= 2 for told in titles.values()) >= 3, "word by word"
    assert sum(len(told) >= 2 for told in links.values()) >= 1, "by the agency's own link"
    assert sum(len(told) >= 2 for told in outlets.values()) < len(titles), "and some in other words"


def test_borrowed_links_carry_tracking_parameters() -> None:
    borrowed = [
        (outlet, one)
        for outlet, one in sent_between(timedelta(0), 3 * HOUR)
        if not one.link.startswith(f"/{outlet.slug}/")
    ]

    assert borrowed
    assert all(one.link.endswith(f"?utm_source={outlet.slug}&utm_medium=rss") for outlet, one in borrowed)


def test_at_sixty_times_the_speed_there_is_a_headline_every_few_seconds() -> None:
    sent = [one.sent for _, one in sent_between(timedelta(0), 3 * HOUR)]
    pauses = [(later - earlier) / 60 for earlier, later in pairwise(sent)]

    assert len(sent) > 150
    assert max(pauses) < timedelta(seconds=8)


def test_some_headlines_are_revised_in_place() -> None:
    revised = [one for _, one in sent_between(timedelta(0), 3 * HOUR) if one.revised is not None]
    one = revised[0]
    assert one.revised is not None

    assert one.title_at(one.revised - timedelta(seconds=1)) == one.title
    assert one.title_at(one.revised) == one.revised_title != one.title
    assert {later.revised_title.startswith("UPDATE: ") for later in revised} == {True, False}


def test_popular_is_what_most_outlets_tell() -> None:
    page = next(outlet for outlet in OUTLETS if outlet.format == "page")
    ranked = popular(page, seed=SEED, elapsed=HOUR)
    told = [coverage(SEED, one.event) for one in ranked]

    assert len(ranked) == 7
    assert told == sorted(told, reverse=True)
    assert told[0] > 3
