"""A running daemon among publishers who mean harm: everybody else's news is on time, and what goes out is clean.

The inputs are those of field/hazards.md 1.3 and 1.4 that cost the most, or that once got through.
"""

import gzip
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Self
from xml.parsers import expat

import pytest
from lxml import etree

from aggregator.parse.read import read_document
from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds
from tests.parse.documents import job

NEIGHBOURS = [f"tetangga-{number}" for number in range(8)]
FEEDS = [f"/{topic}.{ending}" for topic in ("update", "popular") for ending in ("rss", "atom", "json")]
LONGEST_SILENCE = 2.0  # CPU seconds until /healthz answers: ten times what was measured, below what was mended
MOST_MEMORY_MIB = 600  # of the daemon alone; the worst that was measured is 180
STATUS_LINE = b"HTTP/1.1 200 OK\r\n"
CHUNKED = STATUS_LINE + b"Transfer-Encoding: chunked\r\n\r\n"


def item(number: int, title: str = "", *, link: str = "", more: str = "") -> str:
    link = escape(link or f"http://dunia.example/{number}")
    title = escape(title or f"Berita nomor {number} hari ini")
    return f"<item><guid>{number}</guid><title>{title}</title><link>{link}</link>{more}</item>"


def rss(*items: str, before: str = "") -> Page:
    text = f'{before}<rss version="2.0"><channel><title>Dunia</title>{"".join(items)}</channel></rss>'
    return Page(body=text.encode())


def answers(running: Running) -> Mapping[str, str]:
    """Tell how each source answered last; "" while it has not."""
    return {source["name"]: source["answer"] for source in json.loads(running.read("/status.json"))["sources"]}


def all_asked(running: Running, *, but: Iterable[str] = ()) -> bool:
    return all(answer or name in but for name, answer in answers(running).items())


def neighbours(origin: Origin) -> list[dict[str, object]]:
    for name in NEIGHBOURS:
        origin.pages[f"/{name}"] = rss(item(1, f"Kabar baik dari {name}", link=f"http://{name}.example/1"))
    return [{"name": name, "url": origin.url(f"/{name}")} for name in NEIGHBOURS]


def assert_well_formed(running: Running, *unwanted: str) -> None:
    """Read every feed with other people's parsers, and look for what must not be in any of them."""
    for path in FEEDS:
        text = running.read(path)
        if path.endswith(".json"):
            json.loads(text)
        else:
            etree.fromstring(text.encode())
            expat.ParserCreate().Parse(text, True)  # noqa: FBT003  the parameter has no name
            assert "<![CDATA[" not in text, path
    for path in (*FEEDS, "/", "/status.json"):
        text = running.read(path)
        assert not [word for word in unwanted if word in text], path


class Watch:
    """Asks /healthz over and over, and keeps the longest time it took.

    In CPU seconds of the daemon: whatever holds its loop spends them, and a machine that has no time for it does not.
    """

    def __init__(self, running: Running) -> None:
        self._pid = running.process.pid
        self.asked = 0
        self.longest = 0.0
        self._address = running.url.removeprefix("http://")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.01):
            asked_at = cpu_seconds(self._pid)
            connection = http.client.HTTPConnection(self._address, timeout=60)
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
            self.longest = max(self.longest, cpu_seconds(self._pid) - asked_at)
            self.asked += 1


def cpu_seconds(pid: int) -> float:
    """Tell what a process has spent so far (proc(5)); all the time there is, where there is no /proc."""
    status = Path(f"/proc/{pid}/stat")
    if not status.is_file():
        return time.monotonic()
    fields = status.read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_memory_mib(running: Running) -> int:
    status = Path(f"/proc/{running.process.pid}/status")
    if not status.is_file():
        pytest.skip("no /proc here")
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) // 1024


@contextmanager
def endless(head: bytes, piece: bytes) -> Iterator[Callable[[], str]]:
    """Serve `head` and then `piece` without end to everybody; give what tells the URL."""

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(head)
            while not ended.is_set():
                connection.sendall(piece)

    def listen() -> None:
        with suppress(OSError):
            while not ended.is_set():
                connection, _ = listener.accept()
                connection.settimeout(5)
                talkers.append(threading.Thread(target=talk, args=(connection,)))
                talkers[-1].start()

    ended, talkers = threading.Event(), list[threading.Thread]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield lambda: f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            for each in (thread, *talkers):
                each.join()


def costly() -> dict[str, Page]:
    """Give documents that are worth reading, though they were made to be slow."""
    return {
        "banyak": rss(*(f"<item><title>Judul {number}</title></item>" for number in range(100_000))),
        "ligatur": rss(*(item(number, "\ufdfa" * 990 + str(number)) for number in range(2_000))),
        "idna": rss(*(item(number, link=f"http://{'é.ß' * 600}.example/{number}") for number in range(2_000))),
    }


