"""A day in 24 minutes: `python -m tests.long.soak [--minutes 24] [--sources 2000] [--room FOLDER]`; Linux only.

The daemon runs at 60 times the speed of time (fast.py), with sockets, children and a state of its own; what it keeps
for days it keeps for hours, and a month takes an hour, so that within the day all that grows by design has stopped
growing. 2,000 sources (town.py) are asked every 15 minutes of its time; one in a hundred is poison for an hour in four;
readers come and go, and listen; twice feeds.yaml is edited.

Each line is an hour. Then the promises, with their figures; the exit code is 1 if one is broken:
memory in use, after the sixth hour, grows by less than 1 MB a day beside what is kept (what the allocator keeps for the
next burst is shown); descriptors, tasks and threads do not; the journal is compacted; nobody is late by more than an
interval, nor given up; nothing is lost, nor told twice.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median
from subprocess import PIPE, Popen
from typing import IO, Any, Final, TypeAlias

from aggregator.store.embedded import EmbeddedStore
from benchmarks.cost import descendants, pss_bytes, tree_cpu_seconds
from benchmarks.origin import WORDS
from tests.long.audience import Audience, ask
from tests.long.fast import Fast
from tests.long.town import address, kind_of

SPEED: Final = 60.0
HOUR: Final = 3_600.0
EVERY_SECONDS: Final = 900.0
SETTLED_HOURS: Final = 6.0
SHORTEST_HOURS: Final = 4
GUESTS: Final = 20  # sources that are taken out of feeds.yaml for some hours, and come back
EDITED_HOURS: Final = 9.0
MOST_GROWTH: Final = 1.0  # MB a day
TOLD_LATER: Final = 0  # the last publishing of a daemon that stops tells everything
Row: TypeAlias = dict[str, Any]
Verdict: TypeAlias = tuple[bool, str]
"""Whether a promise is kept, and the figures."""


@contextmanager
def started(*line: str, log: Path) -> Iterator["Popen[str]"]:
    """Run a module of ours, and end it."""
    with log.open("w") as told, Popen([sys.executable, "-m", *line], stdout=PIPE, stderr=told, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def tell(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201


def out(process: "Popen[str]") -> IO[str]:
    """Give what a process tells."""
    assert process.stdout is not None
    return process.stdout


def write_feeds(path: Path, sources: Iterable[int], port: int, *, edition: int) -> None:
    """Write feeds.yaml; JSON is YAML."""
    every = {"every": "15m"}
    listed = [
        {"name": f"Outlet {n}", "url": f"http://{address(n)}:{port}/{n}", "topics": [f"beat-{n % 10}"], **every}
        for n in sources
    ]
    words = [WORDS[place * 40 + edition] for place in range(8)]
    feeds = {
        "site": {"title": "Kabar", "language": "id", "timezone": "Asia/Jakarta"},
        "keep": "1d",
        "archive": "3 months",
        "poll": {"every": "15m", "at_once": 32, "host_gap": "0s", "allow_private": ["127.0.0.0/8"]},
        "sources": listed,
        "topics": [{"slug": f"word-{place}", "title": word, "match": word} for place, word in enumerate(words)],
    }
    path.write_text(json.dumps(feeds))


@dataclass(slots=True, kw_only=True)
class Told:
    """What the archives of `update` hold, or held: (outlet, link) → the items that told it."""

    folder: Path
    items: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    read: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """Read on."""
        for path in sorted(self.folder.glob("*.jsonl")):
            at = self.read.get(path.name, 0)
            try:
                with path.open("rb") as file:
                    file.seek(at)
                    lines = file.read()
            except FileNotFoundError:  # it was pruned
                continue
            whole = lines[: lines.rfind(b"\n") + 1]
            self.read[path.name] = at + len(whole)
            for line in whole.splitlines():
                told = json.loads(line)
                for telling in told.get("item", {}).get("tellings", ()):
                    self.items[telling["outlet"], telling["url"]].add(told["id"].removeprefix("urn:uuid:"))


def sample(pid: int, state: Path) -> Row:
    """Look at a daemon from outside."""
    children = list(descendants(pid))
    files = [path.stat() for path in state.rglob("*") if path.is_file()]
    journal = [path.stat().st_size for path in state.glob("journal.*")]
    return {
        "pss": pss_bytes(pid) / 1e6,
        "cpu": tree_cpu_seconds(pid),
        "children": sum(map(pss_bytes, children)) / 1e6,
        "processes": len(children),
        "fds": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "state": sum(each.st_size for each in files) / 1e6,
        "files": len(files),
        "journal": max(journal, default=0) / 1e6,
    }


async def watch(daemon: "Popen[str]", state: Path, clock: Fast, hours: float, raw: IO[str], told: Told) -> list[Row]:
    """Take a row each second until the day is over."""
    rows: list[Row] = []
    while clock.seconds < hours * HOUR:
        line = await asyncio.to_thread(out(daemon).readline)
        assert line, "the daemon ended"
        row = json.loads(line)
        if "living" not in row:
            row |= await asyncio.to_thread(_looked_at, daemon.pid, state, told)
            if rows and row["seconds"] // HOUR != rows[-1]["seconds"] // HOUR:
                print_hour([each for each in rows if each["seconds"] // HOUR == rows[-1]["seconds"] // HOUR])
            rows.append(row)
        raw.write(json.dumps(row) + "\n")
    return rows


def _looked_at(pid: int, state: Path, told: Told) -> Row:
    told.look()
    try:
        return sample(pid, state)
    except FileNotFoundError:  # a file went while we looked
        return sample(pid, state)


def print_heading() -> None:
    names = "hour, MB in use, MB, children MB, descriptors, tasks, threads, kept, stories, journal MB, state MB, files"
    more = "polls, CPU % of a core, p99 late s, most late s, lag p99 ms, longest ms"
    columns = [*names.split(", "), *more.split(", ")]
    tell(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")


def print_hour(rows: Sequence[Row]) -> None:
    def middle(name: str) -> float:
        return float(median(row[name] for row in rows))

    cells = (
        f"{rows[0]['seconds'] // HOUR + 1:.0f}",
        *(f"{middle(name):.1f}" for name in ("in use", "pss", "children")),
        *(f"{middle(name):.0f}" for name in ("fds", "tasks", "threads", "headlines", "stories")),
        f"{max(row['journal'] for row in rows):.1f}",
        f"{middle('state'):.1f}",
        f"{middle('files'):.0f}",
        f"{rows[-1]['polls'] - rows[0]['polls']}",
        f"{100 * SPEED * (rows[-1]['cpu'] - rows[0]['cpu']) / max(rows[-1]['seconds'] - rows[0]['seconds'], 1):.0f}",
        f"{median(row['late'][2] for row in rows):.0f}",
        f"{max(row['late'][3] for row in rows):.0f}",
        f"{1000 * median(row['lag'][0] for row in rows):.0f}",
        f"{1000 * max(row['lag'][1] for row in rows):.0f}",
    )
    tell(f"| {' | '.join(cells)} |")


def hourly(rows: Sequence[Row], name: str) -> list[float]:
    """Give the medians of the hours, from when all that is kept for a time has been forgotten once."""
    by_hour = defaultdict[int, list[float]](list)
    for row in rows:
        if row["seconds"] >= SETTLED_HOURS * HOUR:
            by_hour[int(row["seconds"] // HOUR)].append(row[name])
    return [median(each) for each in by_hour.values()]


def growth(values: Sequence[float], beside: Sequence[float] = ()) -> float:
    """Give by how much something grows in 24 hours, once `beside` has explained what it can (least squares)."""
    hours: Sequence[float] = range(len(values))
    if beside and len(set(beside)) > 1:
        values, hours = _rest(values, beside), _rest(hours, beside)
    return 24 * linear_regression(hours, values).slope


def _rest(values: Sequence[float], beside: Sequence[float]) -> list[float]:
    line = linear_regression(beside, values)
    return [value - line.slope * other - line.intercept for value, other in zip(values, beside, strict=True)]


def judge_growth(rows: Sequence[Row]) -> Iterator[Verdict]:
    kept, used, memory = (hourly(rows, name) for name in ("headlines", "in use", "pss"))
    if len(kept) < SHORTEST_HOURS:
        yield True, "too short to tell what grows"
        return
    beside = growth(used, kept)
    yield (
        beside < MOST_GROWTH,
        (
            f"memory in use, {used[0]:.0f} MB, grows by {beside:+.2f} MB a day beside what is kept, with it by "
            f"{growth(used):+.2f}; what the system gives for it, {memory[0]:.0f} MB, by {growth(memory, kept):+.2f}"
        ),
    )
    for name, most in (("fds", 10.0), ("tasks", 10.0), ("threads", 2.0), ("processes", 1.0)):
        values = hourly(rows, name)
        yield growth(values) < most, f"{name} grow by {growth(values):+.1f} a day, from {values[0]:.0f}"
    for name in ("pss", "journal", "state", "files", "children"):
        values = hourly(rows, name)
        highest = [max(part) for part in (values[: len(values) // 2], values[len(values) // 2 :])]
        yield highest[1] < 1.25 * highest[0], f"{name}: at most {highest[0]:.0f}, and then {highest[1]:.0f}"


def judge_punctuality(rows: Sequence[Row], asked: Sequence[Sequence[float]], poison: int) -> Iterator[Verdict]:
    """Judge by the daemon's own figures, and by what those publishers saw who mean no harm.

    A pass that is silent for a minute of ours has lasted for an hour.
    """
    p99 = median(row["late"][2] for row in rows if row["seconds"] >= SETTLED_HOURS * HOUR)
    yield p99 < EVERY_SECONDS, f"lateness p99: {p99:.0f} s; an interval is {EVERY_SECONDS:.0f} s"
    good = [n for n in range(GUESTS, len(asked)) if not kind_of(n, poison).startswith("poison")]
    gaps = [after - before for n in good for before, after in zip(asked[n], asked[n][1:], strict=False)]
    longest = 1.1 * EVERY_SECONDS + EVERY_SECONDS
    late = sum(gap > longest for gap in gaps)
    yield (
        late == 0,
        f"of {len(gaps):,} pauses between two questions {late} were too long; the longest {max(gaps):.0f} s",
    )
    early = sum(gap < EVERY_SECONDS - SPEED for gap in gaps)  # a second of the machine: requests wait for a place
    yield early == 0, f"{early} were too short; the shortest {min(gaps):.0f} s"


def judge_end(room: Path, told: Told, ledger: Iterable[tuple[int, str, float]], last: float) -> Iterator[Verdict]:
    """Judge what is left, and what was told, by the publishers' ledger."""
    with EmbeddedStore(room / "state", read_only=True) as store:
        kept = list(store.headlines())
        parked = [id_ for id_ in store.sources() if (standing := store.standing(id_)) and standing.parked]
        without = [id_ for id_ in store.sources() if store.due(id_) is None]
    yield not parked + without, f"{len(parked)} parked, {len(without)} without an appointment"
    committed = defaultdict[tuple[str, str], set[str]](set)
    stories = dict[tuple[str, str], str]()
    lines = [json.loads(line) for line in (room / "committed.jsonl").read_text().splitlines()]
    dissolved = {line[0] for line in lines if len(line) == 2}
    for id_, source, link, story, untold in (line for line in lines if len(line) > 2):
        key = (f"Outlet {source.rpartition('/')[2]}", link)
        committed[key].add(id_)
        if not untold:
            stories[key] = story
    due = {(f"Outlet {number}", link) for number, link, at in ledger if at < last - 2 * EVERY_SECONDS}
    lost = due - committed.keys()
    yield not lost, f"of {len(due):,} entries that were handed out {len(lost)} were lost {sorted(lost)[:3]}"
    again = [key for key, ids in committed.items() if len(ids) > 1]
    yield not again, f"of {len(committed):,} committed headlines {len(again)} came again as another {again[:3]}"
    items = {id_ for ids in told.items.values() for id_ in ids}  # of a sealed month no item is told anew
    untold_keys = [key for key, story in stories.items() if key not in told.items and story not in items]
    yield len(untold_keys) <= TOLD_LATER, f"{len(untold_keys)} of {len(stories):,} are not in the archives yet"
    twice = {key: ids - dissolved for key, ids in told.items.items() if len(ids - dissolved) > 1}
    yield not twice, f"{len(twice)} were told twice {list(twice.items())[:3]}; {len(dissolved)} stories became others'"
    links = Counter((each.source, each.url) for each in kept)
    doubled = [key for key, count in links.items() if count > 1]
    yield not doubled, f"{len(doubled)} of {len(kept):,} kept headlines are kept twice {doubled[:3]}"
    revised = Counter(len(each.revisions) for each in kept)
    yield max(revised, default=0) < 3, f"revisions of a headline: {dict(sorted(revised.items()))}"


