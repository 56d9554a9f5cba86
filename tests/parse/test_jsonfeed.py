from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from aggregator.entry import Enclosure
from aggregator.errors import NotAFeedError
from aggregator.parse.jsonfeed import ENTRIES_LIMIT, read_json_feed
from tests.parse.documents import job, our


def test_a_json_feed_is_read_and_what_holds_no_headline_is_named() -> None:
    reading = read_json_feed(our("json_11.json"))
    first, second = reading.entries
    assert (reading.kind, reading.language, reading.origin.title) == ("json11", "id", "Dunia")
    assert (reading.origin.id, reading.origin.link) == ("https://dunia.example/feed.json", "https://dunia.example/")
    assert reading.oddities == ("2 items hold no headline, the first of them is number 2",)
    assert (first.guid, first.link, first.title) == ("1", "https://news.example/satu", "5 < 6 &amp; tetap")
    assert (first.summary, first.language) == ("Isi berita", "en-gb")
    assert first.published_at == datetime(2022, 9, 30, 0, 13, tzinfo=UTC)
    assert first.updated_at == datetime(2022, 9, 30, 1, 13, tzinfo=UTC)
    assert (first.authors, first.categories) == (("Sari",), ("jawa",))
    assert first.enclosures == (Enclosure(url="https://dunia.example/a.mp3", type="audio/mpeg", length=12),)
    assert (second.guid, second.link, second.summary) == ("2", "https://lain.example/2", "a < b")
    assert (second.index, second.authors) == (1, ("Budi",))


def test_an_items_picture_is_its_image_or_else_its_banner() -> None:
    body = (
        b'{"items": [{"id": "1", "image": "/a.jpg", "banner_image": "/b.jpg"}, {"id": "2", "banner_image": "/b.jpg"}]}'
    )
    thumbnails = [entry.thumbnail for entry in read_json_feed(job(body)).entries]
    assert thumbnails == ["https://news.example/a.jpg", "https://news.example/b.jpg"]


def test_known_items_are_listed_and_not_read() -> None:
    whole = read_json_feed(our("json_11.json"))
    known = frozenset(whole.listing[:1])
    assert read_json_feed(job(our("json_11.json").body, known=known)) == replace(whole, entries=whole.entries[1:])


def test_an_empty_feed_is_a_feed() -> None:
    assert read_json_feed(job(b'\xef\xbb\xbf {"items": []}')).entries == ()


def test_two_thousand_items_are_read_and_the_rest_is_named() -> None:
    reading = read_json_feed(job(orjson.dumps({"items": [{"id": str(number)} for number in range(ENTRIES_LIMIT + 1)]})))
    assert len(reading.entries) == ENTRIES_LIMIT
    assert reading.oddities == ("of 2,001 entries the first 2,000 were read",)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 1_000_000, id="nested a million deep"),
        pytest.param(b'{"a":' * 100_000, id="nested in objects"),
        pytest.param(b'{"items": NaN}', id="NaN"),
        pytest.param(b'{"items": 1e400}', id="a number beyond numbers"),
        pytest.param(b'{"items": {}}', id="items that are no list"),
        pytest.param(b'{"items": [', id="cut off"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b'{"\xff": 1}', id="not UTF-8"),
    ],
)
def test_what_is_no_json_feed_says_so(body: bytes) -> None:
    with pytest.raises(NotAFeedError, match="JSON"):
        read_json_feed(job(body))


def test_an_item_nested_too_deeply_costs_only_itself() -> None:
    deep = b'{"id": "deep", "_x": ' + b"[" * 600 + b"]" * 600 + b"}"
    reading = read_json_feed(job(b'{"items": [' + deep + b', {"id": "flat", "id": "last"}]}'))
    assert [entry.guid for entry in reading.entries] == ["last"]
    assert reading.oddities


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(b"Gempa \\ud83d", "Gempa \ufffd", id="half an emoji, by a publisher that cut"),
        pytest.param(b"\\ude00\\ud83d\\ude00 a\\ud83d\\n", "\ufffd\U0001f600 a\ufffd", id="its other half"),
        pytest.param(b"C:\\\\ud83d", "C:\\ud83d", id="no escape at all"),
        pytest.param(b"caf\xe9 \xed\xa0\x80", "caf\ufffd \ufffd\ufffd\ufffd", id="bytes that are no UTF-8"),
    ],
)
def test_what_cannot_be_a_character_costs_itself_and_not_the_feed(written: bytes, read: str) -> None:
    other = b'{"id": "2", "title": "\\ud83d"}'
    entries = read_json_feed(job(b'{"items": [{"id": "1", "title": "%s"}, %s]}' % (written, other))).entries
    assert [entry.title for entry in entries] == [read, "\ufffd"]
