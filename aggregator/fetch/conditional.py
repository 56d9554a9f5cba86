"""Source + Validators → request headers; status + headers + body → Answer. Conditional requests: RFC 9110 §13."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from aggregator import VERSION
from aggregator.fetch.answer import Answer, Fetched, Gone, NotModified, Refused
from aggregator.fetch.freshness import answered_at, max_age, retry_after, unreadable_max_age
from aggregator.source import Hints, Source, Validators

# One subscriber: this installation. How many read it we do not know, and a publisher counts nothing that is made up.
USER_AGENT: Final = (
    f"headline-aggregator/{VERSION} (+https://github.com/headline-aggregator/headline-aggregator; 1 subscriber)"
)
_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, text/html;q=0.8, */*;q=0.5"
)
_CODINGS: Final = "gzip, deflate, br"  # what decoding.py reads; aiohttp would offer zstd too where it finds it

_NOT_THE_OPERATORS: Final = frozenset(
    {
        *(
            "connection",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
        ),  # hop by hop
        *("content-length", "content-encoding", "expect", "host"),  # framing and routing
        *("accept-encoding", "range", "if-range"),  # would bring bodies that we cannot read
        *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),  # ours: see Validators
    }
)
_VALIDATOR_CHARACTERS: Final = 4096

_FEED_ONLY: Final = "feed"
BODIES: Final = frozenset({HTTPStatus.OK, HTTPStatus.IM_USED})
"""The statuses whose body is a document. 226 (RFC 3229) is read like 200: what it does not list is not missing."""

_ADVICE: Final = {
    204: "there is no document at this address; check the url in feeds.yaml",
    226: "it sends a difference that we did not ask for; tell the publisher",
    206: "only part of the document came; take any Range out of the source's headers in feeds.yaml",
    401: "it wants credentials; set auth_file in feeds.yaml",
    403: "open it in a browser, or set user_agent in feeds.yaml",
    404: "check the url in feeds.yaml",
    407: "the proxy wants credentials; write them into proxy in feeds.yaml",
    429: "we ask too often; we wait, and set a longer `every` in feeds.yaml if it stays",
    451: "it is withheld for legal reasons",
    503: "it is overloaded or under repair; we wait",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One response, as it came.

    Attributes:
        status: 100 to 999.
        headers: With lower-case names; the values of repeated ones joined by commas.
        body: Decoded; b"" where the status is not one of BODIES.
        wire_bytes: Of the body, before it was decoded.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    wire_bytes: int = 0


def request_headers(validators: Validators) -> dict[str, str]:
    """Make the headers that go along every redirect. Validators are copied byte for byte."""
    headers = {"User-Agent": USER_AGENT, "Accept": _ACCEPT, "Accept-Encoding": _CODINGS}
    if validators.etag is not None:
        headers["If-None-Match"] = validators.etag
        headers["A-IM"] = _FEED_ONLY  # the answer may hold nothing but what is newer than that (RFC 3229)
    if validators.last_modified is not None:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def operator_headers(source: Source, credentials: str | None) -> dict[str, str]:
    """Make the headers that only the configured origin may see; they override those of `request_headers`.

    Args:
        source: Its own headers are taken, apart from those that would break the connection or the conditions.
        credentials: "user:password", sent as HTTP Basic (RFC 7617). None: none.
    """
    headers = {} if source.user_agent is None else {"User-Agent": source.user_agent}
    headers |= {name: value for name, value in source.headers if name.lower() not in _NOT_THE_OPERATORS}
    if credentials is not None:
        headers["Authorization"] = "Basic " + b64encode(credentials.encode()).decode("ascii")
    return headers


def read_response(
    reply: Reply, sent: Validators, *, url: str, moved_to: str | None, asked_after: timedelta = timedelta(0)
) -> Answer:
    """Say what the last response means.

    Args:
        reply: The response; no redirect that can be followed.
        sent: The validators of the request: 304 answers these, or nothing.
        url: That answered, without credentials.
        moved_to: As in `Fetched`.
        asked_after: Likewise.
    """
    if reply.status in BODIES and _can_be_read(reply):
        return Fetched(
            url=url,
            body=reply.body,
            content_type=printable(reply.headers.get("content-type", "")),
            validators=_validators(reply.headers),
            hints=Hints(max_age=max_age(reply.headers)),
            moved_to=moved_to,
            wire_bytes=reply.wire_bytes,
            is_partial=reply.status == HTTPStatus.IM_USED,
            oddities=_oddities(reply.headers),
            asked_after=asked_after,
            date=answered_at(reply.headers),
        )
    if reply.status == HTTPStatus.NOT_MODIFIED and sent != Validators():
        return NotModified(
            validators=_validators(reply.headers),
            hints=Hints(max_age=max_age(reply.headers)),
            moved_to=moved_to,
            oddities=_oddities(reply.headers),
            asked_after=asked_after,
            date=answered_at(reply.headers),
        )
    if reply.status == HTTPStatus.GONE:
        return Gone()
    return Refused(
        status=reply.status,
        hints=Hints(retry_after=retry_after(reply.headers)),
        detail=_detail(reply),
        oddities=_oddities(reply.headers, refused=True),
        asked_after=asked_after,
        date=answered_at(reply.headers),
    )


def printable(text: str, limit: int = 200) -> str:
    """Make a publisher's text fit for logs and terminals: printable characters only, so no escapes and no bidi."""
    return "".join(character for character in text[:limit] if character.isprintable())


def _can_be_read(reply: Reply) -> bool:
    """Say whether a 226 is what was asked for: a document with fewer entries, not a difference of bytes."""
    return reply.status != HTTPStatus.IM_USED or reply.headers.get("im", _FEED_ONLY).strip().lower() == _FEED_ONLY


def _oddities(headers: Mapping[str, str], *, refused: bool = False) -> tuple[str, ...]:
    """Name what is said about polling and cannot be read; what is out of bounds is named where it is bounded."""
    told = []
    if (written := unreadable_max_age(headers)) is not None:
        told.append(f'Cache-Control: max-age "{printable(written, 50)}" is no number of seconds')
    if refused and "retry-after" in headers and retry_after(headers) is None:
        told.append(f'Retry-After "{printable(headers["retry-after"], 50)}" names no time to come')
    return tuple(told)


def _validators(headers: Mapping[str, str]) -> Validators:
    return Validators(
        etag=_byte_copy(headers.get("etag")),
        last_modified=_byte_copy(headers.get("last-modified")),
    )


def _byte_copy(value: str | None) -> str | None:
    """Keep a validator if it can be kept and sent again as it is; one changed by us would be a lie."""
    if not value or len(value) > _VALIDATOR_CHARACTERS:
        return None
    # aiohttp reads bytes that are not UTF-8 as lone surrogates, which neither it nor JSON will write.
    return value if value.isprintable() else None


def _detail(reply: Reply) -> str:
    if reply.headers.get("cf-mitigated", "").lower() == "challenge":
        return f"{reply.status}: Cloudflare asks for a browser; ask the publisher to let feed readers through"
    if reply.status == HTTPStatus.NOT_MODIFIED:
        return "304 to a request without conditions: its server or cache is broken; we ask again without any"
    try:
        words = f"{reply.status} {HTTPStatus(reply.status).phrase}"
    except ValueError:  # 520 to 530 are Cloudflare's, 999 LinkedIn's
        words = str(reply.status)
    advice = _ADVICE.get(reply.status)
    return words if advice is None else f"{words}: {advice}"
