"""Response headers → how long the publisher wants to be left alone. Nonsense is None, never an exception."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = timedelta(days=366)
"""Durations beyond it are cut, so that adding one to an instant cannot overflow; schedule/ has tighter bounds."""

_DATE_CHARACTERS: Final = 64  # an HTTP date has 29; what is longer is not worth parsing


def max_age(headers: Mapping[str, str]) -> timedelta | None:
    """Read how long the answer stays fresh from now on (RFC 9111 §4.2): max-age, else Expires less Date; less Age.

    s-maxage is for shared caches and ignored.

    Args:
        headers: With lower-case names; the values of repeated ones joined by commas.

    Returns:
        At least zero. None: nothing was said, or nothing that can be read.
    """
    lifetime = _cache_control_max_age(headers.get("cache-control", ""))
    if lifetime is None:
        lifetime = _until("expires", headers)
    if lifetime is None:
        return None
    return max(lifetime - (_seconds(headers.get("age", "")) or timedelta(0)), timedelta(0))


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read Retry-After (RFC 9110 §10.2.3): seconds, or an HTTP date, which is measured from the answer's own Date.

    Args:
        headers: As for `max_age`.

    Returns:
        More than zero. None: none was given, it is over, or it cannot be read (a date in an answer without a Date).
    """
    wait = _seconds(headers.get("retry-after", ""))
    if wait is None:
        wait = _until("retry-after", headers)
    return wait or None


def _cache_control_max_age(value: str) -> timedelta | None:
    for directive in value.split(","):
        name, _, argument = directive.partition("=")
        if name.strip().lower() == "max-age":
            return _seconds(argument.strip(' \t"'))
    return None


def _until(name: str, headers: Mapping[str, str]) -> timedelta | None:
    """Measure from Date to the date in `name`, in the publisher's own clock: ours may differ. At least zero."""
    then, date = _http_date(headers.get(name, "")), _http_date(headers.get("date", ""))
    if then is None or date is None:
        return None
    return min(max(then - date, timedelta(0)), LONGEST)


def _seconds(text: str) -> timedelta | None:
    """Read delta-seconds (RFC 9111 §1.2.2)."""
    text = text.strip(" \t")
    # isdecimal() admits other scripts' digits, and int() reads them; the RFC admits ASCII only.
    if not (text.isascii() and text.isdecimal()):
        return None
    longest = int(LONGEST.total_seconds())
    return timedelta(seconds=longest if len(text) > len(str(longest)) else min(int(text), longest))


def _http_date(text: str) -> datetime | None:
    """Read an HTTP date of any of the three forms of RFC 9110 §5.6.7."""
    if len(text) > _DATE_CHARACTERS:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):  # no date, 31 Feb, a zone of 99 hours, or off the calendar's edge
        return None
