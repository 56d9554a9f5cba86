"""What a publisher sees of whoever polls it, and what it said itself: what the judge judges by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a document says about being polled.

    Attributes:
        least: `<ttl>`, or the hours and days of `sy:*`: from one request to the next. None: it says nothing.
        skip_hours: Hours of the day, UTC.
        skip_days: 0 is Monday, UTC.
    """

    least: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer, as its publisher meant it.

    Attributes:
        status: As sent.
        etag: As sent. None: none was.
        last_modified: Likewise.
        fresh_for: Cache-Control: max-age, or Expires less Date. None: nothing, or nonsense, was said.
        retry_after: As a duration, however it was written. None: none was sent.
        location: Absolute. None: it is no redirect.
        wishes: Of the document. None: none was sent.
        heard: The answer reached whoever asked. False: they were killed meanwhile.
    """

    status: int
    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None
    retry_after: timedelta | None = None
    location: str | None = None
    wishes: Wishes | None = None
    heard: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request.

    Attributes:
        at: When it arrived, UTC.
        life: The how-manieth run of the program sent it.
        url: Its host and its target, as sent.
        headers: With lower-case names.
        under_way: Requests to its host that were not answered yet, this one included.
        told: What was answered.
    """

    at: datetime
    life: int
    url: str
    headers: Mapping[str, str]
    under_way: int
    told: Told
