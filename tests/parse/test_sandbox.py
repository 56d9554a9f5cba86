import asyncio
import itertools
import multiprocessing
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from aggregator.errors import NotAFeedError, ParsePutOffError, ParseStoppedError
from aggregator.parse.job import Job
from aggregator.parse.sandbox import Sandbox
from tests.parse.documents import job, rss

GOOD = job(rss("<title>Kabar baik</title>"))
SLOW = job(rss(f"<author>{'a' * 64_000}</author>"))  # feedparser's pattern for addresses is quadratic
ATTRIBUTES = " ".join(f"a{number}='x'" for number in range(20_000))
HUGE = job(
    b'<!DOCTYPE rss [\n<!ENTITY a "' + b"A" * 50_000 + b'">]>' + rss(f"<title>{'&a;' * 5_000}</title>")
)  # a title of 250 million characters
DEAF: Any = sum  # of a long range: minutes in C, where no Python can answer a signal


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(max_workers=1, timeout_seconds=1) as sandbox:
        yield sandbox


async def titles(sandbox: Sandbox) -> list[str]:
    return [entry.title for entry in (await sandbox.read(GOOD)).entries]


async def test_a_document_is_read_in_a_child(sandbox: Sandbox) -> None:
    assert await titles(sandbox) == ["Kabar baik"]


async def test_what_is_no_feed_says_so_across_the_border(sandbox: Sandbox) -> None:
    with pytest.raises(NotAFeedError, match="empty"):
        await sandbox.read(job(b""))


async def test_a_slow_document_is_stopped_and_the_next_is_read(sandbox: Sandbox) -> None:
    await titles(sandbox)  # so that the child is warm
    began = time.monotonic()
    with pytest.raises(ParseStoppedError, match="more than 1 s"):
        await sandbox.read(SLOW)
    assert time.monotonic() - began < 6
    assert await titles(sandbox) == ["Kabar baik"]


async def test_a_huge_document_is_stopped_and_the_next_is_read() -> None:
    async with Sandbox(max_workers=1, timeout_seconds=60, patience_seconds=60) as sandbox:
        with pytest.raises(ParseStoppedError, match="512 MiB"):
            await sandbox.read(HUGE)
        assert await titles(sandbox) == ["Kabar baik"]


async def test_a_document_that_no_child_could_be_started_for_is_read_the_next_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Sandbox) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as few:
        few.setattr(Sandbox, "_start", refused)
        with pytest.raises(ParsePutOffError, match="no child could be started to read it: Too many open files"):
            await sandbox.read(GOOD)
    assert await titles(sandbox) == ["Kabar baik"]


async def test_a_document_whose_pool_could_not_launch_a_child_is_read_the_next_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as few:
        few.setattr("pebble.pool.process.launch_process", refused)
        with pytest.raises(ParsePutOffError, match="no child could be started to read it: Resource temporarily"):
            await sandbox.read(GOOD)
    assert await titles(sandbox) == ["Kabar baik"]


