from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.headline import Headline
from aggregator.merge.board import Board
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, headline

EACH = Topic(slug="each", title="Each", everything=True, one_per="headline")


def board(*headlines: Headline, topics: tuple[Topic, ...] = (UPDATE, POPULAR), **weights: Any) -> Board:
    posted = Board(topics, weights.get("weights", {}))
    for each in headlines:
        posted.post(each)
    return posted


def line(number: int, story: int | None = None, **changes: Any) -> Headline:
    return headline(number, story=headline(number if story is None else story).id, **changes)


def shown(posted: Board) -> dict[str, list[list[int]]]:
    """What is in the two lists, by the numbers of the headlines, the smallest first."""
    lists = {slug: posted.ranked(slug) for slug in ("update", "popular")}
    return {slug: [sorted(int(slip.id[-12:]) for slip in slips) for slips in told] for slug, told in lists.items()}


def test_an_empty_board_has_empty_topics() -> None:
    assert shown(board()) == {"update": [], "popular": []}
    assert (board().headline_count, board().story_count) == (0, 0)


def test_stories_are_listed_by_their_first_headlines_the_latest_first() -> None:
    posted = board(line(1), line(4), line(2, 4), line(3))

    assert shown(posted)["update"] == [[1], [3], [2, 4]]
    assert (posted.headline_count, posted.story_count) == (4, 3)


def test_a_topic_may_list_each_headline_of_a_story() -> None:
    slugs = ("update", "each")
    posted = board(line(4, topics=slugs), line(2, 4, topics=slugs), line(3, topics=slugs), topics=(UPDATE, EACH))

    assert [[slip.id for slip in slips] for slips in posted.ranked("each")] == [
        [headline(number).id] for number in (2, 3, 4)
    ]
    posted.drop([headline(2).id])
    assert [slips[0].id for slips in posted.ranked("each")] == [headline(3).id, headline(4).id]


def test_a_topic_that_retells_lists_a_story_anew_when_an_outlet_joins() -> None:
    lines = (line(4), line(2, 4, outlet=KABAR), line(3))

    assert shown(board(*lines, topics=(UPDATE, POPULAR)))["update"] == [[3], [2, 4]]
    assert shown(board(*lines, topics=(replace(UPDATE, retell="outlet"), POPULAR)))["update"] == [[2, 4], [3]]


def test_popular_lists_the_story_of_most_outlets_first() -> None:
    assert shown(board(line(1), line(4), line(2, 4, outlet=KABAR), line(3)))["popular"] == [[2, 4], [1], [3]]


def test_a_popular_story_makes_way_when_its_time_is_over() -> None:
    later = line(5, published_at=NOON + POPULAR.half_life + timedelta(hours=1))

    assert shown(board(line(4), line(2, 4, outlet=KABAR), later))["popular"] == [[5], [2, 4]]


def test_a_topic_has_a_half_life_of_its_own() -> None:
    lines = (line(4), line(2, 4, outlet=KABAR), line(5, published_at=NOON + timedelta(hours=2)))
    quick = (UPDATE, replace(POPULAR, half_life=timedelta(hours=1)))

    assert shown(board(*lines))["popular"] == [[2, 4], [5]]
    assert shown(board(*lines, topics=quick))["popular"] == [[5], [2, 4]]


def test_a_weightier_outlet_that_joins_does_not_move_the_story() -> None:
    posted = board(line(4), line(1, 4, outlet=KABAR), line(2), weights={KABAR.id: 2.0})

    assert shown(posted)["update"] == [[2], [1, 4]]


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
    (slips,) = board(line(2), line(1, 2, outlet=DUNIA), weights={KABAR.id: 5.0}).ranked("update")

    assert [slip.weight for slip in slips] == [1.0, 1.0]


def test_a_story_is_known_by_what_of_it_is_in_a_topic() -> None:
    posted = board(line(4), line(2, 4, topics=("update",)))

    assert [slip.id for slip in posted.inside(headline(4).id, "update")] == [headline(4).id, headline(2).id]
    assert [slip.id for slip in posted.inside(headline(4).id, "popular")] == [headline(4).id]
    assert posted.inside("nobody", "update") == ()


def test_a_story_leaves_as_a_whole() -> None:
    posted = board(line(1), line(2, 1), line(3))
    one, two, three, gone = (headline(number).id for number in (1, 2, 3, 4))

    assert posted.whole([one, three, gone]) == [three, gone]
    assert posted.whole([three, two, one]) == [three, two, one]


def test_what_changed_is_named_by_topic_and_once() -> None:
    posted = board(topics=(UPDATE, EACH))
    posted.post(line(1, topics=("update", "each")))
    posted.post(line(2, 1, topics=("update", "each")))

    ids = {headline(1).id, headline(2).id}
    assert posted.take_changed() == {"update": {headline(1).id}, "each": ids}
    assert posted.take_changed() == {}
    assert set(posted.names("each")) == ids
    assert [len(posted.named(headline(number).id, "update")) for number in (1, 2)] == [2, 0]
    assert [len(posted.named(headline(number).id, "each")) for number in (1, 2, 3)] == [1, 1, 0]
