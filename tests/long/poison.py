"""All poison at once, beside 50 good sources: `python -m tests.long.poison [--minutes 5] [--good 50]`.

First each document alone through the reader of documents: how long, and how much memory its child took. Then
`aggregator up` polls them all, and everything else that hostile publishers send (tests/long/poisons.py), each minute at
first: what is recorded of each, and when it is asked again. Meanwhile /healthz is asked over and over, the children are
watched, and the good sources, with a headline each 15 s, are to be on time: asked when they are due, and read when they
have answered. Of the time that /healthz takes, what the event loop was at work is told apart. The same figures stand
beside them without any poison, and what a server that does nothing else takes to answer at the same moments: a machine
that is busy with other things has a p99 of its own.

The exit code is 1 where a promise is broken: a document that holds a child for more than 6 s, or one of more than 512
MiB; a p99 of /healthz of 100 ms, or of a good source's lateness of a second, unless three times that of the server that
does nothing, or of the daemon without poison, is more; a headline of a good source that is lost or kept twice; a row
that is not named; a request to where an entity points. For Linux: it reads /proc.
"""

import argparse
import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from aggregator.errors import SourceError
from aggregator.parse.sandbox import Sandbox
from aggregator.store.embedded import EmbeddedStore
from tests.e2e.running import Running, daemon, write_feeds
from tests.long.children import PAUSE_SECONDS, Children
from tests.long.poisons import GOOD_ITEMS, documents, title
from tests.parse.documents import job

CHILD_SECONDS: Final = 6.0
CHILD_MIB: Final = 512
HEALTHZ_SECONDS: Final = 0.100
LATE_SECONDS: Final = 1.0