def keep(room: Path, seen: Row) -> None:
    """Keep what publishers saw beside the other samples."""
    (room / "seen.json").write_text(json.dumps(seen))


def raw_file(room: Path) -> IO[str]:
    """Open the file where every sample goes, as lines of JSON."""
    return (room / "raw.jsonl").open("w")


def print_census(room: Path) -> None:
    """Print what the daemon logged, and what grew, of containers and of objects, from the first census to the last."""
    log = Counter(line.split(": ", 1)[-1] for line in (room / "daemon.log").read_text().splitlines())
    tell("\nlogged:", *(f"\n  {count:8} {line[:150]}" for line, count in log.most_common(12)))
    censuses = [row for row in map(json.loads, (room / "raw.jsonl").read_text().splitlines()) if "living" in row]
    if not censuses:
        return
    for name in ("held", "living"):
        first, last = (Counter[str](censuses[place][name]) for place in (0, -1))
        grown = [(count - first[key], key, first[key], count) for key, count in last.items() if count > first[key]]
        tell(f"\nmost grown, {name}, from hour {censuses[0]['hour']} to {censuses[-1]['hour']}:")
        for more, key, before, after in sorted(grown, reverse=True)[:25]:
            tell(f"  {more:+8}  {before:8} → {after:8}  {key}")


