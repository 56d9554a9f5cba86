"""Who may write to state/: one process at a time."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

from aggregator.errors import StateLockedError

_LOCK: Final = "lock"


def hold(directory: Path) -> int:
    """Take the directory for this process; make it where there is none. The flock goes with the process.

    Returns:
        The descriptor that holds it.

    Raises:
        StateLockedError: Another process has it.
        OSError: It cannot be made or written.
    """
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)  # a web server goes through, to public/
    descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise StateLockedError(str(directory), int(pid) if pid.isdecimal() else None) from None
    with contextlib.suppress(OSError):  # the pid is for people; on a full disk, what is kept can be read without it
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
