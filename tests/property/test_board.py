"""The board holds ids in order, and what it shows is what sorting all stories anew would give."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from random import Random

import orjson
from hypothesis import given
from hypothesis import strategies as st

from aggregator.headline import Headline, Revision
from aggregator.merge.board import Board
from aggregator.merge.rank import story_of
from aggregator.merge.slip import slip_of
from aggregator.story import Story
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, headline, source

SOURCES = (DUNIA, KABAR, source("Warta"), source("Suara"))
WEIGHTS = {KABAR.id: 2.0, SOURCES[2].id: 0.0}
TOPICS = (
    UPDATE,
    POPULAR,
    Topic(slug="asap", title="Asap", order="popular", half_life=timedelta(hours=2)),
    Topic(slug="again", title="Again", retell="outlet"),
    Topic(slug="edited", title="Edited", retell="revision"),
    Topic(slug="each", title="Each", one_per="headline"),
)
SLUGS = [*(topic.slug for topic in TOPICS), "gone"]


@st.composite
def news(draw: st.DrawFn) -> list[Headline]:
    """Up to 14 headlines of up to 4 stories, many of them of one instant."""
    lines = []
    for number in range(draw(st.integers(0, 14))):
        at = NOON + timedelta(hours=draw(st.integers(-20, 3)))
        slugs = draw(st.lists(st.sampled_from(SLUGS), unique=True))
        story = headline(draw(st.integers(0, 3))).id
        outlet = draw(st.sampled_from(SOURCES))
        line = headline(number, outlet, story=story, topics=tuple(slugs), published_at=at)
        marks = tuple(draw(st.lists(st.integers(0, 5), max_size=2)))
        until = NOON + timedelta(hours=draw(st.integers(3, 9)))
        revisions = draw(st.sampled_from([(), (Revision(title="x", until=until),)]))
        lines.append(replace(line, marks=marks, revisions=revisions, updated_at=until if revisions else at))
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
        {topic.slug: ranked(board, topic) for topic in TOPICS},
    )


def ranked(board: Board, topic: Topic) -> list[frozenset[str]]:
    return [frozenset(slip.id for slip in slips) for slips in board.ranked(topic.slug)]


def stories_in(topic: Topic, lines: list[Headline]) -> list[Story]:
    inside: dict[str, list[Headline]] = defaultdict(list)
    for line in lines:
        if topic.slug in line.topics:
            inside[line.id if topic.one_per == "headline" else line.story].append(line)
    return [story_of(topic, [(slip_of(line, WEIGHTS), line) for line in each]) for each in inside.values()]


@given(news())
def test_the_board_shows_what_sorting_every_story_gives(lines: list[Headline]) -> None:
    board = posted(lines)
    for topic in TOPICS:
        stories = stories_in(topic, lines)
        if topic.order == "popular":
            stories.sort(key=lambda story: (story.heat, story.id), reverse=True)
        else:
            stories.sort(key=lambda story: (story.published_at, story.id), reverse=True)

        assert ranked(board, topic) == [frozenset(line.id for line in story.headlines) for story in stories]


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
        before = {topic.slug: ranked(board, topic) for topic in TOPICS}
        touched = board.post(line)
        after = {topic.slug: ranked(board, topic) for topic in TOPICS}

        assert {slug for slug in before if before[slug] != after[slug]} <= touched


@given(news())
def test_a_revision_is_the_same_as_having_posted_it_at_first(lines: list[Headline]) -> None:
    revised = [
        headline(number, story=line.story, topics=line.topics[1:], published_at=line.published_at)
        for number, line in enumerate(lines)
    ]

    assert shown(posted([*lines, *revised])) == shown(posted(revised))


@given(news())
def test_a_sketch_puts_up_the_same_board(lines: list[Headline]) -> None:
    again = Board(TOPICS, WEIGHTS)
    again.put_up(orjson.loads(orjson.dumps(posted(lines).sketch())))

    assert shown(again) == shown(posted(lines))
