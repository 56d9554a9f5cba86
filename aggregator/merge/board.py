"""Which headlines and stories stand in which topic, and in what order: no texts, so that it stays small.

Everything here is derived from the kept headlines. It changes with news, never with the time of looking.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from aggregator.headline import Headline
from aggregator.merge.rank import place
from aggregator.merge.slip import EVERYBODY, Slip, slip_of
from aggregator.topic import Topic


class Board:
    """The topics' contents. Posting the same headline twice changes nothing.

    A topic orders names: of stories, or of headlines where each is an item of its own.
    """

    def __init__(self, topics: Sequence[Topic], weights: Mapping[str, float]) -> None:
        """Begin empty.

        Args:
            topics: All of them.
            weights: Source id → weight; a source that is not in it weighs 1.0.
        """
        self._order: dict[str, list[tuple[float, str]]] = {topic.slug: [] for topic in topics}
        self._place = {topic.slug: place(topic) for topic in topics}
        self._split = frozenset(topic.slug for topic in topics if topic.one_per == "headline")
        self._weights = weights
        self._slips: dict[str, Slip] = {}
        self._stories: dict[str, tuple[str, ...]] = {}
        self._topics: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._changed: dict[str, set[str]] = {}

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
        slip = slip_of(headline, self._weights)
        self._unrank(slip.story)
        self._put(slip._replace(topics=self._known(slip.topics)))
        self._rank(slip.story)
        return before | self._touched(slip.story)

    def sketch(self) -> dict[str, Any]:
        """Give what is on the board as plain values, for `put_up`. A story that is the headline's own is 0."""
        places = {id_: place for place, id_ in enumerate(self._slips)}
        slips = self._slips.values()
        return {
            "slips": [
                [it.id, 0 if it.story == it.id else it.story, it.source, *it[4:]]
                for it in slips  # not its weight
            ],
            "order": {
                slug: [[key, places[name if slug in self._split else self._stories[name][0]]] for key, name in order]
                for slug, order in self._order.items()
            },
        }

    def put_up(self, sketch: Mapping[str, Any]) -> None:
        """Fill an empty board of the same topics and weights with what `sketch` gave, after it went through JSON."""
        texts: dict[str, str] = {}  # one in memory for all that are equal
        for id_, other, source, published, seen, revised, marks, slugs in sketch["slips"]:
            weight, topics = self._weights.get(source, EVERYBODY), self._known(tuple(slugs))
            shared = texts.setdefault(source, source)
            self._put(Slip(id_, other or id_, shared, weight, published, seen, revised, tuple(marks), topics))
        slips = tuple(self._slips.values())
        for slug, order in sketch["order"].items():
            each = slug in self._split
            self._order[slug] = [(key, slips[place].id if each else slips[place].story) for key, place in order]

    def drop(self, ids: Iterable[str]) -> frozenset[str]:
        """Take headlines down for good; tell which topics that touches."""
        return frozenset[str]().union(*(self._take_down(id_) for id_ in ids))

    def ranked(self, slug: str) -> Iterator[tuple[Slip, ...]]:
        """Give what makes one item of a topic after the other, in the topic's order.

        Yields:
            The story's headlines in this topic, or the one headline where each is an item of its own.
        """
        each = slug in self._split
        for _, name in reversed(self._order[slug]):
            yield (self._slips[name],) if each else self.inside(name, slug)

    def members(self, story: str) -> tuple[str, ...]:
        """Give the ids of a story's headlines, whatever their topics; none where there is no such story."""
        return self._stories.get(story, ())

    def inside(self, story: str, slug: str) -> tuple[Slip, ...]:
        """Give a story's headlines that are in a topic; none where there is no such story."""
        return tuple(slip for id_ in self.members(story) if slug in (slip := self._slips[id_]).topics)

    def whole(self, ids: Collection[str]) -> list[str]:
        """Choose those that would leave no other headline of their stories behind, if all went."""
        leaving, posted = set(ids), self._slips
        return [id_ for id_ in ids if id_ not in posted or leaving.issuperset(self._stories[posted[id_].story])]

    def names(self, slug: str) -> list[str]:
        """Give the names of all that a topic holds."""
        return [name for _, name in self._order[slug]]

    def take_changed(self) -> dict[str, set[str]]:
        """Give, by slug, the names of what was put up or changed since this was last asked."""
        changed, self._changed = self._changed, {}
        return changed

    def named(self, name: str, slug: str) -> tuple[Slip, ...]:
        """Give what makes the item of that name in a topic, as `ranked` does; nothing where there is none."""
        if slug not in self._split:
            return self.inside(name, slug)
        slip = self._slips.get(name)
        return () if slip is None or slug not in slip.topics else (slip,)

    def known_since(self, story: str) -> float:
        """Say when the first headline of a story that there is was accepted, whatever its topics."""
        return min(self._slips[id_].seen for id_ in self._stories[story])

    def _put(self, slip: Slip) -> None:
        self._slips[slip.id] = slip
        self._stories[slip.story] = (*self._stories.get(slip.story, ()), slip.id)

    def _known(self, slugs: tuple[str, ...]) -> tuple[str, ...]:
        """Give those that feeds.yaml has: one tuple for all headlines that are in the same topics."""
        if slugs not in self._topics:
            self._topics[slugs] = tuple(slug for slug in slugs if slug in self._order)
        return self._topics[slugs]

    def _touched(self, story: str) -> frozenset[str]:
        return frozenset(slug for id_ in self._stories.get(story, ()) for slug in self._slips[id_].topics)

    def _take_down(self, id_: str) -> frozenset[str]:
        slip = self._slips.get(id_)
        if slip is None:
            return frozenset()
        touched = self._touched(slip.story)
        self._unrank(slip.story)
        del self._slips[id_]
        rest = tuple(other for other in self._stories.pop(slip.story) if other != id_)
        if rest:
            self._stories[slip.story] = rest
            self._rank(slip.story)
        return touched

    def _rank(self, story: str) -> None:
        for slug, entry in self._entries(story):
            insort(self._order[slug], entry)
            self._changed.setdefault(slug, set()).add(entry[1])

    def _unrank(self, story: str) -> None:
        for slug, entry in self._entries(story):
            order = self._order[slug]
            del order[bisect_left(order, entry)]

    def _entries(self, story: str) -> Iterator[tuple[str, tuple[float, str]]]:
        """Give where a story, or each of its headlines, stands in each of its topics, as of the slips of now."""
        slips = [self._slips[id_] for id_ in self._stories.get(story, ())]
        for slug in {slug for slip in slips for slug in slip.topics}:
            inside = [slip for slip in slips if slug in slip.topics]
            if slug in self._split:
                yield from ((slug, (self._place[slug]((slip,)), slip.id)) for slip in inside)
            else:
                yield slug, (self._place[slug](inside), story)
