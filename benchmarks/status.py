"""What telling how we do costs the daemon: for how long it holds the event loop, and how much CPU it takes.

    python -m benchmarks.status                  10,000 sources with three headlines each, asked 8 times
    python -m benchmarks.status --sources 100000

The daemon has polled nothing and is due to poll nothing: what is measured is `/status.json` and `/metrics` alone.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import uvloop

from aggregator.commit import Commit
from aggregator.daemon import Daemon
from aggregator.entry import Origin
from aggregator.headline import Headline
from aggregator.house import open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.monitor.lag import Lag
from aggregator.schedule.history import answered, first_standing
from aggregator.site import Polling, Site
from aggregator.source import Due, Hints, Source
from aggregator.store.embedded import EmbeddedStore
from aggregator.topic import Topic

PATHS: Final = ("/status.json", "/metrics")
HEADLINES: Final = 3
AT_ONCE: Final = 1_000
ASK: Final = "import sys, urllib.request; print(len(urllib.request.urlopen(sys.argv[1]).read()))"
NOW: Final = datetime.now(UTC)


def configuration(count: int) -> FeedsFile:
    sources = tuple(
        Source(id=url, name=f"Outlet {number}", urls=(url,))
        for number in range(count)
        for url in [f"https://outlet-{number}.example/rss"]
    )
    return FeedsFile(
        path=Path("feeds.yaml"),
        site=Site(title="Many", url=None, language="en", zone=ZoneInfo("Asia/Jakarta")),
        polling=Polling(every=timedelta(minutes=15), at_once=32, per_host=1, host_gap=timedelta(0), allow_private=()),
        keep=timedelta(days=30),
        sources=sources,
        topics=(
            Topic(slug="update", title="UPDATE", everything=True),
            Topic(slug="popular", title="Populer", everything=True, order="popular"),
        ),
    )


def history(source: Source, number: int) -> Commit:
    """Make what is kept of a source that has been polled for days."""
    return Commit(
        dues=(Due(source=source.id, at=NOW + timedelta(days=1), reason="every 15 min"),),
        standings=(answered(first_standing(source), "304", Hints(), now=NOW),),
        headlines=tuple(headline(source, number * HEADLINES + each) for each in range(HEADLINES)),
    )


def headline(source: Source, number: int) -> Headline:
    at = NOW - timedelta(hours=number % 160)
    return Headline(
        id=f"{number:036d}",
        source=source.id,
        keys=(f"{number:016x}",),
        guid=f"{source.id}#{number}",
        url=f"{source.id}/{number}",
        title=f"Headline {number}: ferries sail again after the storm",
        summary="",
        authors=(),
        categories=(),
        language="en",
        enclosures=(),
        origin=Origin(id=source.id, title=source.name, link=source.id, updated_at=at),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
        story=f"{number:036d}",
        topics=("update",),
    )


def together(commits: Iterator[Commit]) -> Commit:
    parts = list(commits)
    return Commit(
        dues=tuple(due for part in parts for due in part.dues),
        standings=tuple(standing for part in parts for standing in part.standings),
        headlines=tuple(headline for part in parts for headline in part.headlines),
    )


async def fill(folder: Path, sources: tuple[Source, ...]) -> None:
    with EmbeddedStore(folder) as store:
        for start in range(0, len(sources), AT_ONCE):
            some = enumerate(sources[start : start + AT_ONCE], start)
            await store.commit(together(history(source, number) for number, source in some))
        await store.settle()


async def measure(url: str) -> tuple[int, float, float, float]:
    """Ask once, from another process.

    Returns:
        The bytes that came, the seconds it took, our CPU seconds, and for how many seconds the loop was held at most.
    """
    lag, cpu, began = Lag(), time.process_time(), time.perf_counter()
    with lag.measured():
        asking = await asyncio.create_subprocess_exec(sys.executable, "-c", ASK, url, stdout=PIPE)
        size, _ = await asking.communicate()
    return int(size), time.perf_counter() - began, time.process_time() - cpu, lag.longest


async def run(count: int, rounds: int) -> None:
    feeds, clock, ready = configuration(count), partial(datetime.now, UTC), asyncio.Event()

    async def announce(_: str) -> None:
        gc.freeze()  # as `aggregator up` does
        ready.set()

    with tempfile.TemporaryDirectory() as name:
        await fill(Path(name), feeds.sources)
        async with open_house(feeds, Path(name), base_url="http://127.0.0.1:1", now=NOW) as house:
            daemon = Daemon(house, clock=clock, reread=lambda: feeds)
            task = asyncio.create_task(daemon.run("127.0.0.1", 0, ready=announce))
            await ready.wait()
            print(f"{count:,} sources, {rounds} times")
            print("| path | MB | ms | CPU ms | loop held, ms: least | median | worst |")
            print("|---|---|---|---|---|---|---|")
            for path in PATHS:
                await tell(daemon.url + path, path, rounds)
            daemon.stop()
            await task


async def tell(url: str, path: str, rounds: int) -> None:
    asked = []
    for _ in range(rounds):
        asked.append(await measure(url))
        await asyncio.sleep(1.1)  # within a second, the same answer is given again
    sizes, seconds, cpu, held = zip(*asked, strict=True)
    figures = [*map(statistics.median, (seconds, cpu)), min(held), statistics.median(held), max(held)]
    print(" | ".join([f"| {path}", f"{sizes[-1] / 1e6:.2f}", *(f"{1_000 * each:.0f}" for each in figures)]), "|")


def main() -> None:
    arguments = argparse.ArgumentParser(description="What telling how we do costs the daemon.")
    arguments.add_argument("--sources", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=8)
    given = arguments.parse_args()
    gc.set_threshold(20_000, 10, 50)  # as `aggregator` does
    uvloop.run(run(given.sources, given.rounds))


if __name__ == "__main__":
    main()
