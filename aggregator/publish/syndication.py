"""Item → RSS 2.0 and Atom 1.0. Items are written once and joined; this is feedgen's one home.

feedgen writes a feed as a whole. An item is therefore written as the only one of a feed whose head declares the same
namespaces, and cut out; the items are put together between the two halves of a feed that has none. A test compares
that, byte for byte, with feedgen writing all of them.

feedgen switches the process's locale while it writes a date: only one thread at a time may come in here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from feedgen.util import xml_elem
from lxml.etree import ProcessingInstruction

from aggregator import VERSION
from aggregator.entry import Origin
from aggregator.publish.body import html_body, html_title
from aggregator.publish.head import Head
from aggregator.publish.item import Item, Telling, story_urn, to_seconds
from aggregator.publish.words import Words
from aggregator.story import Dissolved

if TYPE_CHECKING:
    from lxml.etree import _Element

RSS_TYPE: Final = "application/rss+xml; charset=utf-8"
ATOM_TYPE: Final = "application/atom+xml; charset=utf-8"

_GENERATOR: Final = "headline-aggregator"
_TTL_MINUTES: Final = 5  # our own shortest interval: nobody who obeys it sees news later than we may
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)  # atom:updated is required even of a feed without entries
_TOMBSTONES: Final = "http://purl.org/atompub/tombstones/1.0"  # RFC 6721
_HISTORY: Final = "http://purl.org/syndication/history/1.0"  # RFC 5005
_ATOM: Final = "http://www.w3.org/2005/Atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_EMPTY: Final = Head(
    id="urn:x", title="-", description="-", author="-", language="und", home_url="x:", url="x:", updated_at=None
)


def rss_item(item: Item, ours: Words) -> bytes:
    """Write `<item>`. `ours` are in its language."""
    feed = _rss_head(_EMPTY)
    feed.add_entry(_rss_entry(item, ours), order="append")
    return _cut(feed.rss_str(pretty=True), b"    <item>\n", b"    </item>\n")


def atom_entry(item: Item, ours: Words) -> bytes:
    """Write `<entry>`. `ours` are in its language."""
    feed = _atom_head(_EMPTY, ())
    feed.add_entry(_atom_entry(item, ours), order="append")
    return _cut(feed.atom_str(pretty=True), b"  <entry", b"  </entry>\n")


def rss_feed(head: Head, items: Iterable[bytes]) -> bytes:
    """Join items written by `rss_item`, in the order given (RSS 2.0)."""
    return _join(_rss_head(head).rss_str(pretty=True), b"  </channel>\n", items)


def atom_feed(head: Head, entries: Iterable[bytes], dissolved: Iterable[Dissolved] = ()) -> bytes:
    """Join entries written by `atom_entry`, in the order given (RFC 4287).

    `dissolved` are told before them (RFC 6721): a reader that knows `at:deleted-entry` takes their items away.
    """
    return _join(_atom_head(head, dissolved).atom_str(pretty=True), b"</feed>\n", entries)


def _cut(feed: bytes, start: bytes, end: bytes) -> bytes:
    # No text can hold these tags: its "<" is always escaped.
    return feed[feed.index(start) : feed.rindex(end) + len(end)]


def _join(feed: bytes, end: bytes, items: Iterable[bytes]) -> bytes:
    before, end, after = feed.rpartition(end)
    return b"".join([before, *items, end, after])


def _rss_head(head: Head) -> FeedGenerator:
    feed = _head(head, f"{head.url}.rss", RSS_TYPE)
    feed.description(head.description)
    feed.ttl(_TTL_MINUTES)
    feed.load_extension("dc", atom=False)
    feed.register_extension("dated", _Dated, _Nothing, atom=False)
    feed.dated.known = head.updated_at is not None
    _put_in_place(feed, head, ".rss", RSS_TYPE)
    return feed


def _atom_head(head: Head, dissolved: Iterable[Dissolved]) -> FeedGenerator:
    feed = _head(head, f"{head.url}.atom", ATOM_TYPE)
    feed.author(name=head.author)
    feed.register_extension("republished", _Nothing, _Republished, rss=False)
    feed.register_extension("tombstones", _Tombstones, _Nothing, rss=False)
    feed.tombstones.dissolved = dissolved
    _put_in_place(feed, head, ".atom", ATOM_TYPE)
    return feed


def _head(head: Head, url: str, content_type: str) -> FeedGenerator:
    feed = FeedGenerator()
    feed.id(head.id)
    feed.title(head.title)
    feed.language(head.language)
    feed.generator(_GENERATOR, version=VERSION)
    feed.updated(head.updated_at or _NEVER)  # unset, it would be now
    feed.link(href=url, rel="self", type=content_type.partition(";")[0])
    feed.link(href=head.home_url, rel="alternate", type="text/html")  # the last link is the one RSS takes for its own
    return feed


def _put_in_place(feed: FeedGenerator, head: Head, ending: str, content_type: str) -> None:
    feed.register_extension("placed", _Archived if head.is_archive else _Placed, _Nothing)
    feed.placed.stylesheet = head.stylesheet
    feed.placed.links = tuple(_places(head, ending, content_type.partition(";")[0]))


def _places(head: Head, ending: str, media_type: str) -> Iterator[dict[str, str]]:
    """Give the links to the neighbours among our own documents (RFC 5005 §4)."""
    neighbours = {
        "prev-archive": head.prev_archive_url,
        "next-archive": head.next_archive_url,
        "current": head.current_url,
    }
    for rel, url in neighbours.items():
        if url is not None:
            yield {"href": url + ending, "rel": rel, "type": media_type}


def _rss_entry(item: Item, ours: Words) -> FeedEntry:
    entry = _entry(item)
    # No element of RSS says whether it holds text or HTML: readers take a description for HTML.
    entry.description(html_body(item, ours) or html_title(item))
    entry.load_extension("dc", atom=False)
    entry.dc.dc_creator(list(item.authors))  # <author> would want an e-mail address
    if item.language:
        entry.dc.dc_language(item.language)
    if item.source_url:
        entry.source(url=item.source_url, title=item.outlets[0])
    for enclosure in item.enclosures[:1]:
        entry.enclosure(url=enclosure.url, length=str(enclosure.length), type=enclosure.type)
    return entry


def _atom_entry(item: Item, ours: Words) -> FeedEntry:
    entry = _entry(item)
    entry.updated(item.updated_at)
    entry.author([{"name": name} for name in item.authors])
    body = html_body(item, ours)
    if not item.url:  # RFC 4287 §4.1.2: content, where there is no alternate link
        entry.content(body or html_title(item), type="html")
    elif body:
        entry.summary(body, type="html")
    for url, telling in _related(item).items():
        entry.link(href=url, rel="related", title=f"{telling.outlet}: {telling.title}")
    for enclosure in item.enclosures:
        size = {"length": str(enclosure.length)} if enclosure.length else {}
        entry.link(href=enclosure.url, rel="enclosure", type=enclosure.type, **size)
    entry.register_extension("republished", _Republished, rss=False)
    entry.republished.origin = item.origin
    entry.republished.language = item.language
    entry.republished.links = entry.link() or []
    return entry


def _entry(item: Item) -> FeedEntry:
    entry = FeedEntry()
    entry.guid(item.id, permalink=False)
    entry.title(item.title)
    entry.published(item.published_at)
    entry.category([{"term": category} for category in item.categories])
    if item.url:
        entry.link(href=item.url, rel="alternate")
    return entry


def _related(item: Item) -> dict[str, Telling]:
    """Give the other headlines by their links: each link once, and the item's own not again."""
    linked = {telling.url: telling for telling in item.tellings[::-1] if telling.url and telling.url != item.url}
    return dict(reversed(linked.items()))


