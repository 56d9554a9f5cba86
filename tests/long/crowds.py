"""Crowds of readers, good and bad: `python -m tests.long.crowds good:1000 HOST:PORT 30` prints what they got, as JSON.

Several may come at once: `deaf:200,heads:200`. They leave after so many seconds.
"""

import asyncio
import json
import random
import resource
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeAlias

import uvloop

Address: TypeAlias = tuple[str, int]
Crowd: TypeAlias = Callable[[Address, int, float], Awaitable[dict[str, Any]]]

HEAD: Final = b"%s HTTP/1.1\r\nHost: x\r\n"
ASK: Final = HEAD % b"GET /update.rss" + b"Accept-Encoding: br\r\nIf-None-Match: *\r\n\r\n"
FOR_ALL: Final = HEAD % b"GET /update.json" + b"\r\n"
PAUSE: Final = 1.0  # between two questions of a good reader: hundreds of times what any program asks
AGAIN: Final = 10.0  # a reader is given up that was not answered in this time
GARBAGE: Final = (
    b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    HEAD % b"GET /" + b"X: y\r\n" * 10_000 + b"\r\n",
    HEAD % b"GET /" + b"X: " + b"y" * 65_536 + b"\r\n\r\n",
    HEAD % b"POST /" + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD % b"POST /" + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 65_536,
    HEAD % b"GET /" + b"\r\n" + b"\x00\xff" * 30_000,
    HEAD % b"GET /" + b"Accept-Encoding: " + b"," * 8_000 + b"\r\nAccept: " + b"," * 8_000 + b"\r\n\r\n",
    HEAD % b"GET /update.rss" + b"Range: bytes=" + b"0-," * 2_000 + b"0-\r\nConnection: close\r\n\r\n",
    HEAD % b"GET /update.rss" + b"If-None-Match: " + b'"x",' * 1_500 + b"\r\nConnection: close\r\n\r\n",
    HEAD % b"GET /%2e%2e/%2e%2e/etc/passwd" + b"Connection: close\r\n\r\n",
    HEAD % b"POST /update.rss" + b"Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 512,
)


class Good(asyncio.Protocol):
    """A reader that keeps its connection and asks on; one that is hung up on asks again on another."""

    def __init__(self, address: Address, told: "Told") -> None:
        self._address, self._told = address, told
        self._asked_at: float | None = None  # None: it has its answer
        self._heard = b""
        self._transport: asyncio.WriteTransport | None = None

    async def come(self, wait: float = 0) -> None:
        await asyncio.sleep(wait)
        with suppress(OSError):
            await asyncio.get_running_loop().create_connection(lambda: self, *self._address)

    def connection_made(self, transport: Any) -> None:
        self._transport, self._heard = transport, b""
        if self._asked_at is None:
            self._told.counts["came"] += 1
            self.ask()
        else:
            transport.write(ASK)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if not self._told.ended:
            self._told.counts["hung up on"] += 1
            if self._asked_at is not None:
                self._told.tasks.append(asyncio.ensure_future(self.come()))

    def ask(self) -> None:
        if self._told.ended:
            return
        self._asked_at = monotonic()
        if self._transport is None:
            self._told.tasks.append(asyncio.ensure_future(self.come()))
        else:
            self._transport.write(ASK)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if self._heard.endswith(b"\r\n\r\n") and self._asked_at is not None:
            self._told.counts["answered" if self._heard.startswith(b"HTTP/1.1 304 ") else "refused"] += 1
            took, self._asked_at, self._heard = monotonic() - self._asked_at, None, b""
            self._told.seconds.append(took)
            asyncio.get_running_loop().call_later(max(0.0, PAUSE - took), self.ask)

    @property
    def is_unanswered(self) -> bool:
        return self._asked_at is not None and monotonic() - self._asked_at > AGAIN


class Told:
    """What good readers were told."""

    def __init__(self) -> None:
        self.ended = False
        self.counts = Counter[str]()
        self.seconds: list[float] = []
        self.tasks: list[asyncio.Future[None]] = []


async def good(address: Address, count: int, seconds: float) -> dict[str, Any]:
    told = Told()
    readers = [Good(address, told) for _ in range(count)]
    async with asyncio.TaskGroup() as coming:
        for reader in readers:
            coming.create_task(reader.come(PAUSE * random.random()))
    await asyncio.sleep(seconds)
    told.counts["unanswered"] = sum(reader.is_unanswered for reader in readers)
    told.ended = True
    return {**told.counts, **quantiles_ms(told.seconds)}


def quantiles_ms(seconds: list[float]) -> dict[str, float]:
    ranked = sorted(seconds) or [float("nan")]
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(1000 * ranked[min(len(ranked) - 1, int(len(ranked) * part))], 2) for name, part in at.items()}


