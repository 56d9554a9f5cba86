"""Failures in a row → how long to wait. Exponential with full jitter, capped, and never given up."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

LONGEST: Final = timedelta(hours=24)
SHORTEST: Final = timedelta(seconds=60)
_DOUBLINGS: Final = 20  # more would pass LONGEST from any base of at least SHORTEST


def backoff(source: str, failures: int, *, base: timedelta, now: datetime) -> timedelta:
    """Wait between half of `base` and `base` after the first failure; each further one doubles the upper end.

    Args:
        source: Its id: sources that fail together do not come back together.
        failures: In a row, at least 1.
        base: The source's interval, at least a minute.
        now: UTC.

    Returns:
        At least SHORTEST; at most LONGEST, or `base` where that is longer.
    """
    shortest = max(SHORTEST, base / 2)
    longest = max(base, min(base * (1 << min(failures - 1, _DOUBLINGS)), LONGEST))
    return shortest + (longest - shortest) * share(source, failures, now)


def share(source: str, failures: int, now: datetime) -> float:
    """Draw from 0 (included) to 1 (excluded), evenly over sources and instants, and always the same for the same."""
    digest = blake2b(f"{source}\0{failures}\0{now.isoformat()}".encode(errors="replace"), digest_size=6)
    return int.from_bytes(digest.digest(), "big") / 2**48
