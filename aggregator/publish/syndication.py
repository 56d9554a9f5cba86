"""Item → RSS 2.0 and Atom 1.0. Items are written once and joined; this is feedgen's one home.

feedgen writes a feed as a whole. A specimen of each form of an item is therefore put alone into a root that declares
the same namespaces, written, cut out, and filled with what the items of that form say (forms.py); the items are put
together between the two halves of a feed that has none, in which the date of the last change is filled in. A test
compares that, byte for byte, with feedgen writing all of them.

feedgen switches the process's locale while it writes a date: only one thread at a time may come in here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from email.utils import format_datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import quoteattr

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml.etree import Element, SubElement, tostring

from aggregator import VERSION
from aggregator.publish import extensions
from aggregator.publish.bulletins import Bulletin
from aggregator.publish.forms import Form, Outline, Template, related_to, specimen_of
from aggregator.publish.head import Head
from aggregator.publish.icon import ICON_PIXELS
from aggregator.publish.item import Item, story_urn, to_seconds
from aggregator.publish.outgoing import rfc3339
from aggregator.story import Dissolved

if TYPE_CHECKING:
    from lxml.etree import _Element

RSS_TYPE: Final = "application/rss+xml; charset=utf-8"
ATOM_TYPE: Final = "application/atom+xml; charset=utf-8"

_GENERATOR: Final = "headline-aggregator"
_GENERATOR_URL: Final = "https://github.com/headline-aggregator/headline-aggregator"
_OURS: Final = "ours"  # what feedgen calls our extensions: one to each of its elements
_MOST_HEADS: Final = 1_024  # that are kept: writing one costs a fifth of a topic in which one item is new
_MOST_FORMS: Final = 256  # likewise: 1,243 items of 161 real feeds have 77, and 87 % of them one of twenty
_ANYBODY: Final = Dissolved(story="", into="", at=extensions.NEVER, topics=())
_RSS_STAMP: Final = b"<lastBuildDate>" + format_datetime(extensions.NEVER).encode()
_ATOM_STAMP: Final = b"<updated>" + rfc3339(extensions.NEVER).encode()


def rss_item(outline: Outline) -> bytes:
    """Write `<item>`."""
    return _rss_template(outline.form).fill(outline.texts)


def atom_entry(outline: Outline) -> bytes:
    """Write `<entry>`."""
    return _atom_template(outline.form).fill(outline.texts)


def status_entry(bulletin: Bulletin) -> bytes:
    """Write `<entry>` of the operator's feed."""
    entry = FeedEntry()
    entry.guid(bulletin.id, permalink=False)
    entry.title(bulletin.title)
    entry.published(bulletin.published_at)
    entry.updated(bulletin.updated_at)
    entry.author(name=bulletin.author)
    entry.category(term=bulletin.kind)
    entry.link(href=bulletin.link, rel="alternate")
    entry.summary(bulletin.text, type="text")
    entry.register_extension(_OURS, partial(extensions.StatusEntry, bulletin), rss=False)
    return _cut_entry(entry)


def rss_feed(head: Head, items: Iterable[bytes]) -> bytes:
    """Join items written by `rss_item`, in the order given (RSS 2.0)."""
    before, after = _around_items(_undated(head))
    stamp = b"" if head.updated_at is None else format_datetime(head.updated_at).encode()
    return b"".join([before.replace(_RSS_STAMP, b"<lastBuildDate>" + stamp), *items, after])


def atom_feed(head: Head, entries: Iterable[bytes], dissolved: Iterable[Dissolved] = ()) -> bytes:
    """Join entries written by `atom_entry`, in the order given (RFC 4287).

    `dissolved` are told before them (RFC 6721): a reader that knows `at:deleted-entry` takes their items away.
    """
    gone = [_deleted_entry(each) for each in dissolved]
    before, after = _around_entries(_undated(head), is_anybody_gone=bool(gone))
    stamp = rfc3339(head.updated_at or extensions.NEVER).encode()
    return b"".join([before.replace(_ATOM_STAMP, b"<updated>" + stamp, 1), *gone, *entries, after])


def by_numbers(xml: bytes) -> bytes:
    """Write "&", "<" and ">" in text as character references.

    To XML it is the same. But whether a title in RSS is text or HTML was never said, and the form that readers of both
    kinds show right most often is the hexadecimal one (RSS Best Practices Profile, "Character Data").
    """
    return xml.replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;").replace(b"&gt;", b"&#x3E;")


@lru_cache(maxsize=_MOST_FORMS)
def _rss_template(form: Form) -> Template:
    rss = Element("rss", nsmap=extensions.IN_ITEMS)
    SubElement(rss, "channel").append(_rss_entry(*specimen_of(form)).rss_entry())
    return Template(by_numbers(_cut(rss, b"    <item>\n", b"    </item>\n")), form)


@lru_cache(maxsize=_MOST_FORMS)
def _atom_template(form: Form) -> Template:
    return Template(_cut_entry(_atom_entry(*specimen_of(form))), form)


