"""Headlines about one event."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.headline import Headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What one item of a feed tells: one headline, or several of one event.

    Attributes:
        id: That of its first headline, for the story's whole life.
        headlines: At least one, in the order they were published (published_at, id).
        lead: The one whose title and link the item carries.
        heat: log2 of the summed, decayed weight of its outlets. It changes only with news, so that no order depends
            on the time of looking.
    """

    id: str
    headlines: tuple[Headline, ...]
    lead: Headline
    heat: float

    @property
    def published_at(self) -> datetime:
        """UTC: the lead's; further outlets do not move it."""
        return self.lead.published_at

    @property
    def updated_at(self) -> datetime:
        """UTC: the last time the story truly changed: another outlet joined, or a title was revised."""
        return max(headline.updated_at for headline in self.headlines)

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of its outlets, the lead's first, then in the order they joined."""
        return tuple(dict.fromkeys([self.lead.source, *(headline.source for headline in self.headlines)]))
