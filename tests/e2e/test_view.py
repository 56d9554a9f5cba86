"""`aggregator up` on a terminal, as under an interactive shell: job control, keys, and the terminal afterwards."""

import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Page, command, eventually, processes_of, write_feeds

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with job control")

RSS = b"""<rss version="2.0"><channel><title>Satu</title><link>https://satu.example/</link><description>d</description>
<item><guid>1</guid><title>Gempa guncang Selasih</title><link>https://satu.example/1</link></item></channel></rss>"""


class Shell:
    """An interactive bash on a pseudo-terminal of 80 × 24."""

    def __init__(self, folder: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._shown = bytearray()
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "PS1": "$ ", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  one system call
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            while some := os.read(self._master, 65536):
                self._shown += some
        except OSError:  # the last process has left the terminal
            return

    def type(self, text: str) -> int:
        """Type, and tell how much was shown before."""
        before = len(self._shown)
        os.write(self._master, text.encode())
        return before

    def shows(self, text: str, *, after: int = 0) -> bool:
        return text.encode() in self._shown[after:]

    def modes(self) -> list[object]:
        return termios.tcgetattr(self._master)

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        os.close(self._master)


@contextmanager
def shell(folder: Path) -> Iterator[Shell]:
    opened = Shell(folder)
    try:
        eventually(lambda: opened.shows("$ "))
        yield opened
    finally:
        opened.close()


@contextmanager
def viewed(folder: Path) -> Iterator[tuple[Shell, list[object]]]:
    """Run `aggregator up` in a shell; give it, with the terminal's modes from before, once a headline is shown."""
    with Origin({"/satu.xml": Page(body=RSS)}) as origin, shell(folder) as bash:
        feeds = write_feeds(folder, [{"name": "Satu", "url": origin.url("/satu.xml")}])
        before = bash.modes()
        line = command("up", "--listen", "127.0.0.1:0", "--feeds", feeds, "--state", folder / "state")
        bash.type(" ".join(line) + "; echo ended=$?\n")
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


def _state(pid: int) -> str:
    """Give its letter in proc(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return "gone"
