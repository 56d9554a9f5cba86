from datetime import UTC, datetime, timedelta

import pytest

from aggregator.document import Document
from aggregator.serve.coding import PLAIN, coded
from aggregator.serve.conditional import coding_for, is_current, prefers

ETAG, OTHER = (coded(b"news", coding).etag for coding in ("identity", "gzip"))
BROTLI, GZIP = "br", "gzip"
DOCUMENT = Document(
    path="update.rss",
    content_type="application/rss+xml; charset=utf-8",
    body=b"news",
    modified_at=datetime(2025, 12, 29, 3, 12, 30, tzinfo=UTC),
    max_age=timedelta(minutes=5),
)


@pytest.mark.parametrize(
    ("line", "coding"),
    [
        ("gzip", GZIP),
        ("gzip, deflate, br, zstd", BROTLI),
        ("br;q=0.4, GZIP;q=0.5", GZIP),
        ("x-gzip", GZIP),
        ("*", BROTLI),
        ("br;q=0, *", GZIP),
        ("*;q=0, gzip", GZIP),
        ("gzip;q=0.5, identity;q=0.8", PLAIN),
        ("gzip;q=0.5, identity;q=0.5", GZIP),
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip;q=0, br;q=0", PLAIN),
        ("gzip; q=0.000, br;q=0, *", PLAIN),
        ("gzip;q=nonsense", PLAIN),
        ("gzip;q=nan", PLAIN),
        ("zstd, deflate", PLAIN),
        ("identity;q=0", PLAIN),
    ],
)
def test_the_coding_that_a_reader_weighs_most_is_sent(line: str, coding: str) -> None:
    assert coding_for(line) == coding


@pytest.mark.parametrize(
    ("headers", "current"),
    [
        ({}, False),
        ({"If-None-Match": ETAG}, True),
        ({"If-None-Match": f"W/{ETAG}"}, True),
        ({"If-None-Match": f'"other", W/"a,b" ,{ETAG}'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"other"'}, False),
        ({"If-None-Match": ETAG.strip('"')}, False),
        ({"If-None-Match": OTHER}, False),
        ({"If-None-Match": ""}, False),
        ({"If-Modified-Since": "Mon, 29 Dec 2025 03:12:30 GMT"}, True),
        ({"If-Modified-Since": "Mon, 29 Dec 2025 03:12:29 GMT"}, False),
        ({"If-Modified-Since": "Mon, 29 Dec 2025 03:12:30 -0000"}, True),
        ({"If-Modified-Since": "yesterday"}, False),
        ({"If-Modified-Since": "Mon, 29 Dec 99999999999999 03:12:30 GMT"}, False),
        ({"If-None-Match": '"other"', "If-Modified-Since": "Mon, 29 Dec 2036 03:12:30 GMT"}, False),
    ],
)
def test_a_reader_is_told_when_it_has_the_document_already(headers: dict[str, str], current: bool) -> None:
    assert is_current(DOCUMENT, ETAG, headers) is current


@pytest.mark.parametrize(
    ("accept", "xml"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),  # Chromium, Firefox, Safari
        ("text/html, application/xml;v=b3;q=0.7, */*;q=0.6", True),
        ("application/xml", True),
        (
            "application/atom+xml,application/rss+xml,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1",
            False,
        ),  # feedparser
        ("application/rss+xml;q=0.5, application/xml;q=0.4", False),
        ("application/*, text/html", False),
        ("application/xml;q=0.5, */*", False),
        ("application/xml;q=nonsense, */*;q=0.1", False),
        ("*/*", False),
        ("text/html", False),
        ("", False),
    ],
)
def test_a_reader_gets_the_type_it_would_rather_have(accept: str, *, xml: bool) -> None:
    assert prefers(accept, "application/xml", DOCUMENT.content_type) == xml