class _Nothing:
    """The half of an extension that has nothing to add."""

    def extend_ns(self) -> dict[str, str]:
        return {}

    def extend_rss(self, _: "_Element") -> None:
        """Leave the element as it is."""

    def extend_atom(self, _: "_Element") -> None:
        """Leave the element as it is."""


class _Dated(_Nothing):
    """Takes lastBuildDate out of a channel in which nothing was ever built: feedgen cannot leave it out."""

    known = True

    def extend_rss(self, feed: "_Element") -> None:
        stamp = feed[0].find("lastBuildDate")
        if stamp is not None and not self.known:
            feed[0].remove(stamp)


class _Placed(_Nothing):
    """Says where a feed is among our documents: its neighbours, and what a browser shows it with."""

    stylesheet = ""
    links: Sequence[Mapping[str, str]] = ()

    def extend_rss(self, feed: "_Element") -> None:
        self._place(feed, feed[0], f"{{{_ATOM}}}link")

    def extend_atom(self, feed: "_Element") -> None:
        self._place(feed, feed, "link")

    def _place(self, feed: "_Element", head: "_Element", name: str) -> None:
        feed.addprevious(ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{self.stylesheet}"'))
        for link in self.links:
            xml_elem(name, head, **link)


class _Archived(_Placed):
    """Says as well that it is no feed to subscribe to (RFC 5005 §4)."""

    def extend_ns(self) -> dict[str, str]:
        return {"fh": _HISTORY}

    def _place(self, feed: "_Element", head: "_Element", name: str) -> None:
        super()._place(feed, head, name)
        xml_elem(f"{{{_HISTORY}}}archive", head)


class _Tombstones(_Nothing):
    """Names the entries that are gone: RFC 6721 wants no more of each than its id and the time."""

    dissolved: Iterable[Dissolved] = ()

    def extend_ns(self) -> dict[str, str]:
        return {"at": _TOMBSTONES}

    def extend_atom(self, feed: "_Element") -> None:
        for each in self.dissolved:
            when = to_seconds(each.at).isoformat()
            xml_elem(f"{{{_TOMBSTONES}}}deleted-entry", feed, ref=story_urn(each.story), when=when)


class _Republished(_Nothing):
    """Completes an entry: where it came from (RFC 4287 §4.2.11), and what feedgen 1.0 forgets of its links."""

    origin: Origin | None = None
    language: str | None = None
    links: Sequence[Mapping[str, str]] = ()

    def extend_atom(self, entry: "_Element") -> None:
        title = entry.find("title")
        if title is not None:
            title.set("type", "text")
        if self.language:
            entry.set(_LANGUAGE, self.language)
        if self.origin is not None:
            _add_source(entry, self.origin)
        for element, link in zip(entry.findall("link"), self.links, strict=True):
            for name, value in link.items():
                element.set(name, value)


def _add_source(entry: "_Element", origin: Origin) -> None:
    source = xml_elem("source", entry)
    xml_elem("id", source).text = origin.id
    xml_elem("title", source).text = origin.title
    if origin.updated_at is not None:
        xml_elem("updated", source).text = origin.updated_at.isoformat()
    if origin.link:
        xml_elem("link", source, href=origin.link, rel="alternate")
