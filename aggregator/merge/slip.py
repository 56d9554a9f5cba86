"""Headline → slip: the little of it that its story's lead, dates and heat are reckoned from."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from aggregator.headline import Headline

EVERYBODY: Final = 1.0
"""The weight of a source that has no other."""


class Slip(NamedTuple):
    """Small and without texts: there is one in memory for every kept headline. Instants in seconds since 1970.

    A tuple, since a run may begin with 100,000 of them.

    Attributes:
        id: Of the headline.
        story: Its story's id.
        source: Its source's id.
        weight: Of its source's voice.
        published: When it was published.
        seen: When it was accepted: when it came into its story.
        revised: When its title last changed. None: never.
        marks: As the headline's.
        topics: Slugs.
    """

    id: str
    story: str
    source: str
    weight: float
    published: float
    seen: float
    revised: float | None
    marks: tuple[int, ...]
    topics: tuple[str, ...]


def slip_of(headline: Headline, weights: Mapping[str, float]) -> Slip:
    """Note down what counts of a headline. `weights`: source id → weight; 1.0 where there is none."""
    return Slip(
        headline.id,
        headline.story,
        headline.source,
        weights.get(headline.source, EVERYBODY),
        headline.published_at.timestamp(),
        headline.first_seen_at.timestamp(),
        headline.updated_at.timestamp() if headline.revisions else None,
        headline.marks,
        headline.topics,
    )
