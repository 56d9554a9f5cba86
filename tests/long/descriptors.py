"""Hardly any descriptors: `python -m tests.long.descriptors [SECONDS]`.

A daemon that may open 64 files polls 500 sources while 200 readers ask on and on, as many as it lets in; then they
leave. It does not crash, nor run in circles; every source is asked in its time; and it is as well afterwards as it was
before. Ends with 1 where that is not so. Linux.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.cost import tree_cpu_seconds
from tests.e2e.running import Origin, Running, daemon, eventually, health
from tests.long.disks import seconds_until
from tests.long.kills import Ledger

FILES: Final = 64
SOURCES: Final = 500
READERS: Final = 200
EVERY_SECONDS: Final = 60
ASK: Final = b"GET /update.json HTTP/1.1\r\nHost: x\r\n\r\n"
MOST_CPU: Final = 0.5  # of a core: who accepts in circles takes all of one


async def read_on(running: Running, answers: Counter[str], until: float) -> None:
    """Ask again and again on one connection; come again when it is taken from us."""
    host, _, port = running.url.removeprefix("http://").partition(":")
    while time.monotonic() < until:
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(host, int(port))
            try:
                while time.monotonic() < until:
                    writer.write(ASK)
                    async with asyncio.timeout(10):
                        head = await reader.readuntil(b"\r\n\r\n")
                        length = next(
                            line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                        )
                        await reader.readexactly(int(length.partition(b":")[2]))
                    answers[head[9:12].decode()] += 1
                    await asyncio.sleep(0.5)
            finally:
                writer.close()
        answers["connections that ended"] += 1
        await asyncio.sleep(0.5)


async def storm(running: Running, seconds: float) -> Counter[str]:
    """Let all readers in at once; give how often they were answered with what."""
    answers, until = Counter[str](), time.monotonic() + seconds
    await asyncio.gather(*(read_on(running, answers, until) for _ in range(READERS)))
    return answers


def descriptors(running: Running) -> int:
    return len([*Path(f"/proc/{running.process.pid}/fd").iterdir()])


def asked_since(origin: Origin, count: int) -> int:
    """Count the sources that were asked since so many requests had been made."""
    return len({asked.path for asked in origin.asked[count:]})


def run(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name, Ledger(SOURCES) as origin:
        folder = Path(name)
        feeds = origin.feeds(folder, every=f"{EVERY_SECONDS // 60}m", at_once=20)
        few = ("bash", "-c", f'ulimit -n {FILES}; exec "$@"', "bash")
        with daemon(folder, feeds, under=few) as running:
            eventually(lambda: asked_since(origin, 0) == SOURCES, seconds=120)
            before, cpu, asked = descriptors(running), tree_cpu_seconds(running.process.pid), len(origin.asked)
            began = time.monotonic()
            answers = asyncio.run(storm(running, seconds))
            share = (tree_cpu_seconds(running.process.pid) - cpu) / (time.monotonic() - began)
            print(f"{READERS} readers, {seconds:.0f} s: {dict(answers)}")  # noqa: T201
            told = f"{asked_since(origin, asked)} of {SOURCES} sources were asked, at {100 * share:.0f} % of a core"
            print(f"meanwhile {told}")  # noqa: T201
            assert answers["200"] > READERS
            assert asked_since(origin, asked) == SOURCES
            assert share < MOST_CPU

            well = seconds_until(lambda: health(running) == "ok\n")
            closed = seconds_until(lambda: descriptors(running) <= before + 2)
            asked = len(origin.asked)
            again = seconds_until(lambda: asked_since(origin, asked) == SOURCES)
            print(f"afterwards: well after {well:.1f} s, {before} files open again after {closed:.1f} s")  # noqa: T201
            print(f"and all sources were asked within {again:.0f} s")  # noqa: T201
            assert again < 2 * EVERY_SECONDS
            assert running.process.poll() is None
            log = running.log.read_text(encoding="utf-8")
        assert running.process.returncode == 0
        assert "Traceback" not in log, log
        failed = sum("WARNING" in line or "ERROR" in line for line in log.splitlines())
        print(f"rc 0, no traceback, {failed} warnings in the log")  # noqa: T201


if __name__ == "__main__":
    run(float(sys.argv[1]) if len(sys.argv) > 1 else 90.0)
