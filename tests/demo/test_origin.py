"""benchmarks/origin.py, run as benchmarks run it."""

import gzip
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import feedparser
import pytest
import pytest_asyncio

ORIGIN = Path(__file__).parents[2] / "benchmarks" / "origin.py"
FEEDS, ENTRIES = 20, 30
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def base() -> Iterator[str]:
    command = [sys.executable, str(ORIGIN), "--feeds", str(FEEDS), "--entries", str(ENTRIES), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as origin:
        assert origin.stdout is not None
        yield origin.stdout.readline().strip()
        origin.terminate()


@pytest_asyncio.fixture
async def reader(base: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def body(reader: aiohttp.ClientSession, number: int) -> bytes:
    async with reader.get(f"/feed/{number}.rss", headers=PLAIN) as answer:
        assert answer.status == 200
        return await answer.read()


async def test_every_feed_is_a_real_one_and_no_title_comes_twice(reader: aiohttp.ClientSession) -> None:
    read = [feedparser.parse(await body(reader, number)) for number in range(FEEDS)]
    titles = [entry.title for feed in read for entry in feed.entries]

    assert not any(feed.bozo for feed in read)
    assert len(titles) == len(set(titles)) == FEEDS * ENTRIES
    assert [list(feed.entries) for feed in read] == [
        sorted(feed.entries, key=lambda entry: entry.published_parsed, reverse=True) for feed in read
    ]
    assert 18_000 < len(await body(reader, 0)) < 26_000


async def test_each_coding_has_its_own_etag_and_its_own_304(reader: aiohttp.ClientSession) -> None:
    plain = await body(reader, 3)
    async with reader.get("/feed/3.rss", headers={"Accept-Encoding": "gzip, br"}) as coded:
        assert coded.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await coded.read()) == plain
        etag, modified = coded.headers["ETag"], coded.headers["Last-Modified"]
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        async with reader.get("/feed/3.rss", headers={"Accept-Encoding": "gzip", **headers}) as same:
            assert (same.status, same.headers["ETag"], await same.read()) == (304, etag, b"")
    async with reader.get("/feed/4.rss", headers={"Accept-Encoding": "gzip", "If-None-Match": etag}) as other:
        assert other.status == 200


async def test_advance_gives_a_share_of_the_feeds_one_or_two_new_entries_on_top(reader: aiohttp.ClientSession) -> None:
    before = [feedparser.parse(await body(reader, number)).entries for number in range(FEEDS)]
    async with reader.post("/advance?pct=25") as answer:
        told = await answer.json()
    after = [feedparser.parse(await body(reader, number)).entries for number in range(FEEDS)]
    new = [
        len({entry.id for entry in later} - {entry.id for entry in earlier})
        for earlier, later in zip(before, after, strict=True)
    ]

    assert told == {"advanced": 5, "entries": sum(new)}
    assert sorted(set(new)) in ([0, 1], [0, 2], [0, 1, 2])
    assert sum(count > 0 for count in new) == 5
    for earlier, later, count in zip(before, after, new, strict=True):
        assert [entry.id for entry in later[count:]] == [entry.id for entry in earlier[: ENTRIES - count]]


async def test_a_share_that_is_none_is_refused(reader: aiohttp.ClientSession) -> None:
    for query in ("pct=101", "pct=-1", "pct=nan", "pct=much", "share=1"):
        async with reader.post(f"/advance?{query}") as answer:
            assert (query, answer.status) == (query, 400)


async def test_stats_count_what_was_asked(reader: aiohttp.ClientSession) -> None:
    document = await body(reader, 0)
    async with reader.get("/feed/0.rss", headers={**PLAIN, "If-None-Match": '"f0-v1"'}) as same:
        assert same.status == 304
    async with reader.get("/nowhere") as missing:
        assert missing.status == 404
    async with reader.get("/stats") as answer:
        stats = await answer.json()

    assert (stats["requests"], stats["not_modified"], stats["connections"], stats["open_connections"]) == (4, 1, 1, 1)
    assert stats["bytes"] > len(document)
