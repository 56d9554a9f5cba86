"""Request headers + Document → which coding and type, and whether the reader has it already (RFC 9110 §12.5, §13)."""

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


def prefers(accept: str, media_type: str, other: str) -> bool:
    """Tell whether an Accept line weighs one media type more than another (RFC 9110 §12.5.1), parameters aside."""
    weights = _weights(accept)
    return _weight_of_type(media_type, weights) > _weight_of_type(other.partition(";")[0], weights)


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


def _weights(line: str) -> Mapping[str, float]:
    weights = {}
    for part in line.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip().removeprefix("x-")] = _weight(parameters)
    return weights


def _weight_of(coding: str, weights: Mapping[str, float]) -> float:
    return weights.get(coding, weights.get("*", 0.0))


def _weight_of_type(media_type: str, weights: Mapping[str, float]) -> float:
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")  # the most specific decides
    return next((weights[each] for each in ranges if each in weights), 0.0)


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _instant(date: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # no date, or off the calendar's edge: RFC 9110 §13.1.3 ignores it
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
