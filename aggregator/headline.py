"""One printed line, accepted once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from aggregator.entry import Enclosure, Origin

DateFrom: TypeAlias = Literal["published", "updated", "seen", "baseline"]
"""Where `published_at` comes from: the date of publication; that of the last change, where no other is printed; the
instant we saw it, for no sane date was printed; or a day before that, for nobody knows how long it had been listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A title that a headline had before.

    Attributes:
        title: Plain text.
        until: UTC: when we saw it replaced.
    """

    title: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Why a headline is in another one's story.

    Attributes:
        rule: The same `link`, the same `title`, similar `words`; or a `bridge`: it began a story, whose id is its own,
            until a later headline showed that an older story is the same. That id is no story's any more.
        similarity: 0.0 to 1.0.
        needed: The least similarity that would have done; 0.0 where the rule allows no doubt.
    """

    rule: Literal["link", "title", "words", "bridge"]
    similarity: float = 1.0
    needed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A headline that a source published: accepted once, revised in place, never announced twice.

    Attributes:
        id: UUIDv5 of (source id, identity inside the source): a lost state/ repeats nothing that is still listed.
        source: The source's id.
        keys: What it is known by inside its source, the one that made the id first: 32 hexadecimal digits each.
        story: The id of the story it belongs to: that of the story's first headline.
        topics: Slugs, in the order of feeds.yaml; decided when it was accepted, or when the rules last changed.
        guid: The publisher's own. None: it had none.
        url: http or https. None: a headline without a link is still news.
        title: Plain text as last revised; never "".
        summary: Plain text; "" where it has none.
        authors: Names.
        categories: As printed.
        language: RFC 5646. None: nobody says.
        enclosures: In their order.
        origin: The feed it came from, as at acceptance, frozen.
        published_at: UTC, frozen at first sight. Orders everything.
        first_seen_at: UTC: when we accepted it.
        updated_at: UTC: `published_at`, or the instant of its last revision.
        date_from: Where `published_at` comes from.
        untold: Why it is kept but not told as news, and so in no topic, as in "older than the last reading". "": told.
        revisions: Earlier titles, oldest first; at most 24.
        marks: Of its page, and of the words it begins with, as at acceptance: whichever headlines of a story share one
            are one text, printed by several outlets. Numbers of 32 bits, so they tell nothing across stories.
        joined: Why it is in its story. None: it began it.
        thumbnail: The picture that goes with it, http or https. None: it names none.
    """

    id: str
    source: str
    keys: tuple[str, ...]
    story: str
    topics: tuple[str, ...]
    guid: str | None
    url: str | None
    title: str
    summary: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    language: str | None
    enclosures: tuple[Enclosure, ...]
    origin: Origin
    published_at: datetime
    first_seen_at: datetime
    updated_at: datetime
    date_from: DateFrom = "published"
    untold: str = ""
    revisions: tuple[Revision, ...] = ()
    marks: tuple[int, ...] = ()
    joined: Joined | None = None
    thumbnail: str | None = None
