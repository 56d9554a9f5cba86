"""`poll.retry_scope: host`: one source's Retry-After holds for every source of its host."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.schedule.backoff import share
from aggregator.source import Due, Standing


def host_of(url: str) -> str:
    """Give the name of a URL's host, without the port, lower case."""
    return urlsplit(url).hostname or ""


def holds(standings: Iterable[Standing], earlier: Mapping[str, datetime] = {}) -> dict[str, datetime]:
    """Collect until when each host is not to be asked.

    Args:
        standings: Their `not_before` counts, for the host of the address that was asked.
        earlier: What was collected before; of two instants the later one holds.
    """
    held = dict(earlier)
    for standing in standings:
        if standing.not_before is not None:
            host = host_of(standing.address)
            held[host] = max(held.get(host, standing.not_before), standing.not_before)
    return held


def moved(standings: Iterable[Standing], by: timedelta) -> tuple[Standing, ...]:
    """Give those that were told to wait, with what is left of the wait the same by a clock that was set by so much."""
    return tuple(
        replace(standing, not_before=standing.not_before + by)
        for standing in standings
        if standing.not_before is not None
    )


def put_off(due: Due, until: datetime, *, now: datetime) -> Due:
    """Move an appointment behind the end of a hold, a little spread, so that a host's sources do not come at once."""
    at = until + (until - now) * 0.1 * share(due.source, 0, until)
    return replace(due, at=at, reason="Retry-After of its host", wait=due.wait + (at - due.at))
