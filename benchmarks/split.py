"""Reading a feed of fifty entries of which few are new, beside feedparser reading all of it.

    python -m benchmarks.split                   medians of 50 readings of the origin's feed
    python -m benchmarks.split FILE …            of other feeds

CPU of one process; what a child costs to reach is left out on both sides.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import feedparser

from aggregator.parse.job import Job
from aggregator.parse.read import read_document
from benchmarks.origin import Origin

NEW: Final = (0, 1, 5)
NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
URL: Final = "https://wire.example/rss"


def origins_feed(entries: int) -> bytes:
    """Make a document as `benchmarks/origin.py` serves it."""
    origin = Origin(feeds=1, entries=entries, latency_seconds=0, opened_at=NOW)
    return origin.answer(b"GET /feed/0.rss HTTP/1.1").partition(b"\r\n\r\n")[2]


def job(body: bytes, known: frozenset[str]) -> Job:
    """Ask for the entries of a document that are not known."""
    return Job(body=body, url=URL, zone=ZoneInfo("UTC"), language=None, now=NOW, known=known)


def milliseconds(read: Callable[[], object], repeats: int) -> float:
    """Give the median of its CPU time."""
    read()  # what is imported and compiled at first use is not measured
    times = []
    for _ in range(repeats):
        started = time.process_time()
        read()
        times.append(time.process_time() - started)
    return 1_000 * statistics.median(times)


def print_table(name: str, body: bytes, repeats: int) -> None:
    listing = read_document(job(body, frozenset())).listing
    whole = milliseconds(lambda: feedparser.parse(BytesIO(body), response_headers={"content-location": URL}), repeats)
    print(f"{name}: {len(listing)} entries, {len(body):,} bytes")
    print("| what | ms | time / feedparser |")
    print("|---|---|---|")
    print(f"| feedparser, whole | {whole:.2f} | 1.00× |")
    for new in (*NEW, len(listing)):
        asked = job(body, frozenset(listing[new:]))
        if (parsed := len(read_document(asked).entries)) != new:
            raise SystemExit(f"{name}: {parsed} entries were parsed, not {new}: it cannot be split")
        ours = milliseconds(partial(read_document, asked), repeats)
        print(f"| ours, {new} new | {ours:.2f} | {ours / whole:.2f}× |")


def main() -> None:
    arguments = argparse.ArgumentParser(description="What reading a feed costs of which few entries are new.")
    arguments.add_argument("files", nargs="*", type=Path, metavar="FILE")
    arguments.add_argument("--entries", type=int, default=50, help="of the origin's feed (default: 50)")
    arguments.add_argument("--repeats", type=int, default=50)
    given = arguments.parse_args()
    bodies = {path.name: path.read_bytes() for path in given.files} or {"origin": origins_feed(given.entries)}
    for name, body in bodies.items():
        print_table(name, body, given.repeats)


if __name__ == "__main__":
    main()
