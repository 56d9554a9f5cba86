"""Request headers + Document → which coding, and whether the reader has it already (RFC 9110 §12.5.3, §13)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aggregator.document import Document


def accepts_gzip(accept_encoding: str) -> bool:
    """Read an Accept-Encoding line: does it allow gzip, by name or by "*"? Identity is always at hand besides."""
    weights = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        weights[coding.strip()] = _weight(parameter)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0.0


def is_current(document: Document, etag: str, headers: Mapping[str, str]) -> bool:
    """Tell whether 304 is the answer.

    Args:
        document: What would be sent.
        etag: Of the coding that would be sent.
        headers: Of the request; names in any case. If-Modified-Since counts only where there is no If-None-Match
            (RFC 9110 §13.2.2).
    """
    tags = headers.get("If-None-Match")
    if tags is not None:
        return _matches(tags, etag)
    since = _instant(headers.get("If-Modified-Since", ""))
    return since is not None and document.modified_at is not None and document.modified_at <= since


def _matches(tags: str, etag: str) -> bool:
    # Weak comparison (RFC 9110 §13.1.2). Our own tags hold no comma, so whatever a foreign one holds, a plain split
    # finds ours and no other.
    return tags.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")}


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
