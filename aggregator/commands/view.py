"""The live view as a child of the daemon, on the same terminal. The daemon itself never draws."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import Process

from aggregator.commands.logs import log_to_stderr
from aggregator.commands.options import LogFormat
from aggregator.daemon import Daemon

_LEFT = frozenset({0, 128 + signal.SIGHUP, 128 + signal.SIGTERM})  # exit codes; 0: "q" or Ctrl-C
_PATIENCE = 1.0  # seconds for the view to give the terminal back


async def show(daemon: Daemon, log_format: LogFormat, url: str) -> None:
    """Start the view. When it is left, the daemon ends; when the daemon ends, so does the view.

    Args:
        daemon: The running one.
        log_format: For the log on standard error, should the view fail.
        url: Where it serves.
    """
    token = daemon.token
    line = ["watch", url, *([] if token is None else ["--token-file", str(token.file)])]
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "aggregator", *line)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, _stop_after, child)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # after Ctrl-Z and `bg`, the view stands still, and we go on
    daemon.accompany(_follow(child, daemon, log_format))


async def _follow(child: Process, daemon: Daemon, log_format: LogFormat) -> None:
    try:
        code = await child.wait()
    finally:
        await _end(child)
    if code in _LEFT:
        daemon.stop()
        return
    log_to_stderr(log_format)
    log = logging.getLogger("aggregator")
    log.error("the live view failed (exit code %d): the daemon goes on without it; Ctrl-C ends it", code)


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
