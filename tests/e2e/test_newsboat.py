"""What a reader's program makes of our feeds: newsboat, subscribed to a running daemon."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds

NEWSBOAT: Final = shutil.which("newsboat")

pytestmark = pytest.mark.skipif(NEWSBOAT is None, reason="newsboat is not on this machine")

RSS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Harian Selat</title><link>https://selat.example/</link><description/>
<item><title>Ikan &amp;amp; garam: harga &amp;lt; kemarin</title><link>https://selat.example/1?a=1&amp;b=2</link>
<guid>s1</guid><pubDate>Mon, 29 Dec 2025 10:12:00 +0700</pubDate>
<description>Pasar &lt;b&gt;ramai&lt;/b&gt;.</description></item>
<item><title>“Kabut” menipis – jum’at pagi</title><link>https://selat.example/2#komentar</link>
<guid>s2</guid><pubDate>Mon, 29 Dec 2025 09:59:59 +0700</pubDate></item>
<item><title>Снег в Москве, 東京の雪, שלג</title><link>https://selat.example/berita/salju%20tebal</link>
<guid isPermaLink="false">s3</guid><pubDate>Thu, 29 Feb 2024 23:30:00 GMT</pubDate></item>
<item><title>Tanpa tautan, tetap berita</title><guid isPermaLink="false">s4</guid>
<pubDate>Sun, 28 Dec 2025 00:00:01 +0900</pubDate></item>
<item><title>Tanpa tanggal</title><link>https://selat.example/5</link><guid>s5</guid></item>
</channel></rss>"""

ATOM: Final = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Kantor Berita Ufuk</title><id>tag:ufuk.example,2025:f</id>
<updated>2025-12-29T03:00:00Z</updated>
<entry><title type="html">Waduk &lt;em&gt;Wening&lt;/em&gt; penuh</title><id>tag:ufuk.example,2025:1</id>
<link href="https://ufuk.example/waduk"/><published>2025-12-29T02:30:00Z</published><updated>2025-12-29T02:45:00Z</updated>
<summary>Air naik sejak subuh.</summary></entry>
<entry><title>Ikan &amp; garam: harga &lt; kemarin</title><id>tag:ufuk.example,2025:2</id>
<link href="https://ufuk.example/ikan"/><updated>2025-12-29T03:20:00Z</updated></entry>
</feed>"""

Line = tuple[str, str, int]
"""Title, link, seconds since 1970."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("daemon")
    with Origin({"/selat.xml": Page(body=RSS.encode()), "/ufuk.xml": Page(body=ATOM.encode())}) as origin:
        feeds = write_feeds(
            folder,
            [
                {"name": "Harian Selat", "url": origin.url("/selat.xml"), "timezone": "Asia/Jakarta"},
                {"name": "Ufuk", "url": origin.url("/ufuk.xml")},
            ],
            topics=[{"slug": "update", "title": "UPDATE", "one_per": "headline"}],
        )
        with daemon(folder, feeds) as running:
            eventually(lambda: len(_items(running)) == 7)
            yield running


def _items(running: Running) -> list[dict[str, str]]:
    items: list[dict[str, str]] = json.loads(running.read("/update.json"))["items"]
    return items


@pytest.mark.parametrize("feed", ["/update.rss", "/update.atom"])
def test_newsboat_reads_every_title_link_and_date(running: Running, tmp_path: Path, feed: str) -> None:
    title, lines = _read_by_newsboat(running.url + feed, tmp_path)
    assert title == "UPDATE – Kabar"
    assert sorted(lines) == sorted(map(_line, _items(running)))
    assert "“Kabut” menipis – jum’at pagi" in {line[0] for line in lines}


def _line(item: dict[str, str]) -> Line:
    return item["title"], item.get("url", ""), int(datetime.fromisoformat(item["date_published"]).timestamp())


def _read_by_newsboat(url: str, home: Path) -> tuple[str, list[Line]]:
    """Have a newsboat without any history fetch one feed, and look into its cache."""
    urls, cache = home / "urls", home / "cache.db"
    urls.write_text(f"{url}\n", encoding="utf-8")
    ended = subprocess.run(
        [NEWSBOAT or "", "-u", urls, "-c", cache, "-C", "/dev/null", "-x", "reload"],
        env={**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with closing(sqlite3.connect(cache)) as database:
        (title,) = database.execute("SELECT title FROM rss_feed").fetchone()
        return title, database.execute("SELECT title, url, pubDate FROM rss_item").fetchall()