def _undated(head: Head) -> Head:
    """Take out what news changes; whether there was any stays."""
    return replace(head, updated_at=head.updated_at and extensions.NEVER)


@lru_cache(maxsize=_MOST_HEADS)
def _around_items(head: Head) -> tuple[bytes, bytes]:
    return _halves(_rss_head(head).rss_str(pretty=True), b"  </channel>\n")


@lru_cache(maxsize=_MOST_HEADS)
def _around_entries(head: Head, *, is_anybody_gone: bool) -> tuple[bytes, bytes]:
    """Write what stands around them. A root that is to hold `at:deleted-entry` declares it: one was there."""
    feed = _atom_head(head, (_ANYBODY,) if is_anybody_gone else ()).atom_str(pretty=True)
    before, after = _halves(feed, b"</feed>\n")
    return before.removesuffix(_deleted_entry(_ANYBODY)), after


def _deleted_entry(each: Dissolved) -> bytes:
    ref, when = quoteattr(story_urn(each.story)), rfc3339(to_seconds(each.at))
    return by_numbers(f'  <at:deleted-entry ref={ref} when="{when}"/>\n'.encode())


def _halves(feed: bytes, end: bytes) -> tuple[bytes, bytes]:
    before, end, after = by_numbers(feed).rpartition(end)
    return before, end + after


def _cut_entry(entry: FeedEntry) -> bytes:
    feed = Element("feed", nsmap=extensions.IN_ENTRIES)
    feed.append(entry.atom_entry())
    return by_numbers(_cut(feed, b"  <entry", b"  </entry>\n"))


def _cut(root: "_Element", start: bytes, end: bytes) -> bytes:
    feed = tostring(root, encoding="UTF-8", pretty_print=True)
    # No text can hold these tags: its "<" is always escaped.
    return feed[feed.index(start) : feed.rindex(end) + len(end)]


def _rss_head(head: Head) -> FeedGenerator:
    media_type = _plain(RSS_TYPE)
    feed = _head(head, f"{head.url}.rss", media_type)
    if head.icon_url is not None:
        feed.image(head.icon_url, title=head.title, link=head.home_url, width=ICON_PIXELS, height=ICON_PIXELS)
    if not head.is_archive:
        feed.ttl(extensions.TTL_MINUTES)
    feed.register_extension(_OURS, partial(extensions.Channel, head, media_type), extensions.Nothing, atom=False)
    return feed


def _atom_head(head: Head, dissolved: Sequence[Dissolved]) -> FeedGenerator:
    media_type = _plain(ATOM_TYPE)
    feed = _head(head, f"{head.url}.atom", media_type)
    feed.author(name=head.author)
    feed.icon(head.icon_url)
    ours = partial(extensions.Feed, head, media_type, dissolved)
    feed.register_extension(_OURS, ours, extensions.Nothing, rss=False)
    return feed


def _head(head: Head, url: str, media_type: str) -> FeedGenerator:
    feed = FeedGenerator()
    feed.id(head.id)
    feed.title(head.title)
    feed.subtitle(head.description)  # RSS's description as well
    feed.language(head.language)
    # What is archived never changes, by whatever version of us it is written again.
    feed.generator(_GENERATOR, version=None if head.is_archive else VERSION, uri=_GENERATOR_URL)
    feed.updated(head.updated_at or extensions.NEVER)  # unset, it would be now
    feed.link(href=url, rel="self", type=media_type)
    feed.link(href=head.home_url, rel="alternate", type="text/html")  # the last link is the one RSS takes for its own
    return feed


def _rss_entry(item: Item, body: str) -> FeedEntry:
    entry = _entry(item)
    # No element of RSS says whether it holds text or HTML: readers take a description for HTML.
    entry.description(body)
    if item.source_url:
        entry.source(url=item.source_url, title=item.origin.title)
    for enclosure in item.enclosures[:1]:
        entry.enclosure(url=enclosure.url, length=str(enclosure.length), type=enclosure.type)
    entry.register_extension(_OURS, partial(extensions.ChannelItem, item), atom=False)
    return entry


def _atom_entry(item: Item, body: str) -> FeedEntry:
    entry = _entry(item)
    entry.updated(item.updated_at)
    entry.author([{"name": name} for name in item.authors])
    if item.url:
        entry.summary(body, type="html")
    else:  # RFC 4287 §4.1.2: content, where there is no alternate link
        entry.content(body, type="html")
    for url, telling in related_to(item).items():
        entry.link(href=url, rel="related", title=f"{telling.outlet}: {telling.title}")
    for enclosure in item.enclosures:
        size = {"length": str(enclosure.length)} if enclosure.length else {}
        entry.link(href=enclosure.url, rel="enclosure", type=enclosure.type, **size)
    entry.register_extension(_OURS, partial(extensions.FeedEntry, item, entry.link() or []), rss=False)
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


def _plain(content_type: str) -> str:
    return content_type.partition(";")[0]
