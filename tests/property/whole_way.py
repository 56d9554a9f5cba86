"""Bytes → parse → accept → every output, in one process: the law that a document of a publisher's cannot break.

What a child reads in production is read here, so that a fuzzer sees what it reaches: `python -m tests.long.fuzz`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from xml.etree import ElementTree as ET
from zlib import crc32

import orjson
from lxml import etree

from aggregator.desk import Desk
from aggregator.document import Document
from aggregator.entry import Reading
from aggregator.fetch.answer import Fetched
from aggregator.parse.job import Job
from aggregator.parse.read import read_document
from aggregator.poll import World, poll
from aggregator.publish.press import Press
from aggregator.source import Hints, PageList, Validators
from aggregator.story import Story
from tests.newsroom import NOON, POLLING, POPULAR, UPDATE, MemoryStore, source
from tests.publish.stories import BASE_URL, SITE

TYPES: Final = ("", "", "application/rss+xml; charset=utf-8", "text/html; charset=windows-1252", "text/xml")
LANGUAGES: Final = (None, "id", "de", "xx")
LISTS: Final = (
    PageList(),
    PageList(heading="UPDATE"),
    PageList(item="li", title="a", link="a@href", date="span"),
    PageList(item="dl dd", date="em"),
)
_PRESS: Final = Press(SITE, BASE_URL, (UPDATE, POPULAR), {})  # what it keeps only saves work
_ADDRESSES: Final = frozenset({"href", "src", "url", "rdf:resource", "icon", "favicon", "image", "source_url"})
_NOT_IN_XML: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)
_ATOM: Final = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What became of a document.

    Attributes:
        answer: As the source's report names it: "200", "unreadable".
        titles: Of the items of our feed, in their order.
    """

    answer: str
    titles: tuple[str, ...]


async def walk(body: bytes) -> Walked:
    """Have a document polled twice, and hold what we publish of it to the law."""
    store, mark = MemoryStore(), crc32(body)
    page = LISTS[mark % len(LISTS)] if b"<html" in body[:1024].lower() else None
    outlet = source("Dunia", page=page, language=LANGUAGES[mark % len(LANGUAGES)])
    desk = Desk(store, topics=(UPDATE, POPULAR), sources=(outlet,))
    answer = Fetched(
        url=outlet.urls[0],
        body=body,
        content_type=TYPES[mark % len(TYPES)],
        validators=Validators(),
        hints=Hints(),
        wire_bytes=len(body),
    )

    async def fetch(*_: object) -> Fetched:
        return answer

    world = World(fetch=fetch, parse=_read, store=store, desk=desk, polling=POLLING)
    first = await poll(outlet, world, now=NOON)
    if not first.ok:
        return Walked(answer=first.answer, titles=())
    told = {each.id for each in store.headlines()}
    # As if its bytes had changed somewhere: all that is listed is known, and nothing of it is news.
    store._standings[outlet.id] = replace(store._standings[outlet.id], body_hash=None)
    again = await poll(outlet, world, now=NOON)
    assert (again.ok, again.new, again.revised) == (True, 0, 0), again
    assert {each.id for each in store.headlines()} == told
    return Walked(answer=first.answer, titles=published(desk.stories(UPDATE)))


async def _read(job: Job) -> Reading:
    return read_document(job)


def published(stories: Sequence[Story]) -> tuple[str, ...]:
    """Print stories in every format, read them with other people's parsers, and give their titles.

    Well-formed to lxml and to expat, one title in all formats, no control character, no scheme but the web's.
    """
    rss, atom, json = _PRESS.feeds(UPDATE, stories)
    told = orjson.loads(json.body)
    titles = [item["title"] for item in told["items"]]
    assert len(titles) == len(stories)
    assert all(titles)
    assert _titles(rss, "channel/item/title") == titles
    assert _titles(atom, f"{_ATOM}entry/{_ATOM}title") == titles
    for text, is_address in (*_of_xml(rss), *_of_xml(atom), *_of_json(told)):
        assert not _NOT_IN_XML.search(text), text
        assert not is_address or text.startswith(("https://", "http://")), text
    return tuple(titles)


def _titles(document: Document, path: str) -> list[str | None]:
    by_lxml = [each.text for each in etree.fromstring(document.body).iterfind(path)]
    by_expat = [each.text for each in ET.fromstring(document.body).iterfind(path)]  # noqa: S314  our own output
    assert by_lxml == by_expat
    return by_lxml


def _of_xml(document: Document) -> Iterator[tuple[str, bool]]:
    """Give each text, and whether it is an address."""
    for each in etree.fromstring(document.body).iter(etree.Element):
        name = etree.QName(each).localname
        yield each.text or "", name in {"link", "docs", "url", "icon"} and each.text is not None
        yield from ((str(value), str(key) in _ADDRESSES) for key, value in each.attrib.items())


def _of_json(told: object, key: str = "") -> Iterator[tuple[str, bool]]:
    match told:
        case str():
            yield told, key in _ADDRESSES or key.endswith("_url")
        case list():
            for each in told:
                yield from _of_json(each)
        case dict():
            for name, each in told.items():
                yield from _of_json(each, name)
        case _:
            return
