"""What feedgen does not write, or writes otherwise than validators want it: extensions to it.

feedgen makes an extension without arguments, asks it for the namespaces it declares, and hands it the finished
element to complete.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lxml.etree import ProcessingInstruction, SubElement

from aggregator.entry import Origin
from aggregator.publish.bulletins import Bulletin
from aggregator.publish.head import Head
from aggregator.publish.item import Item, story_urn, to_seconds
from aggregator.publish.outgoing import rfc3339
from aggregator.story import Dissolved

if TYPE_CHECKING:
    from lxml.etree import _Element

_ATOM: Final = "http://www.w3.org/2005/Atom"
_DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/"
_HISTORY: Final = "http://purl.org/syndication/history/1.0"  # RFC 5005
_MEDIA: Final = "http://search.yahoo.com/mrss/"
_RHYTHM: Final = "http://purl.org/rss/1.0/modules/syndication/"
_TOMBSTONES: Final = "http://purl.org/atompub/tombstones/1.0"  # RFC 6721
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"

IN_ITEMS: Final = {"dc": _DUBLIN_CORE, "media": _MEDIA}
"""The namespaces of what is added to an RSS item."""

IN_ENTRIES: Final = {"media": _MEDIA}
"""The namespaces of what is added to an Atom entry."""

NEVER: Final = datetime(1995, 1, 1, tzinfo=UTC)
"""Stands for the change that an empty feed had none of: before all our news, but no date that validators doubt."""

TTL_MINUTES: Final = 5
"""Our own shortest interval: nobody who obeys it sees news later than we may."""


class Nothing:
    """An extension that has nothing to add."""

    def extend_ns(self) -> dict[str, str]:
        """Declare no namespace."""
        return {}

    def extend_rss(self, _: "_Element") -> None:
        """Leave the element as it is."""

    def extend_atom(self, _: "_Element") -> None:
        """Leave the element as it is."""


class Channel(Nothing):
    """Completes an RSS channel."""

    def __init__(self, head: Head, media_type: str) -> None:
        self._head = head
        self._media_type = media_type

    def extend_ns(self) -> dict[str, str]:
        """Declare what is used in the channel or in its items."""
        return {**IN_ITEMS, "sy": _RHYTHM, **_archive_namespace(self._head)}

    def extend_rss(self, rss: "_Element") -> None:
        """Add what feedgen leaves out; take out the lastBuildDate of a channel in which nothing was ever built."""
        channel, head = rss[0], self._head
        _add_stylesheet(rss, head)
        if head.updated_at is None:
            channel.remove(_child(channel, "lastBuildDate"))
        SubElement(channel, f"{{{_ATOM}}}link", href=head.home_url, rel="alternate", type="text/html")
        for link in _places(head, ".rss", self._media_type):
            SubElement(channel, f"{{{_ATOM}}}link", link)
        if head.is_archive:
            SubElement(channel, f"{{{_HISTORY}}}archive")
        else:  # nobody is to ask for an archive again
            SubElement(channel, f"{{{_RHYTHM}}}updatePeriod").text = "hourly"
            SubElement(channel, f"{{{_RHYTHM}}}updateFrequency").text = str(60 // TTL_MINUTES)


class Feed(Nothing):
    """Completes an Atom feed. Who is gone is told before the entries; RFC 6721 wants no more of it than id and time."""

    def __init__(self, head: Head, media_type: str, dissolved: Sequence[Dissolved]) -> None:
        self._head = head
        self._media_type = media_type
        self._dissolved = dissolved

    def extend_ns(self) -> dict[str, str]:
        """Declare what is used: validators warn of a namespace that they do not know, and few know RFC 6721."""
        gone = {"at": _TOMBSTONES} if self._dissolved else {}
        return {**IN_ENTRIES, **_archive_namespace(self._head), **gone}

    def extend_atom(self, feed: "_Element") -> None:
        """Add what feedgen leaves out."""
        _add_stylesheet(feed, self._head)
        for name in ("title", "subtitle"):
            _child(feed, name).set("type", "text")
        _child(feed, "updated").text = rfc3339(self._head.updated_at or NEVER)
        for link in _places(self._head, ".atom", self._media_type):
            SubElement(feed, "link", link)
        if self._head.is_archive:
            SubElement(feed, f"{{{_HISTORY}}}archive")
        for each in self._dissolved:
            when = rfc3339(to_seconds(each.at))
            SubElement(feed, f"{{{_TOMBSTONES}}}deleted-entry", ref=story_urn(each.story), when=when)


class ChannelItem(Nothing):
    """Completes an RSS item."""

    def __init__(self, item: Item) -> None:
        self._item = item

    def extend_rss(self, element: "_Element") -> None:
        """Add what RSS has no elements for: its own `<author>` would want an e-mail address."""
        for name in self._item.authors:
            SubElement(element, f"{{{_DUBLIN_CORE}}}creator").text = name
        if self._item.language:
            SubElement(element, f"{{{_DUBLIN_CORE}}}language").text = self._item.language
        _add_thumbnail(element, self._item)


class FeedEntry(Nothing):
    """Completes an Atom entry: where it came from, and what feedgen 1.0 forgets of its links."""

    def __init__(self, item: Item, links: Sequence[Mapping[str, str]]) -> None:
        self._item = item
        self._links = links

    def extend_atom(self, entry: "_Element") -> None:
        """Add what feedgen leaves out."""
        item = self._item
        _child(entry, "title").set("type", "text")
        _child(entry, "updated").text = rfc3339(item.updated_at)
        _child(entry, "published").text = rfc3339(item.published_at)
        if item.language:
            entry.set(_LANGUAGE, item.language)
        for element, link in zip(entry.findall("link"), self._links, strict=True):
            for name, value in link.items():
                element.set(name, value)
        _add_source(entry, item.origin, item.source_url)
        _add_thumbnail(entry, item)


class StatusEntry(Nothing):
    """Completes an entry of the operator's feed."""

    def __init__(self, bulletin: Bulletin) -> None:
        self._bulletin = bulletin

    def extend_atom(self, entry: "_Element") -> None:
        """Say outright what the title and the link are."""
        _child(entry, "title").set("type", "text")
        _child(entry, "updated").text = rfc3339(self._bulletin.updated_at)
        _child(entry, "published").text = rfc3339(self._bulletin.published_at)
        _child(entry, "link").set("rel", "alternate")


