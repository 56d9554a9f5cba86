"""Item ↔ JSON, as the archive keeps it: the names in it are those of when it was told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from aggregator.entry import Enclosure, Origin
from aggregator.publish.item import Earlier, Item, Telling


def item_json(item: Item) -> bytes:
    """Write an item, on one line; its instants as RFC 3339."""
    return orjson.dumps(item)


def to_item(json: bytes) -> Item:
    """Read what `item_json` wrote."""
    fields = orjson.loads(json)
    for name in ("authors", "categories", "outlets"):
        fields[name] = tuple(fields[name])
    for name in ("published_at", "updated_at"):
        fields[name] = datetime.fromisoformat(fields[name])
    fields["enclosures"] = tuple(Enclosure(**enclosure) for enclosure in fields["enclosures"])
    fields["tellings"] = tuple(map(_to_telling, fields["tellings"]))
    origin = fields["origin"]
    fields["origin"] = Origin(**{**origin, "updated_at": _instant(origin["updated_at"])})
    return Item(**fields)


def _to_telling(fields: Mapping[str, Any]) -> Telling:
    was = tuple(Earlier(title=each["title"], until=datetime.fromisoformat(each["until"])) for each in fields["was"])
    return Telling(**{**fields, "published_at": datetime.fromisoformat(fields["published_at"]), "was": was})


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
