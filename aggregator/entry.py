"""What a source lists now: lives only between parse/ and dedupe/."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.source import Hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with an entry (RSS 2.0 `<enclosure>`, RFC 4287 §4.2.7.2 rel="enclosure").

    Attributes:
        url: http or https.
        type: Media type; "" where none was given.
        length: In bytes; 0 where unknown.
    """

    url: str
    type: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The feed that a headline came from, as RFC 4287 §4.2.11 wants it named when it is republished.

    Attributes:
        id: The feed's own id (Atom), else its URL.
        title: Plain text; "" where it has none.
        link: The site, http or https. None: none was given.
        updated_at: UTC, by its own word. None: it said nothing.
    """

    id: str
    title: str
    link: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, cleaned: no markup, no control or bidi characters, NFC; links are http or https or they are None.

    Attributes:
        fingerprint: 16 hexadecimal digits of the entry's bytes and their context.
        index: Its place in the document, from 0.
        guid: RSS guid, RDF about, Atom or JSON Feed id. None: it has none.
        title: Plain text, at most 1,000 characters; "" where it has none.
        link: Absolute. None: it has none that we would hand on.
        published_at: UTC. None: no date, or none that can be read.
        updated_at: UTC. None: as above.
        summary: Plain text, at most 2,000 characters; "" where it has none.
        authors: Names.
        categories: As printed, without repeats.
        language: RFC 5646, of this entry. None: the feed's.
        enclosures: In their order.
        thumbnail: The picture that goes with it, http or https. None: it names none.
    """

    fingerprint: str
    index: int
    guid: str | None = None
    title: str = ""
    link: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    summary: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    thumbnail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in one document.

    Attributes:
        kind: The format: "rss20", "rss10", "atom10", "json11", "page", … as feedparser names them.
        origin: The feed itself.
        language: RFC 5646, of the whole feed. None: it does not say.
        listing: The fingerprint of every entry in the document, in its order.
        entries: Those whose fingerprints were not known, in their order.
        hints: `<ttl>`, `sy:*`, skipHours, skipDays.
        oddities: For people: what was not as the formats want it.
        complete: False where a part could not be read: its validators must not be kept, so that the rest comes next
            time.
    """

    kind: str
    origin: Origin
    language: str | None
    listing: tuple[str, ...]
    entries: tuple[Entry, ...]
    hints: Hints = Hints()
    oddities: tuple[str, ...] = ()
    complete: bool = True
