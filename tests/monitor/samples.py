"""A newsroom as the view sees it, and a daemon that tells of it over loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

from aggregator.monitor.lines import Line
from aggregator.monitor.metrics import status_json
from aggregator.monitor.view import View
from aggregator.report import SourceStatus, Status, Totals

NOW = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
JAKARTA = ZoneInfo("Asia/Jakarta")
OK = SourceStatus(
    id="https://dunia.example/rss",
    name="Dunia Kita",
    url="https://dunia.example/rss",
    state="ok",
    answer="304",
    error=None,
    failures=0,
    next_at=NOW + timedelta(seconds=45),
    reason="every 15 min",
    last_ok_at=NOW - timedelta(minutes=14),
    polls=20,
    not_modified=17,
    new_today=21,
    per_day=48.3,
    untold=0,
)
FAILING = SourceStatus(
    id="https://gema.example/rss",
    name="Gema Harian",
    url="https://gema.example/rss",
    state="failing",
    answer="503",
    error="503 Service Unavailable three times running",
    failures=3,
    next_at=NOW + timedelta(minutes=12),
    reason="back-off after 3 failures",
    last_ok_at=None,
    polls=3,
    not_modified=0,
    new_today=0,
    per_day=0.0,
    untold=12,
)
STATUS = Status(
    version="0.1.0",
    title="Berita Kita",
    url="http://127.0.0.1:8080",
    zone="Asia/Jakarta",
    started_at=NOW - timedelta(hours=5),
    now=NOW,
    health="ok",
    notices=(),
    topics=(("update", "UPDATE"), ("popular", "Populer")),
    sources=(OK, FAILING),
    totals=Totals(
        polls=1234,
        not_modified=1000,
        failed=7,
        new=90,
        headlines=567,
        stories=432,
        wire_bytes=12_345_678,
        lateness_p50=0.1,
        lateness_p99=0.9,
        loop_lag_p99=0.002,
        loop_lag_max=0.031,
    ),
)


def line(title: str, *, minutes_ago: int = 0, headlines: int = 1, url: str | None = "https://dunia.example/1") -> Line:
    at = NOW - timedelta(minutes=minutes_ago)
    return Line(id=title, title=title, url=url, source="Dunia Kita", published_at=at, headlines=headlines)


LINES = tuple(line(f"Headline number {count}", minutes_ago=count, headlines=1 + count % 3) for count in range(60))
VIEW = View(
    address="http://127.0.0.1:8080", status=STATUS, update=LINES, popular=LINES[::-1][:20], now=NOW, zone=JAKARTA
)


def feed(*titles: str) -> bytes:
    items = [
        {
            "id": title,
            "title": title,
            "url": f"https://dunia.example/{count}",
            "date_published": "2026-11-23T03:12:00Z",
            "_aggregator": {"source": "Dunia Kita", "headlines": [{"source": "Dunia Kita"}] * 3},
        }
        for count, title in enumerate(titles)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


@dataclass
class FakeDaemon:
    """What is answered: (status code, body) by path. `asked` holds (path, If-None-Match)."""

    answers: dict[str, tuple[int, bytes]] = field(
        default_factory=lambda: {
            "/status.json": (200, status_json(STATUS)),
            "/update.json": (200, feed("Harga beras turun")),
            "/popular.json": (200, feed("Banjir surut")),
        }
    )
    etags: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator["FakeDaemon"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(daemon: FakeDaemon) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            validator = self.headers.get("If-None-Match")
            daemon.asked.append((self.path, validator))
            status, body = daemon.answers.get(self.path, (404, b"not here"))
            etag = f'"{hash(body)}"' if daemon.etags and self.path != "/status.json" else None
            if etag and etag == validator:
                status, body = 304, b""
            self.send_response(status)
            if etag:
                self.send_header("ETag", etag)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in http.server
            pass

    return Handler
