"""What publishers write, on its way to the operator: the view in a terminal, the log, every command that prints it."""

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Page, Running, aggregator, command, daemon, eventually, write_feeds
from tests.monitor.test_live import OURS, on_a_terminal

TITLES = [
    "judul \x1b]0;pwn\x07 bel",
    "lebar " + "東京" * 60 + "👩\u200d👩\u200d👧\u200d👦🇮🇩" * 20,
    "layar \x1b[2J\x1b[3J\x1b[1;1H hapus",
    "papan \x1b]52;c;aGFsbG8=\x07 salin",
    "tautan \x1b]8;;file:///etc/passwd\x07 klik \x1b]8;;\x07",
    "warna \x9b31m\x9d0;pwn\x9c merah",
    "markah [/foo] [link=file:///x] [blink] tebal",
    "balik \u202e\u2066 nakub \u200f kanan",
    "zalgo " + "".join(letter + "\u0335\u0321\u034f\u0488" * 8 for letter in "bertumpuk"),
    "baris\nbaru\r\n2026-11-26 05:00:00,000 ERROR palsu\u2028dan\u2029lagi",
]
WORDS = [title.split()[0] for title in TITLES]
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069]")


def _feed() -> Page:
    # By its number, since XML knows no such character: feedparser's loose reader takes it all the same.
    titles = (
        "".join(f"&#{ord(each)};" if ord(each) < 32 or 127 <= ord(each) < 160 else html.escape(each) for each in title)
        for title in TITLES
    )
    items = "".join(
        f"<item><guid>{word}</guid><link>https://satu.example/{word}</link><title>{title}</title></item>"
        for word, title in zip(WORDS, titles, strict=True)
    )
    return Page(body=f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A daemon, and its folder, that publishes all of them."""
    folder = tmp_path_factory.mktemp("terminal")
    bad = Page(status=503, headers={"Retry-After": "\x1b[31m\x9b2J", "Cache-Control": "max-age=\x1b]0;pwn\x07"})
    with Origin({"/satu.xml": _feed(), "/dua.xml": bad, "/tiga.xml": Page(body=b"<html>\x1b[2J\x07")}) as origin:
        sources = [{"name": name.title(), "url": origin.url(f"/{name}.xml")} for name in ("satu", "dua", "tiga")]
        with daemon(folder, write_feeds(folder, sources)) as up:
            eventually(lambda: all(word in up.read("/update.json") for word in WORDS))
            eventually(lambda: '"503"' in up.read("/status.json") and '"unreadable"' in up.read("/status.json"))
            yield up, folder


def test_the_view_of_a_running_daemon_sends_the_terminal_no_command_but_its_own(
    running: tuple[Running, Path],
) -> None:
    with on_a_terminal(running[0].url, columns=200, lines=50) as screen:
        for word in WORDS[:2] + WORDS[-2:]:
            screen.until(word)
        screen.type("\r")
        screen.until("published")
        screen.type("\x1b\t\t\r")
        screen.until("503")
        screen.type("\x1bq")
        screen.told()

    text = OURS.sub(b"", screen.log).decode().replace("\r\n", "")
    assert not _STEERS.search(text), repr(text)
    assert "[/foo] [link=file:///x] [blink] tebal" in text


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, a terminal that knows how wide characters are")
def test_no_title_moves_anything_else_on_the_screen(running: tuple[Running, Path]) -> None:
    up, folder = running
    tmux = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux")]
    utf8 = {"LC_ALL": "C.UTF-8", "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    view = " ".join(command("watch", up.url))
    subprocess.run([*tmux, "-u", "new-session", "-d", "-x", "80", "-y", "24", view], check=True, env=utf8)
    try:

        def shown() -> list[str]:
            told = subprocess.run([*tmux, "-u", "capture-pane", "-p"], check=True, capture_output=True, env=utf8)
            return told.stdout.decode().splitlines()

        eventually(lambda: any("balik" in line for line in shown()) and "q quit" in shown()[-1])
        lines = shown()
    finally:
        subprocess.run([*tmux, "kill-server"], check=True, env=utf8)

    assert "Kabar" in lines[0]
    assert len(lines) == 24
    titles = [line for line in lines if re.search(r"\d\d:\d\d  Satu", line)]
    starts = {line.index(word) for word in WORDS for line in titles if word in line}
    assert (len(titles), len(starts)) == (8, 1), "\n".join(lines)


def test_no_command_and_no_log_repeats_what_steers_a_terminal(running: tuple[Running, Path]) -> None:
    up, folder = running
    (folder / "satu.xml").write_bytes(_feed().body)
    listed = aggregator("headlines", "--json", cwd=folder)
    (folder / "day.jsonl").write_text(listed.stdout, encoding="utf-8")
    told = [
        listed,
        aggregator("headlines", cwd=folder),
        aggregator("why", "Satu", cwd=folder),
        aggregator("why", "Dua", cwd=folder),
        aggregator("why", "https://satu.example/zalgo", cwd=folder),
        aggregator("replay", "day.jsonl", cwd=folder),
        aggregator("parse", "satu.xml", cwd=folder),
        aggregator("watch", "--once", up.url, cwd=folder),
    ]
    printed = [each.stdout + each.stderr for each in told]

    assert [each.returncode for each in told] == [0] * len(told), printed
    assert not [text for text in printed if _STEERS.search(text.replace("\r\n", "\n"))]
    log = up.log.read_text(encoding="utf-8")
    assert "Dua: 503" in log
    assert not _STEERS.search(log)
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in log.splitlines())
