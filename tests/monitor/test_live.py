import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.monitor.metrics import status_json
from tests.monitor.samples import FAILING, STATUS, FakeDaemon, feed

LEADER = Path(__file__).with_name("leader.py")
WATCH = [sys.executable, "-c", "import typer; from aggregator.commands.watch import watch; typer.run(watch)"]
OURS = re.compile(rb"\x1b\[(?:[0-9;]*m|\d+;1H|K|2J|\?(?:1049|25|7|2026)[hl])")
HOSTILE = "\x1b]0;pwn\x07\x1b[3J\x1b]52;c;aGk=\x07\x9b31m\x1b[5;41m[/foo][link=file:///x]\u202e東京 end"
PATIENCE_SECONDS = 20


class Screen:
    """A pty with the view on it."""

    def __init__(self, master: int, slave: int, report: int) -> None:
        self.master, self.slave, self._report = master, slave, report
        self.log = self.seen = b""
        self.pid = int(self.told()["pid"])

    def told(self) -> dict[str, int]:
        """Wait for what the leader tells next: that the program stopped or ended."""
        line = b""
        while not line.endswith(b"\n"):
            ready = select.select([self._report, self.master], [], [], PATIENCE_SECONDS)[0]
            assert ready, self.seen[-500:]
            if self._report in ready:
                letter = os.read(self._report, 1)
                assert letter, self.seen[-500:]
                line += letter
            self._take()
        told = json.loads(line)
        assert isinstance(told, dict)
        return told

    def _take(self) -> None:
        while select.select([self.master], [], [], 0)[0]:
            self._read()

    def _read(self) -> None:
        drawn = os.read(self.master, 65536)
        self.seen += drawn
        self.log += drawn

    def until(self, text: str) -> None:
        """Wait until `text` was drawn after what was waited for before."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while text.encode() not in self.seen:
            assert select.select([self.master], [], [], max(0.0, ends - time.monotonic()))[0], self.seen[-2000:]
            self._read()
        self.seen = self.seen.partition(text.encode())[2]

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def is_taken(self) -> bool:
        """The view reads keys one by one, unechoed."""
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ECHO)


@contextmanager
def on_a_terminal(*arguments: str, columns: int = 80, lines: int = 24, **environment: str) -> Iterator[Screen]:
    master, slave = os.openpty()
    report, told = os.pipe()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environ = os.environ | {"TERM": "xterm-256color"} | environment
    shell = [sys.executable, str(LEADER), str(told), *WATCH, *arguments]
    with subprocess.Popen(
        shell, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True, pass_fds=[told]
    ) as leader:
        os.close(told)
        screen = None
        try:
            screen = Screen(master, slave, report)
            yield screen
        finally:
            if screen and leader.poll() is None:
                with suppress(ProcessLookupError):
                    os.kill(screen.pid, signal.SIGKILL)
            leader.terminate()
            for descriptor in (master, slave, report):
                os.close(descriptor)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the view without a terminal."""
    environ = os.environ | {"COLUMNS": "80", "LINES": "24"} | environment
    return subprocess.run([*WATCH, *arguments], capture_output=True, stdin=subprocess.DEVNULL, env=environ, check=False)


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon().serving() as fake:
        yield fake


@pytest.mark.parametrize(
    ("ending", "code"),
    [("q", 0), ("\x03", 0), ("\x1c", 131), (signal.SIGTERM, 143), (signal.SIGINT, 0), (signal.SIGHUP, 129)],
    ids=["q", "Ctrl-C", "Ctrl-backslash", "SIGTERM", "SIGINT", "SIGHUP"],
)
def test_the_terminal_is_as_it_was_however_the_view_ends(daemon: FakeDaemon, ending: str | int, code: int) -> None:
    with on_a_terminal(daemon.url) as screen:
        screen.until("Harga beras turun")
        assert screen.is_taken()
        if isinstance(ending, str):
            screen.type(ending)
        else:
            os.kill(screen.pid, ending)

        assert screen.told() == {"code": code, "restored": True}
        assert screen.seen.endswith(b"\x1b[?25h\x1b[?1049l")


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(daemon: FakeDaemon) -> None:
    with on_a_terminal(daemon.url) as screen:
        screen.until("Harga beras turun")
        screen.type("\x1a")
        assert screen.told() == {"code": None, "restored": True}
        screen.until("\x1b[?1049l")
        os.kill(screen.pid, signal.SIGCONT)
        screen.until("\x1b[?1049h")
        screen.until("Harga beras turun")
        assert screen.is_taken()
        screen.type("q")

        assert screen.told() == {"code": 0, "restored": True}


def test_keys_move_open_filter_and_close(daemon: FakeDaemon) -> None:
    with on_a_terminal(daemon.url) as screen:
        screen.until("Harga beras turun")
        screen.type("?")
        screen.until("end the view")
        screen.type("\x1b")
        screen.until("Harga beras turun")
        screen.type("\t\t\r")
        screen.until(str(FAILING.error))
        screen.type("\x1b")
        screen.until("Harga beras turun")
        screen.type("/banjir q")
        screen.until("nothing holds these words")
        screen.type("\x1bq")

        assert screen.told() == {"code": 0, "restored": True}