class Pulse:
    """Asks every 10 ms, each time over a new connection.

    Attributes:
        took: Seconds, each time.
        spent: Of these, CPU of the main thread of `pid`: its event loop, whatever else the machine is busy with.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.took: list[float] = []
        self.spent: list[float] = []
        self._schedstat = Path(f"/proc/{pid}/task/{pid}/schedstat")
        self._address, _, self._path = url.removeprefix("http://").partition("/")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.01):
            asked_at, before = time.monotonic(), self._cpu()
            connection = http.client.HTTPConnection(self._address, timeout=60)
            connection.request("GET", f"/{self._path}")
            connection.getresponse()
            connection.close()
            self.took.append(time.monotonic() - asked_at)
            self.spent.append(self._cpu() - before)

    def _cpu(self) -> float:
        return int(self._schedstat.read_text().split()[0]) / 1e9


@dataclass(slots=True)
class Good:
    """What became of the good sources.

    Attributes:
        asked_late: Seconds from when each was due to its request.
        read_late: Seconds from its request to when its pass had ended, by a watch that looks 4 times a second.
        given: Number of a source → its newest headline at each of its answers.
    """

    asked_late: list[float] = field(default_factory=list)
    read_late: list[float] = field(default_factory=list)
    given: dict[int, list[int]] = field(default_factory=dict)
    _asked: dict[int, list[float]] = field(default_factory=dict)
    _polls: dict[int, int] = field(default_factory=dict)
    _due: dict[int, float] = field(default_factory=dict)

    def ask(self, number: int, at: float, last: int) -> None:
        self._asked.setdefault(number, []).append(at)
        self.given.setdefault(number, []).append(last)
        if due := self._due.pop(number, 0):
            self.asked_late.append(max(0.0, at - due))

    def served(self, sources: Mapping[str, Any]) -> set[str]:
        """Give the titles of all answers that were read to the end, by what the status says."""
        return {
            title(number, each)
            for number, given in self.given.items()
            for last in given[: sources[f"baik-{number}"]["polls"]]
            for each in range(last, last - GOOD_ITEMS, -1)
        }

    def look(self, sources: Mapping[str, Any], now: float) -> None:
        """Compare with what the status says."""
        for name, source in sources.items():
            kind, _, number = name.partition("-")
            if kind != "baik":
                continue
            asked, polls = self._asked.get(int(number), []), source["polls"]
            if polls > self._polls.get(int(number), 0) and len(asked) >= polls:
                self.read_late.append(now - asked[polls - 1])
                self._polls[int(number)] = polls
            if polls == len(asked) and source["next_at"]:
                self._due[int(number)] = datetime.fromisoformat(source["next_at"]).timestamp()


@contextmanager
def publishing(good: int) -> Iterator[tuple[dict[str, Any], Good, list[str]]]:
    """Run the publishers in a process of their own; give what they told first, and collect what they tell on."""
    line = [sys.executable, "-m", "tests.long.poisons", f"{good}"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        told, seen, trespasses = json.loads(process.stdout.readline()), Good(), list[str]()

        def follow(lines: Iterator[str]) -> None:
            for line in lines:
                event = json.loads(line)
                if "canary" in event:
                    trespasses.append(event["canary"])
                else:
                    seen.ask(event["good"], event["at"], event["last"])

        following = threading.Thread(target=follow, args=(process.stdout,))
        following.start()
        try:
            yield told, seen, trespasses
        finally:
            process.stdin.close()
            following.join()


async def alone() -> list[str]:
    """Read each document in a child, one after the other. Give what was broken."""
    broken = []
    print("each document alone:")  # noqa: T201
    async with Sandbox(max_workers=1) as sandbox:
        await sandbox.read(job(b"<rss version='2.0'><channel><title>x</title></channel></rss>"))
        with Children(os.getpid()) as children:
            for name, body in documents("http://127.0.0.1:9/"):
                await asyncio.sleep(PAUSE_SECONDS)
                children.forget()
                began = time.monotonic()
                try:
                    reading = await sandbox.read(job(body))
                    became = f"{len(reading.listing):,} listed, {len(reading.entries):,} read"
                except SourceError as error:
                    became = str(error)
                took = time.monotonic() - began
                await asyncio.sleep(0.05)
                print(f"  {name:<28} {took:5.2f} s {children.peak_mib:4} MiB  {became[:110]}", flush=True)  # noqa: T201
                if took > CHILD_SECONDS or children.peak_mib > CHILD_MIB:
                    broken.append(f"{name}: {took:.1f} s, {children.peak_mib} MiB")
    return broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of a daemon.

    Attributes:
        pulse: Seconds that /healthz took, each time.
        spent: Of these, CPU of the event loop.
        idle: The same of a server that does nothing else.
        good: What became of the good sources.
        sources: As the status told of them last, by name.
        totals: Likewise.
        children: As watched.
        peak_mib: Of the daemon itself.
        health: Its own word.
        log: Whole.
        kept: Titles of headlines in its state.
    """

    pulse: Sequence[float]
    spent: Sequence[float]
    idle: Sequence[float]
    good: Good
    sources: Mapping[str, Any]
    totals: Mapping[str, float]
    children: Children
    peak_mib: int
    health: str
    log: str
    kept: Sequence[str]

    def figures(self) -> dict[str, Sequence[float]]:
        return {
            "a server that does nothing": self.idle,
            "/healthz": self.pulse,
            "of that, the loop at work": self.spent,
            "good, asked late": self.good.asked_late,
            "good, read after": self.good.read_late,
        }

    def print(self) -> None:
        for name, took in self.figures().items():
            print(f"  {name:<28} {_quantiles(took)}")  # noqa: T201
        children, totals = self.children, self.totals
        print(  # noqa: T201
            f"  {children.count} children, the largest with {children.peak_mib} MiB; the daemon with "
            f"{self.peak_mib} MiB, its loop late by {totals['loop_lag_max'] * 1000:.0f} ms at worst; "
            f"{totals['headlines']:,} headlines; "
            f"health: {self.health}"
        )


def watched(folder: Path, told: Mapping[str, Any], good: Good, rows: Sequence[str], minutes: float) -> Seen:
    """Run a daemon on the good sources and on rows of poison, each with an address of its own, as hosts have."""
    port, count = told["port"], told["good"]
    poison = [
        {"name": name, "url": f"http://127.0.2.{number + 1}:{port}/poison/{number}"} for number, name in enumerate(rows)
    ]
    sources = [
        {"name": f"baik-{number}", "url": f"http://127.0.1.{number + 1}:{port}/baik/{number}"}
        for number in range(count)
    ]
    feeds = write_feeds(folder, [*poison, *sources], allow_private=["127.0.0.0/8"])
    with daemon(folder, feeds) as running, publishing(0) as (idle, _, _), Children(running.process.pid) as children:
        nothing = f"http://127.0.0.1:{idle['port']}/healthz"
        pid = running.process.pid
        with Pulse(f"{running.url}/healthz", pid) as pulse, Pulse(nothing, pid) as floor:
            ends = time.monotonic() + minutes * 60
            status, by_name = _look(running, good)
            while time.monotonic() < ends:
                time.sleep(0.25)
                status, by_name = _look(running, good)
        health, peak, log = running.read("/healthz").strip(), _peak_mib(running.process.pid), running.log.read_text()
    with EmbeddedStore(folder / "state") as store:
        kept = [headline.title for headline in store.headlines()]
    return Seen(
        pulse=pulse.took,
        spent=pulse.spent,
        idle=floor.took,
        good=good,
        sources=by_name,
        totals=status["totals"],
        children=children,
        peak_mib=peak,
        health=health,
        log=log,
        kept=kept,
    )


