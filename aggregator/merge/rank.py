"""Slips of one story → who leads it, when it was told, how hot it is; stories → what a topic's feed holds."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from math import inf
from typing import Final

from aggregator.headline import Headline
from aggregator.merge.heat import heat
from aggregator.merge.slip import Slip
from aggregator.story import Story
from aggregator.topic import Retell, Topic

_NEVER: Final = -inf


def story_of(topic: Topic, told: Sequence[tuple[Slip, Headline]]) -> Story:
    """Tell a story as it stands in a topic.

    Args:
        topic: That decides when the story counts as published, and how fast it cools.
        told: The story's headlines in this topic, at least one, in any order; or, in a topic of one item per
            headline, just one of them.
    """
    slips = [slip for slip, _ in told]
    headlines = {headline.id: headline for _, headline in sorted(told, key=lambda pair: when(pair[0]))}
    lead = min(slips, key=lead_rank)
    return Story(
        id=lead.id if topic.one_per == "headline" else lead.story,
        headlines=tuple(headlines.values()),
        lead=headlines[lead.id],
        heat=heat(slips, topic.half_life),
        published_at=_instant(published(slips, topic.retell)),
        updated_at=_instant(updated(slips)),
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def place(topic: Topic) -> Callable[[Sequence[Slip]], float]:
    """Give what a topic orders its stories by, the largest first: how hot they are, or when they were told."""
    half_life, retell = topic.half_life, topic.retell
    if topic.order == "popular":
        return lambda slips: heat(slips, half_life)
    return lambda slips: published(slips, retell)


def when(slip: Slip) -> tuple[float, str]:
    """Order the headlines of a story."""
    return slip.published, slip.id


def lead_rank(slip: Slip) -> tuple[float, bool, float, float, str]:
    """Smallest leads: the weightiest source, and of those the one that readers know the story since.

    Not the first *published*: that is a publisher's claim, by which whoever copies another's link and says to have
    been earlier would put a title of its own on the other's item.
    """
    return -slip.weight, *_first(slip)


def opening(slips: Sequence[Slip]) -> Slip:
    """Give the headline that a topic's readers know a story since: it does not change when others join, or lead.

    The story's first headline, if the topic has it; else the one of the topic's that was accepted first.
    """
    return min(slips, key=_first)


def _first(slip: Slip) -> tuple[bool, float, float, str]:
    return slip.id != slip.story, slip.seen, slip.published, slip.id


def published(slips: Sequence[Slip], retell: Retell) -> float:
    """Say when a story was told to a topic's readers, in seconds since 1970.

    When its `opening` was published; and told again, if readers want that, when another outlet joined it, or when a
    title of it was revised. An outlet that adds another headline is not another outlet.
    """
    first = opening(slips)
    if retell == "outlet":
        return max(first.published, _joined(slips, first))
    return max(first.published, _revised(slips)) if retell == "revision" else first.published


def updated(slips: Sequence[Slip]) -> float:
    """Say when a story last truly changed, in seconds since 1970: told, joined by another outlet, or revised."""
    first = opening(slips)
    return max(first.published, _joined(slips, first), _revised(slips))


def _joined(slips: Sequence[Slip], first: Slip) -> float:
    since: dict[str, float] = {}
    for slip in slips:
        since[slip.source] = min(slip.seen, since.get(slip.source, inf))
    return max((seen for source, seen in since.items() if source != first.source), default=_NEVER)


def _revised(slips: Sequence[Slip]) -> float:
    return max((slip.revised for slip in slips if slip.revised is not None), default=_NEVER)


def pick(topic: Topic, items: Iterable[tuple[Slip, ...]]) -> tuple[tuple[Slip, ...], ...]:
    """Give the first items that the topic's limit and cap per source admit. Draws no more than it needs.

    With a cap, that may be all that there are: so it takes slips, of which nothing has to be read.
    """
    return tuple(islice(items if topic.per_source is None else _capped(topic.per_source, items), topic.limit))


def _capped(most: int, items: Iterable[tuple[Slip, ...]]) -> Iterator[tuple[Slip, ...]]:
    led: Counter[str] = Counter()
    for slips in items:
        source = min(slips, key=lead_rank).source
        led[source] += 1
        if led[source] <= most:
            yield slips
