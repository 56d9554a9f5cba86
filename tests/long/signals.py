"""SIGTERM at every point of a daemon's life: `python -m tests.long.signals [LIVES [CALLS]]`.

A daemon in a hurry starts, makes its first passes, polls, begins generations, publishes, and reads a feeds.yaml that
was edited. Before the n-th call that changes its state/, it gets a signal: SIGTERM, SIGINT, or SIGTERM twice; in every
fourth life a hundred SIGHUPs a second come besides. The lives take n from 1 to CALLS, evenly, in no order. Each ends
within five seconds, with 0 and without a traceback, and what it leaves holds all that was shown. Ends with 1 where that
is not so. Linux, with gcc.
"""

import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.hasty import hasty
from tests.faults.disk import Disk
from tests.long.kills import Ledger, Memory

LIVES: Final = 100
CALLS: Final = 500
SOURCES: Final = 6
LIMIT_SECONDS: Final = 5.0
LIFE_SECONDS: Final = 12.0  # then it is told from outside: it did not make so many calls
WAYS: Final = (
    (signal.SIGTERM,),
    (signal.SIGINT,),
    (signal.SIGTERM, signal.SIGTERM),
    (signal.SIGTERM,),
)


@dataclass(slots=True)
class Ends:
    """How lives ended.

    Attributes:
        seconds: From the first signal to the end of the process.
        before: How far each had come: "starting", "serving".
    """

    seconds: list[float] = field(default_factory=list)
    before: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        p50, slowest = statistics.median(self.seconds), max(self.seconds)
        return f"{len(self.seconds)} ended with 0, p50 {p50:.2f} s, max {slowest:.2f} s; signalled: {dict(self.before)}"


def is_there(process: subprocess.Popen[bytes], state: Path) -> bool:
    """Say whether a process owns a state: the interpreter, before it runs a line of ours, answers no signal."""
    lock = state / "lock"
    return lock.exists() and lock.read_text(encoding="ascii").strip() == f"{process.pid}"


@contextmanager
def storm(process: subprocess.Popen[bytes], state: Path, *, blows: bool) -> Iterator[None]:
    """Send a hundred SIGHUPs a second to a daemon that is there."""
    over = threading.Event()

    def blow() -> None:
        while not over.wait(0.01):
            if is_there(process, state):
                process.send_signal(signal.SIGHUP)

    thread = threading.Thread(target=blow)
    if blows:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if blows:
            thread.join()


def live(folder: Path, feeds: Path, disk: Disk, nth: int, way: int) -> tuple[float, str]:
    """Give how long it took to end, and how far it had come."""
    told = folder / "signalled"
    told.unlink(missing_ok=True)
    signals = ",".join(f"{number:d}:{nth + 3 * which}" for which, number in enumerate(WAYS[way]))
    log, env = folder / "daemon.log", {**disk.env, "DISK_SIGNALS": signals, "DISK_SIGNALLED": str(told)}
    with hasty(folder, feeds, env=env, lives=False) as process:
        began = time.monotonic()
        with storm(process, folder / "state", blows=way == len(WAYS) - 1):
            while process.poll() is None and time.monotonic() - began < LIFE_SECONDS and not told.exists():
                time.sleep(0.02)
                if time.monotonic() - began > LIFE_SECONDS / 4:
                    edit(feeds, nth)
            before = "serving" if "subscribe to" in log.read_text(encoding="utf-8") else "starting"
            if not told.exists() and process.poll() is None:
                told.write_text(f"{time.monotonic()}\n", encoding="ascii")
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
        ended = time.monotonic()
    text = log.read_text(encoding="utf-8")
    assert process.returncode == 0, (process.returncode, nth, WAYS[way], text)
    assert "Traceback" not in text, (nth, WAYS[way], text)
    return ended - float(told.read_text(encoding="ascii").split()[0]), before


def edit(feeds: Path, nth: int) -> None:
    """Have feeds.yaml name the site otherwise, once; it is replaced whole."""
    before = feeds.read_text(encoding="utf-8")
    if f"Kabar {nth}" not in before:
        aside = feeds.with_suffix(".tmp")
        aside.write_text(before.replace('"Kabar"', f'"Kabar {nth}"'), encoding="utf-8")
        aside.replace(feeds)


def run(lives: int, calls: int, folder: Path, *, tell: Callable[[str], object] = print) -> Ends:
    """Live so many lives. Raises AssertionError where a promise is broken."""
    ends, memory = Ends(), Memory()
    (folder / "fault").mkdir()
    disk = Disk(folder / "fault", folder / "state")
    with Ledger(SOURCES) as origin:
        order = random.Random(3).sample(range(lives), lives)  # so that most start over what others left
        for life, which in enumerate(order):
            feeds = origin.feeds(folder, every="1m", at_once=SOURCES)
            seconds, before = live(folder, feeds, disk, 1 + which * calls // lives, life % len(WAYS))
            ends.seconds.append(seconds)
            ends.before[before] += 1
            memory.check(folder, origin)
            memory.look_at_files(folder)
            if life % 20 == 19:
                tell(f"{life + 1} lives: {ends}; {len(memory.ids):,} headlines")
    return ends


def main() -> None:
    """Read the command line."""
    lives, calls = (int(number) for number in [*sys.argv[1:], *(f"{LIVES}", f"{CALLS}")[len(sys.argv) - 1 :]])
    if not Disk.is_possible():
        sys.exit("needs Linux and gcc")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what runs behind it ignore SIGINT
    with tempfile.TemporaryDirectory() as folder:
        ends = run(lives, calls, Path(folder), tell=lambda line: print(line, flush=True))  # noqa: T201
    print(ends)  # noqa: T201
    sys.exit(max(ends.seconds) > LIMIT_SECONDS)


if __name__ == "__main__":
    main()
