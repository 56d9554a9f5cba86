"""`aggregator up` on a terminal, as under an interactive shell: job control, keys, and the terminal afterwards."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Page, command, eventually, processes_of, write_feeds

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")

RSS = b"""<rss version="2.0"><channel><title>Satu</title><link>https://satu.example/</link><description>d</description>
<item><guid>1</guid><title>Gempa guncang Selasih</title><link>https://satu.example/1</link></item></channel></rss>"""


class Shell:
    """An interactive bash on a pseudo-terminal of 80 × 24."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._is_left = threading.Event()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._shown = bytearray()
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "PS1": "$ ", "LC_ALL": "C.UTF-8", **env},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  one system call
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            while not self._is_left.is_set():
                if select.select([self._master], [], [], 0.05)[0]:
                    self._shown += os.read(self._master, 65536)
        except OSError:  # the last process has left the terminal
            return

    def type(self, text: str) -> int:
        """Type, and tell how much was shown before."""
        before = len(self._shown)
        os.write(self._master, text.encode())
        return before

    def shows(self, text: str, *, after: int = 0) -> bool:
        return text.encode() in self._shown[after:]

    @property
    def shown(self) -> bytes:
        return bytes(self._shown)

    def modes(self) -> list[object]:
        return termios.tcgetattr(self._master)

    def hang_up(self) -> None:
        """Let the terminal go, as when its window is closed or its connection drops."""
        if not self._is_left.is_set():
            self._is_left.set()
            self._reader.join()
            os.close(self._master)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.hang_up()


@contextmanager
def shell(folder: Path, **env: str) -> Iterator[Shell]:
    opened = Shell(folder, env)
    try:
        eventually(lambda: opened.shows("$ "))
        yield opened
    finally:
        opened.close()


@contextmanager
def upped(folder: Path, *options: str, **env: str) -> Iterator[Shell]:
    """Run `aggregator up` in a shell."""
    with Origin({"/satu.xml": Page(body=RSS)}) as origin, shell(folder, **env) as bash:
        feeds = write_feeds(folder, [{"name": "Satu", "url": origin.url("/satu.xml")}])
        line = command("up", "--listen", "127.0.0.1:0", "--feeds", feeds, "--state", folder / "state", *options)
        bash.type(" ".join(line) + "; echo ended=$?\n")
        yield bash


@contextmanager
def viewed(folder: Path) -> Iterator[tuple[Shell, list[object]]]:
    """Give the shell, with the terminal's modes from before, once a headline is shown."""
    with upped(folder) as bash:
        before = bash.modes()
        eventually(lambda: bash.shows("Gempa guncang Selasih"))
        yield bash, before


@pytest.mark.parametrize("key", ["q", "\x03"], ids=["q", "ctrl-c"])
def test_leaving_the_view_ends_the_daemon_and_gives_the_terminal_back(tmp_path: Path, key: str) -> None:
    with viewed(tmp_path) as (bash, modes):
        assert bash.modes() != modes
        typed = bash.type(key)
        eventually(lambda: bash.shows("ended=0", after=typed))

        assert bash.modes() == modes
        if sys.platform == "linux":
            eventually(lambda: processes_of(tmp_path) == [])
        assert "subscribe to" not in (tmp_path / "state/log").read_text()  # the view says it
        assert "Satu: 1 new" in (tmp_path / "state/log").read_text()


def test_sigterm_to_the_daemon_ends_the_view_and_gives_the_terminal_back(tmp_path: Path) -> None:
    with viewed(tmp_path) as (bash, modes):
        owner = int((tmp_path / "state/lock").read_text().split()[0])
        shown = bash.type("")
        os.kill(owner, signal.SIGTERM)
        eventually(lambda: bash.shows("ended=0", after=shown))

        assert bash.modes() == modes


