"""Request headers + Document → which coding, and whether the reader has it already (RFC 9110 §12.5.3, §13)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import hdrs

from aggregator.document import Document
from aggregator.serve.coding import CODINGS, PLAIN


def coding_for(accept_encoding: str) -> str:
    """Choose the coding that an Accept-Encoding line weighs most; among equals, our own order decides.

    Returns:
        PLAIN where the line names nothing that we have, or nothing at all: it is always at hand.
    """
    weights = _weights(accept_encoding)
    best = max(CODINGS, key=lambda coding: _weight_of(coding, weights))
    weight = _weight_of(best, weights)
    return best if weight > 0 and weight >= weights.get(PLAIN, 0.0) else PLAIN


def is_current(document: Document, etag: str, headers: Mapping[str, str]) -> bool:
    """Tell whether 304 is the answer.

    Args:
        document: What would be sent.
        etag: Of the coding that would be sent.
        headers: Of the request; names in any case. If-Modified-Since counts only where there is no If-None-Match
            (RFC 9110 §13.2.2).
    """
    tags = headers.get(hdrs.IF_NONE_MATCH)
    if tags is not None:
        return tags == etag or _matches(tags, etag)
    since = headers.get(hdrs.IF_MODIFIED_SINCE)
    if since is None or document.modified_at is None:
        return False
    instant = _instant(since)
    return instant is not None and document.modified_at <= instant


def _matches(tags: str, etag: str) -> bool:
    # Weak comparison (RFC 9110 §13.1.2). Our own tags hold no comma, so whatever a foreign one holds, a plain split
    # finds ours and no other.
    return tags.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}


def _weights(accept_encoding: str) -> Mapping[str, float]:
    weights = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip().removeprefix("x-")] = _weight(parameter)
    return weights


def _weight_of(coding: str, weights: Mapping[str, float]) -> float:
    return weights.get(coding, weights.get("*", 0.0))


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _instant(date: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # no date, or off the calendar's edge: RFC 9110 §13.1.3 ignores it
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
