"""Topic → Head: what a feed says of itself, the same in every format."""

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from aggregator.publish.icon import ICON_PATH, LARGE_ICON_PATH
from aggregator.publish.outgoing import UNTITLED, language_tag, one_line, web_link
from aggregator.site import Site
from aggregator.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Of the three feeds of one topic.

    Attributes:
        id: "urn:uuid:…", the same as long as the topic's URL is (RFC 4287 §4.2.6).
        title: Of the topic and the site.
        description: Of the two as well.
        author: The site's title.
        language: RFC 5646.
        home_url: The topic's page.
        url: Of the feeds, without their ending: ".rss", ".atom", ".json".
        updated_at: UTC: the newest `Item.updated_at`. None: there are no items.
        icon_url: Of the site's picture, small. None: it has none.
        large_icon_url: The same, large.
        hub_url: Who tells subscribers of news (WebSub §4). None: nobody does. An archive never names it.
        stylesheet: Relative to the feeds: what a browser shows them with.
        prev_archive_url: As `url`: the feeds of the news before these (RFC 5005 §4). None: there were none.
        next_archive_url: As `url`: those of the news after these. None: these are not archived, or the last that are.
        current_url: As `url`: the feeds to subscribe to. None: it is these.
        is_archive: True where these are not the feeds to subscribe to.
    """

    id: str
    title: str
    description: str
    author: str
    language: str
    home_url: str
    url: str
    updated_at: datetime | None
    icon_url: str | None = None
    large_icon_url: str | None = None
    hub_url: str | None = None
    stylesheet: str = "feed.css"
    prev_archive_url: str | None = None
    next_archive_url: str | None = None
    current_url: str | None = None
    is_archive: bool = False


def head_of(topic: Topic, site: Site, base_url: str, updated_at: datetime | None) -> Head:
    """Describe a topic. `base_url` has no trailing slash."""
    author = one_line(site.title) or UNTITLED
    name = one_line(topic.title) or topic.slug
    only = topic.languages[0] if len(topic.languages) == 1 else None
    return Head(
        id=uuid5(NAMESPACE_URL, f"{base_url}/{topic.slug}").urn,
        title=f"{name} – {author}",
        description=f"{author}: {name}",
        author=author,
        language=language_tag(only) or language_tag(site.language) or "und",
        home_url=f"{base_url}/{topic.slug}/",
        url=f"{base_url}/{topic.slug}",
        updated_at=updated_at,
        icon_url=f"{base_url}/{ICON_PATH}",
        large_icon_url=f"{base_url}/{LARGE_ICON_PATH}",
        hub_url=web_link(site.hub),
    )