def bad(one: Callable[[Address, Counter[str]], Awaitable[None]]) -> Crowd:
    """Make a crowd of somebody who comes again whenever he was hung up on."""

    async def crowd(address: Address, count: int, seconds: float) -> dict[str, Any]:
        told = Counter[str]()

        async def keep_coming() -> None:
            while True:
                with suppress(OSError, EOFError):
                    told["came"] += 1
                    await one(address, told)
                await asyncio.sleep(0.05)

        crowd = [asyncio.ensure_future(keep_coming()) for _ in range(count)]
        await asyncio.sleep(seconds)
        for each in crowd:
            each.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        return dict(told)

    return crowd


@contextmanager
def hung_up(writer: asyncio.StreamWriter) -> Iterator[asyncio.StreamWriter]:
    try:
        yield writer
    finally:
        writer.transport.abort()


async def idle(address: Address, told: Counter[str]) -> None:
    """Ask once, and keep the connection."""
    reader, writer = await asyncio.open_connection(*address)
    with hung_up(writer):
        writer.write(ASK)
        answer = await reader.readuntil(b"\r\n\r\n")
        told["answered"] += answer.startswith(b"HTTP/1.1 304 ")
        await reader.read()
        told["hung up on"] += 1


def drip(head: bytes) -> Callable[[Address, Counter[str]], Awaitable[None]]:
    """Send a byte now and then, without end."""

    async def one(address: Address, told: Counter[str]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        with hung_up(writer):
            writer.write(head)
            while not reader.at_eof():
                writer.write(b"x")
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await reader.read(1_000)
            told["hung up on"] += 1

    return one


async def deaf(address: Address, told: Counter[str]) -> None:
    """Ask a thousand times in one go, and read nothing."""
    with closing(socket.socket()) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.settimeout(0)
        await asyncio.get_running_loop().sock_connect(slow, address)
        with suppress(BlockingIOError):
            slow.send(FOR_ALL * 1_000)
        told["hold"] += 1
        await asyncio.sleep(1_000)


async def garbage(address: Address, told: Counter[str]) -> None:
    """Say what is no request, or one that is made to cost much, and read to the end."""
    reader, writer = await asyncio.open_connection(*address)
    with hung_up(writer):
        writer.write(GARBAGE[told["came"] % len(GARBAGE)])
        async with asyncio.timeout(AGAIN):
            said = await reader.read(100)
            told[said[9:12].decode() or "no answer"] += 1
            await reader.read()


async def pipelining(address: Address, told: Counter[str]) -> None:
    """Ask 500 things in one go, read all answers, and do so again."""
    reader, writer = await asyncio.open_connection(*address)
    with hung_up(writer):
        while True:
            writer.write(ASK * 500)
            for _ in range(500):
                await reader.readuntil(b"\r\n\r\n")
            told["answered"] += 500


async def hasty(address: Address, told: Counter[str]) -> None:
    """Ask for what costs much, and hang up at once."""
    _, writer = await asyncio.open_connection(*address)
    with hung_up(writer):
        writer.write(HEAD % random.choice([b"GET /status", b"GET /metrics", b"GET /status.json", b"GET /"]) + b"\r\n")
        await asyncio.sleep(0.01 * random.random())
        told["gone"] += 1


async def listening(address: Address, told: Counter[str]) -> None:
    """Listen to what is published."""
    reader, writer = await asyncio.open_connection(*address)
    with hung_up(writer):
        writer.write(HEAD % b"GET /events" + b"\r\n")
        status = await reader.readline()
        told["let in" if b" 200 " in status else "refused"] += 1
        while line := await reader.readline():
            told["heard"] += line.startswith(b"event: published")
        told["hung up on"] += 1


CROWDS: Final[dict[str, Crowd]] = {
    "good": good,
    "idle": bad(idle),
    "heads": bad(drip(HEAD % b"GET /" + b"X-Slow: ")),
    "bodies": bad(drip(HEAD % b"POST /" + b"Content-Length: 1000000\r\n\r\n")),
    "deaf": bad(deaf),
    "garbage": bad(garbage),
    "pipelining": bad(pipelining),
    "hasty": bad(hasty),
    "listening": bad(listening),
}


async def come(orders: str, address: Address, seconds: float) -> dict[str, dict[str, Any]]:
    """Let crowds come at once: "good:50,deaf:200"."""
    wanted = [(name, int(count)) for name, _, count in (order.partition(":") for order in orders.split(","))]
    told = await asyncio.gather(*(CROWDS[name](address, count, seconds) for name, count in wanted))
    return {name: each for (name, _), each in zip(wanted, told, strict=True)}


@contextmanager
def crowd(orders: str, url: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Let them come from a process of their own."""
    line = [sys.executable, "-m", "tests.long.crowds", orders, url.removeprefix("http://"), f"{seconds}"]
    with subprocess.Popen(line, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def open_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    orders, address, seconds = sys.argv[1:]
    host, _, port = address.partition(":")
    open_many_files()
    print(json.dumps(uvloop.run(come(orders, (host, int(port)), float(seconds)))))  # noqa: T201


if __name__ == "__main__":
    main()
