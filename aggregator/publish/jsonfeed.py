"""Item → JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). Items are written once and joined."""

from collections.abc import Iterable
from typing import Final

import orjson

from aggregator.publish.body import html_body, text_body
from aggregator.publish.head import Head
from aggregator.publish.item import Item, Telling, to_seconds
from aggregator.publish.outgoing import rfc3339
from aggregator.publish.words import Words

JSON_TYPE: Final = "application/feed+json; charset=utf-8"


def json_item(item: Item, ours: Words) -> bytes:
    """Write one item.

    Beside what the format knows, `_aggregator` names the feed the lead came from and lists every headline of the
    story, with its earlier titles: our terminal view reads it, and so may others.
    """
    return orjson.dumps(
        {
            "id": item.id,
            **({"url": item.url} if item.url else {}),
            "title": item.title,
            "content_html": html_body(item, ours),
            "content_text": text_body(item, ours),
            **({"summary": item.summary} if item.summary else {}),
            **({"image": item.thumbnail} if item.thumbnail else {}),
            "date_published": rfc3339(item.published_at),
            "date_modified": rfc3339(to_seconds(item.updated_at)),
            "authors": [{"name": name} for name in item.authors],
            **({"tags": item.categories} if item.categories else {}),
            **({"language": item.language} if item.language else {}),
            **({"attachments": _attachments(item)} if item.enclosures else {}),
            "_aggregator": {
                "source": item.outlets[0],
                "source_url": item.source_url,
                "headlines": [_headline(telling) for telling in item.tellings],
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
            **({"next_url": f"{head.prev_archive_url}.json"} if head.prev_archive_url else {}),
            "description": head.description,
            **({"icon": head.large_icon_url} if head.large_icon_url else {}),
            **({"favicon": head.icon_url} if head.icon_url else {}),
            "language": head.language,
            "authors": [{"name": head.author, "url": head.home_url}],
            **({"hubs": [{"type": "WebSub", "url": head.hub_url}]} if head.hub_url and not head.is_archive else {}),
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


def _headline(telling: Telling) -> dict[str, object]:
    return {
        "source": telling.outlet,
        "title": telling.title,
        "url": telling.url,
        "date_published": rfc3339(telling.published_at),
        "was": [{"title": earlier.title, "until": rfc3339(earlier.until)} for earlier in telling.was],
    }
