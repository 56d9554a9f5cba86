"""Headlines → a story with its heat; stories → what a topic's feed holds, in its order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from math import fsum, log2
from typing import Final

from aggregator.headline import Headline
from aggregator.story import Story
from aggregator.topic import Topic

HALF_LIFE: Final = timedelta(hours=12)
"""After it, an outlet's word counts half."""

EVERYBODY: Final = 1.0
"""The weight of a source that has no other."""

_HALF_LIFE_SECONDS: Final = HALF_LIFE.total_seconds()
_LEAST: Final = 1e-9  # a source of no weight leads nothing, and its stories still have their place


def story_of(headlines: Sequence[Headline], weights: Mapping[str, float]) -> Story:
    """Tell a story: who leads it, and how hot it is.

    Args:
        headlines: At least one, all of one story, in any order.
        weights: Source id → weight; 1.0 where there is none.
    """
    ordered = tuple(sorted(headlines, key=_when))
    lead = min(ordered, key=lambda headline: (-weights.get(headline.source, EVERYBODY), *_when(headline)))
    voices = ((each.source, weights.get(each.source, EVERYBODY), each.published_at.timestamp()) for each in ordered)
    return Story(id=lead.story, headlines=ordered, lead=lead, heat=heat(voices))


def alone(headline: Headline, weights: Mapping[str, float]) -> Story:
    """Tell a headline as a story of its own, under its own id: for topics with one item per headline."""
    return story_of((replace(headline, story=headline.id),), weights)


def pick(topic: Topic, stories: Iterable[Story]) -> tuple[Story, ...]:
    """Give the first stories that the topic's limit and cap per source admit. Draws no more than it needs."""
    return tuple(islice(_capped(topic, stories), topic.limit))


def _capped(topic: Topic, stories: Iterable[Story]) -> Iterator[Story]:
    led: Counter[str] = Counter()
    for story in stories:
        led[story.lead.source] += 1
        if topic.per_source is None or led[story.lead.source] <= topic.per_source:
            yield story


def _when(headline: Headline) -> tuple[float, str]:
    return headline.published_at.timestamp(), headline.id


def heat(voices: Iterable[tuple[str, float, float]]) -> float:
    """Sum up what each outlet said first, doubled with every half-life since 1970: older words fade beside newer ones.

    log2(Σ w·2^x) is reckoned as m + log2(Σ w·2^(x - m)), m the largest x: 2^x itself is far off every float's end.

    Args:
        voices: (source id, weight, published_at in seconds since 1970) of each headline, the earliest first.
    """
    first: dict[str, float] = {}
    for source, weight, published in voices:
        first.setdefault(source, log2(max(weight, _LEAST)) + published / _HALF_LIFE_SECONDS)
    largest = max(first.values())
    if len(first) == 1:  # most stories are one outlet's
        return largest
    return largest + log2(fsum(2.0 ** (term - largest) for term in first.values()))
