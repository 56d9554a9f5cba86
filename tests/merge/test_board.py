from datetime import timedelta
from typing import Any

from aggregator.headline import Headline
from aggregator.merge.board import Board
from aggregator.merge.rank import HALF_LIFE
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, headline

DAY = timedelta(days=1)


def board(*headlines: Headline, weights: dict[str, float] | None = None) -> Board:
    posted = Board((UPDATE, POPULAR), weights or {})
    for each in headlines:
        posted.post(each)
    return posted


def line(number: int, story: int | None = None, **changes: Any) -> Headline:
    return headline(number, story=headline(number if story is None else story).id, **changes)


def shown(posted: Board) -> dict[str, list[list[int]]]:
    """What is in the two lists, by the numbers of the headlines."""
    lists = {"update": posted.stories("update"), "popular": posted.hottest("popular")}
    return {slug: [[int(id_[-12:]) for id_ in ids] for ids in stories] for slug, stories in lists.items()}


def test_an_empty_board_has_empty_topics() -> None:
    assert shown(board()) == {"update": [], "popular": []}
    assert (board().headline_count, board().story_count) == (0, 0)


def test_stories_are_listed_by_their_leads_the_latest_first() -> None:
    posted = board(line(1), line(4), line(2, 4), line(3))

    assert shown(posted)["update"] == [[1], [3], [4, 2]]
    assert list(posted.headlines("update")) == [headline(number).id for number in (1, 2, 3, 4)]
    assert (posted.headline_count, posted.story_count) == (4, 3)


def test_popular_lists_the_story_of_most_outlets_first() -> None:
    assert shown(board(line(1), line(4), line(2, 4, outlet=KABAR), line(3)))["popular"] == [[4, 2], [1], [3]]


def test_a_popular_story_makes_way_when_its_time_is_over() -> None:
    later = line(5, published_at=NOON + HALF_LIFE + timedelta(hours=1))

    assert shown(board(line(4), line(2, 4, outlet=KABAR), later))["popular"] == [[5], [4, 2]]


def test_the_weightiest_outlet_leads_and_places_its_story() -> None:
    posted = board(line(4), line(1, 4, outlet=KABAR), line(2), weights={KABAR.id: 2.0})

    assert shown(posted)["update"] == [[1, 4], [2]]


def test_a_headline_that_joins_touches_every_topic_of_its_story() -> None:
    posted = board(line(1, topics=("update",)))

    assert posted.post(line(2, 1, topics=("popular",))) == {"update", "popular"}
    assert shown(posted) == {"update": [[1]], "popular": [[2]]}


def test_a_revision_that_leaves_a_topic_touches_it() -> None:
    posted = board(line(1))

    assert posted.post(line(1, topics=("update",))) == {"update", "popular"}
    assert shown(posted) == {"update": [[1]], "popular": []}


def test_a_headline_that_moves_to_another_story_leaves_the_first() -> None:
    posted = board(line(1), line(2, 1))
    posted.post(line(2))

    assert shown(posted)["update"] == [[1], [2]]
    assert posted.story_count == 2


def test_the_rest_of_a_story_stays_when_its_lead_is_dropped() -> None:
    posted = board(line(3), line(1, 3, outlet=KABAR), line(2))

    assert posted.drop([headline(3).id]) == {"update", "popular"}
    assert shown(posted) == {"update": [[1], [2]], "popular": [[1], [2]]}
    assert headline(3).id not in posted
    assert headline(1).id in posted


def test_dropping_what_is_not_there_touches_nothing() -> None:
    posted = board(line(1))

    assert posted.drop(["nobody"]) == frozenset()
    assert shown(posted)["update"] == [[1]]


def test_topics_that_feeds_yaml_no_longer_has_are_left_out() -> None:
    assert board().post(line(1, topics=("update", "dahulu"))) == {"update"}


def test_stories_of_one_instant_have_an_order_of_their_own() -> None:
    lines = [line(number, published_at=NOON) for number in (2, 3, 1)]

    assert shown(board(*lines)) == shown(board(*reversed(lines)))


def test_weights_of_sources_that_nobody_knows_are_everybodys() -> None:
    assert shown(board(line(2), line(1, 2, outlet=DUNIA), weights={KABAR.id: 5.0}))["update"] == [[2, 1]]
