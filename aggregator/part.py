"""What one document of a topic's archive is made of (RFC 5005 §4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

PART_ITEMS: Final = 100
"""In one document, at most: all of it is written anew for one new item, and fetched at once by who was away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the head of an archive says, beside its place: as of now, or as of when its month was sealed.

    Attributes:
        title: Of the topic.
        languages: Of the topic.
        site_title: Of the site.
        site_language: Of the site.
    """

    title: str
    languages: tuple[str, ...]
    site_title: str
    site_language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The items of a month that go into one document, in three formats.

    Attributes:
        name: "2026-10" is the first of a month, "2026-10-2" the second. Its paths are "TOPIC/NAME.rss" and so on.
        prev: The name of the one before it. None: nothing was told before.
        next: The name of the one after it. None: there is none, or there was none when its month was sealed.
        cover: What its head says.
        closed_at: UTC: since when it does not change. None: it still may.
        items: Their JSON, in the order in which they were first told.
    """

    name: str
    prev: str | None
    next: str | None
    cover: Cover
    closed_at: datetime | None
    items: tuple[bytes, ...]
