"""/update.json, /popular.json → the lines that the view lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Final

import orjson

_LIMIT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item of a feed of ours, as received: not yet safe to print.

    Attributes:
        id: The item's own; a line is found again by it when newer ones push it down.
        title: "" where it has none.
        url: http or https. None: it has no such link.
        source: The outlet's name; "" where the feed does not say.
        published_at: UTC. None: the item does not say.
        headlines: In the story; at least 1.
        outlets: The names of all that tell it; empty where the feed does not say.
        summary: "" where it has none.
    """

    id: str
    title: str
    url: str | None
    source: str
    published_at: datetime | None
    headlines: int
    outlets: tuple[str, ...] = ()
    summary: str = ""


def read_lines(body: bytes) -> tuple[Line, ...]:
    """Read a JSON Feed 1.1 in its own order, 1,000 items at most. An odd field costs its item that field, no more.

    Raises:
        ValueError: It is no JSON, or there is no list of items in it.
    """
    feed = orjson.loads(body)
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise ValueError("items are missing: no JSON Feed")  # noqa: TRY004  the body is wrong, not the caller
    return tuple(_line(item) for item in items[:_LIMIT] if isinstance(item, dict))


def _line(item: Mapping[str, object]) -> Line:
    extension = item.get("_aggregator")
    ours = extension if isinstance(extension, dict) else {}
    told = ours.get("headlines")
    headlines = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    url = _text(item.get("url"))
    title = _text(item.get("title"))
    return Line(
        id=_text(item.get("id")) or url or title,
        title=title,
        url=url if url.lower().startswith(("http://", "https://")) else None,
        source=_text(ours.get("source")),
        published_at=read_instant(_text(item.get("date_published"))),
        headlines=max(len(headlines), 1),
        outlets=tuple(dict.fromkeys(filter(None, (_text(each.get("source")) for each in headlines)))),
        summary=_text(item.get("summary")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def read_instant(text: str) -> datetime | None:
    """Read RFC 3339 into UTC; None for anything else.

    None, too, where no zone is named, and in the first and the last year of the calendar: shown in another zone,
    they would fall off its edge.
    """
    try:
        instant = datetime.fromisoformat(text)
        inside = instant.tzinfo is not None and MINYEAR < instant.year < MAXYEAR
        return instant.astimezone(UTC) if inside else None
    except ValueError:
        return None
