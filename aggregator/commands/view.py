"""The live view as a child of the daemon, on the same terminal. The daemon itself never draws."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import sys
import termios
import time
from asyncio.subprocess import Process
from typing import TYPE_CHECKING

from aggregator.commands.logs import log_to_stderr
from aggregator.commands.options import LogFormat
from aggregator.daemon import Daemon

if TYPE_CHECKING:
    from aggregator.monitor.terminal import Modes

# Exit codes. 0: "q" or Ctrl-C. Below 0: a signal that came before the view could answer it.
_LEFT = frozenset({0, 128 + signal.SIGHUP, 128 + signal.SIGTERM, -signal.SIGHUP, -signal.SIGTERM})
_PATIENCE = 1.0  # seconds for the view to give the terminal back; and between two looks whether it is there


async def show(daemon: Daemon, log_format: LogFormat, url: str) -> None:
    """Start the view. When it is left, or the terminal is gone, the daemon ends; when that ends, so does the view.

    Args:
        daemon: The running one.
        log_format: For the log on standard error, should the view fail.
        url: Where it serves.
    """
    token = daemon.token
    line = ["watch", url, *([] if token is None else ["--token-file", str(token.file)])]
    modes = _modes()
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "aggregator", *line)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, _stop_after, child)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # after Ctrl-Z and `bg`, the view stands still, and we go on
    daemon.accompany(_follow(child, daemon, log_format, modes))


async def _follow(child: Process, daemon: Daemon, log_format: LogFormat, modes: "Modes | None") -> None:
    try:
        code = await child.wait()
    finally:
        await _end(child)
    if code in _LEFT or _is_hung_up():
        daemon.stop()
        return
    if modes is not None and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():  # else it is the shell's
        from aggregator.monitor.terminal import give_back  # rich: only who needs it pays for it

        give_back(sys.stdin.fileno(), sys.stdout.fileno(), modes)
    log_to_stderr(log_format)
    log = logging.getLogger("aggregator")
    log.error("the live view failed (exit code %d): the daemon goes on without it; Ctrl-C ends it", code)
    while not _is_hung_up():  # noqa: ASYNC110  nobody tells: SIGHUP has another meaning
        await asyncio.sleep(_PATIENCE)
    daemon.stop()


async def _end(child: Process) -> None:
    """Have the view give the terminal back and end; one that cannot is killed."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
        child.send_signal(signal.SIGCONT)  # it may be stopped
        try:
            await asyncio.wait_for(child.wait(), _PATIENCE)
        except TimeoutError:  # stopped again: it may not touch a terminal that is another job's now
            child.kill()
    await child.wait()


def _modes() -> "Modes | None":
    """Give those of our terminal. None: there is none, or it is gone."""
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except termios.error:
        return None


def _is_hung_up() -> bool:
    """Say whether our terminal is gone: closed, or its connection dropped. A SIGHUP may have come before the view."""
    try:
        termios.tcgetattr(sys.stdin.fileno())
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False


def _stop_after(child: Process) -> None:
    """Ctrl-Z: stop when the view has stopped.

    The shell takes the terminal back as soon as we stop; the view would then be stopped a second time, in the midst of
    giving it back, and not come back with `fg`.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and not _is_stopped(child.pid):
        time.sleep(0.01)  # the loop is about to stand still anyway
    os.kill(os.getpid(), signal.SIGSTOP)


def _is_stopped(pid: int) -> bool:
    if sys.platform == "darwin":  # os.waitid came there with Python 3.13
        return False
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    return True
