"""Cold, all-304 and 10 %-changed passes of `aggregator once`, beside other programs and beside the limit.

    python -m benchmarks.passes                          1,000 sources of 30 entries, 3 rounds
    python -m benchmarks.passes --sources 100 --rounds 1 --without reader --without newsboat
    python -m benchmarks.passes --latency-ms 50          every answer comes 50 ms late: see the last column

Everybody asks the same loopback origin, one after the other, in the same round; the table shows medians of the rounds.
`bare loop` is the limit: aiohttp asks every URL with our request headers, and keeps nothing. PyPI `reader` is installed
into a virtualenv of its own under --cache at the first run. newsboat and sfeed take part where they are installed.
A pass that did not ask every source, or got another number of 304s than it should, ends the run.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias
from urllib.request import Request, urlopen

from aggregator.fetch.conditional import request_headers
from aggregator.source import Validators
from benchmarks.cost import Cost, cost_of

HERE: Final = Path(__file__).parent
CACHE: Final = Path("~/.cache/headline-aggregator-benchmarks").expanduser()
PASSES: Final = ("cold", "all 304", "10 % changed")
CHANGED_PERCENT: Final = 10
READER: Final = "reader==3.26"
AIMS: Final = {  # issue 3: CPU against reader, CPU against the bare loop, wall against reader, against the bare loop
    "cold": (0.5, None, 0.35, None),
    "all 304": (0.28, 2.3, None, None),
    "10 % changed": (0.33, 4.0, None, None),
}
LATE_AIM: Final = 1.3  # wall of "all 304" against the bare loop, where answers come late

Command: TypeAlias = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A program that is measured.

    Attributes:
        name: For the table.
        command: One pass.
        before: Run once before the first pass, unmeasured.
        after: Run after each pass, unmeasured.
        conditional: It asks with validators: the all-304 pass must bring 304s only. Else it may get any number.
    """

    name: str
    command: Command
    before: tuple[Command, ...] = ()
    after: tuple[Command, ...] = ()
    conditional: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The publisher, running in a process of its own."""

    base_url: str
    feeds: int

    @property
    def urls(self) -> list[str]:
        """Every feed."""
        return [f"{self.base_url}/feed/{number}.rss" for number in range(self.feeds)]

    def stats(self) -> dict[str, int]:
        """Count what was asked so far."""
        with urlopen(f"{self.base_url}/stats") as answer:
            counts: dict[str, int] = json.load(answer)
            return counts

    def advance(self, percent: int) -> int:
        """Have some feeds publish; give how many did."""
        with urlopen(Request(f"{self.base_url}/advance?pct={percent}", method="POST")) as answer:
            return int(json.load(answer)["advanced"])


@contextmanager
def running_origin(feeds: int, entries: int, *, latency_ms: float = 0) -> Iterator[Origin]:
    options = {"--feeds": feeds, "--entries": entries, "--latency-ms": latency_ms}
    command = [sys.executable, str(HERE / "origin.py"), *(f"{part}" for pair in options.items() for part in pair)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Origin(base_url=process.stdout.readline().strip(), feeds=feeds)
        finally:
            process.terminate()


def write_feeds(urls: Sequence[str], room: Path, *, every: str | None = None) -> Path:
    """Write a feeds.yaml that leaves nothing to the pace: everything is on one host."""
    lines = ["poll: {per_host: 32, host_gap: 0s, allow_private: [127.0.0.0/8]}", "sources:"]
    fixed = "" if every is None else f", every: {every}"
    lines += [f'  - {{name: Feed {number}, url: "{url}"{fixed}}}' for number, url in enumerate(urls)]
    feeds = room / "feeds.yaml"
    feeds.write_text("\n".join(lines))
    return feeds


def aggregator(origin: Origin, room: Path) -> Contender:
    feeds = write_feeds(origin.urls, room)
    command = (
        sys.executable,
        "-m",
        "aggregator",
        "once",
        "--all",
        "--feeds",
        str(feeds),
        "--state",
        str(room / "state"),
    )
    compiled = (sys.executable, "-m", "compileall", "-q", str(HERE.parent / "aggregator"))  # as an installed one is
    return Contender(name="aggregator once", command=command, before=(compiled,))


def bare_loop(origin: Origin, room: Path) -> Contender:
    requests = room / "requests.json"
    requests.write_text(json.dumps([(url, request_headers(Validators())) for url in origin.urls]))
    command = (sys.executable, str(HERE / "bare_loop.py"), str(requests))
    return Contender(name="bare loop", command=command, after=((*command, "--note"),))


def reader(origin: Origin, room: Path, *, cache: Path, workers: int) -> Contender:
    python = _reader_python(cache)
    urls = room / "urls.json"
    urls.write_text(json.dumps(origin.urls))
    command = (str(python), str(HERE / "reader_pass.py"), str(room / "reader.sqlite"), str(workers))
    return Contender(name=READER, command=command, before=((*command, str(urls)),))


def _reader_python(cache: Path) -> Path:
    environment = cache / READER.replace("==", "-")
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", READER, "sgmllib3k"], check=True)
    return python


def newsboat(origin: Origin, room: Path) -> Contender:
    (room / "urls").write_text("\n".join(origin.urls))
    (room / "config").write_text("reload-threads 8\nmax-items 0\n")
    files = {"-u": "urls", "-C": "config", "-c": "cache.db"}
    options = [part for option, name in files.items() for part in (option, str(room / name))]
    return Contender(name="newsboat", command=("newsboat", *options, "-x", "reload"), conditional=False)


def sfeed(origin: Origin, room: Path) -> Contender:
    feeds = "\n".join(f'\tfeed "feed {number}" "{url}"' for number, url in enumerate(origin.urls))
    (room / "sfeedrc").write_text(f'sfeedpath="{room}/feeds"\nmaxjobs=32\nfeeds() {{\n{feeds}\n}}\n')
    return Contender(name="sfeed", command=("sfeed_update", str(room / "sfeedrc")), conditional=False)


Costs: TypeAlias = dict[tuple[str, str], list[Cost]]  # (contender, pass) → one a round


def run_round(origin: Origin, contenders: Sequence[Contender], room: Path, costs: Costs) -> None:
    """Give every contender a cold pass, then one without news, then one with some."""
    for contender in contenders:
        for command in contender.before:
            cost_of(command, cwd=room)
    changed = {"cold": origin.feeds, "all 304": 0}
    for name in PASSES:
        changed.setdefault(name, 0)
        if name == PASSES[-1]:
            changed[name] = origin.advance(CHANGED_PERCENT)
        for contender in contenders:
            _progress(f"{name}: {contender.name}")
            costs[contender.name, name].append(_pass(origin, contender, changed[name], room))


def _pass(origin: Origin, contender: Contender, changed: int, room: Path) -> Cost:
    before = origin.stats()
    cost, _ = cost_of(contender.command, cwd=room)
    after = origin.stats()
    asked = after["requests"] - before["requests"] - 1  # the first question for the stats
    unchanged = after["not_modified"] - before["not_modified"]
    expected = origin.feeds - changed if contender.conditional else unchanged
    if (asked, unchanged) != (origin.feeds, expected):
        sys.exit(f"{contender.name}: {asked} requests with {unchanged} 304s, not {origin.feeds} with {expected}")
    for command in contender.after:
        cost_of(command, cwd=room)
    return cost


def print_table(costs: Costs, names: Sequence[str], *, late: bool) -> None:
    heading = "CPU s | wall s | peak MB | CPU / reader | CPU / bare loop | wall / reader | wall / bare loop"
    print(f"| pass | program | {heading} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in PASSES:
        for contender in names:
            cost = median(costs[contender, name])
            against_reader = _ratio(cost, costs.get((READER, name)))
            against_limit = _ratio(cost, costs.get(("bare loop", name)))
            print(
                f"| {name} | {contender} | {cost.cpu_seconds:.2f} | {cost.wall_seconds:.2f} "
                f"| {cost.peak_bytes / 1e6:.0f} | {against_reader[0]} | {against_limit[0]} "
                f"| {against_reader[1]} | {against_limit[1]} |"
            )
        figures = (*AIMS[name][:3], LATE_AIM) if late and name == "all 304" else AIMS[name]
        aims = ("–" if aim is None else f"≤ {aim:g}×" for aim in figures)
        print(f"| {name} | *aim (issue 3)* | | | 250 | {' | '.join(aims)} |")


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        cpu_seconds=statistics.median(cost.cpu_seconds for cost in costs),
        wall_seconds=statistics.median(cost.wall_seconds for cost in costs),
        peak_bytes=max(cost.peak_bytes for cost in costs),
    )


def _ratio(cost: Cost, others: list[Cost] | None) -> tuple[str, str]:
    """Give CPU and wall as multiples of another's median."""
    if not others:
        return "", ""
    other = median(others)
    return f"{cost.cpu_seconds / other.cpu_seconds:.2f}×", f"{cost.wall_seconds / other.wall_seconds:.2f}×"


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="\n" if not text else "", file=sys.stderr, flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description="What a pass costs, beside others and beside the limit.")
    arguments.add_argument("--sources", type=int, default=1_000)
    arguments.add_argument("--entries", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--workers", type=int, default=8, help="threads of reader (default: 8)")
    arguments.add_argument("--without", action="append", default=[], choices=["reader", "newsboat", "sfeed"])
    arguments.add_argument("--cache", type=Path, default=CACHE, help=f"where reader is installed (default: {CACHE})")
    arguments.add_argument("--latency-ms", type=float, default=0.0, help="before each answer (default: 0)")
    given = arguments.parse_args()
    costs: Costs = defaultdict(list)
    names: list[str] = []
    for _ in range(given.rounds):
        origin_of = running_origin(given.sources, given.entries, latency_ms=given.latency_ms)
        with origin_of as origin, tempfile.TemporaryDirectory() as folder:
            room = Path(folder)
            contenders = [aggregator(origin, room), bare_loop(origin, room)]
            if "reader" not in given.without:
                contenders.append(reader(origin, room, cache=given.cache, workers=given.workers))
            if "newsboat" not in given.without and shutil.which("newsboat"):
                contenders.append(newsboat(origin, room))
            if "sfeed" not in given.without and shutil.which("sfeed_update"):
                contenders.append(sfeed(origin, room))
            names = [contender.name for contender in contenders]
            run_round(origin, contenders, room, costs)
    _progress("")
    print_table(costs, names, late=given.latency_ms > 0)


if __name__ == "__main__":
    main()
