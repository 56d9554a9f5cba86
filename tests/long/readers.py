"""Readers of every kind against a running daemon that polls 100 sources: `python -m tests.long.readers [SECONDS]`.

Linux only. Good readers ask every second, from a process of their own, while one crowd after the other comes (see
crowds.py), SECONDS each (40); then wrk asks as fast as it is answered, and nginx serves the same file beside us.
Lateness is from when the daemon said that it would ask a source to when it was asked. Beside each figure stands how
long the daemon ran, and how long it waited for a core: that is the machine's part. It ends with 1 where a promise is
broken: a good reader was not answered, memory or open files grew without bound or stayed, polls were late.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.serving import free_port, nginx
from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds
from tests.long.crowds import crowd, open_many_files, quantiles_ms

SOURCES: Final = 100
NEWS_SECONDS: Final = 1.0  # between two headlines, each of another source
LISTED: Final = 20
MOST_MEMORY_MIB: Final = 300
MORE_MEMORY_MIB: Final = (
    60  # afterwards: of headlines that came meanwhile, and of what the allocator keeps for the next
)
ONCE_MORE_MIB: Final = 10  # when a crowd comes for the second time
MORE_FILES: Final = 10
LATE_MS: Final = 1_000  # more than in the calm, at the 99th percentile
CALM: Final = "calm"
RELOADED: Final = "1,000 listeners, a reload"
ONCE_MORE: Final = ", once more"
CROWDS: Final = {
    CALM: "good:50",
    "1,000 readers": "good:1000",
    "10,000 idle": "good:50;idle:10000",
    "3,000 dripping and deaf": "good:50;heads:1000,bodies:1000,deaf:1000",
    "garbage and pipelines": "good:50;garbage:200,pipelining:100,hasty:100",
    RELOADED: "good:50;listening:1000",
    f"10,000 idle{ONCE_MORE}": "good:50;idle:10000",
    f"3,000 dripping and deaf{ONCE_MORE}": "good:50;heads:1000,bodies:1000,deaf:1000",
    "calm again": "good:50",
}


class Newsroom(Origin):
    """Sources that publish; it is noted how late each is asked."""

    def __init__(self) -> None:
        super().__init__({f"/{number}": Page() for number in range(SOURCES)})
        self.planned: dict[str, float] = {}
        self.late: list[float] = []
        self._news = 0

    def answer(self, path: str, if_none_match: str | None) -> Page:
        planned = self.planned.pop(path, None)
        if planned is not None:
            self.late.append(max(0.0, time.time() - planned))
        return super().answer(path, if_none_match)

    def publish(self) -> None:
        path, self._news = f"/{self._news % SOURCES}", self._news + 1
        titles = [f"Kabar {number:x} dari sumber {path[1:]}" for number in range(self._news, 0, -SOURCES)]
        items = "".join(f"<item><guid>{title}</guid><title>{title}</title></item>" for title in titles[:LISTED])
        self.pages[path] = Page(body=f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a process uses: memory and files now, seconds since it began."""

    memory_mib: int
    files: int
    ran: float
    waited: float


class Observer(threading.Thread):
    """Has news published, notes what is planned, and looks at the daemon's memory and files."""

    def __init__(self, newsroom: Newsroom, running: Running) -> None:
        super().__init__(daemon=True)
        self._newsroom, self._running = newsroom, running
        self._end = threading.Event()
        self._memory_mib = 0
        self._files = 0
        self.begin()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()

    def run(self) -> None:
        turn = 0
        while not self._end.wait(NEWS_SECONDS / 5):
            turn += 1
            now = use_of(self._running.process.pid)
            self._memory_mib, self._files = max(self._memory_mib, now.memory_mib), max(self._files, now.files)
            if turn % 5 == 0:
                self._newsroom.publish()
            if turn % 25 == 0:
                self._note_plans()

    def begin(self) -> None:
        self._memory_mib = 0
        self._files = 0
        self._newsroom.late = []
        self._began = use_of(self._running.process.pid)

    def most(self) -> Use:
        """Give the most memory and files since `begin`, and the seconds."""
        now, began = use_of(self._running.process.pid), self._began
        return Use(
            memory_mib=self._memory_mib, files=self._files, ran=now.ran - began.ran, waited=now.waited - began.waited
        )

    def _note_plans(self) -> None:
        for source in json.loads(self._running.read("/status.json"))["sources"]:
            if source["next_at"] is not None:
                path = "/" + source["url"].rpartition("/")[2]
                self._newsroom.planned[path] = datetime.fromisoformat(source["next_at"]).timestamp()


def use_of(pid: int) -> Use:
    process = Path(f"/proc/{pid}")
    memory = int(re.findall(r"VmRSS:\s+(\d+)", (process / "status").read_text())[0]) // 1024
    ran, waited = (int(each) / 1e9 for each in (process / "schedstat").read_text().split()[:2])
    return Use(memory_mib=memory, files=len(list((process / "fd").iterdir())), ran=ran, waited=waited)


