"""What a publisher says about being polled → what we do about it: every hint has its bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aggregator.source import Hints

BODY_LONGEST: Final = timedelta(hours=1)
"""What `<ttl>` and `sy:*` may ask for: many are defaults of a publishing program that nobody ever looked at."""
MAX_AGE_LONGEST: Final = timedelta(hours=24)
RETRY_SHORTEST: Final = timedelta(seconds=60)
RETRY_LONGEST: Final = timedelta(days=7)

_HOUR: Final = timedelta(hours=1)
_HOURS_A_WEEK: Final = 7 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long to wait, and why.

    Attributes:
        least: Never less.
        reason: For people, without the duration.
        asked: What was asked for, where that is out of bounds. None: it is not, or nobody asked.
    """

    least: timedelta
    reason: str
    asked: timedelta | None = None

    @property
    def told(self) -> str:
        """The reason with its duration, as in "Retry-After 7 d (366 d asked)"."""
        told = f"{self.reason} {in_words(self.least)}"
        return told if self.asked is None else f"{told} ({in_words(self.asked)} asked)"


def body_waits(hints: Hints) -> Iterator[Wait]:
    """Give what the document asks for: `<ttl>` and `sy:*`, at most BODY_LONGEST each."""
    if hints.ttl is not None:
        yield _bounded(hints.ttl, min(hints.ttl, BODY_LONGEST), "<ttl>")
    if hints.update_period is not None:
        yield _bounded(hints.update_period, min(hints.update_period, BODY_LONGEST), "sy:updatePeriod")


def header_waits(hints: Hints) -> Iterator[Wait]:
    """Give what the last good answer asks for: its freshness, at most MAX_AGE_LONGEST."""
    if hints.max_age is not None:
        yield _bounded(hints.max_age, min(hints.max_age, MAX_AGE_LONGEST), "Cache-Control: max-age")


def retry_waits(hints: Hints) -> Iterator[Wait]:
    """Give what a refusal asks for: Retry-After, from RETRY_SHORTEST to RETRY_LONGEST."""
    if hints.retry_after is not None:
        yield _bounded(hints.retry_after, bounded_retry(hints.retry_after), "Retry-After")


def bounded_retry(retry_after: timedelta) -> timedelta:
    """Bound a Retry-After: from RETRY_SHORTEST to RETRY_LONGEST."""
    return min(max(retry_after, RETRY_SHORTEST), RETRY_LONGEST)


def is_held(until: datetime | None, *, now: datetime) -> bool:
    """Say whether a Retry-After still holds. One that is further away than any can be was noted by a wrong clock."""
    return until is not None and now < until <= now + RETRY_LONGEST


def after_skipped(at: datetime, hints: Hints) -> tuple[datetime, str | None]:
    """Move an instant out of `<skipHours>` and `<skipDays>`, by whole hours, so that sources stay spread.

    Args:
        at: UTC.
        hints: Its skip_hours and skip_days are used; if together they leave no hour of the week, they are nonsense
            and ignored.

    Returns:
        The instant, and the name of what moved it; None: nothing did.
    """
    allowed = next((hours for hours in range(_HOURS_A_WEEK) if not _skipped(at + hours * _HOUR, hints)), 0)
    if allowed == 0:
        return at, None
    return at + allowed * _HOUR, "skipDays" if at.weekday() in hints.skip_days else "skipHours"


def in_words(duration: timedelta) -> str:
    """Write a duration, whole seconds, its two largest units: "15 min", "1 h 30 min", "7 d"."""
    seconds = round(duration.total_seconds())
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _bounded(asked: timedelta, least: timedelta, reason: str) -> Wait:
    return Wait(least=least, reason=reason, asked=None if least == asked else asked)


def _skipped(at: datetime, hints: Hints) -> bool:
    return at.hour in hints.skip_hours or at.weekday() in hints.skip_days
