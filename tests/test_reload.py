"""feeds.yaml under the hands of an editor, and the daemon that runs by it: the old one, or the new one, never both.

AGGREGATOR_MUTATIONS=200 makes it as many as issue 6 asks for; by default it is a tenth.
"""

import asyncio
import contextlib
import logging
import os
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from aggregator.commands import options, up
from aggregator.daemon import Daemon
from aggregator.errors import FeedsFileError
from aggregator.fetch.answer import Answer, NotModified
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.source import Hints, Source, Validators
from tests.newsroom import NOON

MUTATIONS = int(os.environ.get("AGGREGATOR_MUTATIONS", "20"))
GOOD = b"""\
site:
  title: Warta
  timezone: Asia/Jakarta

poll: {every: 30m, per_host: 2}
keep: 14d

sources:
  - name: Dunia
    url: https://dunia.example/rss
    topics: [dunia, luar-negeri]

  - name: Kabar
    url: [https://kabar.example/rss, https://kabar.example/atom]
    weight: 2.5

topics:
  - slug: dunia
    title: Dunia

  - slug: gempa
    match: gempa OR "gunung api"
    limit: 20
"""


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.daemon._TICK", 0.02)
    monkeypatch.setattr("aggregator.load.changes._REST_SECONDS", 0.02)
    monkeypatch.setattr("aggregator.load.changes._GATHER_MS", 20)
    monkeypatch.setattr("aggregator.load.changes._STEP_MS", 10)


async def unchanged(_: Source, _url: str, _validators: Validators) -> Answer:
    return NotModified(validators=Validators(), hints=Hints())


@contextlib.asynccontextmanager
async def running(folder: Path, path: Path) -> AsyncIterator[tuple[Daemon, House]]:
    """Run a daemon by a feeds.yaml, against publishers who say nothing."""
    reread, ready = partial(options.read_feeds_at, path), asyncio.Event()
    async with open_house(reread(), folder, base_url="http://127.0.0.1:1", now=NOON) as house:
        house._fetcher = SimpleNamespace(fetch=unchanged, follow=lambda _: None)  # type: ignore[assignment]
        daemon = Daemon(house, clock=lambda: NOON, reread=reread)

        async def announce(_: str) -> None:
            ready.set()

        daemon.accompany(up.reload_with(path, daemon.reload, since=None))
        task = asyncio.create_task(daemon.run("127.0.0.1", 0, ready=announce))
        try:
            await asyncio.wait_for(ready.wait(), 30)
            yield daemon, house
        finally:
            daemon.stop()
            await asyncio.wait_for(task, 30)


def mutated(chance: random.Random, good: bytes) -> bytes:
    """Give a good file as a slip of the hand, a full disk or a bad one would leave it."""
    start, length = chance.randrange(len(good)), chance.randrange(1, 60)
    match chance.choice(["cut", "flip", "delete", "double"]):
        case "cut":
            return good[:start]
        case "flip":
            return good[:start] + bytes([good[start] ^ 1 << chance.randrange(8)]) + good[start + 1 :]
        case "delete":
            return good[:start] + good[start + length :]
        case _:
            return good[: start + length] + good[start:]


def taken_over(path: Path) -> FeedsFile | None:
    """Read what a daemon should take over; None where it should take over nothing."""
    try:
        return options.read_feeds_at(path)
    except FeedsFileError:
        return None


def gist(feeds: FeedsFile) -> object:
    """Give what two readings of the same file have in common: compiled expressions are never equal."""
    topics = [(it.slug, it.title, it.match_text, it.limit, it.sources) for it in feeds.topics]
    return feeds.site, feeds.polling, feeds.keep, feeds.sources, topics, feeds.archive_months


async def test_a_file_that_is_spoilt_again_and_again_is_refused_or_taken_over_whole_and_readers_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="aggregator.daemon")
    chance, path, refused = random.Random(6), tmp_path / "feeds.yaml", 0
    aside = tmp_path / "aside"
    path.write_bytes(GOOD)

    def told(words: str) -> int:
        return sum(words in record.getMessage() for record in caplog.records)

    async def answered() -> int:
        async with asyncio.timeout(30):
            while (answers := told("taken over")) <= before:  # noqa: ASYNC110  nobody tells
                await asyncio.sleep(0.01)
        return answers

    before = 0
    async with running(tmp_path / "state", path) as (daemon, house), aiohttp.ClientSession() as session:
        before = await answered()
        expected = gist(house.feeds)
        events = await session.get(f"{daemon.url}/events")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(daemon.url.rpartition(":")[2]))
        last = GOOD
        for number in range(2 * MUTATIONS):
            spoilt = GOOD if number % 2 else mutated(chance, GOOD)  # between two, it is mended: that is told, too
            if spoilt == last:
                continue
            aside.write_bytes(last := spoilt)
            aside.replace(path)  # in place, a moment's pause of this machine would be one content more
            new = taken_over(path)
            refused += new is None
            expected = expected if new is None else gist(new)
            before = await answered()

            assert gist(house.feeds) == expected
            assert told("not taken over") == refused
            assert bool((await daemon.status()).notices) == (new is None)
            writer.write(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")

        assert refused > MUTATIONS // 3
        assert not events.content.is_eof()
        writer.close()
        events.close()
    print(f"{MUTATIONS} mutations: {refused} refused, with one error each")  # noqa: T201
