"""What is below a process, watched: how much memory each takes, and how long it is at work."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

PAUSE_SECONDS: Final = 0.3
"""Without CPU: after it, a child is not at it any more."""


@dataclass(slots=True)
class Child:
    """One process below the daemon, as /proc told of it last.

    Attributes:
        peak_mib: Resident.
        ticks: CPU.
        since: When it began to work without a pause.
        seen: When it was last seen to work.
    """

    peak_mib: int = 0
    ticks: int = 0
    since: float = 0.0
    seen: float = 0.0


@dataclass(slots=True)
class Children:
    """Watches what is below a process, every 20 ms.

    Attributes:
        pid: Of the process.
        longest: Seconds that a child worked without a pause.
        peak_mib: Of the largest child.
        count: Of those that were seen.
    """

    pid: int
    longest: float = 0.0
    peak_mib: int = 0
    _known: dict[int, Child] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    @property
    def count(self) -> int:
        return len(self._known)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def forget(self) -> None:
        """Begin again with the figures."""
        self.longest, self.peak_mib = 0.0, 0

    def _run(self) -> None:
        while not self._end.wait(0.02):
            for pid in _below(self.pid):
                self._look(pid)

    def _look(self, pid: int) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        except OSError:  # it has just ended
            return
        now, ticks = time.monotonic(), int(fields[11]) + int(fields[12])
        child = self._known.setdefault(pid, Child(ticks=ticks, since=now))
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
        self.peak_mib = max(self.peak_mib, int(peak.split()[1]) // 1024)
        if ticks > child.ticks:
            if now - child.seen > PAUSE_SECONDS:
                child.since = now
            child.ticks, child.seen = ticks, now
            self.longest = max(self.longest, now - child.since)


def _below(pid: int) -> Iterator[int]:
    """Find the children of a process, and theirs."""
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = tasks.read_text().split()
        except OSError:
            continue
        for each in map(int, found):
            yield each
            yield from _below(each)
