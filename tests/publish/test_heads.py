"""What a feed says of its place among our documents (RFC 5005 §4)."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import orjson
import pytest
from lxml import etree

from aggregator.publish.head import Head, head_of
from aggregator.publish.jsonfeed import json_feed
from aggregator.publish.syndication import atom_feed, rss_feed
from tests.publish.stories import BASE_URL, NOON, SITE, UPDATE

HISTORY = "{http://purl.org/syndication/history/1.0}"
CURRENT = head_of(UPDATE, SITE, BASE_URL, NOON)
ARCHIVE = replace(
    CURRENT,
    url=f"{BASE_URL}/update/2026-10",
    stylesheet="../feed.css",
    prev_archive_url=f"{BASE_URL}/update/2026-09",
    next_archive_url=f"{BASE_URL}/update/2026-11",
    current_url=CURRENT.url,
    is_archive=True,
)
WRITERS: dict[str, Callable[[Head, Iterable[bytes]], bytes]] = {"rss": rss_feed, "atom": atom_feed}


def links(head: Head, ending: str) -> dict[str | None, str | None]:
    feed = etree.fromstring(WRITERS[ending](head, ()))
    return {link.get("rel"): link.get("href") for link in feed.iter("{http://www.w3.org/2005/Atom}link")}


@pytest.mark.parametrize("ending", WRITERS)
def test_an_archive_links_to_its_neighbours_in_its_own_format(ending: str) -> None:
    found = links(ARCHIVE, ending)

    assert found["self"] == f"{BASE_URL}/update/2026-10.{ending}"
    assert found["prev-archive"] == f"{BASE_URL}/update/2026-09.{ending}"
    assert found["next-archive"] == f"{BASE_URL}/update/2026-11.{ending}"
    assert found["current"] == f"{BASE_URL}/update.{ending}"


@pytest.mark.parametrize("ending", WRITERS)
def test_only_an_archive_says_that_it_is_one(ending: str) -> None:
    archive, current = (etree.fromstring(WRITERS[ending](head, ())) for head in (ARCHIVE, CURRENT))

    assert len(list(archive.iter(f"{HISTORY}archive"))) == 1
    assert not list(current.iter(f"{HISTORY}archive"))
    assert not {"prev-archive", "next-archive", "current"} & links(CURRENT, ending).keys()


@pytest.mark.parametrize("ending", WRITERS)
def test_a_browser_is_told_of_the_stylesheet_before_the_feed_begins(ending: str) -> None:
    assert b'?>\n<?xml-stylesheet type="text/css" href="../feed.css"?>\n<' in WRITERS[ending](ARCHIVE, ())
    assert b'<?xml-stylesheet type="text/css" href="feed.css"?>' in WRITERS[ending](CURRENT, ())


def test_older_items_of_a_json_feed_are_in_the_archive_before() -> None:
    assert orjson.loads(json_feed(ARCHIVE, ()))["next_url"] == f"{BASE_URL}/update/2026-09.json"
    assert "next_url" not in orjson.loads(json_feed(CURRENT, ()))
