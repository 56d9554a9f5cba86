"""Slips of one story → how hot it is: a number that only news changes, and that can be explained term by term."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import fsum, log2
from typing import Final, Literal, TypeAlias

from aggregator.headline import Headline
from aggregator.merge.slip import Slip, slip_of

Kind: TypeAlias = Literal["told", "revised", "repeated"]

_LEAST: Final = 1e-9  # a source of no weight leads nothing, and its stories still have their place


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What one headline brings to its story's heat.

    Attributes:
        headline: Its id.
        source: Its source's id.
        kind: "told": an outlet's first word; "revised": its last revision; "repeated": it counts for nothing, because
            an earlier headline is of the same outlet, of the same page, or begins with the same words.
        repeats: The id of that earlier headline. None: it is no repetition.
        weight: Of the source's voice.
        at: UTC: when it was told, or revised. Its word counts half after each half-life.
        share: Of the story's heat, from 0 to 1.
    """

    headline: str
    source: str
    kind: Kind
    repeats: str | None
    weight: float
    at: datetime
    share: float


def heat(slips: Sequence[Slip], half_life: timedelta) -> float:
    """Sum up what each outlet said, doubled with every half-life since 1970: older words fade beside newer ones.

    log2(Σ w·2^x) is reckoned as m + log2(Σ w·2^(x - m)), m the largest x: 2^x itself is far off every float's end.
    The same slips in any order give the same number, to the last bit.

    Args:
        slips: At least one, all of one story.
        half_life: Of a word.
    """
    seconds = half_life.total_seconds()
    if len(slips) == 1 and slips[0].revised is None:  # as most are
        return _warmth(slips[0].weight, slips[0].published, seconds)
    counting = [slip for slip, earlier in _heard(slips) if earlier is None]
    warmths = [_warmth(slip.weight, at, seconds) for slip in counting for _, at in _said(slip)]
    largest = max(warmths)
    return largest + log2(fsum(2.0 ** (warmth - largest) for warmth in warmths))


def explain(headlines: Iterable[Headline], weights: Mapping[str, float], half_life: timedelta) -> tuple[Term, ...]:
    """Say what makes a story as hot as it is.

    Args:
        headlines: All that the topic has of the story, at least one, in any order.
        weights: Source id → weight; 1.0 where there is none.
        half_life: The topic's.

    Returns:
        In the order published. The shares sum up to 1.
    """
    slips = [slip_of(headline, weights) for headline in headlines]
    whole, seconds = heat(slips, half_life), half_life.total_seconds()
    return tuple(
        Term(
            headline=slip.id,
            source=slip.source,
            kind="repeated" if earlier else kind,
            repeats=earlier,
            weight=slip.weight,
            at=datetime.fromtimestamp(at, UTC),
            share=0.0 if earlier else 2.0 ** (_warmth(slip.weight, at, seconds) - whole),
        )
        for slip, earlier in _heard(slips)
        for kind, at in _said(slip)[: 1 if earlier else None]
    )


def _heard(slips: Iterable[Slip]) -> Iterator[tuple[Slip, str | None]]:
    """Give each, the first published first, with the id of the earlier one that it repeats. None: it counts."""
    heard: dict[str | int, str] = {}
    for slip in sorted(slips, key=lambda slip: (slip.published, slip.id)):
        said: tuple[str | int, ...] = (slip.source, *slip.marks)
        yield slip, next((heard[mark] for mark in said if mark in heard), None)
        for mark in said:
            heard.setdefault(mark, slip.id)


def _said(slip: Slip) -> tuple[tuple[Kind, float], ...]:
    """Give when it was told, and when it was last revised: whoever rewrites a title ten times is no ten outlets."""
    return (("told", slip.published), *((("revised", slip.revised),) if slip.revised is not None else ()))


def _warmth(weight: float, at: float, half_life: float) -> float:
    return log2(max(weight, _LEAST)) + at / half_life
