"""What is told about polling: a pass over one source, and how the whole newsroom stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aggregator.source import Due

State = Literal["new", "ok", "failing", "parked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One pass over one source.

    Attributes:
        source: Its id.
        answer: "200", "304", "410", "503", "timeout", "not a feed", …
        ok: It answered, and what it answered could be read.
        error: For people: what is wrong; what to do. None: nothing.
        oddities: What was not as the formats want it.
        listed: Entries in the document; 0 for a 304.
        parsed: Entries that had to be parsed.
        new: Headlines accepted.
        untold: Of these, kept but not told as news.
        revised: Headlines whose title changed.
        wire_bytes: Received, before decompression.
        topics: Slugs of the topics it touched.
        due: When it is asked next. None: not again, or not by this pass's word.
    """

    source: str
    answer: str
    ok: bool
    error: str | None = None
    oddities: tuple[str, ...] = ()
    listed: int = 0
    parsed: int = 0
    new: int = 0
    untold: int = 0
    revised: int = 0
    wire_bytes: int = 0
    topics: frozenset[str] = frozenset()
    due: Due | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How one source stands now.

    Attributes:
        id: Its id; credentials are taken out of URLs.
        name: As configured.
        url: The one asked now, without credentials.
        state: "new" was never asked; "parked" answered 410.
        answer: The last one; "" before the first.
        error: For people. None: nothing is wrong.
        failures: In a row.
        next_at: UTC. None: it will not be asked.
        reason: Why then.
        last_ok_at: UTC. None: never.
        polls: Since the daemon started.
        not_modified: Of these, 304s.
        new_today: Headlines published since midnight in the site's zone.
        per_day: Headlines published a day, over the last week or since it is watched.
        untold: Headlines that were kept but not told as news, since the daemon started.
    """

    id: str
    name: str
    url: str
    state: State
    answer: str
    error: str | None
    failures: int
    next_at: datetime | None
    reason: str
    last_ok_at: datetime | None
    polls: int
    not_modified: int
    new_today: int
    per_day: float
    untold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Since the daemon started, apart from `headlines` and `stories`, which are what is kept now.

    Attributes:
        polls: Requests that ended, one way or another.
        not_modified: Of these, 304s.
        failed: Of these, failures.
        new: Headlines accepted.
        headlines: Kept.
        stories: Kept.
        wire_bytes: Received.
        lateness_p50, lateness_p99: From due to asked, in seconds, over the last 1,000 polls.
        loop_lag_p99: How late the event loop came to what was ready, in seconds, over the last minute.
        loop_lag_max: The same at its worst, since the daemon started.
    """

    polls: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    headlines: int = 0
    stories: int = 0
    wire_bytes: int = 0
    lateness_p50: float = 0.0
    lateness_p99: float = 0.0
    loop_lag_p99: float = 0.0
    loop_lag_max: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the whole newsroom stands: `/status.json`.

    Attributes:
        version: Of the program.
        title: The site's.
        url: The site's, as readers type it.
        zone: IANA name, in which times are shown.
        started_at: UTC.
        now: UTC: when this was taken; countdowns start here.
        health: "ok", or what is wrong: "degraded: disk full".
        notices: For the operator, one line each: what is not wrong, but may not be meant.
        topics: (slug, title) pairs, in the order of feeds.yaml.
        sources: In the order of feeds.yaml.
        totals: See there.
    """

    version: str
    title: str
    url: str
    zone: str
    started_at: datetime
    now: datetime
    health: str
    notices: tuple[str, ...]
    topics: tuple[tuple[str, str], ...]
    sources: tuple[SourceStatus, ...]
    totals: Totals
