"""What is written to state/ as one record: all of it survives a crash, or nothing of it."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.headline import Headline
from aggregator.incident import Incident
from aggregator.source import Due, Listed, Standing
from aggregator.story import Dissolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Changes that belong together: a source's headlines never come without the validators that they came with.

    Attributes:
        dues: Appointments, each replacing its source's earlier one.
        standings: Each replaces its source's earlier one.
        listings: (source id, listing) pairs; each replaces the earlier one.
        headlines: New ones, revised ones, and those that moved to another story, whole.
        unlisted: (headline id, UTC) pairs: its source stopped listing it then.
        relisted: Ids of headlines that their source lists again.
        archived: Headlines that leave the active window; their keys stay known.
        keys_until: UTC: how long the keys of `archived` stay known.
        keys_forgotten: Keys whose time is over.
        dissolved: Stories that became part of older ones; their headlines are among `headlines`.
        untold: Of those, the ones that readers need no longer be told of.
        incidents: What the operator is to be told of.
        incidents_over: Ids of those that need no longer be told.
        dropped_sources: Ids of sources of which nothing is kept any more, apart from their headlines.
        meta: (name, text) pairs about the state as a whole.
    """

    dues: tuple[Due, ...] = ()
    standings: tuple[Standing, ...] = ()
    listings: tuple[tuple[str, tuple[Listed, ...]], ...] = ()
    headlines: tuple[Headline, ...] = ()
    unlisted: tuple[tuple[str, datetime], ...] = ()
    relisted: tuple[str, ...] = ()
    archived: tuple[Headline, ...] = ()
    keys_until: datetime | None = None
    keys_forgotten: tuple[str, ...] = ()
    dissolved: tuple[Dissolved, ...] = ()
    untold: tuple[Dissolved, ...] = ()
    incidents: tuple[Incident, ...] = ()
    incidents_over: tuple[str, ...] = ()
    dropped_sources: tuple[str, ...] = ()
    meta: tuple[tuple[str, str], ...] = ()