def test_the_view_follows_the_size_of_the_window(daemon: FakeDaemon) -> None:
    with on_a_terminal(daemon.url) as screen:
        screen.until("Harga beras turun")
        for columns, lines in ((200, 50), (1, 1), (20, 5)):
            screen.resize(columns, lines)
            screen.until("\x1b[2J")
            screen.until(f"\x1b[{lines};1H")
        screen.type("q")

        assert screen.told() == {"code": 0, "restored": True}


def test_a_daemon_that_vanishes_is_waited_for_and_found_again() -> None:
    fake = FakeDaemon()
    with fake.serving(), on_a_terminal(fake.url, columns=120) as screen:
        screen.until("Harga beras turun")
        fake.answers["/status.json"] = (503, b"")
        screen.until("no answer from")
        screen.until("since 10:12, retrying")
        fake.answers["/status.json"] = (200, status_json(replace(STATUS, title="Back again")))
        fake.answers["/update.json"] = (200, b"no JSON at all")
        screen.until("Back again")
        screen.until("/update.json:")
        fake.answers["/update.json"] = (200, feed("Kereta jalan lagi"))
        screen.until("Kereta jalan lagi")
        screen.type("q")

        assert screen.told() == {"code": 0, "restored": True}


def test_a_daemon_that_is_not_up_yet_is_waited_for() -> None:
    with FakeDaemon().serving() as fake:
        url = fake.url
    with on_a_terminal(url) as screen:
        screen.until("no answer yet from")
        screen.type("q")

        assert screen.told() == {"code": 0, "restored": True}


def test_no_escape_of_a_source_reaches_the_terminal(daemon: FakeDaemon) -> None:
    sources = (replace(FAILING, name=HOSTILE, error=HOSTILE, answer=HOSTILE),)
    daemon.answers["/status.json"] = (200, status_json(replace(STATUS, title=HOSTILE, sources=sources, health=HOSTILE)))
    daemon.answers["/update.json"] = (200, feed(HOSTILE))
    with on_a_terminal(daemon.url, columns=200, lines=50) as screen:
        screen.until("UPDATE")
        screen.type("\r")
        screen.until("published")
        screen.type("q")
        screen.told()

    text = OURS.sub(b"", screen.log).decode().replace("\r\n", "")
    assert "[/foo][link=file:///x]東京 end" in text
    assert text.isprintable(), repr(text)
    assert b"\x1b[5;41m" not in screen.log


def test_an_unchanged_screen_is_not_sent_again(daemon: FakeDaemon) -> None:
    status = replace(STATUS, sources=(replace(FAILING, next_at=None),))
    daemon.answers["/status.json"] = (200, status_json(status))
    with on_a_terminal(daemon.url) as screen:
        screen.until("Harga beras turun")
        screen.until("q quit")
        while [path for path, _ in daemon.asked].count("/popular.json") < 3:
            time.sleep(0.02)
        screen.type("q")
        screen.told()

    assert b"Harga" not in screen.seen
    assert b"UPDATE" not in screen.seen
    validators = [validator for path, validator in daemon.asked if path == "/update.json"]
    assert validators[0] is None
    assert all(validators[1:])


def test_once_prints_one_frame_without_a_terminal(daemon: FakeDaemon) -> None:
    done = run("--once", daemon.url)

    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(text.splitlines()) == 24
    assert "Harga beras turun" in text
    assert "\x1b" not in text
    assert "? help" not in text


def test_once_takes_the_size_from_the_environment(daemon: FakeDaemon) -> None:
    text = run("--once", daemon.url, COLUMNS="40", LINES="10").stdout.decode()

    assert len(text.splitlines()) == 10
    assert max(len(line) for line in text.splitlines()) <= 40


def test_once_writes_ascii_where_the_output_is_ascii(daemon: FakeDaemon) -> None:
    daemon.answers["/update.json"] = (200, feed("Café 東京"))

    text = run("--once", daemon.url, PYTHONIOENCODING="ascii").stdout

    assert text.isascii()
    assert b"Cafe ??" in text


def test_once_fails_with_words_where_no_daemon_answers() -> None:
    with FakeDaemon().serving() as fake:
        url = fake.url
    done = run("--once", url)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"{url}: no answer (Connection refused); start the daemon with `aggregator up`\n"


def test_once_ends_quietly_when_nobody_reads_on(daemon: FakeDaemon) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([*WATCH, "--once", daemon.url], stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _, complaint = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, complaint) == (0, b"")


def test_without_a_terminal_the_view_says_what_to_write(daemon: FakeDaemon) -> None:
    done = run(daemon.url)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--once" in done.stderr


def test_a_dumb_terminal_gets_one_frame(daemon: FakeDaemon) -> None:
    with on_a_terminal(daemon.url, TERM="dumb") as screen:
        screen.until("TERM=dumb")
        screen.until("Harga beras turun")

        assert screen.told() == {"code": 0, "restored": True}
        assert b"\x1b" not in screen.seen


def test_an_address_that_is_none_is_named() -> None:
    done = run("--once", "gopher://news.example\x1bc")

    assert done.returncode == 2
    assert done.stderr.startswith(b"gopher://news.example c: write http:// or https://")
