"""How long readers hold the event loop: `python -m tests.long.turns [SECONDS [CROWD…]]`, 8 for each of crowds.py.

In CPU time of the server's thread between two timers that are due every millisecond: a machine that has no time for it
adds nothing. It ends with 1 where it was longer than the 50 ms of DESIGN §6.
"""

import asyncio
import gc
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import thread_time
from typing import Final

import uvloop

from aggregator.document import Document
from aggregator.serve.http import Server
from tests.long.crowds import open_many_files, quantiles_ms

LONGEST_MS: Final = 50
CROWDS: Final = (
    "good:1000",
    "idle:10000",
    "hasty:500",
    "pipelining:300",
    "garbage:200",
    "heads:2000,bodies:1000",
    "deaf:1000",
)


def document(path: str, size: int) -> Document:
    return Document(
        path=path,
        content_type="application/rss+xml; charset=utf-8",
        body=random.Random(1).randbytes(size // 2).hex().encode(),
        modified_at=datetime(2025, 12, 29, tzinfo=UTC),
        max_age=timedelta(minutes=5),
    )


async def beat(turns: list[float]) -> None:
    last = thread_time()
    while True:
        await asyncio.sleep(0.001)
        now = thread_time()
        turns.append(now - last)
        last = now


async def come(orders: str, url: str, seconds: float) -> None:
    line = [sys.executable, "-m", "tests.long.crowds", orders, url.removeprefix("http://"), f"{seconds}"]
    process = await asyncio.create_subprocess_exec(
        *line, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL, stderr=None
    )
    assert await process.wait() == 0


async def run(seconds: float, crowds: Sequence[str]) -> bool:
    """Say whether no turn was too long."""
    turns, longest = list[float](), 0.0
    documents = (document("update.rss", 60_000), document("update.json", 200_000), document("index.html", 20_000))
    async with Server({each.path: each for each in documents}, live={}) as server:
        url = await server.start("127.0.0.1", 0)
        beating = asyncio.create_task(beat(turns))
        for orders in crowds:
            turns.clear()
            await come(orders, url, seconds)
            told = quantiles_ms(turns)
            longest = max(longest, told["max"])
            print(f"{orders}: CPU ms of a turn {told}, of {len(turns)}", flush=True)  # noqa: T201
        beating.cancel()
    return longest <= LONGEST_MS


def main() -> None:
    open_many_files()
    gc.set_threshold(20_000, 10, 50)  # as `aggregator` does
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8
    sys.exit(not uvloop.run(run(seconds, sys.argv[2:] or CROWDS)))


if __name__ == "__main__":
    main()
