"""What feedparser found → Entry, Origin, Hints.

feedparser's mappings answer to aliases, some of them with a warning: they are read as the plain dicts they are. Its
parsed dates are not used: it reads WIB as UTC, and a thirteenth month as the first of the next year.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeAlias

from aggregator.entry import Enclosure, Entry, Origin
from aggregator.parse.clean import clean_guid, clean_line, clean_link, clean_prose
from aggregator.parse.dates import parse_date
from aggregator.parse.job import Job
from aggregator.source import Hints

Fields: TypeAlias = dict[str, object]

_NAMES_LIMIT: Final = 50  # authors, categories, enclosures: of each
_NAME_CHARACTERS: Final = 200
_DATE_CHARACTERS: Final = 100
_LANGUAGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*")
_YEAR: Final = timedelta(days=365)
_PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": _YEAR,
}
_MAILTO: Final = re.compile(r"[<(]?mailto:[>)]?$")  # what feedparser leaves of "(mailto:sari@dunia.example)"
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_SKIPPED: Final = re.compile(rb">\s*([0-9]{1,2}|[A-Za-z]{6,9})\s*<")
_SKIP_LIMIT_BYTES: Final = 4_000
_HINT_CHARACTERS: Final = 50
_DAY: Final = range(24)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS: Final = {*map(str, range(25)), *(f"0{hour}" for hour in range(10))}  # RSS 0.91 counted from 1 to 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What is said around the entries: the fields of `Reading` of the same names."""

    kind: str
    origin: Origin
    language: str | None
    hints: Hints
    oddities: tuple[str, ...]


def entry_of(fields: Fields, job: Job, feed: Feed, *, fingerprint: str, index: int) -> Entry:
    """Clean one entry. Where it has a single date, that is when it was published, whatever the element was called.

    Args:
        fields: As feedparser gives it.
        job: For the zone of its dates and the base of its links.
        feed: The one around it.
        fingerprint: As `Entry` wants it.
        index: As `Entry` wants it.
    """
    updated_at = _date(fields, "updated", job)
    language = _language(fields)
    return Entry(
        fingerprint=fingerprint,
        index=index,
        guid=clean_guid(_text(fields, "id")),
        title=clean_line(_markup(fields, "title", feed.kind)),
        link=clean_link(_text(fields, "link"), job.url),
        published_at=_date(fields, "published", job) or _date(fields, "created", job) or updated_at,
        updated_at=updated_at,
        summary=_summary(fields, feed.kind),
        authors=_authors(fields),
        categories=_categories(fields),
        language=None if language == feed.language else language,
        enclosures=tuple(islice(_enclosures(fields, job.url), _NAMES_LIMIT)),
        thumbnail=_thumbnail(fields, job.url),
    )


def feed_of(fields: Fields, job: Job, body: bytes, kind: str) -> Feed:
    """Clean the feed itself; its `updated_at` is its own word: lastBuildDate, pubDate or atom:updated.

    Args:
        fields: As feedparser gives them.
        job: For the zone of its date and the base of its links.
        body: The document: feedparser keeps the last only of the hours and of the days to skip.
        kind: As `Reading` wants it.
    """
    origin = Origin(
        id=clean_guid(_text(fields, "id")) or job.url,
        title=clean_line(_markup(fields, "title", kind)),
        link=clean_link(_text(fields, "link"), job.url),
        updated_at=_date(fields, "updated", job) or _date(fields, "published", job),
    )
    hints = _hints(fields, body)
    told = tuple(_odd_hints(fields, hints, body))
    return Feed(kind=kind, origin=origin, language=_language(fields), hints=hints, oddities=told)


def language_tag(text: str) -> str | None:
    """Read an RFC 5646 tag, lower case; "en_US" is met in feeds too. None: it is none."""
    tag = text[:_DATE_CHARACTERS].strip().lower().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _hints(fields: Fields, body: bytes) -> Hints:
    hours = {int(hour) % 24 for hour in _skipped(body, b"Hours") if hour in _HOURS}
    days = {_DAYS.index(day) for day in _skipped(body, b"Days") if day in _DAYS}
    return Hints(
        ttl=_minutes(_text(fields, "ttl")),
        update_period=_update_period(fields),
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(sorted(days)),
    )


def _odd_hints(fields: Fields, hints: Hints, body: bytes) -> Iterator[str]:
    """Name what a document says about polling and cannot mean; what is out of bounds is named where it is bounded."""
    ttl, period = _text(fields, "ttl").strip(), _text(fields, "sy_updateperiod").strip()
    if ttl and hints.ttl is None:
        yield f'<ttl> "{clean_line(ttl, _HINT_CHARACTERS)}" is no number of minutes'
    if period and hints.update_period is None:
        yield f'sy:updatePeriod "{clean_line(period, _HINT_CHARACTERS)}" is no period'
    if len(hints.skip_hours) == len(_DAY) or len(hints.skip_days) == len(_DAYS):
        yield "skipHours or skipDays leave no time to ask, and are ignored"
    unknown = {*_skipped(body, b"Hours")} - _HOURS | {*_skipped(body, b"Days")} - {*_DAYS}
    if unknown:
        yield f'skipHours or skipDays hold "{min(unknown)}"'


