"""Publishers by the thousand, in a process of their own: `python -m tests.long.town SPEED BEGAN SOURCES OPTIONS`.

Each source has an address, 127.a.0.b, or shares it with others; all are at one port, but those that will refuse
connections are at another. They print by the clock of fast.py. At 127.0.0.1, whoever runs them asks what they know:

    GET  /ledger        every entry that was handed out in whole: [source, link, seconds since midnight]
    GET  /asked         every request: [source, seconds since midnight], and the most at once at one address
    POST /fail, /heal   all hosts go down, and come back
    POST /rest          nothing is printed any more
"""

import argparse
import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import Final

import uvloop

from benchmarks.origin import RANKS, WORDS, word
from tests.long.fast import MIDNIGHT, Fast

LISTED: Final = 10
NEWS: Final = 0.04  # of the requests find something new
REPEATED: Final = 0.3  # of the new entries are another outlet's title
WIRE: Final = 40  # stories that several outlets tell
ROUND: Final = 250  # addresses of one block

Talk = AsyncIterator[bytes | float]
"""What is sent, piece by piece; a number: so many seconds of silence."""


def address(number: int, shared: int = 1) -> str:
    """Give the address of a source."""
    host = number // shared
    return f"127.{host // ROUND + 1}.0.{host % ROUND + 1}"


@dataclass(slots=True, kw_only=True)
class Entry:
    """What is printed: its guid is a number, its link is its own."""

    guid: str
    title: str
    link: str
    seconds: float


@dataclass(slots=True, kw_only=True)
class Outlet:
    """One source.

    Attributes:
        number: From 0.
        kind: How it behaves.
        printed: The newest first, as many as a document lists.
        told: How many it ever printed.
        asked: When, in seconds since midnight.
    """

    number: int
    kind: str
    printed: list[Entry] = field(default_factory=list)
    told: int = 0
    asked: list[float] = field(default_factory=list)


def kind_of(number: int, poison: int) -> str:
    """Say how a source behaves: `poison` of a hundred mean harm."""
    place = number % 100
    if place < poison:
        return f"poison {(number // 100 * poison + place) % len(POISONS)}"
    odd = {20: "new guids", 21: "new guids", 30: "two versions", 31: "two versions", 40: "empties", 41: "empties"}
    return odd.get(place, "no validators" if 50 <= place < 60 else "plain")


class Town:
    """All outlets."""

    def __init__(self, sources: int, clock: Fast, *, poison: int, listed: int) -> None:
        self.clock = clock
        self.outlets = [Outlet(number=number, kind=kind_of(number, poison)) for number in range(sources)]
        self.listed = listed
        self.is_printing = listed > 0
        self.is_failing = False
        self.delivered: dict[tuple[int, str], float] = {}
        self.under_way, self.most = Counter[tuple[str, int]](), 0
        self._dice = random.Random(sources)
        self._wire = [self._title(f"wire {number}") for number in range(WIRE)]
        self._wired = WIRE
        for outlet in self.outlets:
            for place in range(listed, 0, -1):
                self._print(outlet, clock.seconds - place * 900 - outlet.number % 900)

    def _title(self, name: str) -> str:
        chosen = random.Random(name)
        return " ".join([*chosen.choices(WORDS, cum_weights=RANKS, k=7), word(chosen.randrange(10**7))]).capitalize()

    def _print(self, outlet: Outlet, seconds: float) -> None:
        number, outlet.told = outlet.told, outlet.told + 1
        title = self._title(f"{outlet.number}:{number}")
        if self._dice.random() < REPEATED:
            title = self._dice.choice(self._wire)
        link = f"https://outlet-{outlet.number}.example/{number}"
        outlet.printed.insert(0, Entry(guid=f"{outlet.number}:{number}", title=title, link=link, seconds=seconds))
        del outlet.printed[self.listed :]

    def _news(self, outlet: Outlet) -> None:
        if self.is_printing and self._dice.random() < NEWS:
            for _ in range(self._dice.randint(1, 2)):
                self._print(outlet, self.clock.seconds - self._dice.random() * 300)
            if self._dice.random() < 0.3:
                self._wire[self._wired % WIRE] = self._title(f"wire {self._wired}")
                self._wired += 1

    def document(self, outlet: Outlet) -> tuple[str, bytes, list[Entry]]:
        """Give a validator, a document and what it lists."""
        self._news(outlet)
        turn, listed = len(outlet.asked), list(outlet.printed)
        version = f"{outlet.told}"
        if outlet.kind == "empties" and turn % 23 in {20, 21}:
            listed, version = [], f"{outlet.told}-empty"
        elif outlet.kind == "two versions" and turn % 2 and listed:
            first = listed[-1]
            listed[-1] = Entry(guid=first.guid, title=f"{first.title} kini", link=first.link, seconds=first.seconds)
            version = f"{outlet.told}-b"
        elif outlet.kind == "new guids":
            version = f"{outlet.told}-{turn}"
            listed = [
                Entry(guid=f"{each.guid}-{turn}", title=each.title, link=each.link, seconds=each.seconds)
                for each in listed
            ]
        head = f"<title>Outlet {outlet.number}</title><link>https://outlet-{outlet.number}.example/</link>"
        items = "".join(map(_item, listed))
        text = f'<rss version="2.0"><channel>{head}<description>d</description>{items}</channel></rss>'
        return f'"{version}"', text.encode(), listed

    def hand_out(self, outlet: Outlet, listed: list[Entry]) -> None:
        """Note what was handed out in whole."""
        for each in listed:
            self.delivered.setdefault((outlet.number, each.link), self.clock.seconds)


