"""Permanent redirects (301, 308) → followed at once, adopted after seven steady days, told to the operator."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.source import Standing

STEADY: Final = timedelta(days=7)


def moved(standing: Standing, target: str | None, *, is_same: bool, now: datetime) -> Standing:
    """Note where a permanent redirect leads.

    Args:
        standing: Before the answer.
        target: None: there was no redirect this time, or a temporary one.
        is_same: It still reads as the same feed. Once it did not, that target is never adopted.
        now: UTC.
    """
    if target is None:
        return replace(standing, moved_to=None, moved_since=None)
    since = standing.moved_since if target == standing.moved_to else now
    return replace(standing, moved_to=target, moved_since=since if is_same else None)


def adopted(standing: Standing, *, now: datetime) -> Standing:
    """Ask at the target from now on, if it answered well and for long enough. Its validators go along."""
    target, since = standing.moved_to, standing.moved_since
    if standing.failures or target is None or since is None or now - since < STEADY:
        return standing
    url, address = standing.urls[standing.url], standing.address
    others = tuple(pair for pair in standing.adopted if pair[0] != url)
    return replace(
        standing,
        adopted=others if target == url else (*others, (url, target)),
        validators=tuple((target if of == address else of, validators) for of, validators in standing.validators),
        moved_to=None,
        moved_since=None,
    )


def told(standing: Standing, *, shown: Callable[[str], str] = str) -> Iterator[str]:
    """Tell the operator where a source has gone.

    Args:
        standing: As it is now.
        shown: An address → what may be shown of it: a log is read by others too.
    """
    target, since = standing.moved_to, standing.moved_since
    if target is not None and since is not None:
        yield f"it moves to {shown(target)} for good; asked there from {since + STEADY:%Y-%m-%d} on, if that stays so"
    elif target is not None:
        where = shown(target)
        yield f"it redirects to {where} for good, which lists nothing that we know; if you trust it, write it as url"
    if standing.address != standing.urls[standing.url]:
        yield f"it is asked at {shown(standing.address)}, where it moved for good; write that as its url in feeds.yaml"
