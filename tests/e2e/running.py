"""The whole program, run as a person runs it, against publishers of our own on loopback.

with Origin() as origin, daemon(tmp_path, feeds) as running:
    origin.pages["/dunia.xml"] = Page(body=RSS)
    eventually(lambda: "Gempa" in running.read("/update.rss"))
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, TypeVar
from urllib.error import HTTPError

T = TypeVar("T")

_Request: TypeAlias = socket.socket | tuple[bytes, socket.socket]
_Address: TypeAlias = Any  # typeshed's own word for it

LOOPBACK_ONLY: Final = "127.0.0.1/32"
_SUBSCRIBE: Final = "subscribe to "


def aggregator(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `aggregator ARGUMENTS` to its end. The exit code is the caller's to look at."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "aggregator", *map(str, arguments)]


def write_feeds(
    folder: Path,
    sources: Iterable[Mapping[str, object]],
    *,
    topics: Iterable[Mapping[str, object]] = (),
    **poll: object,
) -> Path:
    """Write a feeds.yaml that lets loopback be polled, and without pauses. JSON is YAML."""
    polling = {"every": "1m", "per_host": 32, "host_gap": "0s", "allow_private": [LOOPBACK_ONLY], **poll}
    site = {"title": "Kabar", "language": "id", "timezone": "Asia/Jakarta"}
    path = folder / "feeds.yaml"
    written = {"site": site, "poll": polling, "sources": list(sources), "topics": list(topics)}
    path.write_text(json.dumps(written, indent=1), encoding="utf-8")
    return path


def eventually(condition: Callable[[], T | None], *, seconds: float = 50) -> T:
    """Wait until a condition gives something true, and give that; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.05)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an origin answers under one path."""

    body: bytes = b""
    content_type: str = "application/xml"
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, and how it was answered."""

    path: str
    if_none_match: str | None
    status: int


class Origin:
    """Publishers at one address of loopback. `pages` may change while it runs; `asked` remembers every request.

    Pages with status 200 carry an ETag, and are answered with 304 to whoever sends it, unless `revalidates` is False.
    Their Date is that of `clock_at`; where that is None, the true one.
    """

    def __init__(self, pages: Mapping[str, Page] | None = None, host: str = "127.0.0.1") -> None:
        self._host = host
        self.pages: dict[str, Page] = dict(pages or {})
        self.asked: list[Asked] = []
        self.revalidates = True
        self.clock_at: datetime | None = None

    def __enter__(self) -> Self:
        self._server = _Server((self._host, 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str = "/") -> str:
        return f"http://{self._host}:{self._server.server_address[1]}{path}"

    def settle(self) -> None:
        """Wait until every request of a client that was killed has been taken note of.

        What it wrote lies in our sockets still. Connections are accepted in their order: once ours is, all of its
        are; and each is closed when what lay in it has been answered.
        """
        server = self._server
        with socket.create_connection((self._host, server.server_port)) as mine, server.changed:
            assert server.changed.wait_for(lambda: server.clients == {mine.getsockname()}, timeout=30)

    def answer(self, path: str, if_none_match: str | None) -> Page:
        page = self.pages.get(path, Page(status=HTTPStatus.NOT_FOUND))
        if self.revalidates and page.status == HTTPStatus.OK and if_none_match == page.etag:
            page = Page(status=HTTPStatus.NOT_MODIFIED, headers=page.headers)
        self.asked.append(Asked(path=path, if_none_match=if_none_match, status=page.status))
        return page


class _Server(ThreadingHTTPServer):
    """Knows which of its connections are open.

    Attributes:
        clients: The far ends of those accepted and not yet closed.
        changed: Notified when these change.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.clients: set[object] = set()
        self.changed = threading.Condition()

    def process_request(self, request: _Request, client_address: _Address) -> None:
        with self.changed:
            self.clients.add(client_address)
            self.changed.notify_all()
        super().process_request(request, client_address)

    def process_request_thread(self, request: _Request, client_address: _Address) -> None:
        super().process_request_thread(request, client_address)
        with self.changed:
            self.clients.discard(client_address)
            self.changed.notify_all()

    def handle_error(self, request: _Request, client_address: _Address) -> None:
        """Let clients be killed; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = origin.answer(self.path, self.headers["If-None-Match"])
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.status == HTTPStatus.OK:
                self.send_header("ETag", page.etag)
            if page.status != HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Type", page.content_type)
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if page.status != HTTPStatus.NOT_MODIFIED:
                self.wfile.write(page.body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            at = origin.clock_at
            return super().date_time_string(timestamp if at is None else at.timestamp())

        def log_message(self, *_: object) -> None:
            """Keep standard error for what matters."""

    return Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A daemon that serves."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def read(self, path: str) -> str:
        """Read a document of its web server."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            body: bytes = answer.read()
        return body.decode()


def health(running: Running) -> str:
    """Read what it says of itself."""
    try:
        return running.read("/healthz")
    except HTTPError as error:
        with error:
            told: str = error.read().decode()
            return told


@contextmanager
def daemon(
    folder: Path,
    feeds: Path,
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    under: Iterable[str] = (),
) -> Iterator[Running]:
    """Run `aggregator up --no-view` on a free port, its state in `folder/state`, and end it; `under`: what runs it."""
    log = folder / "daemon.log"
    line = command("up", "--no-view", "--listen", "127.0.0.1:0", "--feeds", feeds, "--state", folder / "state")
    with (
        log.open("wb") as written,
        subprocess.Popen(
            [*under, *line, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        ) as process,
    ):
        try:
            yield Running(url=eventually(lambda: _announced(log, process)), process=process, log=log)
        finally:
            process.terminate()
            _wait(process)


def _announced(log: Path, process: subprocess.Popen[bytes]) -> str | None:
    """Find the address in the log."""
    told = log.read_text(encoding="utf-8")
    assert process.poll() is None, told
    _, found, rest = told.partition(_SUBSCRIBE)
    return rest.partition("/update.rss")[0] if found and "\n" in rest else None


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def processes_of(folder: Path) -> list[str]:
    """Find the command lines of the processes that work in a folder, a shell's aside; none where there is no /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if (process / "cwd").readlink() == folder and not line.startswith("bash"):
                found.append(line)
        except OSError:  # it has just ended
            continue
    return found
