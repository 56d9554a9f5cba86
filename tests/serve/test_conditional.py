from datetime import UTC, datetime

import pytest

from aggregator.document import Document
from aggregator.serve.conditional import accepts_gzip, is_current

ETAG = '"0123456789abcdef"'
DOCUMENT = Document(
    path="update.rss",
    content_type="application/rss+xml; charset=utf-8",
    body=b"news",
    gzipped=b"coded",
    etag=ETAG,
    etag_gzipped='"fedcba9876543210"',
    modified_at=datetime(2025, 12, 29, 3, 12, 30, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("line", "gzip"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("*;q=0, gzip", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("gzip;q=nonsense", False),
        ("br, deflate", False),
    ],
)
def test_gzip_is_sent_to_whoever_accepts_it(line: str, gzip: bool) -> None:
    assert accepts_gzip(line) is gzip


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
        ({"If-None-Match": DOCUMENT.etag_gzipped}, False),
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
