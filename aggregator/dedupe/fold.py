"""Headlines → stories: several outlets' headlines about one event."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from heapq import heappop, heappush
from typing import Any, Final, Self, TypeAlias

from aggregator.dedupe.mark import Mark, mark_of, tells
from aggregator.dedupe.similar import REACH_SECONDS, Words
from aggregator.headline import Headline, Joined

Sketch: TypeAlias = list[Any]
"""A window as plain values: a row a headline, and where each stem stands."""

TITLE_REACH: Final = timedelta(hours=48)
"""Between two headlines that only their title makes one story."""

URL_REACH: Final = timedelta(days=7)
"""Between a story's last headline and another with one of its links. Nothing older is remembered."""

MOST_HEADLINES: Final = 200
"""In one story; the next headline begins another."""

_TITLE_SECONDS: Final = TITLE_REACH.total_seconds()
_URL_SECONDS: Final = URL_REACH.total_seconds()
_LONGEST_SECONDS: Final = REACH_SECONDS  # between the first and the last headline of a story that words hold together
_OWN_LINK_SECONDS: Final = 12 * 3_600.0  # between an outlet's headlines of one link; what is told later is a rubric
_BRIDGE: Final = 2.0  # times the similarity that is needed: with two stories, it makes them one


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two stories that a headline showed to be one.

    Attributes:
        younger: The id of the story that is no more.
        older: The id of the story that its headlines belong to now.
        joined: By what: for the headlines that had not joined any story.
    """

    younger: str
    older: str
    joined: Joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What came of a headline.

    Attributes:
        headline: With its `story`, and what made it join.
        merges: The stories it made one.
    """

    headline: Headline
    merges: tuple[Merge, ...] = ()


