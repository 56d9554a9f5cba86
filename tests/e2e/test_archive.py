"""A reader that was away walks back through the archives of a running daemon, as RFC 5005 §4 says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import feedparser
import pytest

from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds

ITEMS: Final = 230
RSS: Final = """<rss version="2.0"><channel><title>Selat</title><link>https://selat.example/</link><description/>{}
</channel></rss>"""
ITEM: Final = """<item><title>Berita nomor {0} dari selat {0}</title><link>https://selat.example/{0}</link><guid>{0}</guid>
<pubDate>Mon, 29 Dec 2025 {1:02}:{2:02}:00 GMT</pubDate></item>"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("daemon")
    items = "".join(ITEM.format(number, *divmod(number, 60)) for number in range(ITEMS))
    with Origin({"/selat.xml": Page(body=RSS.format(items).encode())}) as origin:
        feeds = write_feeds(
            folder,
            [{"name": "Selat", "url": origin.url("/selat.xml")}],
            topics=[{"slug": "update", "limit": 5, "one_per": "headline"}],
        )
        with daemon(folder, feeds) as up:
            # What no feed shows is filed by and by.
            eventually(lambda: sum(len(read.entries) for read in list(walk(up, "rss"))[1:]) == ITEMS)
            yield up


def walk(running: Running, ending: str) -> Iterator[Any]:
    """Give the feed that is subscribed to, and what it links to as told before that."""
    url: str | None = f"{running.url}/update.{ending}"
    while url is not None:
        read = feedparser.parse(url)
        assert (read.status, read.bozo) == (200, False)
        yield read
        links = [link.href for link in read.feed.links if link.rel == "prev-archive"]
        url = links[0] if links else None


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_a_reader_that_was_away_misses_nothing_and_a_second_look_costs_nothing(running: Running, ending: str) -> None:
    subscribed, *archives = list(walk(running, ending))
    found = [entry.id for read in archives for entry in read.entries]
    again = [feedparser.parse(read.href, etag=read.etag).status for read in archives]

    assert len(subscribed.entries) == 5
    assert [len(read.entries) for read in archives] == [30, 100, 100]
    assert len(found) == len(set(found)) == ITEMS
    assert {entry.id for entry in subscribed.entries} <= set(found)
    assert again == [304, 304, 304]


def test_documents_that_somebody_deletes_are_there_again(running: Running, tmp_path: Path) -> None:
    public = running.log.parent / "state" / "public" / "update"
    path = "/update/" + next(public.glob("*-2.atom")).name
    before, names = running.read(path), _names(public)
    public.rename(tmp_path / "update")
    asked = feedparser.parse(running.url + path)
    eventually(lambda: public.exists() and _names(public) == names)

    assert asked.status == 404
    assert running.read(path) == before


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("2*")}
