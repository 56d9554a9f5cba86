import json
from datetime import UTC, datetime

import pytest

from aggregator.monitor.lines import Line, read_lines
from tests.monitor.samples import feed


def test_items_are_read_in_their_order() -> None:
    assert [line.title for line in read_lines(feed("one", "two"))] == ["one", "two"]


def test_an_item_tells_outlet_time_and_size_of_its_story() -> None:
    extension = {"source": "Dunia", "headlines": [{"source": "Dunia"}, {"source": "Gema"}, {"source": "Dunia"}]}
    item = {
        "id": "7",
        "title": "Banjir",
        "url": "https://dunia.example/7",
        "content_text": "Air naik. Juga: Gema",
        "summary": "Air naik.",
        "date_published": "2026-11-23T10:12:00+07:00",
        "_aggregator": extension,
    }

    assert read_lines(json.dumps({"items": [item]}).encode()) == (
        Line(
            id="7",
            title="Banjir",
            url="https://dunia.example/7",
            source="Dunia",
            published_at=datetime(2026, 11, 23, 3, 12, tzinfo=UTC),
            headlines=3,
            outlets=("Dunia", "Gema"),
            summary="Air naik.",
        ),
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "", 5, None])
def test_only_web_links_are_kept(url: object) -> None:
    (line,) = read_lines(json.dumps({"items": [{"title": "Banjir", "url": url}]}).encode())

    assert line.url is None
    assert line.title == "Banjir"


def test_an_odd_field_costs_that_field_alone() -> None:
    item = {"title": "Banjir", "date_published": "yesterday", "_aggregator": {"headlines": 5}}
    other = {**item, "_aggregator": {"headlines": [5, {"source": 5}]}}

    line, same = read_lines(json.dumps({"items": [item, "no item", other]}).encode())

    assert line == same
    assert (line.title, line.published_at, line.headlines, line.source, line.outlets) == ("Banjir", None, 1, "", ())


def test_a_feed_is_read_up_to_a_thousand_items() -> None:
    assert len(read_lines(feed(*(str(count) for count in range(1_200))))) == 1_000


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": 5}', b"<rss>", b"[" * 100_000])
def test_what_is_no_feed_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_lines(body)
