from datetime import UTC, datetime, timedelta

import orjson
import pytest

from aggregator.entry import Enclosure, Origin
from aggregator.headline import Headline, Joined, Revision
from aggregator.source import Due, Hints, Listed, Rhythm, Standing, Validators
from aggregator.store.record import (
    Change,
    decode,
    encode,
    listing_json,
    read_lines,
    to_due,
    to_headline,
    to_json,
    to_listing,
    to_standing,
)
from tests.newsroom import DUNIA, NOON, headline

STANDING = Standing(
    source=DUNIA.id,
    name="Dunia",
    urls=("https://dunia.example/rss", "https://dunia.example/atom"),
    url=1,
    validators=(
        ("https://dunia.example/rss", Validators(etag='W/"Ä \\"1\\""', last_modified="Mon, 23 Nov 2026 12:00:00 GMT")),
        ("https://dunia.example/atom", Validators()),
    ),
    body_hash="00ff",
    read_whole=True,
    hints=Hints(
        max_age=timedelta(seconds=90, microseconds=5),
        retry_after=timedelta(days=7),
        ttl=timedelta(minutes=60),
        update_period=timedelta(hours=1),
        skip_hours=(0, 23),
        skip_days=(6,),
    ),
    failures=3,
    not_before=NOON + timedelta(days=7),
    first_asked_at=NOON - timedelta(days=1),
    last_ok_at=NOON,
    last_new_at=NOON - timedelta(microseconds=1),
    last_answer="503",
    last_error="503 Service Unavailable\n\ttwice",
    adopted=(("https://dunia.example/rss", "https://new.example/rss"),),
    asked_whole_at=NOON - timedelta(days=2),
    gone=("https://dunia.example/old",),
    moved_to="https://moved.example/rss",
    moved_since=NOON,
    rhythm=Rhythm(
        since=NOON - timedelta(days=1, microseconds=1), latest=NOON, heat=1.707, week=2968, counts=tuple(range(43))
    ),
    told=(("failing", NOON), ("silent", NOON - timedelta(days=9))),
)
UNHEARD = Standing(
    source="a", name="A", urls=("b",), rhythm=Rhythm(since=NOON, latest=None, heat=0.0, week=2968, counts=(0,) * 43)
)

HEADLINE = headline(
    1,
    keys=("0" * 32, "f" * 32),
    guid="tag:dunia.example,2026:1\t2",
    summary='Dua baris\n"dan" tab\t— 日本 🗞',
    authors=("Siti", "Budi"),
    categories=("Cuaca",),
    language="id",
    enclosures=(Enclosure(url="https://dunia.example/1.mp3", type="audio/mpeg", length=12),),
    thumbnail="https://dunia.example/1.jpg",
    origin=Origin(id="urn:1", title="Dunia", link="https://dunia.example/", updated_at=NOON),
    updated_at=NOON,
    revisions=(Revision(title="Judul lama", until=NOON),),
    joined=Joined(rule="words", similarity=0.5, needed=0.3),
)


@pytest.mark.parametrize(
    "kept", [STANDING, UNHEARD, Standing(source="a", name="A", urls=("b",))], ids=["full", "unheard", "first"]
)
def test_a_standing_is_read_back_as_it_was(kept: Standing) -> None:
    assert to_standing(decode(to_json(kept))) == kept


def test_a_rhythm_is_kept_as_one_short_text() -> None:
    text = decode(to_json(STANDING))["rhythm"]

    assert isinstance(text, str)
    assert len(text) < 250


@pytest.mark.parametrize("kept", [HEADLINE, headline(2, guid=None, url=None)], ids=["full", "plain"])
def test_a_headline_is_read_back_as_it_was_with_its_instants_in_utc(kept: Headline) -> None:
    back = to_headline(decode(to_json(kept)))

    assert back == kept
    assert {at.tzinfo for at in (back.published_at, back.first_seen_at, back.updated_at)} == {UTC}


def test_an_appointment_is_read_back_as_it_was() -> None:
    due = Due(
        source=DUNIA.id,
        at=datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        reason="every 15 min",
        wait=timedelta(minutes=15.5),
    )

    assert to_due(decode(to_json(due))) == due


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_a_listing_is_read_back_in_its_order(count: int) -> None:
    listing = tuple(Listed(fingerprint=f"{line:016x}", headline=headline(line).id) for line in range(count))

    assert to_listing(decode(listing_json(listing))) == listing


def test_lines_tell_where_each_document_lies() -> None:
    changes = [Change("due", "a", encode({"x": "tab\t\nü"})), Change("headlines", "ü", b""), Change("due", "b", b"{}")]
    lines = b"".join(change.line() for change in changes)

    read = list(read_lines(lines))

    assert [(line.table, line.id) for line in read] == [("due", "a"), ("headlines", "ü"), ("due", "b")]
    assert [lines[line.offset :][: len(line.json)] for line in read] == [line.json for line in read]
    assert [line.json and orjson.loads(line.json) for line in read] == [{"x": "tab\t\nü"}, b"", {}]


def test_what_no_line_can_hold_is_refused_before_anything_is_written() -> None:
    with pytest.raises(TypeError):
        to_json(headline(1, title="\ud800"))