def test_documents_that_cost_much_are_read_well_within_the_five_seconds_of_a_child() -> None:
    for name, page in costly().items():
        started = time.process_time()
        assert len(read_document(job(page.body)).entries) >= 1_000, name
        assert time.process_time() - started < 4, name


def test_documents_made_to_be_slow_cost_only_their_own_source(tmp_path: Path) -> None:
    bombs = {
        "penulis": rss(item(1, more=f"<author>{'a' * 100_000}</author>")),
        "entitas": rss(
            f"<item><title>{'&a;' * 5_000}</title></item>", before=f'<!DOCTYPE rss [<!ENTITY a "{"A" * 50_000}">]>'
        ),
        "sarang": Page(body=b"<a>" * 1_000_000),
        "atribut": rss(item(1, more=f"<x {' '.join(f'a{number}=_' for number in range(50_000))}/>".replace("_", "''"))),
        "gzip": Page(body=gzip.compress(bytes(20_000_000)), headers={"Content-Encoding": "gzip"}),
        "json": Page(body=b'{"items":[{"id":"1","x":' + b"[" * 1_000_000),
        **costly(),
    }
    with Origin({f"/{name}": page for name, page in bombs.items()}) as origin:
        sources = [{"name": name, "url": origin.url(f"/{name}")} for name in bombs]
        feeds = write_feeds(tmp_path, [*sources, *neighbours(origin)])
        with daemon(tmp_path, feeds) as running, Watch(running) as watch:
            eventually(lambda: all_asked(running))
            eventually(lambda: "Judul 1" in running.read("/update.rss"))
            told = answers(running)
            assert_well_formed(running)
            assert most_memory_mib(running) < MOST_MEMORY_MIB

    assert {name for name in bombs if told[name] != "200"} >= {"penulis", "sarang", "gzip", "json"}
    assert {told[name] for name in NEIGHBOURS} == {"200"}  # the costly: if nobody else runs
    assert watch.asked > 100
    assert watch.longest < LONGEST_SILENCE


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 1_000, id="answers 1xx"),
        pytest.param(CHUNKED + b"1;", b"x" * 65_536, id="a chunk extension"),
        pytest.param(CHUNKED, b"1\r\nx\r\n" * 10_000, id="chunks of one byte"),
        pytest.param(STATUS_LINE, b"X: y\r\n" * 10_000, id="headers"),
        pytest.param(STATUS_LINE + b"\r\n", b"<rss>" * 10_000, id="a body"),
    ],
)
def test_talk_without_an_end_is_ended(tmp_path: Path, head: bytes, piece: bytes) -> None:
    with Origin() as origin, endless(head, piece) as url:
        hostile = [{"name": f"cerewet-{number}", "url": f"{url()}{number}"} for number in range(3)]
        feeds = write_feeds(tmp_path, [*hostile, *neighbours(origin)])
        with daemon(tmp_path, feeds) as running, Watch(running) as watch:
            eventually(lambda: all_asked(running), seconds=50)  # left alone, they would be heard out for 60
            told = answers(running)

    assert {told[name] for name in NEIGHBOURS} == {"200"}
    assert "200" not in {told[source["name"]] for source in hostile}
    assert watch.asked > 10
    assert watch.longest < LONGEST_SILENCE


