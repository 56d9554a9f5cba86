"""How late good sources are asked while hundreds of others hang: the daemon in this process, over real sockets.

    python -m benchmarks.silence                                500 silent, 50 good, 150 seconds
    python -m benchmarks.silence --no-way                       the same, where the slow never make way

Every source has an address of its own (127.0.0.0/8, so Linux), is asked each minute, and for the first time within
the first seconds: the worst of all mornings. A third of the bad ones accept and say nothing, a third send one byte a
second, a third never end their headers. Late is a request from its due time to its arrival at the publisher.
"""

import argparse
import asyncio
import logging
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.daemon import Daemon
from aggregator.fetch.http import Fetcher, Limits
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.site import Polling, Site
from aggregator.source import Source
from aggregator.topic import Topic

POLLING: Final = Polling(
    every=timedelta(minutes=1),
    at_once=32,
    per_host=1,
    host_gap=timedelta(seconds=1),
    allow_private=(ip_network("127.0.0.0/8"),),
)
FEED: Final = (
    b"<rss version='2.0'><channel><title>Good</title>"
    b"<item><guid>1</guid><title>Still here</title></item></channel></rss>"
)
GOOD: Final = b'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n%b' % (
    len(FEED),
    FEED,
)
SAME: Final = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
DRIP: Final = (b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--silent", type=int, default=500)
    parser.add_argument("--good", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--no-way", action="store_true", help="switch the rule off: the slow keep their places")
    arguments = parser.parse_args()
    logging.disable()  # 500 sources that fail are no news here
    asyncio.run(run(arguments.silent, arguments.good, arguments.seconds, makes_way=not arguments.no_way))


async def run(silent: int, good: int, seconds: float, *, makes_way: bool) -> None:
    hosts, limits = Hosts(silent), Limits() if makes_way else Limits(place_seconds=float("inf"))
    server = await asyncio.start_server(hosts.answer, "0.0.0.0", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    sources = [source(number, port) for number in range(silent + good)]
    feeds = FeedsFile(
        path=Path("feeds.yaml"),
        site=Site(title="Silence", url=None, language="en", zone=ZoneInfo("UTC")),
        polling=POLLING,
        keep=timedelta(days=30),
        sources=tuple(spread(sources[:silent], sources[silent:])),
        topics=(
            Topic(slug="update", title="UPDATE", everything=True),
            Topic(slug="popular", title="Populer", everything=True, order="popular"),
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Fetcher(POLLING, limits=limits) as fetcher,
            open_house(feeds, Path(folder), base_url="http://127.0.0.1:1", now=datetime.now(UTC)) as house,
        ):
            house.world = replace(house.world, fetch=fetcher.fetch)
            hosts.house, hosts.port = house, port
            daemon = Daemon(house, clock=lambda: datetime.now(UTC), reread=lambda: feeds)
            task = asyncio.create_task(daemon.run("127.0.0.1", 0, ready=ready))
            await asyncio.sleep(seconds)
            daemon.stop()
            await task
    server.close()
    hosts.print()


async def ready(_: str) -> None:
    """Nobody waits for it."""


def source(number: int, port: int) -> Source:
    url = f"http://127.{number // 250 + 1}.0.{number % 250 + 1}:{port}/feed"
    return Source(id=url, name=f"Source {number}", urls=(url,), every=timedelta(minutes=1))


def spread(silent: list[Source], good: list[Source]) -> list[Source]:
    """Mix them evenly: the order of feeds.yaml is that of the first questions."""
    placed = [(place / len(listed), each) for listed in (silent, good) for place, each in enumerate(listed)]
    return [each for _, each in sorted(placed, key=lambda pair: (pair[0], pair[1].id))]


class Hosts:
    """All publishers at one port; the address asked tells them apart."""

    house: House
    port: int

    def __init__(self, silent: int) -> None:
        self._silent = silent
        self._late: dict[bool, list[float]] = {True: [], False: []}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Note when it was asked; answer, or hang."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                host = str(writer.get_extra_info("sockname")[0])
                _, block, _, last = map(int, host.split("."))
                number = (block - 1) * 250 + last - 1
                due = self.house.dues[f"http://{host}:{self.port}/feed"]
                self._late[number < self._silent].append((datetime.now(UTC) - due.at).total_seconds())
                if number < self._silent:
                    await self._hang(number, writer)
                    return
                writer.write(SAME if b"If-None-Match" in head else GOOD)
                await writer.drain()
        writer.close()

    @staticmethod
    async def _hang(number: int, writer: asyncio.StreamWriter) -> None:
        if number % 3:
            writer.write(DRIP[number % 3 - 1])
            while not writer.is_closing():
                await writer.drain()
                writer.write(b"x")
                await asyncio.sleep(1)
        else:
            await writer.wait_closed()

    def print(self) -> None:
        """Print a line for the good and one for the silent."""
        print("| sources | requests | lateness p50, s | p99, s | most, s |\n|---|---|---|---|---|")
        for bad, name in ((False, "good"), (True, "silent")):
            late = sorted(self._late[bad])
            p50, p99, most = (late[int(share * (len(late) - 1))] for share in (0.5, 0.99, 1))
            print(f"| {name} | {len(late):,} | {p50:.2f} | {p99:.2f} | {most:.2f} |")


if __name__ == "__main__":
    main()
