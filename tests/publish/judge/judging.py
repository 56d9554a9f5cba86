"""How a published document is judged: rules, one for each MUST and SHOULD, and what rules are made of.

A rule is named as the W3C's feed validator names what it finds, where that has a name for it.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import orjson
from babel import Locale
from lxml import etree

PREFIXES: Final = {
    "at": "http://purl.org/atompub/tombstones/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fh": "http://purl.org/syndication/history/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "xml": "http://www.w3.org/XML/1998/namespace",
}
RELATIONS: Final = {  # of those that IANA lists, what a feed or an entry of ours can have
    *("alternate", "current", "enclosure", "hub", "next-archive", "prev-archive", "related", "self"),
}

_PATH: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_URL: Final = re.compile(
    rf"https?://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?(?:/{_PATH})?(?:\?(?:{_PATH}|\?)*)?(?:#(?:{_PATH}|\?)*)?"
)
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URN: Final = re.compile(r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:\S+", re.IGNORECASE)
_TAG: Final = re.compile(r"tag:([\w.-]+@)?[\w.-]+,\d{4}(-\d\d(-\d\d)?)?:\S*")
_MEDIA_TYPE: Final = re.compile(r"[\w.+!#$&^-]+/[\w.+!#$&^-]+")
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC_822: Final = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})")
_ADDRESS: Final = re.compile(r"\S+@\S+\.\S+")
_END_TAG: Final = re.compile(
    r"</(a|abbr|b|blockquote|body|br|div|em|font|h\d|html|i|img|li|p|q|script|span|strong|u|ul)>", re.IGNORECASE
)
_BAD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffd\ufffe\uffff]")
_LANGUAGES: Final = frozenset(Locale("en").languages)


@dataclass(frozen=True)
class Published:
    """One document before the judge.

    Attributes:
        url: Where readers find it.
        body: Its bytes.
        now: When it is judged: dates after it are doubted.
        newest_first: Whether its items are to be in the order published.
    """

    url: str
    body: bytes
    now: datetime
    newest_first: bool = True

    @cached_property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    @cached_property
    def json(self) -> dict[str, Any]:
        found = orjson.loads(self.body.removeprefix(BOM_UTF8))
        assert isinstance(found, dict)
        return found

    def find(self, path: str) -> list[Any]:
        found = self.root.xpath(path, namespaces=PREFIXES)
        assert isinstance(found, list)
        return found


Check: TypeAlias = Callable[[Published], Iterable[object]]
"""Gives what breaks the rule."""


@dataclass(frozen=True)
class Rule:
    """One MUST or SHOULD.

    Attributes:
        spec: As in "RFC 4287".
        section: Of it.
        name: What is wrong where it is broken.
        check: Finds that.
    """

    spec: str
    section: str
    name: str
    check: Check


def verdicts(rules: Iterable[Rule], document: Published) -> list[str]:
    """Name every rule that is broken, the document, and what breaks it."""
    return [
        f"{rule.name}: {rule.spec}, {rule.section}: {document.url}: {str(broken)[:300]}"
        for rule in rules
        for broken in list(rule.check(document))[:3]
    ]


def none(path: str) -> Check:
    """Nothing may be found there."""
    return lambda document: document.find(path)


def some(path: str) -> Check:
    """Something must be found there."""
    return lambda document: [] if document.find(path) else [f"no {path}"]


def every(path: str, fits: Callable[[str], bool]) -> Check:
    """Each text or attribute that is found there must fit."""
    return lambda document: [text for text in document.find(path) if not fits(str(text).strip())]


def unique(path: str) -> Check:
    """No two that are found there may be equal."""
    return lambda document: repeated(map(str, document.find(path)))


def repeated(texts: Iterable[str]) -> list[str]:
    counted = list(texts)
    return sorted({text for text in counted if counted.count(text) > 1})


def once(parent: str, *names: str) -> Check:
    """Each of `names` must be in every `parent`, one time, and not blank."""
    return lambda document: [
        name
        for found in document.find(parent)
        for name in names
        if [bool((each.text or "").strip()) for each in found.iterfind(name, PREFIXES)] != [True]
    ]


def is_url(text: str) -> bool:
    """RFC 3986: absolute, in its characters; without credentials; http or https."""
    return bool(_URL.fullmatch(text))


def is_id(text: str) -> bool:
    return is_url(text) or any(form.fullmatch(text) for form in (_UUID, _URN, _TAG))


def is_language(text: str) -> bool:
    return text.partition("-")[0].lower() in _LANGUAGES


def is_media_type(text: str) -> bool:
    return bool(_MEDIA_TYPE.fullmatch(text))


def is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def is_rfc3339(text: str) -> bool:
    return bool(_RFC_3339.fullmatch(text)) and rfc3339(text) is not None


def is_rfc822(text: str) -> bool:
    return bool(_RFC_822.fullmatch(text))


def is_right_weekday(text: str) -> bool:
    instant = rfc822(text)
    return instant is None or text.startswith(instant.strftime("%a"))


def is_plain(text: str) -> bool:
    """Without what reads as HTML."""
    return not _END_TAG.search(text)


def has_no_address(text: str) -> bool:
    return not _ADDRESS.search(text)


def rfc3339(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def rfc822(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.partition(",")[2].strip().replace("GMT", "+0000"), "%d %b %Y %H:%M:%S %z")
    except ValueError:
        return None


def plausible(path: str) -> Check:
    """Dates before 1990, or more than ten minutes ahead, are doubted."""

    def check(document: Published) -> Iterator[str]:
        for text in map(str, document.find(path)):
            instant = rfc822(text) or rfc3339(text)
            if instant and not datetime(1990, 1, 1, tzinfo=UTC) <= instant <= document.now + timedelta(minutes=10):
                yield text

    return check


def in_order(path: str, reading: Callable[[str], datetime | None]) -> Check:
    """The newest must be first."""

    def check(document: Published) -> Iterator[str]:
        instants = [instant for text in document.find(path) if (instant := reading(str(text)))]
        if document.newest_first and instants != sorted(instants, reverse=True):
            yield "not newest first"

    return check


def only(path: str, names: Iterable[str]) -> Check:
    """All elements that are found there must be among `names`, given with their prefixes."""
    known = {_full(name) for name in names}
    return lambda document: [each.tag for each in document.find(path) if each.tag not in known]


def only_attributes(path: str, names: Iterable[str]) -> Check:
    known = {_full(name) for name in names}
    return lambda document: [name for each in document.find(path) for name in each.attrib if name not in known]


def once_at_most(parent: str, but: Iterable[str]) -> Check:
    """No element may be in any `parent` twice, `but` those named."""
    repeatable = {_full(name) for name in but}

    def check(document: Published) -> Iterator[str]:
        for found in document.find(parent):
            yield from repeated(str(each.tag) for each in found if each.tag not in repeatable)

    return check


def _full(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{PREFIXES[prefix]}}}{local}" if prefix else local


def html_fragment(path: str) -> Check:
    """What is found there must be paragraphs, and links in them to absolute addresses; of those, well-formed."""

    def check(document: Published) -> Iterator[str]:
        for text in map(str, document.find(path)):
            yield from broken_html(text)

    return check


def broken_html(text: str) -> Iterator[str]:
    try:
        body = etree.fromstring(f"<body>{text}</body>")
    except etree.XMLSyntaxError as error:
        yield f"{error}: {text}"
        return
    for each in body.iterdescendants():
        if each.tag not in {"p", "a"} or set(each.attrib) > {"href"}:
            yield f"<{each.tag}>: {text}"
        elif each.tag == "a" and not is_url(each.get("href", "")):
            yield f"{each.get('href')}: {text}"


def bad_characters(document: Published) -> Iterator[str]:
    text = document.body.decode("utf-8", "replace")
    numbers = (int(found[1], 16) for found in re.finditer(r"&#x([0-9A-Fa-f]+);", text))
    yield from (hex(ord(found[0])) for found in _BAD.finditer(text))
    yield from (hex(number) for number in numbers if _BAD.match(chr(number)))


def unknown_namespaces(document: Published) -> Iterator[str]:
    for each in document.root.iter():
        for prefix, uri in each.nsmap.items():
            is_ours = uri == PREFIXES["atom"] if prefix is None else PREFIXES.get(prefix) == uri
            # Few know RFC 6721: it may be declared only where it is used.
            if not is_ours or (prefix == "at" and not document.find("//at:deleted-entry")):
                yield f"{prefix}: {uri}"


def wrong_declaration(document: Published) -> Iterator[bytes]:
    if not document.body.startswith(
        (b"<?xml version='1.0' encoding='UTF-8'?>\n", b'<?xml version="1.0" encoding="UTF-8"?>\n')
    ):
        yield document.body[:60]


def wrong_stylesheet(document: Published) -> Iterator[bytes]:
    before = document.body.partition(b"<rss")[0].partition(b"<feed")[0]
    depth = urlsplit(document.url).path.count("/") - 1
    if (
        before.count(b"<?xml-stylesheet ") != 1
        or f'type="text/css" href="{"../" * depth}feed.css"?>'.encode() not in before
    ):
        yield before


def has_doctype(document: Published) -> Iterator[str]:
    if b"<!DOCTYPE" in document.body or b"<!ENTITY" in document.body:
        yield "a DOCTYPE"


def has_cdata(document: Published) -> Iterator[str]:
    if b"<![CDATA[" in document.body:
        yield "CDATA"


def wrong_self(path: str) -> Check:
    """There must be one that says where the document is."""

    def check(document: Published) -> Iterator[str]:
        if document.find(path) not in ([], [document.url]):
            yield f"{document.find(path)}"

    return check