def _item(each: Entry) -> str:
    printed = format_datetime(MIDNIGHT + timedelta(seconds=int(each.seconds)), usegmt=True)
    text = "kata " * 60
    return (
        f'<item><guid isPermaLink="false">{each.guid}</guid><title>{escape(each.title)}</title><link>{each.link}</link>'
        f"<pubDate>{printed}</pubDate><description>{text}</description></item>"
    )


def _feed(inside: str, before: str = "") -> bytes:
    body = f"{before}<rss version='2.0'><channel><title>x</title>{inside}</channel></rss>".encode()
    return _answer(body)


def _answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = (f"HTTP/1.1 {status}", "Content-Type: text/xml", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _said(*pieces: bytes | float) -> Talk:
    for piece in pieces:
        yield piece


async def _for_ever(head: bytes, piece: bytes, pause: float) -> Talk:
    yield head
    while True:
        yield piece
        yield pause


_MANY: Final = "".join(f"<item><guid>{number}</guid><title>t{number}</title></item>" for number in range(50_000))
_BOMB: Final = gzip.compress(b"<rss>" + b" " * 100_000_000)
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
_LAUGHS: Final = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
_ENTITY: Final = '<!DOCTYPE rss [<!ENTITY a "' + "A" * 50_000 + '">]>'
_ATTRIBUTES: Final = " ".join(f"a{number}='x'" for number in range(50_000))
_NOTHING: Final = b""

POISONS: Final[tuple[Callable[[int], Talk], ...]] = (
    lambda _: _said(_feed(f"<item><title>t</title><author>{'a' * 64_000}</author></item>")),
    lambda _: _said(3_600.0),
    lambda _: _said(_feed(f"<item><title>{'&a;' * 5_000}</title></item>", _ENTITY)),
    lambda _: _said(_answer(_BOMB, "Content-Encoding: gzip")),
    lambda _: _said(_OK + b"Content-Length: 100000\r\n\r\n<rss>", 3_600.0),
    lambda _: _said(_answer(random.Random(3).randbytes(20_000))),
    lambda _: _said(_feed(_MANY)),
    lambda _: _said(_OK + b"Content-Length: 100000\r\n\r\n<rss><channel><item>"),
    lambda _: _for_ever(_OK + b"Content-Length: 100000\r\n\r\n", b"x", 1.0),
    lambda number: _said(_answer(_NOTHING, f"Location: /{number}", status="302 Found")),
    lambda _: _said(_feed(f"<item {_ATTRIBUTES}><title>t</title></item>")),
    lambda _: _for_ever(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 100, 0.01),
    lambda _: _said(_answer(b"<html>no", status="500 Internal Server Error")),
    lambda _: _said(_feed("<a>" * 300_000)),
    lambda _: _said(b"HTTP/1.1 banana\r\n\r\n"),
    lambda _: _said(_feed(f"<item><title>{'t' * 1_000_000}</title></item>")),
    lambda _: _said(_answer(_NOTHING)),
    lambda _: _said(_feed("<item><title>&l9;</title></item>", f"<!DOCTYPE rss [{_LAUGHS}]>")),
    lambda _: _said(_NOTHING),
    lambda number: _said(_redirect_to_anywhere(number)),
)
"""How a publisher means harm: hazards.md 1.3 and 1.4."""


def _redirect_to_anywhere(number: int) -> bytes:
    host = f"127.{random.randrange(100, 250)}.{random.randrange(250)}.{random.randrange(1, 250)}"
    return _answer(_NOTHING, f"Location: http://{host}:PORT/{number}", status="302 Found")


class Street:
    """Where connections arrive."""

    def __init__(self, town: Town, *, silent_seconds: float) -> None:
        self._town = town
        self._idle_seconds = 1.0
        self._silent_seconds = silent_seconds
        self.refusing: asyncio.Server | None = None
        self.closed_port = 0

    async def open_refusing(self) -> None:
        """Let those connect that are refused while all fail."""
        self.refusing = await asyncio.start_server(self.meet, "0.0.0.0", self.closed_port, backlog=4_096)
        self.closed_port = self.refusing.sockets[0].getsockname()[1]

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer what comes over one connection."""
        here = writer.get_extra_info("sockname")[:2]
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            while True:
                async with asyncio.timeout(self._idle_seconds):
                    head = await reader.readuntil(b"\r\n\r\n")
                if here[0] == "127.0.0.1":
                    writer.write(await self._administer(head.split(b" ", 2)[1].decode()))
                    await writer.drain()
                    continue
                self._town.under_way[here] += 1
                self._town.most = max(self._town.most, self._town.under_way[here])
                try:
                    if not await self._answer(int(head.split(b" ", 2)[1][1:]), head, reader, writer):
                        break
                finally:
                    self._town.under_way[here] -= 1
        writer.close()

    async def _answer(
        self, number: int, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        town, outlet = self._town, self._town.outlets[number]
        outlet.asked.append(town.clock.seconds)
        if town.is_failing:
            return await self._fail(number, reader, writer)
        hour = int(town.clock.seconds // 3_600)
        if outlet.kind.startswith("poison") and (hour + number // 100) % 4 == 0:
            return await self._poison(outlet, reader, writer)
        etag, body, listed = town.document(outlet)
        date = f"Date: {format_datetime(town.clock(), usegmt=True)}"
        if outlet.kind != "no validators" and f"If-None-Match: {etag}\r\n".encode() in head:
            writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n{date}\r\n\r\n".encode())
        else:
            validator = () if outlet.kind == "no validators" else (f"ETag: {etag}",)
            writer.write(_answer(body, date, *validator))
        await writer.drain()
        town.hand_out(outlet, listed)
        return number % 2 == 0  # every other one hangs up after each answer

    async def _fail(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whom a closed port does not refuse, an overloaded server does, or a silent one."""
        if number % 3 == 1:
            writer.write(_answer(b"down", status="503 Service Unavailable"))
            await writer.drain()
        else:
            await _is_left(reader, self._silent_seconds)
        return False

    async def _poison(self, outlet: Outlet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async for piece in POISONS[int(outlet.kind.split()[1])](outlet.number):
            if isinstance(piece, float):
                if await _is_left(reader, piece):
                    break
            else:
                port = writer.get_extra_info("sockname")[1]
                writer.write(piece.replace(b":PORT/", f":{port}/".encode()))
                await writer.drain()
        return False

    async def _administer(self, path: str) -> bytes:
        town = self._town
        told: object = None
        match path:
            case "/ledger":
                told = [[number, link, at] for (number, link), at in town.delivered.items()]
            case "/asked":
                told = {"asked": [outlet.asked for outlet in town.outlets], "most": town.most}
            case "/kinds":
                told = [outlet.kind for outlet in town.outlets]
            case "/rest":
                town.is_printing = False
            case "/fail":
                town.is_failing = True
                if self.refusing is not None:
                    self.refusing.close()
            case "/heal":
                town.is_failing = False
                await self.open_refusing()
            case _:
                told = "what?"
        return _answer(json.dumps(told).encode())


async def _is_left(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Wait for so long; say whether whoever asked has hung up meanwhile."""
    try:
        return not await asyncio.wait_for(reader.read(1), seconds)
    except TimeoutError:
        return False


async def _serve(given: argparse.Namespace) -> None:
    clock = Fast(speed=given.speed, began=given.began)
    town = Town(given.sources, clock, poison=given.poison, listed=given.listed)
    street = Street(town, silent_seconds=given.silent)
    server = await asyncio.start_server(street.meet, "0.0.0.0", 0, backlog=4_096)
    await street.open_refusing()
    ports = {"port": server.sockets[0].getsockname()[1], "refusing": street.closed_port}
    print(json.dumps(ports), flush=True)  # noqa: T201
    await server.serve_forever()


def _main() -> None:
    arguments = argparse.ArgumentParser(description="Publishers by the thousand.")
    arguments.add_argument("speed", type=float)
    arguments.add_argument("began", type=float)
    arguments.add_argument("sources", type=int)
    arguments.add_argument("--poison", type=int, default=1, help="per cent")
    arguments.add_argument(
        "--listed", type=int, default=LISTED, help="entries of a document; 0: nothing is ever printed"
    )
    arguments.add_argument("--silent", type=float, default=60.0, help="seconds that the silent are silent")
    uvloop.run(_serve(arguments.parse_args()))


if __name__ == "__main__":
    _main()
