"""The daemon where memory is short: `python -m tests.long.memory [--mib 256] [--sources 10000] [--minutes 5]`.

`aggregator up` on 10,000 sources with `RLIMIT_AS` of 256 MiB, for itself and its children, and all poison among them
(tests/long/poisons.py). It is given one arena of malloc, and threads with stacks of 1 MiB: otherwise each maps some 70
MiB that it never touches, and address space is all that is bounded here. It is to go on: every source asked, every
headline kept, and only children die. Printed: the most it had resident and mapped, how many children there were, and
what it said of memory. The exit code is 1 where it ended, said of a fault of ours, lost a headline, left a source
unasked, or grew beyond what it was given. For Linux: it reads /proc.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aggregator.store.embedded import EmbeddedStore
from tests.e2e.running import Running, daemon, write_feeds
from tests.long.children import Children
from tests.long.poison import publishing

_NAMED: Final = ("VmHWM", "VmPeak")
_STACK_BYTES: Final = 1 << 20  # of a thread; 8 MiB otherwise
_ENV: Final = {
    "MALLOC_ARENA_MAX": "1",  # of glibc's malloc: each maps 64 MiB, one a thread
    "PYTHONFAULTHANDLER": "1",  # whatever ends it, we are told where it was
}


@contextmanager
def little(mib: int) -> Iterator[None]:
    """Have what is started in here inherit the limit, and threads that map no more than they use."""
    limits = {resource.RLIMIT_AS: mib << 20, resource.RLIMIT_STACK: _STACK_BYTES}
    before = {limit: resource.getrlimit(limit) for limit in limits}
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, before[limit][1]))
    try:
        yield
    finally:
        for limit, both in before.items():
            resource.setrlimit(limit, both)


def _peaks(pid: int) -> dict[str, int]:
    """Tell the most that a process had resident and mapped, in MiB."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(fields[name].split()[0]) // 1024 for name in _NAMED if name in fields}


def run(mib: int, count: int, minutes: float) -> list[str]:
    """Run it. Give what was broken."""
    with tempfile.TemporaryDirectory() as given, publishing(count) as (told, good, trespasses):
        folder, port = Path(given), told["port"]
        poison = [
            {"name": name, "url": f"http://127.0.2.{number + 1}:{port}/poison/{number}"}
            for number, name in enumerate(told["rows"])
        ]
        sources = [
            {
                "name": f"baik-{number}",
                "url": f"http://127.1.{number // 250}.{number % 250 + 1}:{port}/baik/{number}",
            }
            for number in range(count)
        ]
        feeds = write_feeds(folder, [*poison, *sources], allow_private=["127.0.0.0/8"], every="30m")
        with little(mib):
            starting = daemon(folder, feeds, env=_ENV)
            running = starting.__enter__()
        try:
            with Children(running.process.pid) as children:
                peaks, status = _watch(running, minutes)
            died = running.process.poll()
            running.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(120)
            has_ended = running.process.poll() is not None
            if not has_ended:
                running.process.send_signal(signal.SIGABRT)
        finally:
            starting.__exit__(None, None, None)
        log = running.log.read_text()
        with EmbeddedStore(folder / "state") as store:
            kept = {headline.title for headline in store.headlines()}
    served, answered = good.served(status), sum(source["polls"] > 0 for source in status.values())
    lost = served - kept
    said = sorted({line.split(" ", 3)[-1][:120] for line in log.splitlines() if "emory" in line})
    print(  # noqa: T201
        f"{mib} MiB of address space, {count:,} good sources and {len(told['rows'])} of poison, {minutes:g} minutes:\n"
        f"  resident {peaks['VmHWM']} MiB and mapped {peaks['VmPeak']} MiB at most; {children.count} children, the "
        f"largest with {children.peak_mib} MiB\n"
        f"  {answered:,} sources asked; {len(served):,} headlines given, {len(lost)} lost"
    )
    print("\n".join(f"  said: {each}" for each in said[:12]))  # noqa: T201
    broken = [f"it ended: {died}: {log[-2000:]}"] if died is not None else []
    broken += [] if has_ended else [f"it did not end when it was told to: {log[-6000:]}"]
    broken += [f"in the log: {line}" for line in log.splitlines() if "Traceback" in line or " ERROR " in line][:20]
    broken += [f"lost: {each}" for each in sorted(lost)[:10]] + [f"asked for: {each}" for each in trespasses]
    broken += [f"only {answered:,} were asked"] if answered < count + len(told["rows"]) else []
    return broken + ([f"resident {peaks['VmHWM']} MiB"] if peaks["VmHWM"] > mib else [])


def _watch(running: Running, minutes: float) -> tuple[dict[str, int], dict[str, Any]]:
    """Wait so long; give the most that was used, and each source as the status told of it last, by name."""
    ends, peaks, status = time.monotonic() + minutes * 60, dict.fromkeys(_NAMED, 0), dict[str, Any]()
    while time.monotonic() < ends and running.process.poll() is None:
        time.sleep(5)
        peaks |= _peaks(running.process.pid)
        with suppress(OSError):  # it has just ended
            told = json.loads(running.read("/status.json"))["sources"]
            status = {source["name"]: source for source in told}
    return peaks, status


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=5.0)
    given = parser.parse_args()
    if not Path(f"/proc/{os.getpid()}/status").exists():
        print("no /proc here")  # noqa: T201
        return 0
    broken = run(given.mib, given.sources, given.minutes)
    print("\n".join(["", *(f"BROKEN {each}" for each in broken)]) if broken else "\nevery promise was kept")  # noqa: T201
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