def test_whatever_is_in_titles_and_links_every_feed_is_clean_and_no_neighbour_is_lost(tmp_path: Path) -> None:
    titles = {
        "<script>alert(1)</script> satu": "alert(1) satu",
        "&lt;script&gt; dua": "dua",
        "]]><svg onload=x> tiga": "]]> tiga",
        "<![CDATA[ empat": None,
        "lima \u202egnp.exe \u2028 \ufffe \x9b31m": None,
        "\x7f&#27;]0;enam&#7; \u009d": None,
        "[link=file:///x]tujuh[/link]": "[link=file:///x]tujuh[/link]",
        "=cmd|' /C calc'!A0 delapan": "=cmd|' /C calc'!A0 delapan",
        "A" * 1_000_000: "A" * 1_000,
        "yang terakhir, dan baik": "yang terakhir, dan baik",
    }
    links = ["javascript:a", "jav\tascript:a", "data:text/html,x", "file:///etc/passwd", "http://u:rahasia@h.example/"]
    with Origin() as origin:
        origin.pages["/judul"] = rss(*(item(number, title) for number, title in enumerate(titles)))
        media = f'<enclosure url="{origin.url("/berkas.mp3")}" length="1" type="audio/mpeg"/>'
        origin.pages["/tautan"] = rss(*(item(number, link=link, more=media) for number, link in enumerate(links)))
        xxe = (
            f'<?xml-stylesheet href="{origin.url("/gaya")}"?><!DOCTYPE rss SYSTEM "{origin.url("/tipe")}" ['
            f'<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y SYSTEM "{origin.url("/dalam")}">'
            f'<!ENTITY % z SYSTEM "{origin.url("/parameter")}"> %z;]>'
        )
        include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
        outside = f"<item><guid>x</guid><title>Entitas &x; &y; luar</title>{include}</item>"
        origin.pages["/entitas"] = rss(outside, f"<image><url>{origin.url('/gambar')}</url></image>", before=xxe)
        names = ("judul", "tautan", "entitas")
        sources = [{"name": name, "url": origin.url(f"/{name}")} for name in names]
        with daemon(tmp_path, write_feeds(tmp_path, sources)) as running:
            eventually(lambda: all_asked(running))
            eventually(lambda: "yang terakhir" in running.read("/update.json"))
            eventually(lambda: "luar" in running.read("/update.json"))
            assert_well_formed(
                running, "<script>alert", "javascript:", "text/html,x", "/passwd", "root:", "rahasia", "\x1b", "\u202e"
            )
            items = json.loads(running.read("/update.json"))["items"]
            assert "berkas.mp3" in running.read("/update.rss")
            log = running.log.read_bytes()

    assert {request.path for request in origin.asked} == {f"/{name}" for name in names}
    published = [each["title"] for each in items]
    assert len(items) == len(titles) + len(links) + 1
    assert set(filter(None, titles.values())) <= set(published)
    assert b"\x1b" not in log


def test_what_is_the_operators_is_told_nowhere(tmp_path: Path) -> None:
    (tmp_path / "masuk").write_text("saya:sandi-rahasia\n")
    token = "?token=kunci-rahasia"
    with Origin({f"/baik{token}": rss(item(1, "Kabar baik hari ini")), f"/rusak{token}": Page(status=500)}) as origin:
        origin.pages[f"/pindah{token}"] = Page(status=301, headers={"Location": f"/baik{token}"})
        origin.pages[f"/habis{token}"] = Page(status=410)
        origin.pages[f"/bukan{token}"] = Page(body=b"<a>")
        names = ("baik", "rusak", "pindah", "habis", "bukan")
        sources = [{"name": name, "url": origin.url(f"/{name}{token}"), "auth_file": "masuk"} for name in names]
        feeds = write_feeds(tmp_path, [{**each, "headers": {"X-Kunci": "tajuk-rahasia"}} for each in sources])
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: all_asked(running) and "Kabar baik" in running.read("/update.rss"))
            paths = (*FEEDS, "/", "/status.json", "/metrics", "/healthz", "/feeds.opml", "/sources.opml")
            told = {path: running.read(path) for path in paths} | {"the log": running.log.read_text()}
        state = {path.name: path for path in (tmp_path / "state").iterdir() if path.is_file()}
        written = {name: path.read_text(errors="replace") for name, path in state.items()}

    assert "it moves to " in told["the log"]
    assert not [where for where, text in told.items() if "rahasia" in text]
    assert not [where for where, text in written.items() if "sandi-" in text or "tajuk-" in text]
    telling = {name for name, text in written.items() if "kunci-rahasia" in text}
    assert not [name for name in telling if state[name].stat().st_mode & 0o077]


def test_nobody_is_led_into_the_private_network(tmp_path: Path) -> None:
    with Origin() as origin, socket.create_server(("127.0.0.2", 0)) as inside:
        inside.settimeout(0)
        port = inside.getsockname()[1]
        targets = [
            f"http://127.0.0.2:{port}/",
            f"http://2130706434:{port}/",
            f"http://[::ffff:127.0.0.2]:{port}/",
            "file:///etc/passwd",
            "http://169.254.169.254/latest/meta-data/",
        ]
        for number, target in enumerate(targets):
            origin.pages[f"/{number}"] = Page(status=302, headers={"Location": target})
        sources = [{"name": f"pintu-{number}", "url": origin.url(f"/{number}")} for number in range(len(targets))]
        with daemon(tmp_path, write_feeds(tmp_path, [*sources, *neighbours(origin)])) as running:
            eventually(lambda: all_asked(running))
            told = answers(running)
        with pytest.raises(BlockingIOError):
            inside.accept()

    assert [told[f"pintu-{number}"] for number in (0, 2, 3, 4)] == [
        "blocked address",
        "blocked address",
        "redirects",
        "blocked address",
    ]
    assert told["pintu-1"] != "200"
    assert {told[name] for name in NEIGHBOURS} == {"200"}
