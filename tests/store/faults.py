"""A disk that fails: every call that changes something is counted, and from the n-th on some or all of them fail."""

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pytest

Fault = Literal["once", "once, near the end", "from then on", "crash"]

CALLS: Final = ("open", "write", "fsync", "fdatasync", "ftruncate", "pwrite", "rename", "unlink")


class CrashError(BaseException):
    """The process is gone: nothing it does has an effect any more."""


@dataclass(slots=True)
class Disk:
    """Counts calls; fails the n-th.

    Attributes:
        fault: The n-th call raises ENOSPC, that and all later ones do, or the process ends there. Near the end: the
            process ends, well, with the next commit that succeeds.
        at: Counted from 1; 0: none fails.
        calls: Made so far.
        hits: Failed so far.
    """

    fault: Fault
    at: int
    calls: int = 0
    hits: int = 0
    _plain: dict[str, Callable[..., Any]] = field(default_factory=dict)
    _opened: list[tuple[int, os.stat_result]] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between the program and the system from here on."""
        for name in CALLS:
            self._plain[name] = getattr(os, name)
            patch.setattr(os, name, lambda *given, name=name, **named: self._call(name, *given, **named))

    def bury(self) -> None:
        """Close what a process that crashed had open: the system would, and the lock goes with it."""
        for descriptor, opened in self._opened:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), opened):
                    os.close(descriptor)

    def _open(self, *given: Any, **named: Any) -> int:
        descriptor: int = self._plain["open"](*given, **named)
        self._opened.append((descriptor, os.fstat(descriptor)))
        return descriptor

    def _call(self, name: str, *given: Any, **named: Any) -> Any:
        if name == "open" and not given[1] & os.O_CREAT:
            return self._open(*given, **named)
        self.calls += 1
        if not self.at or self.calls < self.at or (self.fault.startswith("once") and self.calls > self.at):
            return (self._open if name == "open" else self._plain[name])(*given, **named)
        self.hits += 1
        if name == "write" and self.calls == self.at:  # torn: half of it reaches the disk
            self._plain[name](given[0], bytes(given[1])[: len(given[1]) // 2])
        if self.fault == "crash":
            raise CrashError
        raise OSError(errno.ENOSPC, "No space left on device")
