"""What a command costs with all its children and grandchildren; Linux only.

    python benchmarks/cost.py COMMAND ARGUMENT…

prints one line of JSON after the command's own output. Orphans (a forkserver, a resource tracker) come back to this
process, which is their subreaper, so that the kernel's own account of the CPU is complete. Memory is sampled.
"""

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
_SAMPLED_EVERY_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command cost.

    Attributes:
        cpu_seconds: User and system time of every process of the tree.
        wall_seconds: Until the command itself ended.
        peak_bytes: The largest sum of the tree's proportional set sizes (Pss) that was seen.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


class CommandFailedError(Exception):
    """A command that is measured must succeed; the text is what it said."""


def cost_of(command: Sequence[str], *, cwd: Path) -> tuple[Cost, str]:
    """Run a command and give its cost, and what it printed."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, __file__, *command],
        cwd=cwd,
        env=compiled,
        capture_output=True,
        text=True,
        check=False,
        timeout=1_800,
    )
    if done.returncode:
        raise CommandFailedError(f"{' '.join(command)}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    printed, _, last = done.stdout.rstrip("\n").rpartition("\n")
    return Cost(**json.loads(last)), printed


def _measure(command: Sequence[str]) -> tuple[int, Cost]:
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl: this kernel knows no subreapers")
    peak = _Peak()
    started = time.monotonic()
    child = subprocess.Popen(command)
    peak.start()
    status, cpu_seconds, ended = 0, 0.0, started
    with suppress(ChildProcessError):  # none is left
        while True:
            pid, exit_status, usage = os.wait3(0)
            cpu_seconds += usage.ru_utime + usage.ru_stime
            if pid == child.pid:
                status, ended = os.waitstatus_to_exitcode(exit_status), time.monotonic()
    return status, Cost(cpu_seconds=cpu_seconds, wall_seconds=ended - started, peak_bytes=peak.stop())


class _Peak:
    """Watches the memory of all our descendants."""

    def __init__(self) -> None:
        self._bytes = 0
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self.start = self._thread.start

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self._bytes

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLED_EVERY_SECONDS):
            self._bytes = max(self._bytes, sum(map(pss_bytes, descendants(os.getpid()))))


def tree_cpu_seconds(pid: int) -> float:
    """Give the CPU that a running process and its descendants took so far, those that ended among them."""
    ticks = 0
    for each in (pid, *descendants(pid)):
        with suppress(OSError):  # it has ended
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def tree_bytes(pid: int) -> int:
    """Give the sum of the proportional set sizes of a running process and its descendants."""
    return sum(map(pss_bytes, (pid, *descendants(pid))))


def descendants(ancestor: int) -> Iterable[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = {ancestor}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {ancestor}


def pss_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    status, cost = _measure(sys.argv[1:])
    print(json.dumps(asdict(cost)), flush=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
