"""304s that look like lies → when to ask without validators, once, and why."""

from datetime import datetime, timedelta
from typing import Final

from aggregator.http_date import read_http_date
from aggregator.source import Standing, Validators

AGAIN_AFTER: Final = timedelta(days=1)
"""At the earliest: between two questions without validators that were asked out of doubt."""

_AHEAD: Final = timedelta(minutes=10)  # clocks differ by less
_SILENT_GAPS: Final = 20  # of the source's own, between its news
_SILENT_LEAST: Final = timedelta(days=3)  # a long weekend
_UNKNOWN_GAP: Final = timedelta(days=1)


def doubt(standing: Standing, *, now: datetime) -> str | None:
    """Say why the next question should go without validators.

    Returns:
        For people. None: there is no reason, or it was tried not long ago. A source that stays silent is tried less and
        less often: when its silence has doubled since the last time.
    """
    validators = standing.validators_of(standing.address)
    tried_at = standing.asked_whole_at or standing.first_asked_at
    if standing.last_answer != "304" or validators == Validators() or tried_at is None:
        return None
    if now - tried_at < AGAIN_AFTER:
        return None
    if lies_ahead(validators, now=now):
        return "its Last-Modified lies in the future"
    silence = silent_for(standing, now=now)
    if silence is not None and now - tried_at >= silence / 2:
        return "it is silent for far longer than usual"
    return None


def lies_ahead(validators: Validators, *, now: datetime) -> bool:
    """Say whether Last-Modified is later than now: its server would find nothing newer (RFC 9110 §8.8.2.1)."""
    modified_at = read_http_date(validators.last_modified or "")
    return modified_at is not None and modified_at > now + _AHEAD


def silent_for(standing: Standing, *, now: datetime) -> timedelta | None:
    """Tell how long a source has brought no news. None: not for far longer than it usually does."""
    since = standing.last_new_at or standing.first_asked_at
    usual = _UNKNOWN_GAP if standing.gap is None else standing.gap
    if since is None or now - since < max(_SILENT_GAPS * usual, _SILENT_LEAST):
        return None
    return now - since
