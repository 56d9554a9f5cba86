"""Incidents → what the feed of `/status.atom` says of them: plain text, without secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from aggregator.incident import Incident, Kind
from aggregator.publish.item import apart, to_seconds
from aggregator.publish.outgoing import UNTITLED, one_line, text_without_secrets, web_link
from aggregator.site import Site
from aggregator.topic import Topic

STATUS: Final = Topic(slug="status", title="Status", languages=("en",))
"""What the feed is called. The slug is reserved, and no headline is ever in it. What is for operators is in English."""

_TITLES: Final[Mapping[Kind, str]] = {
    "broke": "cannot be read",
    "page": "its page no longer reads as it did",
    "ids": "everything is new at once",
    "gone": "is gone",
    "moved": "has moved",
    "silent": "has fallen silent",
    "back": "can be read again",
    "speaks": "speaks again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """One entry; all text on one line each and legal in XML.

    Attributes:
        id: "urn:uuid:…".
        kind: What happened.
        title: Who, and what happened.
        text: What is wrong, and what to do.
        link: The source's site.
        author: Ours.
        published_at: UTC, whole seconds.
        updated_at: The same, told apart from what happened at the same instant by parts of a second.
    """

    id: str
    kind: str
    title: str
    text: str
    link: str
    author: str
    published_at: datetime
    updated_at: datetime


def bulletin_of(incident: Incident, site: Site, base_url: str) -> Bulletin:
    """Write an incident for people who are not to see the operator's secrets. `base_url` has no trailing slash."""
    name = one_line(incident.name) or UNTITLED
    return Bulletin(
        id=f"urn:uuid:{incident.id}",
        kind=incident.kind,
        title=f"{name}: {_TITLES[incident.kind]}",
        text=f"{name}: {harmless(incident.text)}",
        link=site_of(incident.url) or f"{base_url}/",
        author=one_line(site.title) or UNTITLED,
        published_at=to_seconds(incident.at),
        updated_at=to_seconds(incident.at) + apart(incident.id),
    )


def harmless(text: str) -> str:
    """Give a text on one line, without what addresses in it say of who we are."""
    return text_without_secrets(one_line(text))


def site_of(url: str) -> str | None:
    """Give the front page of a host: an address in full may be a secret. None: it has none that we would hand on."""
    link = web_link(url)
    if link is None:
        return None
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}/"