async def test_documents_whose_pool_cannot_replace_a_child_are_read_the_next_time(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    await titles(sandbox)
    with monkeypatch.context() as few:
        few.setattr("pebble.pool.process.launch_process", refused)
        waiting = [asyncio.create_task(sandbox._ask(DEAF, range(10**11), 60)) for _ in range(3)]
        await asyncio.sleep(0.5)  # until both children are at it
        for child in multiprocessing.active_children():
            child.kill()
        *_, third = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(third, ParsePutOffError)
        with pytest.raises(ParsePutOffError):
            await sandbox.read(GOOD)
    assert await titles(sandbox) == ["Kabar baik"]


class _NoMemory(frozenset[str]):
    """Cannot be sent to a child: there is no memory for that."""

    def __reduce__(self) -> str:
        raise MemoryError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # so that is how pebble fails
async def test_when_there_was_no_memory_to_hand_on_a_document_the_next_one_is_read(sandbox: Sandbox) -> None:
    await titles(sandbox)
    with pytest.raises(ParsePutOffError, match="broke down"):
        await sandbox.read(replace(GOOD, known=_NoMemory()))
    assert await titles(sandbox) == ["Kabar baik"]


class _NeverHandedOn:
    """The first work of a pool, which cannot be sent to a child either."""

    def __reduce__(self) -> str:
        raise MemoryError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_when_there_was_no_memory_to_start_the_next_document_is_read(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as small:
        small.setattr("aggregator.parse.sandbox._arrive", _NeverHandedOn())
        with pytest.raises(ParsePutOffError, match="no child could be started"):
            await sandbox.read(GOOD)
    assert multiprocessing.active_children() == []
    assert await titles(sandbox) == ["Kabar baik"]


async def test_closing_does_not_wait_for_a_child_that_does_not_arrive(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as swapped:
        swapped.setattr("aggregator.parse.sandbox._arrive", partial(time.sleep, 60))
        readings = [asyncio.create_task(sandbox.read(GOOD)) for _ in range(2)]
        await asyncio.sleep(0.5)
        await asyncio.wait_for(sandbox.close(), timeout=10)
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)
    assert await titles(sandbox) == ["Kabar baik"]


async def test_waiting_for_a_child_counts_as_no_time(sandbox: Sandbox) -> None:
    slow, *good = await asyncio.gather(
        sandbox.read(SLOW), sandbox.read(GOOD), sandbox.read(GOOD), return_exceptions=True
    )
    assert isinstance(slow, ParseStoppedError)
    assert not any(isinstance(reading, BaseException) for reading in good)


async def test_what_takes_long_makes_way_for_everybody_else() -> None:
    endless = job(rss(f"<author>{'a' * 200_000}</author>"))  # three minutes
    async with Sandbox(max_workers=2, timeout_seconds=60, patience_seconds=0.2) as sandbox:
        await titles(sandbox)
        slow = [asyncio.create_task(sandbox.read(replace(endless, url=f"{endless.url}{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        good = await asyncio.gather(*(titles(sandbox) for _ in range(8)))
        assert good == [["Kabar baik"]] * 8
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_who_was_slow_is_among_the_slow_until_it_is_read_quickly() -> None:
    made_way = list[str]()
    async with Sandbox(timeout_seconds=1, patience_seconds=0.6) as sandbox:

        async def read(one: Job, name: str) -> None:
            await sandbox.read(one, makes_way=lambda: made_way.append(name))

        await titles(sandbox)
        with pytest.raises(ParseStoppedError, match="more than 1 s"):
            await read(SLOW, "slow")
        await read(GOOD, "quick, but known to be slow")
        await read(GOOD, "quick")
    assert made_way == ["slow", "quick, but known to be slow"]


async def test_so_many_wait_among_the_slow_as_memory_allows() -> None:
    too_much = replace(SLOW, body=SLOW.body + b" " * (41 << 20))
    async with Sandbox(patience_seconds=0.3) as sandbox:
        await titles(sandbox)
        with pytest.raises(ParsePutOffError, match="so do others that wait"):
            await sandbox.read(too_much)
        assert await titles(sandbox) == ["Kabar baik"]


async def test_a_cancelled_reading_frees_its_child() -> None:
    async with Sandbox(max_workers=1, timeout_seconds=60) as sandbox:
        await titles(sandbox)
        reading = asyncio.ensure_future(sandbox.read(SLOW))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await asyncio.wait_for(titles(sandbox), timeout=20) == ["Kabar baik"]


async def test_a_closed_sandbox_leaves_no_child_and_opens_again() -> None:
    sandbox = Sandbox(max_workers=2)
    await titles(sandbox)
    children = multiprocessing.active_children()
    await sandbox.close()
    assert children
    assert not any(child.is_alive() for child in children)
    assert await titles(sandbox) == ["Kabar baik"]
    await sandbox.close()


class _SetClock:
    """The clock on the wall, which is set by an hour whenever somebody looks."""

    def __init__(self, hours: int) -> None:
        self._times = itertools.count(time.time(), 3600 * hours)
        self.sleep = time.sleep

    def time(self) -> float:
        return next(self._times)


@pytest.mark.parametrize("hours", [1, -1], ids=["set ahead", "set back"])
async def test_a_clock_that_is_set_makes_no_document_slow_and_none_endless(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pebble.pool.process.time", _SetClock(hours))
    takes_a_while: Any = time.sleep
    async with Sandbox(max_workers=1, timeout_seconds=1) as sandbox:
        await titles(sandbox)
        await sandbox._ask(takes_a_while, 0.5, 5)
        with pytest.raises(ParseStoppedError, match=r"more than 0\.3 s"):
            await asyncio.wait_for(sandbox._ask(DEAF, range(10**11), 0.3), timeout=10)
        assert await titles(sandbox) == ["Kabar baik"]


async def test_where_no_child_can_be_handed_anything_the_pool_is_replaced(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await titles(sandbox)
    pool: Any = sandbox._pool
    pool._pool_manager.worker_manager.workers_channel.mutex.acquire()  # as by a child that was killed meanwhile
    with monkeypatch.context() as hurried:
        hurried.setattr("aggregator.parse.sandbox._STUCK_SECONDS", 0.5)
        with pytest.raises(ParsePutOffError, match="broke down"):
            await asyncio.wait_for(sandbox.read(GOOD), timeout=10)
    assert await titles(sandbox) == ["Kabar baik"]


async def test_children_that_are_deaf_to_python_are_ended_at_once() -> None:
    sandbox = Sandbox(max_workers=2)
    await titles(sandbox)
    children = multiprocessing.active_children()
    deaf = [asyncio.create_task(sandbox._ask(DEAF, range(10**11), 60)) for _ in children]
    await asyncio.sleep(0.5)  # until both are at it
    began = time.monotonic()
    await sandbox.close()
    assert time.monotonic() - began < 2.5
    assert len(children) == 2
    assert not any(child.is_alive() for child in children)
    await asyncio.gather(*deaf, return_exceptions=True)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            b"<?xml version='1.0'?>" + b"\n" * 30_000 + rss("<title>x</title>"), id="newlines before the root"
        ),
        pytest.param(rss(f"<description>{'&lt;!--' * 100_000}</description>"), id="comments that never end"),
        pytest.param(rss(f"<description>{'&lt;a ' * 100_000}</description>"), id="tags that never end"),
        pytest.param(rss(f"<title {ATTRIBUTES}>x</title>"), id="attributes"),
        pytest.param(rss("<x>" * 50_000 + "</x>" * 50_000), id="nesting"),
        pytest.param(rss(*["<title>x</title>"] * 50_000), id="fifty thousand items"),
        pytest.param(rss(f"<title>{'x' * 10_000_000}</title>"), id="a title of 10 MB"),
        pytest.param(rss(f"<pubDate>{'2000-' * 100_000}</pubDate>"), id="a date without end"),
    ],
)
async def test_a_poisoned_document_is_read_or_stopped_in_time(sandbox: Sandbox, body: bytes) -> None:
    began = time.monotonic()
    try:
        reading = await sandbox.read(job(body))
        assert reading.entries
    except ParseStoppedError:
        pass
    assert time.monotonic() - began < 6
    assert await titles(sandbox) == ["Kabar baik"]


def test_the_parent_loads_no_parser() -> None:
    program = "import sys, aggregator.parse.sandbox; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "aggregator.parse.sandbox" in loaded
    assert "pebble" not in loaded  # before the first document
    assert not {"feedparser", "selectolax", "dateparser", "babel", "nh3"} & set(loaded)
