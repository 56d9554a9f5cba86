"""Item → JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). Items are written once and joined."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import orjson

from aggregator.publish.head import Head
from aggregator.publish.item import Item, Outlet

JSON_TYPE: Final = "application/feed+json; charset=utf-8"


def json_item(item: Item) -> bytes:
    """Write one item.

    Beside what the format knows, `_aggregator` names the feed the lead came from, counts the headlines and lists
    every outlet: our terminal view reads it, and so may others.
    """
    return orjson.dumps(
        {
            "id": item.id,
            **({"url": item.url} if item.url else {}),
            "title": item.title,
            "content_text": item.summary or item.title,
            "date_published": _rfc3339(item.published_at),
            "date_modified": _rfc3339(item.updated_at),
            "authors": [{"name": name} for name in item.authors],
            **({"tags": item.categories} if item.categories else {}),
            **({"language": item.language} if item.language else {}),
            **({"attachments": _attachments(item)} if item.enclosures else {}),
            "_aggregator": {
                "source": item.outlets[0].name,
                "source_url": item.source_url,
                "headlines": item.headlines,
                "outlets": [_outlet(outlet) for outlet in item.outlets],
                "heat": item.heat,
            },
        }
    )


def json_feed(head: Head, items: Iterable[bytes]) -> bytes:
    """Join items written by `json_item`, in the order given, under the head of their topic."""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": head.title,
            "home_page_url": head.home_url,
            "feed_url": f"{head.url}.json",
            "description": head.description,
            "language": head.language,
            "authors": [{"name": head.author, "url": head.home_url}],
            "items": [orjson.Fragment(item) for item in items],
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _attachments(item: Item) -> list[dict[str, str | int]]:
    return [
        {"url": enclosure.url, "mime_type": enclosure.type}
        | ({"size_in_bytes": enclosure.length} if enclosure.length else {})
        for enclosure in item.enclosures
    ]


def _outlet(outlet: Outlet) -> dict[str, str | None]:
    return {
        "name": outlet.name,
        "title": outlet.title,
        "url": outlet.url,
        "date_published": _rfc3339(outlet.published_at),
    }


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
