"""Bad networks beside fifty good neighbours: `python -m tests.long.networks`. Five minutes.

Each bad condition has a server of its own on loopback (tests/e2e/networks.py); as root on Linux, names are
looked up at a server of ours that refuses, fails, or says nothing. Told are the word that the status has for each, and
how late the neighbours, who are asked every minute, were, alone and beside them: from the appointment to the arrival of
the request.
Exit code 1 if a condition has another name, if a private address saw a connection, or if the p99 is a second or more.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.e2e.networks import QUICK, SLOW, Condition, Networks
from tests.e2e.running import Running, daemon, eventually, write_feeds
from tests.e2e.test_storm import rss
from tests.long.clocks import Timed

NEIGHBOURS: Final = 50
SECONDS: Final = 140
LATE_SECONDS: Final = 1.0
NAME_SERVER: Final = "127.0.0.53"
NAMES: Final = (
    Condition(name="no-such-name", answer="dns", says="cannot be looked up", host="nx.example"),
    Condition(name="name-server-fails", answer="dns", says="cannot be looked up", host="servfail.example"),
    Condition(name="name-server-silent", answer="dns", says="cannot be looked up", host="silent.example"),
)
_RCODES: Final = {b"\x02nx": 3, b"\x08servfail": 2}


def main() -> None:
    if sys.argv[1:] == [] and _may_have_its_own_names():
        os.execvp("unshare", ["unshare", "-m", sys.executable, "-m", "tests.long.networks", "with-names"])  # noqa: S606
    names = NAMES if sys.argv[1:] else ()
    with tempfile.TemporaryDirectory() as folder, _name_server(Path(folder), is_ours=bool(names)):
        sys.exit(run(Path(folder), (*QUICK, *SLOW, *names)))


def run(folder: Path, conditions: tuple[Condition, ...]) -> int:
    """Run a daemon without them, and one with them; give the exit code."""
    alone = _live(folder / "alone", ())
    beside = _live(folder / "beside", conditions)
    for name in (*(each.name for each in conditions), "chain"):
        answer, error = beside.told[name]
        print(f"{name:<22}{answer:<18}{error or ''}")  # noqa: T201
    print(f"{NEIGHBOURS} neighbours alone:   {alone}")  # noqa: T201
    print(f"{NEIGHBOURS} neighbours of these: {beside}")  # noqa: T201
    print(f"connections to the private address: {beside.inwards}; with another name: {beside.wrong or 'none'}")  # noqa: T201
    return int(bool(beside.wrong) or beside.inwards > 0 or beside.late(0.99) >= LATE_SECONDS or beside.health != "ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What became of one daemon.

    Attributes:
        lateness: Of each question to a neighbour, in seconds, the least first.
        told: What the status says of each source: its answer, and its error.
        wrong: Those of them that should be otherwise.
        inwards: Connections that the private address saw.
        health: What `/healthz` says.
    """

    lateness: list[float]
    told: dict[str, tuple[str, str | None]]
    wrong: dict[str, tuple[str, str | None]]
    inwards: int
    health: str

    def late(self, share: float) -> float:
        return self.lateness[min(int(len(self.lateness) * share), len(self.lateness) - 1)]

    def __str__(self) -> str:
        late = f"p50 {self.late(0.5):.2f} s, p99 {self.late(0.99):.2f} s, max {self.late(1):.2f} s"
        return f"{len(self.lateness)} questions, late {late}; health {self.health}"


def _live(folder: Path, conditions: tuple[Condition, ...]) -> Lived:
    folder.mkdir()
    good = {f"/baik{number}": rss(f"baik{number}", 5) for number in range(NEIGHBOURS)}
    with Timed(good) as origin, Networks(conditions) as networks:
        neighbours = [{"name": path[1:], "url": origin.url(path), "every": "1m"} for path in good]
        feeds = write_feeds(folder, [*networks.sources, *neighbours])
        with daemon(folder, feeds, env=networks.env) as running:
            lateness = _lateness(running, origin, seconds=SECONDS)
            eventually(lambda: not any(answer == "" for answer, _ in networks.untold(running).values()), seconds=120)
            return Lived(
                lateness=lateness,
                told=_answers(running),
                wrong=networks.untold(running),
                inwards=networks.connections["private"],
                health=running.read("/healthz").strip(),
            )


def _lateness(running: Running, origin: Timed, *, seconds: float) -> list[float]:
    """Compare what the status says of appointments with when requests came."""
    appointments: set[tuple[str, float]] = set()
    skew, until = time.time() - time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < until:
        for each in json.loads(running.read("/status.json"))["sources"]:
            if each["name"].startswith("baik") and each["polls"]:
                appointments.add((f"/{each['name']}", datetime.fromisoformat(each["next_at"]).timestamp() - skew))
        time.sleep(1)
    arrivals = {path: list(at) for path, at in origin.at.items()}
    kept = ((at, [each for each in arrivals[path] if each > at - 0.1]) for path, at in appointments)
    return sorted(came[0] - at for at, came in kept if came or at < until - 10)


def _answers(running: Running) -> dict[str, tuple[str, str | None]]:
    told: list[dict[str, Any]] = json.loads(running.read("/status.json"))["sources"]
    return {each["name"]: (each["answer"], each["error"]) for each in told}


def _may_have_its_own_names() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare") is not None


@contextmanager
def _name_server(folder: Path, *, is_ours: bool) -> Iterator[None]:
    """Answer for names in this mount namespace."""
    if not is_ours:
        yield
        return
    written = folder / "resolv.conf"
    written.write_text(f"nameserver {NAME_SERVER}\n", encoding="ascii")
    subprocess.run(["mount", "--bind", str(written), "/etc/resolv.conf"], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.bind((NAME_SERVER, 53))
        thread = threading.Thread(target=_refuse, args=(asked,), daemon=True)
        thread.start()
        yield


def _refuse(asked: socket.socket) -> None:
    while True:
        question, sender = asked.recvfrom(512)
        rcode = next((code for name, code in _RCODES.items() if question[12:].startswith(name)), None)
        if rcode is not None:
            head = question[:2] + bytes([0x81, 0x80 | rcode]) + question[4:6] + bytes(6)
            asked.sendto(head + question[12:], sender)


if __name__ == "__main__":
    main()
