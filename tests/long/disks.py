"""A disk that is full, read-only or broken under a running daemon: `python -m tests.long.disks [SOURCES]`.

`aggregator up` polls publishers that print with nearly every request, its state on a disk of 24 MB that fails for half
a minute, each time in another way. Meanwhile it serves every feed, with nothing that is not committed, and says in
`/healthz`, `/status.json` and the view what is wrong; afterwards it goes on by itself within a minute, and nothing that
was shown is lost. Ends with 1 where that is not so. Linux, as root, with gcc.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.cost import tree_cpu_seconds
from tests.e2e.running import Running, aggregator, daemon, eventually, health
from tests.faults.disk import FAULTS, Disk, full, small_disk
from tests.long.kills import FEEDS, Ledger, Memory

FAULTY_SECONDS: Final = 30.0
MEGABYTES: Final = 24
LIMIT_SECONDS: Final = 60.0
PATHS: Final = (
    *(f"/{slug}.{ending}" for slug in FEEDS for ending in ("rss", "atom", "json")),
    *(f"/{slug}/" for slug in FEEDS),
    "/",
    "/feeds.opml",
    "/sources.opml",
    "/status.atom",
    "/status",
    "/metrics",
)


def seconds_until(condition: Callable[[], object]) -> float:
    began = time.monotonic()
    eventually(lambda: bool(condition()), seconds=120)
    return time.monotonic() - began


def shown(running: Running, memory: Memory) -> int:
    """Read all feeds; count the ids that readers ever saw."""
    for slug in FEEDS:
        memory.feeds[f"/{slug}.json"].read(running.read(f"/{slug}.json").encode(), with_revised=slug == "popular")
    return len(memory.shown("update"))


def suffer(running: Running, folder: Path, origin: Ledger, memory: Memory, fault: AbstractContextManager[None]) -> str:
    """Have the disk fail; give a row of the table."""
    with fault:
        told = seconds_until(lambda: health(running).startswith("degraded: "))
        wrong = health(running).removeprefix("degraded: ").strip()
        cpu, since = tree_cpu_seconds(running.process.pid), time.monotonic()
        read = 0
        while time.monotonic() - since < FAULTY_SECONDS:
            shown(running, memory)
            read += len([running.read(path) for path in PATHS])
            time.sleep(1)
        assert json.loads(running.read("/status.json"))["health"].startswith("degraded: ")
        frame = aggregator("watch", "--once", running.url, cwd=folder)
        assert "degraded: " in frame.stdout, frame
        cpu_share = (tree_cpu_seconds(running.process.pid) - cpu) / (time.monotonic() - since)
        memory.check(folder, origin)  # beside the running daemon: all that is shown is in the files
    lifted, before = time.monotonic(), shown(running, memory)
    well = seconds_until(lambda: health(running) == "ok\n")
    eventually(lambda: shown(running, memory) > before, seconds=120)
    news = time.monotonic() - lifted
    assert max(well, news) < LIMIT_SECONDS, (well, news)
    return f"{told:.1f} | {read} of {read} | {100 * cpu_share:.0f} | {well:.1f} | {news:.1f} | {wrong} |"


@contextmanager
def on_a_small_disk(sources: int) -> Iterator[tuple[Path, Disk, Ledger]]:
    with tempfile.TemporaryDirectory() as name, small_disk(Path(name) / "disk", MEGABYTES) as folder:
        if folder is None or not Disk.is_possible():
            sys.exit("needs Linux, root and gcc")
        (Path(name) / "fault").mkdir()
        with Ledger(sources) as origin:
            yield folder, Disk(Path(name) / "fault", folder / "state"), origin


def run(sources: int, *, tell: Callable[[str], object] = print) -> None:
    """Have the disk fail in each way. Raises AssertionError where a promise is broken."""
    memory = Memory()
    with on_a_small_disk(sources) as (folder, disk, origin):
        feeds = origin.feeds(folder, every="1m")
        with daemon(folder, feeds, env=disk.env) as running:
            eventually(lambda: shown(running, memory) > 20)
            ways = {"full": full(folder), **{fault: disk.failing(fault) for fault in FAULTS}}
            tell("| fault | told after s | documents read | CPU, % of a core | well after s | news after s | told |")
            tell("|---|---|---|---|---|---|---|")
            for name, fault in ways.items():
                tell(f"| {name} | {suffer(running, folder, origin, memory, fault)}")
            log = running.log.read_text(encoding="utf-8")
        assert running.process.returncode == 0
        assert "Traceback" not in log, log
        memory.check(folder, origin)
        tell(f"0 of {len(memory.shown('update')):,} shown lost; {len(memory.ids):,} headlines kept")


def main() -> None:
    """Read the command line."""
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 200, tell=partial(print, flush=True))


if __name__ == "__main__":
    main()
