"""Story → Item: what is told of a story, the same in every format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aggregator.entry import Enclosure, Origin
from aggregator.headline import Headline
from aggregator.publish.outgoing import UNTITLED, iri, language_tag, media_type, one_line, web_link
from aggregator.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One source's telling of a story.

    Attributes:
        name: As configured.
        title: Its headline.
        url: http or https. None: it gave none.
        published_at: UTC, whole seconds.
    """

    name: str
    title: str
    url: str | None
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """All text on one line each and legal in XML and JSON; all links http or https; instants UTC in whole seconds.

    Attributes:
        id: "urn:uuid:…" of the story.
        title: Never "".
        url: Of the lead headline. None: it has none.
        summary: "" where there is none.
        authors: At least one: the outlet where the lead names nobody.
        categories: Without repeats.
        language: RFC 5646. None: nobody says.
        enclosures: With a media type each.
        outlets: One a source, the lead's first.
        headlines: How many the story folds together.
        heat: The story's.
        published_at: Of the lead.
        updated_at: Of the last true change.
        source_url: The feed that the lead came from. None: it has no address that we would hand on.
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
    outlets: tuple[Outlet, ...]
    headlines: int
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
    outlets = tuple(_outlet(headline, names) for headline in _one_per_source(story))
    return Item(
        id=f"urn:uuid:{one_line(story.id)}",
        title=outlets[0].title,
        url=outlets[0].url,
        summary=one_line(lead.summary),
        authors=_cleaned(lead.authors) or (outlets[0].name,),
        categories=_cleaned(lead.categories),
        language=language_tag(lead.language),
        enclosures=_enclosures(lead.enclosures),
        outlets=outlets,
        headlines=len(story.headlines),
        heat=story.heat,
        published_at=_to_seconds(story.published_at),
        updated_at=_to_seconds(story.updated_at),
        source_url=web_link(lead.source) or web_link(lead.origin.link),
        origin=_origin(lead, outlets[0].name),
    )


def _one_per_source(story: Story) -> Iterable[Headline]:
    first = {headline.source: headline for headline in reversed(story.headlines)} | {story.lead.source: story.lead}
    return (first[source] for source in story.sources)


def _outlet(headline: Headline, names: Mapping[str, str]) -> Outlet:
    return Outlet(
        name=_name(headline, names),
        title=one_line(headline.title) or UNTITLED,
        url=web_link(headline.url),
        published_at=_to_seconds(headline.published_at),
    )


def _name(headline: Headline, names: Mapping[str, str]) -> str:
    link = web_link(headline.source)
    host = urlsplit(link).hostname if link else None
    return one_line(names.get(headline.source, "")) or one_line(headline.origin.title) or host or UNTITLED


def _origin(lead: Headline, name: str) -> Origin:
    # An id is required of atom:source. The headline's own urn is at least unique where the feed gave nothing usable.
    return Origin(
        id=iri(lead.origin.id) or web_link(lead.source) or f"urn:uuid:{one_line(lead.id)}",
        title=one_line(lead.origin.title) or name,
        link=web_link(lead.origin.link),
        # A feed that does not say when it changed had changed by the time of this, its newest news as we knew it.
        updated_at=_to_seconds(lead.origin.updated_at or lead.published_at),
    )


def _enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    return tuple(
        Enclosure(url=url, type=media_type(enclosure.type), length=max(enclosure.length, 0))
        for enclosure in enclosures
        if (url := web_link(enclosure.url))
    )


def _cleaned(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for text in texts if (line := one_line(text))))


def _to_seconds(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)
