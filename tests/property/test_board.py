"""The board holds ids in order, and what it shows is what sorting all stories anew would give."""

from collections import defaultdict
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aggregator.headline import Headline
from aggregator.merge.board import Board
from aggregator.merge.rank import story_of
from aggregator.story import Story
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, headline, source

SOURCES = (DUNIA, KABAR, source("Warta"), source("Suara"))
WEIGHTS = {KABAR.id: 2.0, SOURCES[2].id: 0.0}
TOPICS = (UPDATE, POPULAR, Topic(slug="asap", title="Asap", order="popular"))


@st.composite
def news(draw: st.DrawFn) -> list[Headline]:
    """Up to 14 headlines of up to 4 stories, many of them of one instant."""
    lines = []
    for number in range(draw(st.integers(0, 14))):
        at = NOON + timedelta(hours=draw(st.integers(-20, 3)))
        slugs = draw(st.lists(st.sampled_from(["update", "popular", "asap", "gone"]), unique=True))
        story = headline(draw(st.integers(0, 3))).id
        outlet = draw(st.sampled_from(SOURCES))
        lines.append(headline(number, outlet, story=story, topics=tuple(slugs), published_at=at))
    return lines


def posted(lines: list[Headline]) -> Board:
    board = Board(TOPICS, WEIGHTS)
    for line in lines:
        board.post(line)
    return board


def shown(board: Board) -> object:
    return (
        board.headline_count,
        board.story_count,
        {topic.slug: list(board.headlines(topic.slug)) for topic in TOPICS},
        {topic.slug: list(board.stories(topic.slug)) for topic in TOPICS},
        {topic.slug: list(board.hottest(topic.slug)) for topic in TOPICS if topic.order == "popular"},
    )


def stories_in(slug: str, lines: list[Headline]) -> list[Story]:
    inside: dict[str, list[Headline]] = defaultdict(list)
    for line in lines:
        if slug in line.topics:
            inside[line.story].append(line)
    return [story_of(each, WEIGHTS) for each in inside.values()]


@given(news())
def test_the_board_shows_what_sorting_every_story_gives(lines: list[Headline]) -> None:
    board = posted(lines)
    for topic in TOPICS:
        stories = stories_in(topic.slug, lines)
        newest = sorted(stories, key=lambda story: (story.published_at, story.lead.id), reverse=True)
        hottest = sorted(stories, key=lambda story: (story.heat, story.id), reverse=True)

        assert [ids[0] for ids in board.stories(topic.slug)] == [story.lead.id for story in newest]
        told = {frozenset(ids) for ids in board.stories(topic.slug)}
        assert told == {frozenset(line.id for line in story.headlines) for story in stories}
        if topic.order == "popular":
            assert [ids[0] for ids in board.hottest(topic.slug)] == [story.lead.id for story in hottest]


@given(news(), st.randoms(use_true_random=False))
def test_neither_the_order_nor_the_number_of_postings_matters(lines: list[Headline], random: Random) -> None:
    again = [*lines, *lines]
    random.shuffle(again)

    assert shown(posted(again)) == shown(posted(lines))


@given(news(), news())
def test_dropping_undoes_posting(kept: list[Headline], passing: list[Headline]) -> None:
    others = [
        headline(
            100 + number, SOURCES[number % 4], story=line.story, topics=line.topics, published_at=line.published_at
        )
        for number, line in enumerate(passing)
    ]
    board = posted([*kept, *others])
    board.drop(line.id for line in others)

    assert shown(board) == shown(posted(kept))


@given(news(), news())
def test_a_topic_that_is_not_touched_shows_what_it_showed(lines: list[Headline], changed: list[Headline]) -> None:
    board = posted(lines)
    for line in changed:
        before = {topic.slug: list(board.stories(topic.slug)) for topic in TOPICS}
        touched = board.post(line)
        after = {topic.slug: list(board.stories(topic.slug)) for topic in TOPICS}

        assert {slug for slug in before if before[slug] != after[slug]} <= touched


@given(news())
def test_a_revision_is_the_same_as_having_posted_it_at_first(lines: list[Headline]) -> None:
    revised = [
        headline(number, story=line.story, topics=line.topics[1:], published_at=line.published_at)
        for number, line in enumerate(lines)
    ]

    assert shown(posted([*lines, *revised])) == shown(posted(revised))