def come(orders: str, running: Running, seconds: float, *, reload: bool = False) -> dict[str, Any]:
    """Let crowds come, each part from a process of its own, and give what they got."""
    told: dict[str, Any] = {}
    with ExitStack() as stack:
        parts = [stack.enter_context(crowd(part, running.url, seconds)) for part in orders.split(";")]
        if reload:
            time.sleep(seconds / 2)
            running.process.send_signal(signal.SIGHUP)
        for part in parts:
            told |= json.loads(part.communicate(timeout=seconds + 120)[0])
    return told


def wrk(url: str, seconds: int) -> str:
    """Let 1,000 ask as fast as they are answered."""
    line = ["wrk", "-t1", "-c1000", f"-d{seconds}", "--latency", "-H", "If-None-Match: *", url]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    found = {name: re.findall(pattern, told) for name, pattern in WRK.items()}
    return ", ".join(f"{name} {''.join(values) or '-'}" for name, values in found.items())


WRK: Final = {
    "requests/s": r"Requests/sec: +([\d.]+)",
    "p50": r"50% +(\S+)",
    "p99": r"99% +(\S+)",
    "errors": r"Socket errors: (.*)",
}


def as_fast_as_possible(running: Running) -> None:
    if shutil.which("wrk") is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "public").mkdir()
        (folder / "public" / "update.rss").write_text(running.read("/update.rss"))
        for _ in range(2):
            say("wrk, 1,000 connections, 304", f"aggregator: {wrk(running.url + '/update.rss', 10)}")
            if shutil.which("nginx"):
                with nginx(folder, free_port()) as other:
                    say("", f"nginx: {wrk(other.url, 10)}")


def say(*words: str) -> None:
    print(" | ".join(words), flush=True)  # noqa: T201


@contextmanager
def observed() -> Iterator[tuple[Running, Newsroom, Observer]]:
    """Run a daemon that polls them all."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        newsroom = stack.enter_context(Newsroom())
        for _ in range(2 * SOURCES):
            newsroom.publish()
        sources = [
            {"name": f"s{n}", "url": newsroom.url(f"/{n}"), "every": f"{60 + n % 25}s"}  # not all at once for ever
            for n in range(SOURCES)
        ]
        running = stack.enter_context(daemon(folder, write_feeds(folder, sources)))
        eventually(lambda: len({request.path for request in newsroom.asked}) == SOURCES, seconds=120)
        observer = stack.enter_context(Observer(newsroom, running))
        time.sleep(5)
        yield running, newsroom, observer


def run(seconds: float) -> Iterator[str]:
    """Give which promises were broken."""
    late: dict[bool, list[float]] = {True: [], False: []}  # by whether it was calm
    most_mib = 0
    with observed() as (running, newsroom, observer):
        before = use_of(running.process.pid)
        say(f"before: {before.memory_mib} MiB, {before.files} files")
        for name, orders in CROWDS.items():
            observer.begin()
            told = come(orders, running, seconds, reload=name == RELOADED)
            most = observer.most()
            late[CALM in name] += newsroom.late
            tell(name, told, most, newsroom.late)
            yield from broken_in(name, told, most, most_mib)
            most_mib = max(most_mib, most.memory_mib)
        calm, storm = quantiles_ms(late[True]), quantiles_ms(late[False])
        say(f"late by ms: calm {calm} of {len(late[True])}, with crowds {storm} of {len(late[False])}")
        if not storm["p99"] <= calm["p99"] + LATE_MS:
            yield "polls were late"
        as_fast_as_possible(running)
        time.sleep(20)  # who idles is let go after 15
        after = use_of(running.process.pid)
        say(f"after: {after.memory_mib} MiB, {after.files} files")
        if after.memory_mib > before.memory_mib + MORE_MEMORY_MIB or after.files > before.files + MORE_FILES:
            yield "memory or files stayed"
        if running.read("/healthz") != "ok\n":
            yield "it is not well"


def tell(name: str, told: dict[str, Any], most: Use, late: list[float]) -> None:
    say(f"{name}: {most.memory_mib} MiB, {most.files} files, ran {most.ran:.1f} s, waited {most.waited:.1f} s")
    say("", f"{len(late)} polls late by ms: {quantiles_ms(late)}")
    for kind, each in told.items():
        say("", kind, str(each))


def broken_in(name: str, told: dict[str, Any], most: Use, earlier_mib: int) -> Iterator[str]:
    if told["good"].get("refused") or told["good"]["unanswered"] or not told["good"]["answered"]:
        yield f"{name}: a good reader was not answered"
    if most.memory_mib > MOST_MEMORY_MIB:
        yield f"{name}: {most.memory_mib} MiB"
    if name.endswith(ONCE_MORE) and most.memory_mib > earlier_mib + ONCE_MORE_MIB:
        yield f"{name}: {most.memory_mib - earlier_mib} MiB more"
    if name == RELOADED and told["listening"].get("hung up on"):
        yield f"{name}: listeners were let go"


def main() -> None:
    open_many_files()
    broken = list(run(float(sys.argv[1]) if len(sys.argv) > 1 else 40))
    say("every promise was kept" if not broken else f"broken: {'; '.join(broken)}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
