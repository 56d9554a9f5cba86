"""What a parsing child is asked to read."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.source import PageList


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One document, and what must be known to read it. It crosses to the child: it must pickle.

    Attributes:
        body: As received, decompressed.
        url: Where it was found, after redirects: the base of its relative links.
        content_type: As received; "" where there was none.
        page: How to read it if it is an HTML page. None: a feed is expected.
        zone: Of dates that name no zone.
        language: RFC 5646, of printed dates. None: not known.
        now: UTC: what "3 hours ago" is counted from.
        known: Fingerprints from last time: these entries are listed, but not parsed again.
    """

    body: bytes
    url: str
    content_type: str = ""
    page: PageList | None = None
    zone: ZoneInfo
    language: str | None
    now: datetime
    known: frozenset[str]
