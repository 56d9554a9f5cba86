"""An XML feed → Reading. feedparser alone decides what a feed means.

It is always given the address that the bytes came from, and neither resolves nor sanitises markup: clean.py does,
sooner and faster.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aggregator.entry import Entry, Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.brisk import parse
from aggregator.parse.clean import clean_line
from aggregator.parse.fields import Feed, Fields, entry_of, feed_of
from aggregator.parse.job import Job
from aggregator.parse.split import Split, fingerprint, split

ENTRIES_LIMIT: Final = 2_000
"""Entries of one document that are looked at: the first ones."""

# Without a type feedparser takes a feed that declares no encoding for ISO-8859-1; XML says UTF-8.
_UNTYPED: Final = "application/xml"
_UTF_8: Final = "application/xml; charset=utf-8"
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARATION: Final = re.compile(rb"<\?xml[^>]{0,200}>")
_ENTRY_END: Final = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>", re.IGNORECASE)
_ENTRY_START: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ROOT_END: Final = re.compile(rb"</(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|channel)\s*>", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<([A-Za-z_][A-Za-z0-9_.:-]{0,60})")
_ROOT_WITHIN_BYTES: Final = 65_536
_LONG_SPACE: Final = re.compile(rb"\s{64,}")
_ODDITY_CHARACTERS: Final = 200
_UNKNOWN: Final = re.compile(r"<unknown>:(\d{1,9}):")
_MARK_AND_SPACE: Final = re.compile(rb"(?:\xef\xbb\xbf|\s)*")

# What feedparser and the parsers under it raise on hostile documents: numbers that int() refuses, names that no codec
# has, declarations that sgmllib gives up on, nesting that is too deep.
_GAVE_UP: Final = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    """What feedparser made of a document.

    Attributes:
        kind: Its name of the format; "" where it found none.
        feed: What it found outside the entries.
        entries: In their order.
        oddity: What it complained about; "" where it did not.
    """

    kind: str
    feed: Fields
    entries: Sequence[Fields]
    oddity: str


def read_feed(job: Job) -> Reading:
    """Read RSS, RDF, Atom, and whatever else feedparser knows.

    Raises:
        NotAFeedError: There is neither a format nor an entry in it.
    """
    body = _tidied(job.body)
    charset = _CHARSET.search(job.content_type)
    parts = split(body, charset[1] if charset else "")
    reading = None if parts is None else _read_unknown(job, parts)
    reading = reading or _read_whole(job, body)
    if _has_space_before_declaration(job.body):
        return replace(reading, oddities=("there is white space before the XML declaration", *reading.oddities))
    return reading


def _read_unknown(job: Job, parts: Split) -> Reading | None:
    """Have the entries parsed that are not known. None: feedparser saw other entries than we did."""
    listing = parts.fingerprints[:ENTRIES_LIMIT]
    unknown = [(index, name) for index, name in enumerate(listing) if name not in job.known]
    body = parts.without(job.known, limit=ENTRIES_LIMIT)
    parsed = _parse(body, job.url, job.content_type)
    if not parsed.kind or len(parsed.entries) != len(unknown):
        return None
    feed = feed_of(parsed.feed, job, body, parsed.kind)
    entries = (
        entry_of(fields, job, feed, fingerprint=name, index=index)
        for fields, (index, name) in zip(parsed.entries, unknown, strict=True)
    )
    return _reading(feed, listing, entries, (parsed.oddity, _surplus(len(parts.fingerprints))))


def _read_whole(job: Job, body: bytes) -> Reading:
    """Have everything parsed; what is known is dropped afterwards, by a hash of what feedparser found in it."""
    ends = [match.end() for match in _ENTRY_END.finditer(body)]
    body, truncated = _readable(body, ends[:ENTRIES_LIMIT])
    parsed = _parse(body, job.url, job.content_type)
    if ends and not parsed.entries:  # declared as UTF-16 or as no text at all, as a real feed in UTF-8 was
        parsed = _parse(_DECLARATION.sub(b"", body, count=1), job.url, _UTF_8)
        parsed = replace(parsed, oddity="it is not in the encoding that it declares")
    if not parsed.kind and not parsed.entries:
        raise NotAFeedError(_not_a_feed(body, parsed.oddity))
    feed = feed_of(parsed.feed, job, body, parsed.kind or "xml")
    listed = parsed.entries[:ENTRIES_LIMIT]
    listing = tuple(fingerprint(b"", repr(fields).encode("utf-8", "surrogatepass")) for fields in listed)
    entries = (
        entry_of(fields, job, feed, fingerprint=name, index=index)
        for index, (fields, name) in enumerate(zip(listed, listing, strict=True))
        if name not in job.known
    )
    tail = "it ends before its end: what is missing is asked for next time" if truncated else ""
    reading = _reading(feed, listing, entries, (parsed.oddity, tail, _surplus(len(ends))))
    return replace(reading, complete=not truncated)


def _reading(feed: Feed, listing: tuple[str, ...], entries: Iterable[Entry], oddities: Iterable[str]) -> Reading:
    return Reading(
        kind=feed.kind,
        origin=feed.origin,
        language=feed.language,
        listing=listing,
        entries=tuple(entries),
        hints=feed.hints,
        oddities=(*filter(None, oddities), *feed.oddities),
    )


def _parse(body: bytes, url: str, content_type: str) -> _Parsed:
    headers = {"content-location": url, "content-type": content_type or _UNTYPED}
    try:
        found = parse(body, headers)
    except _GAVE_UP as error:
        return _Parsed(kind="", feed={}, entries=(), oddity=f"feedparser gave up: {type(error).__name__}")
    complaint = str(found.get("bozo_exception", "")) if found["bozo"] else ""
    declared = _DECLARATION.match(body.removeprefix(BOM_UTF8)) is not None
    return _Parsed(
        kind=found.get("version", ""),
        feed=found["feed"],
        entries=found["entries"],
        oddity=clean_line(_placed(complaint, declared=declared), _ODDITY_CHARACTERS),
    )


def _placed(complaint: str, *, declared: bool) -> str:
    """Say where in the document; feedparser puts a line before one that has no XML declaration."""
    return _UNKNOWN.sub(lambda match: f"line {int(match[1]) - (not declared)}:", complaint, count=1)


def _tidied(body: bytes) -> bytes:
    """Begin with the first "<", and leave no long run of white space before the root: that costs feedparser seconds.

    A byte order mark alone stays: it tells the encoding.
    """
    start = _before_markup(body)
    body = body if body[:start] == BOM_UTF8 else body[start:]
    if b"\0" in body[:64]:  # UTF-16, UTF-32
        return body
    root = _ROOT.search(body)
    prolog = root.start() if root else len(body)
    return _LONG_SPACE.sub(b"\n", body[:prolog]) + body[prolog:]


def _before_markup(body: bytes) -> int:
    match = _MARK_AND_SPACE.match(body)
    return match.end() if match else 0


def _has_space_before_declaration(body: bytes) -> bool:
    start = _before_markup(body)
    return body.startswith(b"<?xml", start) and body[:start] not in {b"", BOM_UTF8}


def _readable(body: bytes, ends: Sequence[int]) -> tuple[bytes, bool]:
    """Cut a document after the last entry that is whole, if its own end is missing; at the limit in any case.

    A title that is cut in the middle would be published, and then revised.
    """
    truncated = b"\0" not in body[:64] and not _ROOT_END.search(body)
    if len(ends) == ENTRIES_LIMIT or (truncated and ends):
        return body[: ends[-1]], truncated
    first = _ENTRY_START.search(body) if truncated else None
    return body[: first.start()] if first else body, truncated


def _surplus(count: int) -> str:
    return f"of {count:,} entries the first {ENTRIES_LIMIT:,} were read" if count > ENTRIES_LIMIT else ""


def _not_a_feed(body: bytes, oddity: str) -> str:
    root = _ROOT.search(body[:_ROOT_WITHIN_BYTES])
    found = f"<{root[1].decode('ascii')}> is not the root of a feed" if root else "there is no markup in it"
    found = (oddity or found) if b"<" in body else found  # of plain text the parser knows only that it is no XML
    return f"the document is no feed: {found}; open the address in a browser, and correct it in feeds.yaml"
