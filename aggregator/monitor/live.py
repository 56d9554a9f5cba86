"""`aggregator watch`: a daemon's answers → a terminal, once a second and at each key."""

import codecs
import os
import select
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console  # noqa: TID251  rich's home

from aggregator.monitor.ask import Daemon, NoAnswer
from aggregator.monitor.frame import frame
from aggregator.monitor.keys import read_keys
from aggregator.monitor.lines import Line, read_lines
from aggregator.monitor.metrics import read_status
from aggregator.monitor.printable import printable
from aggregator.monitor.terminal import ENDING, Terminal, paint, write
from aggregator.monitor.view import View, follow, press
from aggregator.report import Status

_Value = TypeVar("_Value")
_EVERY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What one round of questions brought. None: nothing new, or no answer.

    Attributes:
        at: By time.monotonic().
        trouble: Why something is missing; "" where nothing is.
    """

    at: float
    status: Status | None = None
    update: tuple[Line, ...] | None = None
    popular: tuple[Line, ...] | None = None
    trouble: str = ""


def watch(url: str, *, once: bool = False, token_file: Path | None = None) -> int:
    """Show how the daemon at `url` does, until "q", Ctrl-C or a signal.

    Args:
        url: "http://127.0.0.1:8080"; http or https.
        once: Print one frame and end; no terminal is needed.
        token_file: Holds what readers of that daemon have to know, if they have to.

    Returns:
        The exit code: 0; 1 where `once` found no daemon; 2 where the address or the terminal cannot be used;
        128 + the number of the signal that ended it, apart from Ctrl-C.
    """
    try:
        daemon = Daemon(url, token_file=token_file)
    except ValueError as error:
        return _complain(f"{url}: {error}", 2)
    console = Console(highlight=False)
    if once:
        return _print_frame(url, daemon, console)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _complain("watch: this is no terminal; write `aggregator watch --once` for one frame", 2)
    if console.is_dumb_terminal:
        _complain("watch: TERM=dumb cannot be drawn on; here is one frame, as with --once", 0)
        return _print_frame(url, daemon, console)
    try:
        with Terminal(sys.stdin.fileno(), sys.stdout.fileno()) as terminal:
            return _Live(_first_view(url), daemon, terminal, console).run()
    except OSError:  # the terminal went away under our hands, as after a dropped SSH connection
        return 128 + signal.SIGHUP


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"{printable(text)}\n")
    return code


def _first_view(url: str) -> View:
    return View(address=printable(url), ascii_only="utf" not in (sys.stdout.encoding or "").lower())


def _print_frame(url: str, daemon: Daemon, console: Console) -> int:
    news = _ask_all(daemon)
    if news.status is None:
        return _complain(f"{url}: no answer ({news.trouble}); start the daemon with `aggregator up`", 1)
    view = _told(replace(_first_view(url), interactive=False), news)
    size = shutil.get_terminal_size((80, 24))
    lines = frame(view, size.columns, size.lines)
    for line in lines:
        line.rstrip()
    with suppress(BrokenPipeError):  # `aggregator watch --once | head -3` has seen enough
        write(sys.stdout.fileno(), ("\n".join(paint(lines, console)) + "\n").encode("utf-8", "replace"))
    return 0


def _ask_all(daemon: Daemon) -> _News:
    """Ask once for everything; if the status does not come, for nothing else."""
    status = _ask(daemon, "/status.json", read_status)
    if isinstance(status, NoAnswer):
        daemon.rest()
        return _News(at=time.monotonic(), trouble=status.why)
    at = time.monotonic()
    update = _ask(daemon, "/update.json", read_lines)
    popular = _ask(daemon, "/popular.json", read_lines)
    daemon.rest()
    return _News(
        at=at,
        status=status,
        update=None if isinstance(update, NoAnswer) else update,
        popular=None if isinstance(popular, NoAnswer) else popular,
        trouble="; ".join(answer.why for answer in (update, popular) if isinstance(answer, NoAnswer)),
    )


def _ask(daemon: Daemon, path: str, read: Callable[[bytes], _Value]) -> _Value | NoAnswer | None:
    """Ask for one path and read it. None: unchanged."""
    answer = daemon.ask(path)
    if not isinstance(answer, bytes):
        return answer
    try:
        return read(answer)
    except ValueError as error:
        daemon.forget(path)
        return NoAnswer(why=f"{path}: {error}")


def _told(view: View, news: _News) -> View:
    """Put into the view what is new."""
    status = view.status if news.status is None else news.status
    fresh = replace(
        view,
        status=status,
        update=view.update if news.update is None else news.update,
        popular=view.popular if news.popular is None else news.popular,
        trouble=news.trouble,
        now=status.now if status else None,
        zone=_zone(status.zone) if status else UTC,
    )
    return follow(view, fresh)


def _zone(name: str) -> tzinfo:
    """Find a zone; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no zone's name; "America", a directory
        return UTC


