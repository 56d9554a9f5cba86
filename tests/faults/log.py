"""What a run does to a folder, call by call, written down while it does it."""

import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest

Kind = Literal["file", "folder", "write", "cut", "sync", "rename", "remove", "told"]

CALLS: Final = (
    "open",
    "write",
    "pwrite",
    "ftruncate",
    "fsync",
    "fdatasync",
    "rename",
    "replace",
    "mkdir",
    "unlink",
    "rmdir",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that changed something, or made a change last.

    Attributes:
        kind: A file or a folder was made, bytes were written, a file was cut, a file or a folder was synced, …; "told":
            nothing was done, but somebody was told something that has to be true from here on.
        path: From the folder that is watched.
        to: Of a rename.
        offset: Of a write; of a cut, the length that is left.
        content: Of a write.
        fact: What was told.
    """

    kind: Kind
    path: str = ""
    to: str = ""
    offset: int = 0
    content: bytes = b""
    fact: Any = None


class Log:
    """Watches a folder of this process. Linux only: /proc tells what a descriptor is open on.

    Attributes:
        calls: In order.
    """

    def __init__(self, root: Path) -> None:
        self.calls: list[Call] = []
        self._root = root
        self._plain = {name: getattr(os, name) for name in CALLS}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Stand between the program and the system."""
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, getattr(self, f"_{name}"))
            patch.setattr(io, "open", _opened_by(io.open))
            yield

    def told(self, fact: Any) -> None:
        self.calls.append(Call(kind="told", fact=fact))

    def _note(self, kind: Kind, path: Any, **more: Any) -> None:
        target = Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(path)
        if target.is_relative_to(self._root):
            self.calls.append(Call(kind=kind, path=target.relative_to(self._root).as_posix(), **more))

    def _open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        is_new = flags & os.O_CREAT and not os.path.lexists(path)
        descriptor: int = self._plain["open"](path, flags, mode)
        if is_new:
            self._note("file", path)
        elif flags & os.O_TRUNC:
            self._note("cut", path)
        return descriptor

    def _write(self, file: int, content: Any) -> int:
        is_appended = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_APPEND
        offset = os.fstat(file).st_size if is_appended else os.lseek(file, 0, os.SEEK_CUR)
        written: int = self._plain["write"](file, content)
        self._note("write", file, offset=offset, content=bytes(content)[:written])
        return written

    def _pwrite(self, file: int, content: bytes, offset: int) -> int:
        written: int = self._plain["pwrite"](file, content, offset)
        self._note("write", file, offset=offset, content=content[:written])
        return written

    def _ftruncate(self, file: int, length: int) -> None:
        self._plain["ftruncate"](file, length)
        self._note("cut", file, offset=length)

    def _fsync(self, file: int) -> None:
        self._plain["fsync"](file)
        self._note("sync", file)

    def _fdatasync(self, file: int) -> None:
        self._plain["fdatasync"](file)
        self._note("sync", file)

    def _rename(self, old: Any, new: Any) -> None:
        self._plain["replace"](old, new)
        self._note("rename", old, to=Path(new).relative_to(self._root).as_posix())

    _replace = _rename

    def _mkdir(self, path: Any, mode: int = 0o777) -> None:
        self._plain["mkdir"](path, mode)
        self._note("folder", path)

    def _unlink(self, path: Any) -> None:
        self._plain["unlink"](path)
        self._note("remove", path)

    def _rmdir(self, path: Any) -> None:
        self._plain["rmdir"](path)
        self._note("remove", path)


class Faulty(Log):
    """Watches, and has the n-th call fail, and some after it; or where a call writes, write but half of its content.

    Attributes:
        made: Calls so far.
    """

    def __init__(self, root: Path, at: int, fault: int | None, *, lasting: int = 1) -> None:
        """Have `lasting` calls from call `at` on fail with the errno `fault`. None: be short."""
        super().__init__(root)
        self.made = 0
        self._failing_calls, self._fault = range(at, at + lasting), fault
        self._plain = {name: self._failing(name, plain) for name, plain in self._plain.items()}

    def _failing(self, name: str, plain: Any) -> Any:
        def call(*given: Any) -> Any:
            if name == "open" and not given[1] & os.O_CREAT:
                return plain(*given)
            self.made += 1
            if self.made in self._failing_calls and self._fault is not None:
                raise OSError(self._fault, os.strerror(self._fault))
            if self.made in self._failing_calls and name == "write":
                return plain(given[0], bytes(given[1])[: len(given[1]) // 2])
            return plain(*given)

        return call


class _File(io.FileIO):
    """A file of Python's own that writes by os.write, as everybody else does."""

    def write(self, content: Any) -> int:
        return os.write(self.fileno(), content)


def _opened_by(plain: Any) -> Any:
    def opened(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        if mode != "wb":
            return plain(file, mode, *given, **named)
        return io.BufferedWriter(_File(file, "w", opener=lambda path, flags: os.open(path, flags, 0o666)))

    return opened