def _look(running: Running, good: Good) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the status, and its sources by name."""
    status = json.loads(running.read("/status.json"))
    by_name = {source["name"]: source for source in status["sources"]}
    good.look(by_name, time.time())
    return status, by_name


def together(minutes: float, count: int) -> list[str]:
    """Have a daemon poll the good sources, and another one all. Give what was broken."""
    with tempfile.TemporaryDirectory() as folder, publishing(count) as (told, good, _):
        print("\nwithout poison:")  # noqa: T201
        without = watched(Path(folder), told, good, (), minutes / 3)
        without.print()
    with tempfile.TemporaryDirectory() as folder, publishing(count) as (told, good, trespasses):
        print("\nall at once:")  # noqa: T201
        seen = watched(Path(folder), told, good, told["rows"], minutes)
        broken = [f"asked for: {each}" for each in trespasses]
        for name in told["rows"]:
            broken += _named(name, seen.sources[name])
        print()  # noqa: T201
        seen.print()
    return [*broken, *_late(seen, without), *_lost(seen)]


def _named(name: str, source: Mapping[str, Any]) -> list[str]:
    """Print what is recorded of a row; give what is wrong with that."""
    wait = 0.0
    if source["next_at"]:
        wait = (datetime.fromisoformat(source["next_at"]) - datetime.now(UTC)).total_seconds()
    became = source["error"] or f"answered {source['answer']}"
    polled = f"{source['polls']} polls, {source['failures']} failures, next in {wait:.0f} s"
    print(f"  {name:<48} {polled:<42} {became[:100]}")  # noqa: T201
    is_named = source["polls"] and (source["error"] or not source["failures"])
    return [] if is_named else [f"{name}: nothing is recorded of it"]


def _late(seen: Seen, without: Seen) -> list[str]:
    limits = {
        "of that, the loop at work": HEALTHZ_SECONDS,
        "/healthz": max(HEALTHZ_SECONDS, 3 * _at(seen.idle, 0.99)),
        "good, asked late": max(LATE_SECONDS, 3 * _at(without.good.asked_late, 0.99)),
        "good, read after": max(LATE_SECONDS, 3 * _at(without.good.read_late, 0.99)),
    }
    figures = seen.figures()
    return [f"{name}: {_quantiles(figures[name])}" for name, most in limits.items() if _at(figures[name], 0.99) >= most]


def _lost(seen: Seen) -> list[str]:
    """Compare what the good sources gave with what was kept; look for faults of ours."""
    kept = [each for each in seen.kept if each.startswith("Kabar ")]
    served = seen.good.served(seen.sources)
    missing, twice = served - set(kept), len(kept) - len(set(kept))
    print(f"  of good sources: {len(served):,} headlines given, {len(missing)} lost, {twice} kept twice")  # noqa: T201
    broken = [f"lost: {each}" for each in sorted(missing)] + ([f"{twice} kept twice"] if twice else [])
    if seen.children.peak_mib > CHILD_MIB:
        broken.append(f"a child: {seen.children.peak_mib} MiB")
    return broken + [
        f"in the log: {line}" for line in seen.log.splitlines() if "Traceback" in line or " ERROR " in line
    ]


def _quantiles(took: Sequence[float]) -> str:
    p50, p99, most = (_at(took, share) * 1000 for share in (0.5, 0.99, 1))
    return f"{len(took):6,}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {most:.0f} ms"


def _at(took: Sequence[float], share: float) -> float:
    return sorted(took)[int(share * (len(took) - 1))] if took else 0.0


def _peak_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) // 1024


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--good", type=int, default=50)
    given = parser.parse_args()
    broken = [*asyncio.run(alone()), *together(given.minutes, given.good)]
    print("\n".join(["", *(f"BROKEN {each}" for each in broken)]) if broken else "\nevery promise was kept")  # noqa: T201
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