def test_ctrl_z_gives_the_terminal_back_and_fg_shows_the_view_again(tmp_path: Path) -> None:
    with viewed(tmp_path) as (bash, modes):
        for _ in range(3):
            typed = bash.type("\x1a")
            eventually(lambda: bash.shows("Stopped", after=typed))  # noqa: B023  asked at once
            eventually(lambda: bash.modes() == modes)
            typed = bash.type("fg\n")
            eventually(lambda: bash.shows("Gempa guncang Selasih", after=typed))  # noqa: B023  asked at once
        typed = bash.type("q")
        eventually(lambda: bash.shows("$ ", after=typed))

        assert bash.modes() == modes


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_in_the_background_the_view_stands_still_and_the_daemon_goes_on_until_sigterm(tmp_path: Path) -> None:
    with viewed(tmp_path) as (bash, _):
        owner = int((tmp_path / "state/lock").read_text().split()[0])
        typed = bash.type("\x1a")
        eventually(lambda: bash.shows("Stopped", after=typed))
        bash.type("bg\n")  # the view touches the terminal, which is the shell's now, and is stopped
        eventually(lambda: _state(owner) == "S")
        os.kill(owner, signal.SIGTERM)

        eventually(lambda: _state(owner) in {"Z", "gone"}, seconds=10)


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@on_linux
def test_a_terminal_that_is_gone_ends_the_daemon_in_order(tmp_path: Path) -> None:
    with viewed(tmp_path) as (bash, _):
        bash.hang_up()
        eventually(lambda: processes_of(tmp_path) == [])

    assert (tmp_path / "state/desk").is_file()  # written last
    assert "Traceback" not in (tmp_path / "state/log").read_text()


@on_linux
def test_a_terminal_that_is_gone_before_the_view_stands_leaves_no_daemon_behind(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib, time\nif b'watch' in pathlib.Path('/proc/self/cmdline').read_bytes(): time.sleep(60)\n"
    )
    with upped(tmp_path, PYTHONPATH=str(tmp_path)) as bash:
        eventually(lambda: any("watch" in line for line in processes_of(tmp_path)))
        bash.hang_up()
        eventually(lambda: processes_of(tmp_path) == [])


@on_linux
def test_a_view_that_is_killed_leaves_the_terminal_as_it_was_and_the_daemon_at_work(tmp_path: Path) -> None:
    with viewed(tmp_path) as (bash, modes):
        owner = int((tmp_path / "state/lock").read_text().split()[0])
        shown = bash.type("")
        children = Path(f"/proc/{owner}/task/{owner}/children").read_text().split()
        os.kill(next(int(pid) for pid in children if "watch" in _line(int(pid))), signal.SIGKILL)
        eventually(lambda: bash.shows("goes on without it", after=shown))

        assert bash.modes() == modes
        assert bash.shows("\x1b[?1049l", after=shown)
        bash.hang_up()
        eventually(lambda: processes_of(tmp_path) == [])


@on_linux
def test_without_a_view_a_terminal_that_is_gone_changes_nothing_for_the_daemon(tmp_path: Path) -> None:
    with upped(tmp_path, "--no-view") as bash:
        eventually(lambda: bash.shows("Satu: 1 new"))
        owner = int((tmp_path / "state/lock").read_text().split()[0])
        try:
            bash.hang_up()
            bash.process.wait(30)
            (tmp_path / "feeds.yaml").write_text("sites:\n")  # of which it complains, to nobody
            eventually(lambda: "broken" in _status(bash))
            spent = _cpu_ticks(owner)
            time.sleep(1)

            assert _cpu_ticks(owner) - spent < 50
        finally:
            os.kill(owner, signal.SIGTERM)
        eventually(lambda: processes_of(tmp_path) == [])


def _line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _status(bash: Shell) -> str:
    """Ask the daemon, by the address that it told while there was a terminal."""
    url = re.findall(rb"subscribe to (http://[0-9.:]+)/", bash.shown)[-1].decode()
    with urllib.request.urlopen(f"{url}/status.json", timeout=30) as answer:
        body: bytes = answer.read()
    return body.decode()


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def _state(pid: int) -> str:
    """Give its letter in proc(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return "gone"
