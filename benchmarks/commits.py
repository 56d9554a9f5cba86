"""Durable commits a second, beside a bare write and fdatasync of as many bytes on the same disk.

    python -m benchmarks.commits                 2,000 commits in a temporary folder
    python -m benchmarks.commits --directory /var/lib/planet

A commit is what a pass that brought one headline writes. "alone" waits for each before the next; "32 at once" is how
passes end side by side, where commits that are ready together share a record and its fdatasync.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aggregator.commit import Commit
from aggregator.entry import Origin
from aggregator.headline import Headline
from aggregator.source import Due, Listed
from aggregator.store.embedded import EmbeddedStore

NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
AT_ONCE: Final = 32
SUMMARY: Final = "Sixty words of a summary, as long as those of most feeds. " * 7


def news(number: int) -> Commit:
    """Make the commit of a pass that found one new headline among fifty."""
    source = f"https://wire-{number % 100}.example/rss"
    headline = Headline(
        id=f"{number:036d}",
        source=source,
        keys=(f"{number:016x}", f"{number:015x}u"),
        guid=f"{source}#{number}",
        url=f"https://wire.example/2026/11/24/{number}",
        title=f"Headline {number}: ferries sail again after the storm",
        summary=SUMMARY,
        authors=(),
        categories=("Weather",),
        language="en",
        enclosures=(),
        origin=Origin(id=source, title="The Wire", link="https://wire.example/", updated_at=NOW),
        published_at=NOW,
        first_seen_at=NOW,
        updated_at=NOW,
        story=f"{number:036d}",
        topics=("update", "popular"),
    )
    listing = tuple(Listed(fingerprint=f"{number + back:016x}", headline=f"{number + back:036d}") for back in range(50))
    due = Due(source=source, at=NOW + timedelta(minutes=15), reason="every 15 min")
    return Commit(dues=(due,), listings=((source, listing),), headlines=(headline,))


async def commit_each(store: EmbeddedStore, commits: Sequence[Commit], *, at_once: int) -> None:
    """Write all, never more than `at_once` of them under way."""
    waiting = iter(commits)

    async def one_after_another() -> None:
        for commit in waiting:
            await store.commit(commit)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))


def store_seconds(folder: Path, count: int, *, at_once: int) -> tuple[float, int]:
    """Measure our store.

    Returns:
        Seconds, and the bytes that were written.
    """
    commits = [news(number) for number in range(count)]
    with EmbeddedStore(folder) as store:
        started = time.perf_counter()
        asyncio.run(commit_each(store, commits, at_once=at_once))
        seconds = time.perf_counter() - started
    return seconds, sum(path.stat().st_size for path in folder.iterdir())


def bare_seconds(path: Path, count: int, size_bytes: int) -> float:
    """Measure `count` writes of so many bytes, each made durable."""
    record = b"x" * size_bytes
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        started = time.perf_counter()
        for _ in range(count):
            os.write(descriptor, record)
            os.fdatasync(descriptor)
        return time.perf_counter() - started
    finally:
        os.close(descriptor)


def main() -> None:
    arguments = argparse.ArgumentParser(description="What a durable commit costs.")
    arguments.add_argument("--commits", type=int, default=2_000)
    arguments.add_argument("--directory", type=Path, help="on the disk to measure (default: a temporary folder)")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as name:
        folder = Path(name)
        alone, written = store_seconds(folder / "alone", given.commits, at_once=1)
        together, _ = store_seconds(folder / "together", given.commits, at_once=AT_ONCE)
        bare = bare_seconds(folder / "bare", given.commits, written // given.commits)
    print(f"{given.commits:,} commits of {written // given.commits:,} bytes")
    print("| what | commits / s | ms each | time / bare |")
    print("|---|---|---|---|")
    rows = {"bare write + fdatasync": bare, "store, alone": alone, f"store, {AT_ONCE} at once": together}
    for what, seconds in rows.items():
        each = 1_000 * seconds / given.commits
        print(f"| {what} | {given.commits / seconds:,.0f} | {each:.3f} | {seconds / bare:.2f}× |")


if __name__ == "__main__":
    main()
