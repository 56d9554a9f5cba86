"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1) → Reading."""

import html
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

import orjson

from aggregator.entry import Enclosure, Entry, Origin, Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.clean import clean_guid, clean_line, clean_link, clean_prose
from aggregator.parse.dates import parse_date
from aggregator.parse.fields import language_tag
from aggregator.parse.job import Job
from aggregator.parse.split import fingerprint

ENTRIES_LIMIT: Final = 2_000
"""Items of one document that are looked at: the first ones."""

_NAMES_LIMIT: Final = 50
_NAME_CHARACTERS: Final = 200
_VERSIONS: Final = {"https://jsonfeed.org/version/1": "json10", "https://jsonfeed.org/version/1.1": "json11"}

# Every escape, so that a backslash that is escaped itself begins none; the group is half of a pair of surrogates.
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2})|.)", re.DOTALL
)

_TOLD_BY: Final = ("id", "url", "external_url", "title", "content_text", "content_html")

_Object: TypeAlias = dict[str, object]


def read_json_feed(job: Job) -> Reading:
    """Read a JSON Feed. An item that is no object, or has neither identity nor text, is left out and named.

    Raises:
        NotAFeedError: It is no JSON, is nested too deeply for orjson, or has no `items`.
    """
    feed = _decoded(job.body)
    items = feed.get("items")
    if not isinstance(items, list):
        raise NotAFeedError('the document is JSON, but no JSON Feed: it has no "items"; correct the address')
    language = language_tag(_text(feed, "language"))
    usable = [item for item in items[:ENTRIES_LIMIT] if _is_usable(item)]
    listing = tuple(fingerprint(b"json", _packed(item)) for item in usable)
    return Reading(
        kind=_kind(feed),
        origin=Origin(
            id=clean_guid(_text(feed, "feed_url")) or job.url,
            title=clean_line(html.escape(_text(feed, "title"))),
            link=clean_link(_text(feed, "home_page_url"), job.url),
        ),
        language=language,
        listing=listing,
        entries=tuple(
            _entry(item, job, name, index, language)
            for index, (item, name) in enumerate(zip(usable, listing, strict=True))
            if name not in job.known
        ),
        oddities=tuple(_oddities(items)),
    )


def _decoded(body: bytes) -> _Object:
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        feed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        feed = _decoded_leniently(body, clean_line(str(error)))
    if not isinstance(feed, dict):
        raise NotAFeedError("the document is JSON, but no JSON Feed: it is no object; correct the address")
    return feed


def _decoded_leniently(body: bytes, error: str) -> object:
    """Have half an emoji, where a publisher cut a title, or a byte of another charset cost itself, and not the feed."""
    text = _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], body.decode("utf-8", "replace"))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise NotAFeedError(f"the document begins like a JSON Feed, but is no JSON: {error}") from None


def _kind(feed: _Object) -> str:
    return _VERSIONS.get(_text(feed, "version").rstrip("/"), "json")


def _oddities(items: list[object]) -> Iterator[str]:
    unusable = [index for index, item in enumerate(items[:ENTRIES_LIMIT]) if not _is_usable(item)]
    if unusable:
        yield f"{len(unusable):,} items hold no headline, the first of them is number {unusable[0] + 1:,}"
    if len(items) > ENTRIES_LIMIT:
        yield f"of {len(items):,} entries the first {ENTRIES_LIMIT:,} were read"


def _is_usable(item: object) -> bool:
    """Is there anything to tell it by? An item that orjson reads but does not write (254 levels deep) is none."""
    return isinstance(item, dict) and any(_text(item, key).strip() for key in _TOLD_BY) and bool(_packed(item))


def _packed(item: _Object) -> bytes:
    try:
        return orjson.dumps(item)
    except orjson.JSONEncodeError:
        return b""


def _entry(item: _Object, job: Job, name: str, index: int, feed_language: str | None) -> Entry:
    updated_at = _date(item, "date_modified", job)
    language = language_tag(_text(item, "language"))
    return Entry(
        fingerprint=name,
        index=index,
        guid=clean_guid(_text(item, "id")),
        title=clean_line(html.escape(_text(item, "title"))),
        link=clean_link(_text(item, "url"), job.url) or clean_link(_text(item, "external_url"), job.url),
        published_at=_date(item, "date_published", job) or updated_at,
        updated_at=updated_at,
        summary=clean_prose(
            html.escape(_text(item, "summary") or _text(item, "content_text")) or _text(item, "content_html")
        ),
        authors=_names([_text(author, "name") for author in _authors(item)]),
        categories=_names([tag for tag in _list(item, "tags") if isinstance(tag, str)]),
        language=None if language == feed_language else language,
        enclosures=tuple(islice(_enclosures(item, job.url), _NAMES_LIMIT)),
        thumbnail=clean_link(_text(item, "image"), job.url) or clean_link(_text(item, "banner_image"), job.url),
    )


def _text(item: _Object, key: str) -> str:
    """Give a string; an id may be a number in the wild, though the format wants a string."""
    value = item.get(key)
    if key == "id" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _list(item: _Object, key: str) -> list[object]:
    value = item.get(key)
    return value[:_NAMES_LIMIT] if isinstance(value, list) else []


def _authors(item: _Object) -> list[_Object]:
    """Give the `authors` of 1.1, or the `author` of 1.0."""
    return [author for author in [*_list(item, "authors"), item.get("author")] if isinstance(author, dict)]


def _names(texts: list[str]) -> tuple[str, ...]:
    names = (clean_line(html.escape(text), _NAME_CHARACTERS) for text in texts)
    return tuple(dict.fromkeys(filter(None, names)))


def _date(item: _Object, key: str, job: Job) -> datetime | None:
    text = clean_line(_text(item, key), 100)
    return parse_date(text, zone=job.zone, language=job.language, now=job.now) if text else None


def _enclosures(item: _Object, base: str) -> Iterator[Enclosure]:
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and (url := clean_link(_text(attachment, "url"), base)):
            length = attachment.get("size_in_bytes")
            known = length if isinstance(length, int) and 0 < length < 10**15 else 0
            yield Enclosure(url=url, type=clean_line(_text(attachment, "mime_type"), _NAME_CHARACTERS), length=known)
