"""A running daemon: what it costs while nothing happens, how much it holds, and how soon it is there; Linux only.

    python -m benchmarks.steady                                       1,000 sources, every minute: a pass of 304s
    python -m benchmarks.steady --sources 10000 --entries 5 --every 15 --minutes 5
    python -m benchmarks.steady --sources 100000 --entries 1 --every 240 --minutes 0 --unread   its start

The state is that after a pass which read everything and one which found nothing new; the appointments are then spread
evenly over the interval, as they are in the long run. What is measured is `aggregator up` with all its children, its
start not included; beside it the bare loop asks the same URLs, as fast as it can and at the daemon's own pace, its
start not included either.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aggregator.commit import Commit
from aggregator.fetch.conditional import request_headers
from aggregator.source import Due, Standing, Validators
from aggregator.store.embedded import EmbeddedStore
from benchmarks.cost import cost_of, tree_bytes, tree_cpu_seconds
from benchmarks.passes import HERE, Origin, running_origin, write_feeds

READY: Final = "subscribe to"
START_LIMIT_SECONDS: Final = 300
PACED_SECONDS: Final = 30  # at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """What was seen of a running daemon.

    Attributes:
        start_seconds: From its call until readers can come.
        start_cpu_seconds: The CPU that took.
        polls: Answers while we looked.
        not_modified: Those of them that were 304s.
        seconds: We looked.
        cpu_seconds: That it took meanwhile, with its children.
        bytes_held: At the end.
    """

    start_seconds: float
    start_cpu_seconds: float
    polls: int
    not_modified: int
    seconds: float
    cpu_seconds: float
    bytes_held: int


def fill(state: Path, origin: Origin, every: timedelta) -> None:
    """Spread the appointments evenly. Sources that were not read get a standing too, for the number's sake."""
    now = datetime.now(UTC)
    with EmbeddedStore(state) as store:
        standings = tuple(
            Standing(source=url, name=f"Feed {number}", urls=(url,), first_asked_at=now)
            for number, url in enumerate(origin.urls)
            if store.standing(url) is None
        )
        waits = ((url, every * (number + 1) / origin.feeds) for number, url in enumerate(origin.urls))
        dues = tuple(Due(source=url, at=now + wait, reason="spread") for url, wait in waits)
        asyncio.run(_commit(store, Commit(dues=dues, standings=standings)))


async def _commit(store: EmbeddedStore, commit: Commit) -> None:
    await store.commit(commit)


@contextmanager
def running_daemon(feeds: Path, state: Path) -> Iterator[tuple[int, float]]:
    """Give its pid, and how many seconds it took to be there."""
    command = [sys.executable, "-m", "aggregator", "up", "--no-view", "--listen", "127.0.0.1:0"]
    log = state.parent / "daemon.log"
    started = time.monotonic()
    with log.open("w") as out:
        daemon = subprocess.Popen([*command, "--feeds", feeds, "--state", state], stdout=out, stderr=out)
    try:
        while READY not in log.read_text():
            if daemon.poll() is not None or time.monotonic() - started > START_LIMIT_SECONDS:
                sys.exit(f"the daemon did not start: {log.read_text()}")
            time.sleep(0.02)
        yield daemon.pid, time.monotonic() - started
    finally:
        daemon.terminate()
        daemon.wait()


def watch(origin: Origin, feeds: Path, state: Path, *, seconds: float) -> Steady:
    with running_daemon(feeds, state) as (pid, start_seconds):
        start_cpu_seconds = tree_cpu_seconds(pid)
        if seconds:
            time.sleep(2)  # until the first tick is over
        before, cpu, since = origin.stats(), tree_cpu_seconds(pid), time.monotonic()
        time.sleep(seconds)
        after = origin.stats()
        return Steady(
            start_seconds=start_seconds,
            start_cpu_seconds=start_cpu_seconds,
            polls=after["requests"] - before["requests"] - 1,  # the first question for the stats
            not_modified=after["not_modified"] - before["not_modified"],
            seconds=time.monotonic() - since,
            cpu_seconds=tree_cpu_seconds(pid) - cpu,
            bytes_held=tree_bytes(pid),
        )


def bare_microseconds(origin: Origin, room: Path, *, a_second: int, seconds: float) -> tuple[float, float]:
    """Give the bare loop's CPU for one 304, its start not included: as fast as it can, and so many a second."""
    path = room / "requests.json"
    path.write_text(json.dumps([(url, request_headers(Validators())) for url in origin.urls]))
    command = (sys.executable, str(HERE / "bare_loop.py"), str(path))
    cost_of((*command, "--note"), cwd=room)
    requests = json.loads(path.read_bytes())
    few, many = requests[:1], (requests * 10)[:10_000]
    paced = requests[: round(a_second * min(seconds, PACED_SECONDS))]
    taken = []
    for asked, options in ((few, ()), (many, ()), (paced, ("--a-second", str(a_second)))):
        path.write_text(json.dumps(asked))
        cost, _ = cost_of((*command, *options), cwd=room)
        taken.append(cost.cpu_seconds)
    start, fast, slow = taken
    return 1e6 * (fast - start) / len(many), 1e6 * (slow - start) / len(paced)


def print_table(seen: Steady, bare: tuple[float, float] | None) -> None:
    print(
        "| start s | its CPU s | polls / s | 304s | CPU, % of a core | MB | CPU µs a poll "
        "| bare loop µs | CPU / bare loop | bare loop at this pace µs | CPU / bare loop at this pace |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    seconds, each = max(seen.seconds, 1), 1e6 * seen.cpu_seconds / max(seen.polls, 1)
    compared = "" if bare is None else " | ".join(f"{limit:.0f} | {each / limit:.2f}×" for limit in bare)
    cells = (
        f"{seen.start_seconds:.2f} | {seen.start_cpu_seconds:.2f} | {seen.polls / seconds:.1f}",
        f"{seen.not_modified} of {seen.polls} | {100 * seen.cpu_seconds / seconds:.1f}",
        f"{seen.bytes_held / 1e6:.0f} | {each:.0f} | {compared}",
    )
    print(f"| {' | '.join(cells)} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description="What a running daemon costs.")
    arguments.add_argument("--sources", type=int, default=1_000)
    arguments.add_argument("--entries", type=int, default=30)
    arguments.add_argument("--every", type=int, default=1, help="the fixed interval of each source, in minutes")
    arguments.add_argument("--minutes", type=float, default=2.0, help="to look; 0: only how long the start takes")
    arguments.add_argument(
        "--unread", action="store_true", help="begin without having read anything, for large numbers"
    )
    given = arguments.parse_args()
    with running_origin(given.sources, given.entries) as origin, tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        feeds, state = write_feeds(origin.urls, room, every=f"{given.every}m"), room / "state"
        if not given.unread:
            once = (sys.executable, "-m", "aggregator", "once", "--all", "--feeds", str(feeds), "--state", str(state))
            for _ in range(2):  # the second brings the first 304s, which are noted
                cost_of(once, cwd=room)
        fill(state, origin, timedelta(minutes=given.every))
        seen = watch(origin, feeds, state, seconds=60 * given.minutes)
        a_second = max(round(seen.polls / max(seen.seconds, 1)), 1)
        bare = None
        if given.minutes:
            bare = bare_microseconds(origin, room, a_second=a_second, seconds=60 * given.minutes)
    print_table(seen, bare)


if __name__ == "__main__":
    main()