def _child(parent: "_Element", name: str) -> "_Element":
    return next(parent.iterchildren(name))


def _archive_namespace(head: Head) -> dict[str, str]:
    return {"fh": _HISTORY} if head.is_archive else {}


def _add_stylesheet(root: "_Element", head: Head) -> None:
    root.addprevious(ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{head.stylesheet}"'))


def _places(head: Head, ending: str, media_type: str) -> Iterator[dict[str, str]]:
    """Give the links to the hub (WebSub §4), and to the neighbours among our own documents (RFC 5005 §4)."""
    if head.hub_url is not None and not head.is_archive:
        yield {"href": head.hub_url, "rel": "hub"}
    neighbours = {
        "prev-archive": head.prev_archive_url,
        "next-archive": head.next_archive_url,
        "current": head.current_url,
    }
    for rel, url in neighbours.items():
        if url is not None:
            yield {"href": url + ending, "rel": rel, "type": media_type}


def _add_source(entry: "_Element", origin: Origin, url: str | None) -> None:
    """Name the feed that it came from (RFC 4287 §4.2.11)."""
    source = SubElement(entry, "source")
    SubElement(source, "id").text = origin.id
    SubElement(source, "title", type="text").text = origin.title
    if origin.updated_at is not None:
        SubElement(source, "updated").text = rfc3339(origin.updated_at)
    if url:
        SubElement(source, "link", href=url, rel="self")
    if origin.link:
        SubElement(source, "link", href=origin.link, rel="alternate")


def _add_thumbnail(element: "_Element", item: Item) -> None:
    if item.thumbnail:
        SubElement(element, f"{{{_MEDIA}}}thumbnail", url=item.thumbnail)
