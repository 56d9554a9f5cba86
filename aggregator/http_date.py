"""The dates of HTTP headers: fetch/ measures by them, schedule/ doubts them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_CHARACTERS: Final = 64  # an HTTP date has 29; what is longer is not worth parsing


def read_http_date(text: str) -> datetime | None:
    """Read an HTTP date of any of the three forms of RFC 9110 §5.6.7, in UTC. None: it is none."""
    if len(text) > _CHARACTERS:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):  # no date, 31 Feb, a zone of 99 hours, or off the calendar's edge
        return None
