"""Response headers → how long the publisher wants to be left alone. Nonsense is None, never an exception."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from aggregator.http_date import read_http_date

LONGEST: Final = timedelta(days=366)
"""Durations beyond it are cut, so that adding one to an instant cannot overflow; schedule/ has tighter bounds."""


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


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """Read the time by the publisher's clock: Date, and the Age that a cache has added (RFC 9111 §5.1), in UTC.

    Args:
        headers: As for `max_age`.

    Returns:
        None: there is no Date, or none that can be read.
    """
    date = read_http_date(headers.get("date", ""))
    try:
        return None if date is None else date + (_seconds(headers.get("age", "")) or timedelta(0))
    except OverflowError:  # the end of 9999
        return None


def unreadable_max_age(headers: Mapping[str, str]) -> str | None:
    """Give a max-age that is no number of seconds, as written. None: it is one, or none is given."""
    written = _written_max_age(headers.get("cache-control", ""))
    return written if written is not None and _seconds(written) is None else None


def _cache_control_max_age(value: str) -> timedelta | None:
    written = _written_max_age(value)
    return None if written is None else _seconds(written)


def _written_max_age(value: str) -> str | None:
    for directive in value.split(","):
        name, _, argument = directive.partition("=")
        if name.strip().lower() == "max-age":
            return argument.strip(' \t"')
    return None


def _until(name: str, headers: Mapping[str, str]) -> timedelta | None:
    """Measure from Date to the date in `name`, in the publisher's own clock: ours may differ. At least zero."""
    then, date = read_http_date(headers.get(name, "")), read_http_date(headers.get("date", ""))
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
