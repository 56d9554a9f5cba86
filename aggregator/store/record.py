"""Nouns ↔ documents ↔ the lines of a journal's record.

A line is `table TAB id TAB document NEWLINE`. The document is JSON without raw newlines; nothing means the id is gone.
A reader with `less` sees what happened; a program finds each document's place without decoding its neighbours.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import Any, NamedTuple, TypeAlias

import orjson

from aggregator.entry import Enclosure, Origin
from aggregator.headline import Headline, Joined, Revision
from aggregator.incident import Incident
from aggregator.source import Due, Hints, Listed, Rhythm, Standing, Validators
from aggregator.story import Dissolved

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A document put under an id of a table; empty JSON removes it."""

    table: str
    id: str
    json: bytes

    def line(self) -> bytes:
        """Write it as one line. Ids come from us or from feeds.yaml, which admits no control characters."""
        return b"%b\t%b\t%b\n" % (self.table.encode(), self.id.encode(), self.json)


class Line(NamedTuple):
    """One line as it lies in a record. A tuple, since a start reads 100,000 of them.

    Attributes:
        table: Its table.
        id: Of the document.
        json: The document; empty where it was removed.
        offset: Of `json`, from the start of the bytes that were split.
    """

    table: str
    id: str
    json: bytes
    offset: int


def encode(document: Document) -> bytes:
    """Write one document as JSON without raw newlines."""
    return orjson.dumps(document)


def decode(json: bytes) -> Document:
    """Read what `encode` wrote."""
    document: Document = orjson.loads(json)
    return document


def read_lines(lines: bytes) -> Iterator[Line]:
    """Read lines in their order: of two of one id, the later one holds.

    Raises:
        ValueError: The bytes are no such lines.
    """
    start = 0
    for line in lines.split(b"\n")[:-1]:
        table, id_, json = line.split(b"\t", 2)
        yield Line(table.decode(), id_.decode(), json, start + len(table) + len(id_) + 2)
        start += len(line) + 1


def to_json(noun: Headline | Standing | Due | Dissolved | Incident) -> bytes:
    """Write a noun as JSON: instants as RFC 3339, durations as seconds, a rhythm as one text."""
    json = orjson.dumps(noun, default=_seconds)
    if isinstance(noun, Standing) and noun.rhythm is not None:
        return encode({**decode(json), "rhythm": _rhythm_text(noun.rhythm)})
    return json


def _seconds(value: object) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(value)


def to_due(document: Mapping[str, Any]) -> Due:
    """Read a `Due` back."""
    return Due(
        source=document["source"],
        at=datetime.fromisoformat(document["at"]),
        reason=document["reason"],
        wait=timedelta(seconds=document["wait"]),
    )


def to_standing(document: Mapping[str, Any]) -> Standing:
    """Read a `Standing` back."""
    fields = dict(document)
    fields["urls"], fields["gone"] = tuple(fields["urls"]), tuple(fields["gone"])
    fields["validators"] = tuple((url, Validators(**validators)) for url, validators in fields["validators"])
    fields["adopted"] = tuple((url, target) for url, target in fields["adopted"])
    fields["hints"] = _to_hints(fields["hints"])
    for name in ("not_before", "first_asked_at", "last_ok_at", "last_new_at", "moved_since", "asked_whole_at"):
        fields[name] = _instant(fields[name])
    fields["told"] = tuple((trouble, datetime.fromisoformat(at)) for trouble, at in fields["told"])
    fields["rhythm"] = None if fields["rhythm"] is None else _to_rhythm(fields["rhythm"])
    return Standing(**fields)


def _rhythm_text(rhythm: Rhythm) -> str:
    """Write a rhythm compactly: every source has one, and as values its counts take a kilobyte."""
    latest = "-" if rhythm.latest is None else rhythm.latest.isoformat()
    return f"{rhythm.since.isoformat()} {latest} {rhythm.heat} {rhythm.week} {' '.join(map(str, rhythm.counts))}"


def _to_rhythm(text: str) -> Rhythm:
    since, latest, heat, week, *counts = text.split()
    return Rhythm(
        since=datetime.fromisoformat(since),
        latest=None if latest == "-" else datetime.fromisoformat(latest),
        heat=float(heat),
        week=int(week),
        counts=tuple(map(int, counts)),
    )


def _to_hints(document: Mapping[str, Any]) -> Hints:
    durations = {
        name: None if document[name] is None else timedelta(seconds=document[name])
        for name in ("max_age", "retry_after", "ttl", "update_period")
    }
    return Hints(skip_hours=tuple(document["skip_hours"]), skip_days=tuple(document["skip_days"]), **durations)


def to_headline(document: Mapping[str, Any]) -> Headline:
    """Read a `Headline` back."""
    fields = dict(document)
    # The board and the window keep these of every headline: one text in memory for all that are equal.
    fields["source"], fields["topics"] = intern(fields["source"]), map(intern, fields["topics"])
    fields["story"] = fields["id"] if fields["story"] == fields["id"] else fields["story"]
    for name in ("keys", "topics", "authors", "categories", "marks"):
        fields[name] = tuple(fields[name])
    for name in ("published_at", "first_seen_at", "updated_at"):
        fields[name] = datetime.fromisoformat(fields[name])
    origin = fields["origin"]
    fields["origin"] = Origin(**{**origin, "updated_at": _instant(origin["updated_at"])})
    fields["enclosures"] = tuple(Enclosure(**enclosure) for enclosure in fields["enclosures"])
    fields["revisions"] = tuple(
        Revision(title=revision["title"], until=datetime.fromisoformat(revision["until"]))
        for revision in fields["revisions"]
    )
    fields["joined"] = fields["joined"] and Joined(**fields["joined"])
    return Headline(**fields)


def to_dissolved(document: Mapping[str, Any]) -> Dissolved:
    """Read a `Dissolved` back."""
    fields = {**document, "at": datetime.fromisoformat(document["at"]), "topics": tuple(document["topics"])}
    return Dissolved(**fields)


def to_incident(document: Mapping[str, Any]) -> Incident:
    """Read an `Incident` back."""
    return Incident(**{**document, "at": datetime.fromisoformat(document["at"])})


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def listing_json(listing: Iterable[Listed]) -> bytes:
    """Write a listing compactly: a document is rewritten whenever its source lists something else."""
    return encode({"listed": " ".join([f"{line.fingerprint}{line.headline}" for line in listing])})


def to_listing(document: Mapping[str, Any]) -> tuple[Listed, ...]:
    """Read a listing back."""
    return tuple(Listed(fingerprint=line[:16], headline=line[16:]) for line in document["listed"].split())