class _Live:
    """The view on a terminal: what is shown, and the question under way."""

    def __init__(self, view: View, daemon: Daemon, terminal: Terminal, console: Console) -> None:
        self._view = view
        self._daemon = daemon
        self._terminal = terminal
        self._console = console
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._answered_at = time.monotonic()
        self._ask_at = self._answered_at
        self._news: Future[_News] | None = None

    def run(self) -> int:
        """Show and listen until something ends it; return the exit code."""
        while True:
            until_asking = _EVERY_SECONDS if self._news else max(0.0, self._ask_at - time.monotonic())
            ready, _, _ = select.select([sys.stdin, self._terminal.wake], [], [], until_asking)
            if self._terminal.wake in ready:
                code = self._woken(os.read(self._terminal.wake, 1024))
                if code is not None:
                    return code
            # Not both in one turn: a stop may have thrown away what was typed, and reading would wait for ever.
            elif ready and self._leaves(self._terminal.typed()):
                return 0
            # Its answer is a moment away, and will be drawn: not every second needs two frames.
            asked = self._ask_if_due()
            if ready or not asked:
                self._draw()

    def _ask_if_due(self) -> bool:
        """Take what the last question brought; ask the next in the background. True: it was asked now."""
        if self._news and self._news.done():
            news = self._news.result()
            self._news = None
            self._view = _told(self._view, news)
            if news.status:
                self._answered_at = news.at
        if self._news or time.monotonic() < self._ask_at:
            return False
        self._ask_at = time.monotonic() + _EVERY_SECONDS
        self._news = _in_background(lambda: _ask_all(self._daemon), self._terminal.ring)
        return True

    def _draw(self) -> None:
        width, height = self._terminal.size()
        status = self._view.status
        since = timedelta(seconds=time.monotonic() - self._answered_at)
        view = replace(self._view, now=status.now + since) if status else self._view
        self._terminal.draw(paint(frame(view, width, height), self._console))

    def _woken(self, numbers: bytes) -> int | None:
        """Answer signals, in the order they came. Returns the exit code where one of them ends the view."""
        for number in numbers:
            if number in ENDING:
                return 0 if number == signal.SIGINT else 128 + number
            if number == signal.SIGTSTP:
                self._terminal.pause()
            elif number == signal.SIGCONT:
                self._terminal.take()
            elif number == signal.SIGWINCH:
                self._terminal.clear()
        return None

    def _leaves(self, typed: bytes) -> bool:
        """Answer keys. True: one of them ends the view, or the terminal is gone."""
        _, height = self._terminal.size()
        for key in read_keys(self._decoder.decode(typed)):
            if key == "q" and not self._view.typing:
                return True
            self._view = press(self._view, key, page=max(1, height // 2))
        return not typed


def _in_background(task: Callable[[], _News], ring: int) -> Future[_News]:
    """Run a task in a thread that nobody waits for at the end, and ring when it is done."""
    future: Future[_News] = Future()

    def run() -> None:
        try:
            future.set_result(task())
        except BaseException as error:  # noqa: BLE001  a bug; raised again where the result is taken
            future.set_exception(error)
        with suppress(OSError):  # full: the loop wakes anyway; gone: the view has ended
            os.write(ring, b"\0")

    threading.Thread(target=run, daemon=True).start()
    return future
