from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from feedparser import FeedParserDict, api, mixin

from aggregator.parse.brisk import parse
from tests.parse.documents import PAGES, URL, real_documents, rss

HEADERS = {"content-location": URL, "content-type": "application/xml"}
BRISK = api.StrictFeedParser


def told(found: Mapping[str, Any]) -> tuple[str, ...]:
    parts = (found["feed"], found["entries"], found["bozo"], found.get("version"), found["namespaces"])
    return tuple(map(repr, parts))


def shipped(body: bytes) -> tuple[str, ...]:
    """Have it parsed as feedparser comes from PyPI."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "StrictFeedParser", BRISK.__mro__[1])
        patch.setattr(mixin, "make_safe_absolute_uri", mixin.make_safe_absolute_uri.__wrapped__)
        return told(parse(body, HEADERS))


def documents() -> Iterator[tuple[str, bytes]]:
    yield from ((path.name, path.read_bytes()) for path in sorted(PAGES.glob("*.xml")))
    yield (
        "bases",
        rss(
            "<title xml:base='../a/'>a</title><link>x</link><description xml:lang='id'>&lt;b></description>",
            "<title xml:base='javascript:1'>b</title><link>../y</link>",
            "<c:encoded xml:base='http:odd' xmlns:c='http://purl.org/rss/1.0/modules/content/'>c</c:encoded>",
        ),
    )


def test_our_documents_read_as_with_feedparser_as_shipped() -> None:
    for name, body in documents():
        assert told(parse(body, HEADERS)) == shipped(body), name


def test_real_documents_read_as_with_feedparser_as_shipped() -> None:
    for name, body in real_documents():
        assert told(parse(body, HEADERS)) == shipped(body), name


def test_feedparser_looks_where_we_put_our_own() -> None:
    """Else it would be as slow as ever, and nothing would say so."""
    memo = mixin.make_safe_absolute_uri
    before = memo.cache_info()
    parse(rss("<title>a</title>", "<title>b</title>"), HEADERS)
    assert memo.cache_info().hits > before.hits + 4

    assert api.StrictFeedParser("", None, "utf-8").contentparams.__class__ is not FeedParserDict
