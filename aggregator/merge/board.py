"""Which headlines and stories stand in which topic, and in what order: ids only, so that it stays small.

Everything here is derived from the kept headlines. It changes with news, never with the time of looking.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.headline import Headline
from aggregator.merge.rank import EVERYBODY, heat
from aggregator.topic import Topic


@dataclass(frozen=True, slots=True)
class _Slip:
    """What the board holds of a headline.

    Attributes:
        rank: Smallest leads its story: (less the source's weight, published_at, id).
        story: Its story's id.
        source: Its source's id.
        topics: Slugs of topics that feeds.yaml has.
    """

    rank: tuple[float, float, str]
    story: str
    source: str
    topics: tuple[str, ...]


class Board:
    """The topics' contents. Posting the same headline twice changes nothing."""

    def __init__(self, topics: Sequence[Topic], weights: Mapping[str, float]) -> None:
        """Begin empty.

        Args:
            topics: All of them.
            weights: Source id → weight; a source that is not in it weighs 1.0.
        """
        self._order: dict[str, list[tuple[float, str]]] = {topic.slug: [] for topic in topics}
        self._hot: dict[str, list[tuple[float, str]]] = {topic.slug: [] for topic in topics if topic.order == "popular"}
        self._weights = weights
        self._slips: dict[str, _Slip] = {}
        self._stories: dict[str, tuple[str, ...]] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._slips

    @property
    def headline_count(self) -> int:
        """Count the headlines on the board."""
        return len(self._slips)

    @property
    def story_count(self) -> int:
        """Count the stories on the board."""
        return len(self._stories)

    def post(self, headline: Headline) -> frozenset[str]:
        """Put a headline up, or put it up anew after a revision.

        Returns:
            The slugs of the topics whose feeds it may change.
        """
        before = self._take_down(headline.id) | self._touched(headline.story)
        weight = self._weights.get(headline.source, EVERYBODY)
        published = headline.published_at.timestamp()
        slip = _Slip((-weight, published, headline.id), headline.story, headline.source, self._topics(headline))
        self._slips[headline.id] = slip
        self._cool(slip.story)
        self._stories[slip.story] = (*self._stories.get(slip.story, ()), headline.id)
        for slug in slip.topics:
            insort(self._order[slug], (published, headline.id))
        self._heat_up(slip.story)
        return before | self._touched(slip.story)

    def sketch(self) -> list[list[Any]]:
        """Give what is on the board as rows of plain values, for `put_up`. A story that is the headline's own is 0."""
        return [
            [id_, 0 if slip.story == id_ else slip.story, slip.source, slip.rank[1], slip.topics]
            for id_, slip in self._slips.items()
        ]

    def put_up(self, rows: Iterable[list[Any]]) -> None:
        """Fill an empty board with what `sketch` gave, after it went through JSON; the weights are today's."""
        for id_, other, source, published, slugs in rows:
            story = other or id_
            weight = self._weights.get(source, EVERYBODY)
            topics = tuple(slug for slug in slugs if slug in self._order)
            self._slips[id_] = _Slip((-weight, published, id_), story, source, topics)
            self._stories[story] = (*self._stories.get(story, ()), id_)
            for slug in topics:
                self._order[slug].append((published, id_))
        for story in self._stories:
            for slug, heated in self._heats(story):
                self._hot[slug].append((heated, story))
        for order in (*self._order.values(), *self._hot.values()):
            order.sort()

    def drop(self, ids: Iterable[str]) -> frozenset[str]:
        """Take headlines down for good; tell which topics that touches."""
        return frozenset[str]().union(*(self._take_down(id_) for id_ in ids))

    def stories(self, slug: str) -> Iterator[tuple[str, ...]]:
        """Give a topic's stories, the one whose lead was published last first.

        Yields:
            The ids of the story's headlines in this topic, its lead first.
        """
        for _, id_ in reversed(self._order[slug]):
            members = self._members(self._slips[id_].story, slug)
            if members[0] == id_:
                yield members

    def hottest(self, slug: str) -> Iterator[tuple[str, ...]]:
        """Give the stories of a topic whose order is "popular", as `stories` does, but the hottest first."""
        return (self._members(story, slug) for _, story in reversed(self._hot[slug]))

    def headlines(self, slug: str) -> Iterator[str]:
        """Give a topic's headlines, the one published last first."""
        return (id_ for _, id_ in reversed(self._order[slug]))

    def _members(self, story: str, slug: str) -> tuple[str, ...]:
        ids = self._stories[story]
        if len(ids) == 1:
            return ids
        inside = (id_ for id_ in ids if slug in self._slips[id_].topics)
        return tuple(sorted(inside, key=lambda id_: self._slips[id_].rank))

    def _topics(self, headline: Headline) -> tuple[str, ...]:
        return tuple(slug for slug in headline.topics if slug in self._order)

    def _touched(self, story: str) -> frozenset[str]:
        return frozenset(slug for id_ in self._stories.get(story, ()) for slug in self._slips[id_].topics)

    def _take_down(self, id_: str) -> frozenset[str]:
        slip = self._slips.get(id_)
        if slip is None:
            return frozenset()
        touched = self._touched(slip.story)
        self._cool(slip.story)
        for slug in slip.topics:
            _remove(self._order[slug], (slip.rank[1], id_))
        del self._slips[id_]
        rest = tuple(other for other in self._stories.pop(slip.story) if other != id_)
        if rest:
            self._stories[slip.story] = rest
            self._heat_up(slip.story)
        return touched

    def _heat_up(self, story: str) -> None:
        for slug, heated in self._heats(story):
            insort(self._hot[slug], (heated, story))

    def _cool(self, story: str) -> None:
        for slug, heated in self._heats(story):
            _remove(self._hot[slug], (heated, story))

    def _heats(self, story: str) -> Iterator[tuple[str, float]]:
        """Give the topics whose order is "popular" that a story is in, with its heat there."""
        slips = [self._slips[id_] for id_ in self._stories.get(story, ())]
        if len(slips) > 1:
            slips.sort(key=lambda slip: slip.rank[1:])
        for slug in self._hot.keys() & {slug for slip in slips for slug in slip.topics}:
            yield slug, heat([(slip.source, -slip.rank[0], slip.rank[1]) for slip in slips if slug in slip.topics])


def _remove(order: list[tuple[float, str]], entry: tuple[float, str]) -> None:
    del order[bisect_left(order, entry)]