async def soak(given: argparse.Namespace, room: Path) -> bool:
    clock = Fast(speed=SPEED, began=time.monotonic())
    hours, feeds, state = given.minutes / 60 * SPEED, room / "feeds.yaml", room / "state"
    numbers, told = range(given.sources), Told(folder=state / "archive" / "update")
    place = (f"{SPEED}", f"{clock.began}")
    poison = f"--poison={given.poison}"
    with started("tests.long.town", *place, f"{given.sources}", poison, log=room / "town.log") as town:
        port = json.loads(out(town).readline())["port"]
        write_feeds(feeds, numbers, port, edition=0)
        options = ("forgetful", *(["traced"] if given.traced else []))
        line = ("tests.long.fast", str(feeds), str(state), *place, *options)
        with started(*line, log=room / "daemon.log") as daemon, raw_file(room) as raw:
            url = json.loads(out(daemon).readline())["url"]
            audience = Audience(url)

            async def edit() -> None:
                for edition in range(1, 1_000):
                    await asyncio.sleep(EDITED_HOURS * HOUR / SPEED)
                    write_feeds(feeds, numbers[GUESTS * (edition % 2) :], port, edition=edition)
                    audience.reload(daemon.pid)

            beside = [asyncio.create_task(work) for work in (edit(), audience.listen(), audience.read())]
            print_heading()
            rows = await watch(daemon, state, clock, hours, raw, told)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            last = clock.seconds
            await asyncio.sleep(2)
        told.look()
        asked = (await ask(f"http://127.0.0.1:{port}/asked"))["asked"]
        ledger = await ask(f"http://127.0.0.1:{port}/ledger")
        keep(room, {"asked": asked, "ledger": ledger, "last": last})
    print_census(room)
    tell(f"\nreaders: {audience.figures}")
    verdicts = [*judge_growth(rows), *judge_punctuality(rows, asked, given.poison)]
    verdicts += judge_end(room, told, ledger, last)
    return report(verdicts)


def report(verdicts: Sequence[Verdict]) -> bool:
    """Print how it went; say whether all promises are kept."""
    for kept, words in verdicts:
        tell(f"{'kept  ' if kept else 'BROKEN'} {words}")
    return all(kept for kept, _ in verdicts)


def main() -> None:
    """Read the command line."""
    arguments = argparse.ArgumentParser(description="An accelerated day.")
    arguments.add_argument("--minutes", type=float, default=24.0)
    arguments.add_argument("--sources", type=int, default=2_000)
    arguments.add_argument("--poison", type=int, default=1, help="per cent of the sources")
    arguments.add_argument("--room", default="", help="an empty folder; what is there stays there")
    arguments.add_argument("--traced", action="store_true", help="with tracemalloc, which slows everything down")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if asyncio.run(soak(given, Path(given.room or folder))) else 1)


if __name__ == "__main__":
    main()
