"""New headlines → which of them are told as news, and why the others are only kept.

A source that moves, republishes its archive or comes back with everything under new ids brings headlines that nobody
has seen before, and that are no news. They are kept, so that they are known from then on, and are in no topic.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.dedupe.titles import folded_title
from aggregator.headline import Headline

MOST_AT_ONCE: Final = 50
"""Told of one reading, the newest: as many as the longest lists of real feeds hold."""

GRACE: Final = timedelta(hours=48)
"""What a newsroom publishes late, or edits for so long, is news all the same."""

AGAIN: Final = "listed before under another id"
LATE: Final = "older than the last reading"

_SAME_AGAIN: Final = 0.5  # of what a reading brings
_FEWEST: Final = 3  # a rubric or two that bear the title of yesterday are no move


def hold_back(new: Sequence[Headline], *, since: datetime | None, before: Collection[str]) -> tuple[Headline, ...]:
    """Say of each new headline whether it is told, in `untold`. Deterministic; the order stays.

    Args:
        new: Of one reading.
        since: UTC: when the source was last read, to the end. None: never, or not to its end. Its first reading is a
            baseline: all of it is told, at the dates it bears.
        before: The titles that the source listed until now, if it lists none of these headlines any longer; else empty.
    """
    again = dict.fromkeys(_same_again(new, before), AGAIN)
    late = {} if since is None else dict.fromkeys(_late(new, since - GRACE), LATE)
    many = {} if since is None else dict.fromkeys(_too_many(new), f"one of more than {MOST_AT_ONCE} at once")
    reasons = many | late | again
    return tuple(replace(headline, untold=reasons.get(headline.id, "")) for headline in new)


def _too_many(new: Iterable[Headline]) -> list[str]:
    newest_first = sorted(new, key=lambda headline: (headline.published_at, headline.id), reverse=True)
    return [headline.id for headline in newest_first[MOST_AT_ONCE:]]


def _late(new: Iterable[Headline], earliest: datetime) -> list[str]:
    return [headline.id for headline in new if headline.published_at < earliest]


def _same_again(new: Sequence[Headline], before: Collection[str]) -> list[str]:
    known = {folded_title(title) for title in before}
    again = [headline.id for headline in new if folded_title(headline.title) in known]
    return again if len(again) >= max(_FEWEST, _SAME_AGAIN * len(new)) else []


def in_words(new: Iterable[Headline]) -> tuple[str, ...]:
    """Tell the operator what was held back: "12 kept, not told as news: older than the last reading"."""
    counted = Counter(headline.untold for headline in new if headline.untold)
    return tuple(f"{count} kept, not told as news: {reason}" for reason, count in sorted(counted.items()))
