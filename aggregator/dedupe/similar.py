"""Which open stories resemble a title: by the rare words they share, the time between them, and their numbers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain
from math import log2, sqrt
from typing import Any, Final, NamedTuple, TypeAlias

from aggregator.dedupe.mark import Mark
from aggregator.dedupe.telling import Telling

REACH_SECONDS: Final = 96 * 3_600.0
"""Words of headlines that were published longer before the latest one are forgotten."""

_NEEDED: Final = 0.035  # of similarity, per doubling of the stories: of more, more are alike by chance
_IMAGINED: Final = 30  # stories that are always thought to be there: a nearly empty window knows no rare word
_LONGEST_PAUSE_SECONDS: Final = 48 * 3_600.0  # in a story; then it is over
_HALF_LIFE_SECONDS: Final = 24 * 3_600.0  # of similarity: what is told of one event is told on one day
_OTHER_NUMBER: Final = 0.2  # of the similarity is left where a number stands in another one's place
_OWN_STORY: Final = 0.8  # is left where nobody but the outlet itself tells the story
_SERIES: Final = 0.45  # of the stems in common with another title of the outlet: the next of a series
_NAME: Final = 3  # stems side by side: of a person, a place, a club
_ONE_NAME: Final = 0.5  # of the similarity is left where one name is all that is common: it is in the news twice a day
_FEWEST_STEMS: Final = 3
_LANGUAGES: Final = 8  # a language has at least that part of the stories: not every feed says truly which one it is in
_MOST_LOOKED_AT: Final = 250  # places, those of the rarest stems first: a fold takes as long in any window
_MOST_COMPARED: Final = 6
_PUT_TOGETHER: Final = 500  # stories, kept for the next comparison
_ALL: Final = " "  # a place where every story is


class _Logarithms(dict[int, int]):
    """log2 in 1024ths. Whole numbers add up to the same sum in any order: no restart changes a similarity."""

    def __missing__(self, number: int) -> int:
        self[number] = value = round(1_024 * log2(number))
        return value


_LOG: Final = _Logarithms()


class Likeness(NamedTuple):
    """A story that resembles a headline.

    Attributes:
        similarity: At most 1.
        needed: What makes them one story in a window of this size.
        story: Its id.
    """

    similarity: float
    needed: float
    story: str


Place: TypeAlias = dict[str, int]
"""Where a stem stands: the ids of stories, with how many of their headlines have it."""


class _Places(dict[str, Place]):
    """Stem → place. Those from a sketch are taken up when they are first asked for: a run asks for few of them.

    A stem that stands nowhere is in an empty place, which is not kept.
    """

    def __init__(self, stories: Sequence[str] = (), drawn: dict[str, str] | None = None) -> None:
        super().__init__()
        self._stories, self._drawn = stories, drawn or {}

    def __missing__(self, stem: str) -> Place:
        numbers = self._drawn.pop(stem, None)
        if numbers is None:
            return {}
        self[stem] = place = Counter(self._stories[int(number)] for number in numbers.split())
        return place

    def sketch(self) -> list[Any]:
        """Give the stories, and for each stem their numbers, as often as they have it."""
        for stem in tuple(self._drawn):
            self[stem]  # is taken up
        every = dict.fromkeys(story for place in self.values() for story in place)
        stories = {story: str(number) for number, story in enumerate(every)}
        drawn = {
            stem: " ".join(stories[story] for story, count in place.items() for _ in range(count))
            for stem, place in self.items()
        }
        return [list(stories), drawn]


class _Told:
    """All that a story's headlines say, put together for comparing. Made anew when one joins or leaves.

    Attributes:
        lines: Its headlines.
        counts: Stem → how many of them have it.
        first, last: When the first and the last was published, in seconds since 1970.
    """

    __slots__ = ("counts", "first", "last", "lines")

    def __init__(self, lines: Sequence[Mark]) -> None:
        self.lines = lines
        tellings = [line.telling.stems for line in lines]
        # Most stories are one headline.
        self.counts: dict[str, int] = (
            Counter(chain.from_iterable(tellings)) if len(tellings) > 1 else dict.fromkeys(tellings[0], 1)
        )
        instants = [line.at for line in lines]
        self.first, self.last = min(instants), max(instants)


class Words:
    """The words of the headlines of the last four days, as of the latest one.

    What it holds depends on which headlines were put in and under which stories, not on their order.
    """

    def __init__(self, marks: Mapping[str, Mark], stories: Mapping[str, tuple[str, ...]]) -> None:
        """Begin empty.

        Args:
            marks: Headline id → what is remembered of it, as it is at any time.
            stories: Story id → the ids of its headlines, likewise.
        """
        self._marks, self._stories = marks, stories
        self._latest = float("-inf")
        self._queue: list[tuple[float, str]] = []
        self._inside: set[str] = set()
        self._places = _Places()
        self._told: dict[str, _Told] = {}

    def put(self, id_: str, mark: Mark) -> None:
        """Take in a headline's words, and forget those whose time is over by it."""
        self._latest = max(self._latest, mark.at)
        oldest = self._latest - REACH_SECONDS
        while self._queue and self._queue[0][0] < oldest:
            _, gone = heappop(self._queue)
            if gone in self._inside:
                self.take(gone, self._marks[gone])
        if mark.at >= oldest and len(mark.telling.stems) >= _FEWEST_STEMS:
            heappush(self._queue, (mark.at, id_))
            self._inside.add(id_)
            self._raise(mark.story, mark)

    def take(self, id_: str, mark: Mark) -> None:
        """Forget a headline that is still remembered. Nothing happens where it is not here."""
        if id_ in self._inside:
            self._inside.remove(id_)
            self._lower(mark.story, mark)

    def move(self, ids: Iterable[str], older: str) -> None:
        """Put headlines under another story than their marks say."""
        for mark in (self._marks[id_] for id_ in ids if id_ in self._inside):
            self._lower(mark.story, mark)
            self._raise(older, mark)

    def sketch(self) -> list[Any]:
        """Give what it holds as plain values."""
        return [sorted(self._queue), *self._places.sketch()]

    def recall(self, sketch: list[Any]) -> None:
        """Take over what another's `sketch` gave, after it went through JSON."""
        queue, stories, drawn = sketch
        self._latest = max((mark.at for mark in self._marks.values()), default=self._latest)
        self._queue = [(at, id_) for at, id_ in queue if id_ in self._marks]
        self._inside = {id_ for _, id_ in self._queue}
        self._places = _Places(stories, drawn)
        self._told.clear()

    def like(self, mark: Mark) -> list[Likeness]:
        """Give the stories that a headline resembles, the most similar first; of equals the one of the smallest id."""
        stems = mark.telling.stems
        if len(stems) < _FEWEST_STEMS:
            return []
        population = self._population(mark.language)
        needed = _NEEDED * log2(population)
        weights = self._weights(stems, population)
        length = sum(weight * weight for weight in weights.values())
        likenesses = []
        for story in self._candidates(weights, length, needed):
            told = self._put_together(story)
            similarity = _nearness(told, mark)
            if similarity >= needed:
                similarity *= self._cosine(told, weights, length, population)
            if similarity >= needed and (similarity := similarity * _doubt(told, mark)) >= needed:
                likenesses.append(Likeness(similarity, needed, story))
        return sorted(likenesses, key=lambda like: (-like.similarity, like.story))

    def can_be_one(self, story: str, other: str) -> bool:
        """Say whether no outlet has two titles of a series, one in each story."""
        lines = self._lines(story)
        return not any(_is_series(lines, line) for line in self._lines(other))

    def _put_together(self, story: str) -> _Told:
        told = self._told.get(story)
        if told is None:
            if len(self._told) >= _PUT_TOGETHER:
                self._told.clear()
            told = self._told[story] = _Told(self._lines(story))
        return told

    def _lines(self, story: str) -> list[Mark]:
        return [self._marks[id_] for id_ in self._stories[story] if id_ in self._inside]

    def _raise(self, story: str, mark: Mark) -> None:
        self._told.pop(story, None)
        for stem in _places_of(mark):
            place = self._places[stem]
            place[story] = place.get(story, 0) + 1
            self._places[stem] = place

    def _lower(self, story: str, mark: Mark) -> None:
        self._told.pop(story, None)
        for stem in _places_of(mark):
            place = self._places[stem]
            place[story] -= 1
            if not place[story]:
                del place[story]
            if not place:
                del self._places[stem]

    def _population(self, language: str) -> int:
        """Count the stories of a language: what is told in others makes no word of this one any rarer."""
        everywhere = len(self._places[_ALL])
        return max(len(self._places[_tongue(language)]), everywhere // _LANGUAGES) + _IMAGINED

    def _weights(self, stems: Iterable[str], population: int) -> dict[str, int]:
        """Weigh stems by how few stories have them: stories, lest a large one make its own words common."""
        log, places, most = _LOG, self._places, _LOG[population]
        return {stem: max(0, most - log[1 + len(places[stem])]) for stem in stems}

    def _candidates(self, weights: dict[str, int], length: int, needed: float) -> list[str]:
        """Give the stories that have most in common, and enough: no cosine is above the root of the common part."""
        known = sorted((len(place), stem, place) for stem in weights if (place := self._places[stem]))
        least, left = needed * needed * length, sum(weights[stem] ** 2 for _, stem, _ in known)
        shared, alike, looked_at = dict[str, int](), set[str](), 0
        for count, stem, place in known:
            looked_at += count
            # A story that is in no rarer place has no more in common than what is left.
            is_open = left >= least and looked_at <= _MOST_LOOKED_AT
            for story in place if is_open else shared.keys() & place.keys():
                if story in shared:
                    alike.add(story)
                shared[story] = shared.get(story, 0) + weights[stem] ** 2
            left -= weights[stem] ** 2
        enough = sorted([(-shared[story], story) for story in alike if shared[story] >= least])
        return [story for _, story in enough[:_MOST_COMPARED]]

    def _cosine(self, told: _Told, weights: dict[str, int], length: int, population: int) -> float:
        """Compare with all the words of a story."""
        counts = told.counts
        common = [stem for stem in weights if stem in counts]
        theirs = self._weights(counts, population)
        dot = sum(weights[stem] ** 2 * counts[stem] for stem in common)
        return dot and dot / sqrt(length * sum((theirs[stem] * count) ** 2 for stem, count in counts.items()))


def _tongue(language: str) -> str:
    """Name a language among the stems, none of which has a space. Where nobody says which, it is any."""
    return f" {language}" if language else _ALL


def _places_of(mark: Mark) -> set[str]:
    return {*mark.telling.stems, _tongue(mark.language), _ALL}


def _nearness(told: _Told, mark: Mark) -> float:
    """Halve with every day between the headline and the story; 0.0 where the story is over."""
    gap = max(0.0, mark.at - told.last, told.first - mark.at)
    return float(0.5 ** (gap / _HALF_LIFE_SECONDS)) if gap <= _LONGEST_PAUSE_SECONDS else 0.0


def _doubt(told: _Told, mark: Mark) -> float:
    """Give what other numbers, a mere name, and one outlet's own ways leave of the similarity."""
    if _is_series(told.lines, mark):
        return 0.0
    name = _ONE_NAME if _share_one_name(told, mark) else 1.0
    doubt = name * _OTHER_NUMBER if mark.telling.figures and _has_other_numbers(told.lines, mark.telling) else name
    return doubt if any(line.source != mark.source for line in told.lines) else doubt * _OWN_STORY


def _share_one_name(told: _Told, mark: Mark) -> bool:
    """Say whether all that is common stands side by side in both: who it is about, or where it was, and not what."""
    common = tuple(stem for stem in mark.telling.stems if stem in told.counts)
    if len(common) > _NAME or not _has(mark.telling.stems, common):
        return False
    return any(_has(line.telling.stems, common) for line in told.lines)


def _has(stems: Sequence[str], run: Sequence[str]) -> bool:
    """Say whether a run of stems stands in others as it is."""
    start = stems.index(run[0]) if run[0] in stems else 0
    return tuple(stems[start : start + len(run)]) == run


def _is_series(lines: Iterable[Mark], mark: Mark) -> bool:
    """Say whether the outlet has a title in the story that is like this one: rubrics, lists, tables of the day."""
    own = (line.telling.stems for line in lines if line.source == mark.source)
    return any(_overlap(stems, mark.telling.stems) >= _SERIES for stems in own)


def _overlap(stems: Sequence[str], others: Sequence[str]) -> float:
    """Give Jaccard's index: what is in both, of all there is."""
    shared = len(frozenset(stems).intersection(others))
    return shared / (len(stems) + len(others) - shared)


def _has_other_numbers(lines: Iterable[Mark], telling: Telling) -> bool:
    theirs: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        for place, number in line.telling.figures:
            theirs[place].add(number)
    return any(place in theirs and number not in theirs[place] for place, number in telling.figures)