def _text(fields: Fields, key: str) -> str:
    value = dict.get(fields, key)
    return value if isinstance(value, str) else ""


def _each(fields: Fields, key: str) -> Iterator[Fields]:
    values = dict.get(fields, key)
    return (value for value in values if isinstance(value, dict)) if isinstance(values, list) else iter(())


def _detail(fields: Fields, key: str) -> Fields:
    value = dict.get(fields, f"{key}_detail")
    return value if isinstance(value, dict) else {}


def _markup(fields: Fields, key: str, kind: str) -> str:
    """Give a text as HTML. Where Atom says type="text" (RFC 4287 §3.1.1.1), "&lt;" means these four characters."""
    text = _text(fields, key)
    literal = kind.startswith("atom") and _text(_detail(fields, key), "type") == "text/plain"
    return html.escape(text, quote=False) if literal else text


def _summary(fields: Fields, kind: str) -> str:
    contents = (_text(content, "value") for content in _each(fields, "content"))
    return clean_prose(_markup(fields, "summary", kind) or next(filter(None, contents), ""))


def _date(fields: Fields, key: str, job: Job) -> datetime | None:
    text = clean_line(_text(fields, key), _DATE_CHARACTERS)
    return parse_date(text, zone=job.zone, language=job.language, now=job.now) if text else None


def _authors(fields: Fields) -> tuple[str, ...]:
    """Give names; an address without a name is nobody's to print."""
    written = _text(fields, "author")
    return _names(_author(author, written) for author in _each(fields, "authors"))


def _author(author: Fields, written: str) -> str:
    """Take back what feedparser adds to a name: its addresses end after four letters of ".online (Sari)"."""
    name, address = _text(author, "name"), _text(author, "email")
    if address and written == address + name:
        return ""
    name = _MAILTO.sub("", name)
    return name if ")" in name else name.rpartition("(")[2]


def _categories(fields: Fields) -> tuple[str, ...]:
    return _names(_text(tag, "label") or _text(tag, "term") for tag in _each(fields, "tags"))


def _names(texts: Iterator[str]) -> tuple[str, ...]:
    names = (clean_line(text, _NAME_CHARACTERS) for text in islice(texts, _NAMES_LIMIT))
    return tuple(dict.fromkeys(filter(None, names)))


def _language(fields: Fields) -> str | None:
    return language_tag(_text(fields, "language")) or language_tag(_text(_detail(fields, "title"), "language"))


def _enclosures(fields: Fields, base: str) -> Iterator[Enclosure]:
    for link in _each(fields, "links"):
        url = clean_link(_text(link, "href"), base) if _text(link, "rel") == "enclosure" else None
        if url is not None:
            length = _number(_text(link, "length")) or 0
            yield Enclosure(url=url, type=clean_line(_text(link, "type"), _NAME_CHARACTERS), length=length)


def _thumbnail(fields: Fields, base: str) -> str | None:
    """Choose the picture that Media RSS 1.5.1 names, or else an `<image>` of the entry's own, as podcasts have."""
    pictures = (content for content in _each(fields, "media_content") if _is_picture(content))
    named = [_text(picture, "url") for picture in (*_each(fields, "media_thumbnail"), *pictures)]
    image = dict.get(fields, "image")
    named += [_text(image, "href")] if isinstance(image, dict) else []
    links = (clean_link(link, base) for link in named[:_NAMES_LIMIT])
    return next(filter(None, links), None)


def _is_picture(content: Fields) -> bool:
    return _text(content, "medium") == "image" or _text(content, "type").startswith("image/")


def _number(text: str) -> int | None:
    """Read a whole number of at most 15 ASCII digits; None: it is none."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _minutes(text: str) -> timedelta | None:
    minutes = _number(text.strip()) or 0
    return timedelta(minutes=minutes) if 0 < minutes <= _YEAR // timedelta(minutes=1) else None


def _update_period(fields: Fields) -> timedelta | None:
    period = _PERIODS.get(_text(fields, "sy_updateperiod").strip().lower())
    frequency = _number(_text(fields, "sy_updatefrequency").strip()) or 1
    return None if period is None else period / frequency


def _skipped(body: bytes, unit: bytes) -> list[str]:
    """Give the words in `<skipHours>` or `<skipDays>`, lower case (RSS 2.0)."""
    first = body.find(b"<skip" + unit)
    after = body.find(b"</skip" + unit, first)
    inside = body[first:after] if 0 <= first < after <= first + _SKIP_LIMIT_BYTES else b""
    return [word.decode("ascii").lower() for word in _SKIPPED.findall(inside)]
