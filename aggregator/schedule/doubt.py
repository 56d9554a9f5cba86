"""304s that look like lies → when to ask without validators, once, and why."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.http_date import read_http_date
from aggregator.schedule.rhythm import is_overdue_news
from aggregator.source import Standing, Validators

AGAIN_AFTER: Final = timedelta(days=1)
"""At the earliest: between two questions without validators that were asked out of doubt."""

_AHEAD: Final = timedelta(minutes=10)  # clocks differ by less


def doubt(standing: Standing, zone: ZoneInfo, *, now: datetime) -> str | None:
    """Say why the next question should go without validators.

    Args:
        standing: Its rhythm tells what silence is usual.
        zone: The source's.
        now: UTC.

    Returns:
        For people. None: there is no reason, or it was tried not long ago. A source that stays silent is tried less and
        less often: when its silence has doubled since the last time.
    """
    validators = standing.validators_of(standing.address)
    tried_at = standing.asked_whole_at or standing.first_asked_at
    if standing.last_answer != "304" or validators == Validators() or tried_at is None:
        return None
    tried_before = abs(now - tried_at)  # a clock that was ahead has noted an instant to come
    if tried_before < AGAIN_AFTER:
        return None
    if lies_ahead(validators, now=now):
        return "its Last-Modified lies in the future"
    since = standing.last_new_at
    if since is not None and tried_before >= (now - since) / 2 and _is_silent(standing, zone, since, now):
        return "it is silent for far longer than usual"
    return None


def lies_ahead(validators: Validators, *, now: datetime) -> bool:
    """Say whether Last-Modified is later than now: its server would find nothing newer (RFC 9110 §8.8.2.1)."""
    modified_at = read_http_date(validators.last_modified or "")
    return modified_at is not None and modified_at > now + _AHEAD


def _is_silent(standing: Standing, zone: ZoneInfo, since: datetime, now: datetime) -> bool:
    return standing.rhythm is not None and is_overdue_news(standing.rhythm, zone, since=since, now=now)
