"""What happened to a source and its operator should know of: told once, in `/status.atom`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID, uuid5

Kind: TypeAlias = Literal["broke", "page", "ids", "gone", "moved", "silent", "back", "speaks"]
"""`page`: its list no longer reads; `ids`: everything a feed lists is new at once. The others say it themselves."""

MOST_TOLD: Final = 200
TOLD_FOR: Final = timedelta(days=90)
"""So many of the latest, and for so long, the operator can read of."""

_NAMESPACE: Final = UUID("0b2c3f0e-5c0f-5d53-9b43-2f1d1f7d6a55")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that happened to one source.

    Attributes:
        source: Its id.
        kind: What happened.
        at: UTC: of what brought it about.
        name: The source's, then: feeds.yaml may not have it any more.
        url: That was asked then; it may hold credentials.
        text: For people: what is wrong, and what to do. It may name URLs, with their secrets.
    """

    source: str
    kind: Kind
    at: datetime
    name: str
    url: str
    text: str

    @property
    def id(self) -> str:
        """Name it: whoever finds out again what happened then gives it the same name (UUIDv5)."""
        return str(uuid5(_NAMESPACE, f"{self.source}\n{self.kind}\n{self.at.isoformat()}"))


def latest_first(incident: Incident) -> tuple[float, str]:
    """Sort by this, and the latest comes first; what happened at once stands in an order that is always the same."""
    return -incident.at.timestamp(), incident.id