class Window:
    """What the open stories are known by: the headlines of the last seven days, as of the latest one.

    What it holds depends on which headlines it was told of and in which stories they are, not on the order, nor on
    any clock: filled again from state/, it folds as before. Within a pass, (published_at, id) gives the same stories
    on every machine. Folding the same headlines twice changes nothing. A fold takes as long however many there are.
    """

    def __init__(self) -> None:
        self._latest = float("-inf")
        self._queue: list[tuple[float, str]] = []
        self._marks: dict[str, Mark] = {}
        self._stories: dict[str, tuple[str, ...]] = {}
        self._bearers: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)  # of a link or a title, in order
        self._words = Words(self._marks, self._stories)

    def fold(self, headline: Headline) -> Fold:
        """Give the headline its story, and remember it.

        The same link (within 7 days), the same title (within 48 hours) or a similar one (the less so, the longer ago)
        makes one story. A source's own headlines do not fold by their title, nor where that is nearly the same, nor by
        their link after 12 hours: a rubric bears one title, or is on one page, every day. What is more than 7 days
        older than the latest headline begins a story. A headline that is in another's story already, as it comes from
        state/, stays there.
        """
        if headline.story != headline.id:
            self.remember(headline)
            return Fold(headline=headline)
        if headline.id in self._marks:
            return Fold(headline=replace(headline, story=self._marks[headline.id].story))
        mark = mark_of(headline)
        if mark.at < self._latest - _URL_SECONDS:
            return Fold(headline=headline)
        ties = self._ties(mark)
        if not ties:
            self._note(headline.id, mark)
            return Fold(headline=headline)
        story, merges = self._bridge(mark.at, ties)
        self._note(headline.id, replace(mark, story=story))
        return Fold(headline=replace(headline, story=story, joined=ties[0][1]), merges=merges)

    def remember(self, headline: Headline) -> None:
        """Know the headline as it is now: one that comes from state/, or was revised. Idempotent."""
        mark, known = mark_of(headline), self._marks.get(headline.id)
        if mark == known:
            return
        if known is not None:
            self.forget([headline.id])
        self._note(headline.id, mark)

    def forget(self, ids: Iterable[str]) -> None:
        """Forget headlines that are no longer kept."""
        for id_ in ids:
            mark = self._marks.get(id_)
            if mark is not None:
                self._take_out(id_, mark)

    def sketch(self) -> Sketch:
        """Give what is remembered as plain values, from which `of` makes the same window without any headline."""
        rows = [
            [id_, 0 if it.story == id_ else it.story, it.at, it.source, it.language, it.page, it.title, it.summary]
            for id_, it in self._marks.items()
        ]
        return [rows, self._words.sketch()]

    @classmethod
    def of(cls, sketch: Sketch) -> Self:
        """Make a window of what `sketch` gave, after it went through JSON."""
        rows, words = sketch
        window = cls()
        for id_, other, *rest in rows:
            window._place(id_, Mark(other or id_, *rest))
        window._words.recall(words)
        return window

    def _ties(self, mark: Mark) -> list[tuple[str, Joined]]:
        """Give the stories that a headline belongs to, and why: the best reason first; a link needs no other."""
        by_link = self._by_link(mark)
        if by_link is not None:
            return [(by_link, Joined(rule="link"))]
        by_title = self._by_title(mark)
        ties = [] if by_title is None else [(by_title, Joined(rule="title"))]
        for similarity, needed, story in self._words.like(mark):
            if story != by_title and self._has_room([story], mark.at):
                ties.append((story, Joined(rule="words", similarity=round(similarity, 3), needed=round(needed, 3))))
        return ties

    def _by_link(self, mark: Mark) -> str | None:
        bearer = self._bearer(mark.page, mark.at)
        if bearer is None:
            return None
        story = self._marks[bearer].story
        members = self._stories[story]
        near = abs(mark.at - max(self._marks[id_].at for id_ in members)) <= _URL_SECONDS
        is_rubric = any(_is_of_another_day(self._marks[id_], mark) for id_ in members)
        return story if near and not is_rubric and len(members) < MOST_HEADLINES else None

    def _by_title(self, mark: Mark) -> str | None:
        bearer = self._bearer(mark.title if tells(mark.title) else None, mark.at)
        if bearer is None:
            return None
        story = self._marks[bearer].story
        members = self._stories[story]
        near = abs(mark.at - self._marks[bearer].at) <= _TITLE_SECONDS
        foreign = all(self._marks[id_].source != mark.source for id_ in members)
        return story if near and foreign and self._has_room([story], mark.at) else None

    def _bearer(self, key: str | None, at: float) -> str | None:
        """Give the headline with that link or title that was published nearest to an instant."""
        bearers = self._bearers.get(key) if key is not None else None
        if not bearers:
            return None
        place = bisect_right(bearers, at, key=_instant)
        return min(bearers[max(0, place - 1) : place + 1], key=lambda bearer: (abs(bearer[0] - at), bearer))[1]

    def _has_room(self, stories: Iterable[str], at: float) -> bool:
        """Say whether all that is in some stories, and a headline of that instant, may be in one."""
        instants = [self._marks[id_].at for story in stories for id_ in self._stories[story]]
        long = max(at, *instants) - min(at, *instants)
        return len(instants) < MOST_HEADLINES and long <= _LONGEST_SECONDS

    def _bridge(self, at: float, ties: list[tuple[str, Joined]]) -> tuple[str, tuple[Merge, ...]]:
        """Make one of the stories that a headline belongs to beyond doubt: the older one stays.

        Returns:
            The headline's story, and what became of the others.
        """
        story, merges = ties[0][0], []
        for other, joined in ties[1:]:
            sure = _is_sure(ties[0][1]) and _is_sure(joined)
            if sure and self._has_room([story, other], at) and self._words.can_be_one(story, other):
                older, younger = sorted((story, other), key=self._age)
                self._move(younger, older)
                merges.append(Merge(younger=younger, older=older, joined=replace(joined, rule="bridge")))
                story = older
        return story, tuple(merges)

    def _age(self, story: str) -> tuple[float, str]:
        return min(self._marks[id_].at for id_ in self._stories[story]), story

    def _move(self, younger: str, older: str) -> None:
        moved = self._stories.pop(younger)
        self._words.move(moved, older)
        self._stories[older] += moved
        for id_ in moved:
            self._marks[id_].story = older

    def _note(self, id_: str, mark: Mark) -> None:
        self._latest = max(self._latest, mark.at)
        self._expire()
        if mark.at >= self._latest - _URL_SECONDS:
            self._place(id_, mark)
            self._words.put(id_, mark)

    def _place(self, id_: str, mark: Mark) -> None:
        self._latest = max(self._latest, mark.at)
        heappush(self._queue, (mark.at, id_))
        self._marks[id_] = mark
        self._stories[mark.story] = (*self._stories.get(mark.story, ()), id_)
        for key in mark.keys:
            insort(self._bearers[key], (mark.at, id_))

    def _expire(self) -> None:
        while self._queue and self._queue[0][0] < self._latest - _URL_SECONDS:
            at, id_ = heappop(self._queue)
            mark = self._marks.get(id_)
            if mark is not None and mark.at == at:
                self._take_out(id_, mark)

    def _take_out(self, id_: str, mark: Mark) -> None:
        self._words.take(id_, mark)
        for key in mark.keys:
            bearers = self._bearers[key]
            del bearers[bisect_left(bearers, (mark.at, id_))]
            if not bearers:
                del self._bearers[key]
        rest = tuple(other for other in self._stories.pop(mark.story) if other != id_)
        if rest:
            self._stories[mark.story] = rest
        del self._marks[id_]


def _instant(bearer: tuple[float, str]) -> float:
    return bearer[0]


def _is_of_another_day(one: Mark, other: Mark) -> bool:
    """Say whether an outlet has other news under its link: a page of rates, of prayer times, of the weather."""
    return one.source == other.source and one.page == other.page and abs(one.at - other.at) > _OWN_LINK_SECONDS


def _is_sure(joined: Joined) -> bool:
    return joined.similarity >= _BRIDGE * joined.needed
