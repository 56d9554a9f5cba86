"""A storm: a thousand who keep their connections and ask on, a thousand who listen, hundreds who drip or never read,
some who talk garbage, ask much in one go, or hang up at once. With figures: `python -m tests.long.readers`.

Polling goes on. The daemon is started as most shells would: it may open 1,024 files.
"""

import json
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import pytest

from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds
from tests.long.crowds import crowd as bad_crowd

KEPT, LISTENING, SLOW, NEW = 1_000, 1_000, 200, 20
ASK = b"GET /update.json HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n"
GREEDY = b"GET /update.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200
BAD = "heads:50,bodies:50,deaf:50,garbage:10,pipelining:1,hasty:2"
MOST_MEMORY_MIB = 400  # 107 were measured; all that the slow ones ask for is 4 GB


def rss(name: str, count: int) -> Page:
    text = f"<description>{'kata ' * 180}</description>"
    titles = (f"{name} nomor {number}" for number in range(count))
    items = (f"<item><guid>{title}</guid><title>{title}</title>{text}</item>" for title in titles)
    return Page(body=f'<rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'.encode())


def named(origin: Origin, names: list[str]) -> list[dict[str, object]]:
    return [{"name": name, "url": origin.url(f"/{name}")} for name in names]


@contextmanager
def files(allowed: int) -> Iterator[None]:
    """Let this process, and what it starts, open so many files."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < 8_000:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


class Crowd:
    """Connections that are kept, and asked on, one after the other, until the end."""

    def __init__(self, running: Running) -> None:
        host, _, port = running.url.removeprefix("http://").partition(":")
        self.address = (host, int(port))
        self.rounds = 0
        self.refused = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self.connections = [socket.create_connection(self.address, timeout=30) for _ in range(KEPT)]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        for connection in self.connections:
            connection.close()

    def _run(self) -> None:
        while not self._end.wait(0.1):
            for connection in self.connections:
                connection.sendall(ASK)
            for connection in self.connections:
                self.refused += not connection.recv(65_536).startswith(b"HTTP/1.1 304 ")
            self.rounds += 1


def listener(address: tuple[str, int]) -> socket.socket:
    """A connection on which we are told what is published."""
    connection = socket.create_connection(address, timeout=30)
    connection.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection


def hears(connection: socket.socket, text: bytes) -> bool:
    """Listen until that is told, or we are hung up on."""
    heard = b""
    while text not in heard and (piece := connection.recv(65_536)):
        heard += piece
    return text in heard


def memory_mib(running: Running) -> int:
    status = Path(f"/proc/{running.process.pid}/status")
    if not status.is_file():
        return 0
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) // 1024


def test_thousands_who_read_or_listen_and_hundreds_of_slow_ones_do_not_keep_us_from_polling(tmp_path: Path) -> None:
    new = [f"baru-{number}" for number in range(NEW)]
    pages = {"/lama": rss("lama", 50), **{f"/{name}": rss(name, 1) for name in new}}
    with ExitStack() as stack:
        stack.enter_context(files(1_024))
        origin = stack.enter_context(Origin(pages))
        feeds = write_feeds(tmp_path, named(origin, ["lama"]))
        running = stack.enter_context(daemon(tmp_path, feeds))
        stack.enter_context(files(4_000))
        eventually(lambda: len(json.loads(running.read("/update.json"))["items"]) == 50)
        crowd = stack.enter_context(Crowd(running))
        for _ in range(SLOW):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            slow.connect(crowd.address)
            slow.sendall(GREEDY)
        listeners = [stack.enter_context(listener(crowd.address)) for _ in range(LISTENING)]
        assert sum(hears(each, b"\nid: ") for each in listeners) == LISTENING
        stack.enter_context(bad_crowd(BAD, running.url, seconds=600))
        eventually(lambda: crowd.rounds > 1)

        write_feeds(tmp_path, named(origin, ["lama", *new]))
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: len({request.path for request in origin.asked}) == NEW + 1)
        eventually(lambda: all(f'"{name} nomor 0"' in running.read("/update.json") for name in new))
        rounds = crowd.rounds
        eventually(lambda: crowd.rounds > rounds + 1)

        assert sorted(request.path for request in origin.asked) == sorted(pages)
        assert crowd.refused == 0
        assert sum(hears(each, b'"update.json"') for each in listeners) == LISTENING
        assert running.read("/healthz") == "ok\n"
        assert memory_mib(running) < MOST_MEMORY_MIB
