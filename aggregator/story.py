"""Headlines about one event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aggregator.headline import Headline

DISSOLVED_TOLD: Final = timedelta(days=30)
"""How long readers are told that a story is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What one item of a feed tells: one headline, or several of one event, as a topic has it.

    Attributes:
        id: That of its first headline, for the story's whole life.
        headlines: At least one, in the order they were published (published_at, id): those that are in the topic.
        lead: The one whose title and link the item carries: of the weightiest source, and there the first accepted.
        heat: log2 of the summed, decayed weight of its outlets. It changes only with news, so that no order depends
            on the time of looking.
        published_at: UTC: when the topic's readers were told. Neither a further outlet nor another lead moves it,
            unless the topic's `retell` says so.
        updated_at: UTC: the last time the story truly changed: another outlet joined, or a title was revised. Another
            lead is no change, and a headline that leaves is none.
    """

    id: str
    headlines: tuple[Headline, ...]
    lead: Headline
    heat: float
    published_at: datetime
    updated_at: datetime

    def __hash__(self) -> int:
        """Name it by what changes with it: to hash every word of its headlines costs more than to publish them."""
        return hash((self.id, self.updated_at, self.heat))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissolved:
    """A story that turned out to be of the same event as an older one, and whose headlines are now that one's.

    Attributes:
        story: Its id, under which readers have its item.
        into: The id of the older story.
        at: UTC: when.
        topics: Slugs of the topics it was in.
    """

    story: str
    into: str
    at: datetime
    topics: tuple[str, ...]
