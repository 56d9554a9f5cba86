"""Story → Item: what is told of a story, the same in every format."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from zlib import crc32

from aggregator.entry import Enclosure, Origin
from aggregator.headline import Headline
from aggregator.publish.outgoing import UNTITLED, iri, language_tag, media_type, one_line, web_link, without_secrets
from aggregator.story import Story

_EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)  # as in dedupe/: nobody's clock was right before
_AHEAD: Final = timedelta(minutes=10)
_ADDRESS: Final = re.compile(r"[<(]?[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+[>)]?")
_MOST_EARLIER: Final = 5  # a reader wants to know what changed, not the making of a live blog


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A title that a headline had before; `until`: UTC, whole seconds: when we saw it replaced."""

    title: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One headline of a story.

    Attributes:
        outlet: The source's name, as configured.
        title: Never "".
        url: http or https. None: it gave none.
        language: RFC 5646. None: nobody says.
        published_at: UTC, whole seconds.
        was: Its last earlier titles, the latest first.
    """

    outlet: str
    title: str
    url: str | None
    language: str | None
    published_at: datetime
    was: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """All text on one line each and legal in XML and JSON; all links http or https; instants UTC in whole seconds.

    Attributes:
        id: "urn:uuid:…" of the story.
        title: Never "".
        url: Of the lead headline. None: it has none.
        summary: "" where there is none.
        authors: At least one: the outlet where the lead names nobody. Without addresses of e-mail.
        categories: Without repeats.
        language: RFC 5646. None: nobody says.
        enclosures: With a media type each.
        thumbnail: The address of a picture. None: it has none.
        tellings: At least one: all headlines of the story, the lead first, the others in the order published.
        outlets: The names of those that tell it, the lead's first: one a source.
        heat: The story's, to six decimals.
        published_at: When readers were told.
        updated_at: Of the last true change; with a part of a second that is the story's own.
        source_url: The feed that the lead came from, without our secrets. None: it has no address to hand on.
        origin: That feed as at acceptance; its `updated_at` is never None.
    """

    id: str
    title: str
    url: str | None
    summary: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    language: str | None
    enclosures: tuple[Enclosure, ...]
    thumbnail: str | None
    tellings: tuple[Telling, ...]
    outlets: tuple[str, ...]
    heat: float
    published_at: datetime
    updated_at: datetime
    source_url: str | None
    origin: Origin


def item_of(story: Story, names: Mapping[str, str]) -> Item:
    """Clean a story for its way out.

    Args:
        story: Whose text may be any.
        names: Source id → name. A source that feeds.yaml no longer names goes by its feed's title, or its host.
    """
    lead = story.lead
    told = (lead, *(headline for headline in story.headlines if headline.id != lead.id))
    tellings = tuple(_telling(headline, names) for headline in told)
    enclosures = _enclosures(lead.enclosures)
    outlets = {headline.source: telling.outlet for headline, telling in zip(told, tellings, strict=True)}
    return Item(
        id=story_urn(story.id),
        title=tellings[0].title,
        url=tellings[0].url,
        summary=one_line(lead.summary),
        authors=_cleaned(_ADDRESS.sub("", name) for name in lead.authors) or (tellings[0].outlet,),
        categories=_cleaned(lead.categories),
        language=tellings[0].language,
        enclosures=enclosures,
        thumbnail=web_link(lead.thumbnail) or next((it.url for it in enclosures if it.type.startswith("image/")), None),
        tellings=tellings,
        outlets=tuple(outlets.values()),
        heat=round(story.heat, 6),  # the last bits of a logarithm differ between machines
        published_at=to_seconds(story.published_at),
        updated_at=to_seconds(story.updated_at) + apart(story.id),
        source_url=_address(lead.source) or _address(lead.origin.link),
        origin=_origin(lead, tellings[0].outlet),
    )


def story_urn(id_: str) -> str:
    """Name a story for readers: the same in every format."""
    return f"urn:uuid:{one_line(id_)}"


def _telling(headline: Headline, names: Mapping[str, str]) -> Telling:
    return Telling(
        outlet=_name(headline, names),
        title=one_line(headline.title) or UNTITLED,
        url=web_link(headline.url),
        language=language_tag(headline.language),
        published_at=to_seconds(headline.published_at),
        was=tuple(
            Earlier(title=one_line(revision.title) or UNTITLED, until=to_seconds(revision.until))
            for revision in headline.revisions[: -_MOST_EARLIER - 1 : -1]
        ),
    )


def _name(headline: Headline, names: Mapping[str, str]) -> str:
    return one_line(names.get(headline.source, "")) or one_line(headline.origin.title) or _host(headline.source)


def _host(source: str) -> str:
    link = web_link(source)
    return (urlsplit(link).hostname if link else None) or UNTITLED


def _origin(lead: Headline, name: str) -> Origin:
    # An id is required of atom:source. The headline's own urn is at least unique where the feed gave nothing usable.
    return Origin(
        id=iri(lead.origin.id) or _address(lead.source) or story_urn(lead.id),
        title=one_line(lead.origin.title) or name,
        link=_address(lead.origin.link),
        updated_at=to_seconds(_updated_at(lead)),
    )


def _updated_at(lead: Headline) -> datetime:
    """Tell when its feed had changed; where that does not say, or cannot mean it, it was by the time of this news."""
    stated = lead.origin.updated_at
    is_sane = stated is not None and _EARLIEST <= stated <= lead.first_seen_at + _AHEAD
    return stated if stated is not None and is_sane else lead.published_at


def _address(link: str | None) -> str | None:
    known = web_link(link)
    return known and without_secrets(known)


def apart(id_: str) -> timedelta:
    """Give each story a part of a second: validators warn of two entries that were updated at one instant.

    Dailies date all their news to one minute, or to midnight; no reader shows parts of a second.
    """
    return timedelta(microseconds=crc32(id_.encode("utf-8", "surrogatepass")) % 1_000_000)


def _enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    return tuple(
        Enclosure(url=url, type=media_type(enclosure.type), length=max(enclosure.length, 0))
        for enclosure in enclosures
        if (url := web_link(enclosure.url))
    )


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for text in texts if (line := one_line(text))))


def to_seconds(instant: datetime) -> datetime:
    """Leave out what RFC 822 dates cannot say, so that all formats agree."""
    return instant.astimezone(UTC).replace(microsecond=0)
