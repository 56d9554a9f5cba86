"""Records on disk: a snapshot, and a journal of what came after it.

    state/lock            flock of the one writer, with its pid
    state/snapshot.7      everything, as of the moment generation 7 began
    state/journal.7       what was committed since, one record a commit

A record is a frame (mark, lengths, CRC-32) around two runs of lines: those of the *schedule* section, which every
start reads, and those of the *headlines* section, which is only checked at the start and read when news comes.

Each commit is one record, written and synced before the next is begun. So only the last record can be torn: a bad
record with a good one behind it is damage, which is refused, while a bad tail is what a crash leaves, which is cut off.
A generation begins when its snapshot gets its name; until then the one before it holds.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from aggregator.errors import StateDamagedError, StateError, StateLockedError

HEADER: Final = b"headline-aggregator state 1\n"
_ANY_HEADER: Final = re.compile(rb"headline-aggregator state (\d+)\n")
_FRAME: Final = struct.Struct("<4sIII")  # mark, length of both runs, length of the schedule run, CRC-32 of all else
_MARK: Final = b"\xf5HA\xf5"  # 0xF5 occurs in no UTF-8 text, so a search for it finds frames only
_LOCK: Final = "lock"
_FILE: Final = re.compile(r"(snapshot|journal)\.(\d+)")

File = Literal["snapshot", "journal"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of headline lines that has been checked but not read.

    Attributes:
        file: In which file.
        offset: From its start.
        length: In bytes.
    """

    file: File
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A generation that is on disk but not yet in use.

    Attributes:
        generation: Its number.
        snapshot: Descriptor.
        journal: Descriptor.
        runs: Where the headline lines of each record are in the snapshot.
    """

    generation: int
    snapshot: int
    journal: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a state directory held.

    Attributes:
        schedule: The schedule lines of each record, oldest first.
        headlines: Where the headline lines of each record are, oldest first.
        notes: For people: what had to be mended.
    """

    schedule: tuple[bytes, ...]
    headlines: tuple[Run, ...]
    notes: tuple[str, ...]


def frame(schedule: bytes, headlines: bytes) -> bytes:
    """Make one record of two runs of lines."""
    lengths = struct.pack("<II", len(schedule) + len(headlines), len(schedule))
    checksum = zlib.crc32(headlines, zlib.crc32(schedule, zlib.crc32(lengths)))
    return _MARK + lengths + struct.pack("<I", checksum) + schedule + headlines


class Journal:
    """The files of one state directory. One process writes; any number read.

    Not for two threads at once: the store calls it from one place at a time.
    """

    def __init__(self, directory: Path, lock: int | None) -> None:
        """Begin with nothing open. `lock` is the descriptor that holds the flock; None for a reader."""
        self._directory = directory
        self._lock = lock
        self._generation = 0
        self._files: dict[File, int] = {}
        self._size = 0
        self._suspect = False
        self.snapshot_bytes = 0

    @classmethod
    def open(cls, directory: Path, *, read_only: bool = False) -> tuple[Self, Opened]:
        """Open a state directory; make it where there is none.

        Args:
            directory: state/.
            read_only: Take no lock, change nothing.

        Raises:
            StateLockedError: Another process writes here.
            StateDamagedError: A file is not what we wrote; the text names it and the offset.
            StateError: It cannot be read or written, or a newer version wrote it.
        """
        try:
            if not read_only:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            journal = cls(directory, None if read_only else _lock(directory))
        except OSError as error:
            raise _state_error(directory, error) from error
        try:
            return journal, journal._open_generation()
        except OSError as error:
            journal.close()
            raise _state_error(directory, error) from error
        except StateError:
            journal.close()
            raise

    @property
    def journal_bytes(self) -> int:
        """The length of the present journal."""
        return self._size

    def close(self) -> None:
        """Close the files and let the lock go."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self, file: File, offset: int, length: int) -> bytes:
        """Read bytes at a place that a `Run` or `append` named; fewer at the end of the file."""
        return os.pread(self._files[file], length, offset)

    def append(self, schedule: bytes, headlines: bytes) -> Run:
        """Commit one record. When this returns, it survives a crash and a power cut.

        Returns:
            Where its headline lines are.

        Raises:
            OSError: It was not committed. Where `suspect` says so, the next commit must be preceded by `begin`.
        """
        if self._suspect:
            raise OSError(errno.EIO, "the end of the journal is unknown since an earlier failure")
        record = frame(schedule, headlines)
        try:
            _write(self._files["journal"], record)
        except OSError:
            self._cut_to(self._size)
            raise
        try:
            os.fdatasync(self._files["journal"])
        except OSError:
            self._suspect = True  # the kernel may have dropped the pages and forgotten the error (fsyncgate, 2018)
            raise
        run = Run("journal", self._size + _FRAME.size + len(schedule), len(headlines))
        self._size += len(record)
        return run

    @property
    def suspect(self) -> bool:
        """Say whether the end of the journal is unknown after a failure, so that only `begin` may follow."""
        return self._suspect

    def begin(self, records: Iterable[tuple[bytes, bytes]]) -> Begun:
        """Write a new generation whose snapshot holds `records` and nothing else. May run in a thread.

        Reading goes on in the old one until `adopt`; appending does not.

        Raises:
            OSError: It did not begin. Nothing may be appended before another try has succeeded.
        """
        generation = self._generation + 1
        temporary = self._directory / f"snapshot.{generation}.tmp"
        with contextlib.ExitStack() as undo:
            snapshot, runs = _write_snapshot(temporary, records)
            undo.callback(os.close, snapshot)
            journal = _create(self._path("journal", generation), HEADER)
            undo.callback(os.close, journal)
            self._suspect = True  # from the rename on, a crash opens the new generation: the old one is closed to us
            temporary.rename(self._path("snapshot", generation))
            _sync_directory(self._directory)
            undo.pop_all()
        return Begun(generation, snapshot, journal, runs)

    def adopt(self, begun: Begun) -> None:
        """Go over to a generation that has begun, and delete the one before."""
        self._adopt(begun.generation, begun.snapshot, begun.journal)
        self._remove_others()

    def _open_generation(self) -> Opened:
        for _ in range(100):  # a reader's list of files is old when a writer begins a generation meanwhile
            generation = _newest_generation(self._directory)
            try:
                return self._open_files(generation)
            except FileNotFoundError:
                if self._lock is not None:
                    raise
        raise StateError(f"{self._directory}: it changes faster than it can be read; try again")

    def _open_files(self, generation: int) -> Opened:
        if generation == 0:
            if self._lock is not None:
                self.adopt(self.begin(()))
            return Opened((), (), ())
        flags = (os.O_RDONLY if self._lock is None else os.O_RDWR) | os.O_NOFOLLOW | os.O_CLOEXEC
        snapshot = os.open(self._path("snapshot", generation), flags)
        path = self._path("journal", generation)
        if self._lock is not None and not path.exists():  # a copy of state/ that was taken in between
            _create(path, HEADER)
        self._adopt(generation, snapshot, os.open(path, flags | os.O_APPEND))
        if self._lock is not None:
            self._remove_others()
        return self._read_records()

    def _read_records(self) -> Opened:
        schedule: list[bytes] = []
        headlines: list[Run] = []
        notes: list[str] = []
        for file, descriptor in self._files.items():
            path = self._path(file, self._generation)
            end = len(HEADER)
            with _mapped(path, descriptor) as image:
                for offset, total, scheduled in _frames(image):
                    schedule.append(image[offset : offset + scheduled])
                    if total > scheduled:
                        headlines.append(Run(file, offset + scheduled, total - scheduled))
                    end = offset + total
                if end < len(image):
                    _refuse_damage(path, image, end, torn_tail_is_legal=file == "journal")
                    notes.append(f"{path}: cut at byte {end}: a crash tore the last {len(image) - end} bytes")
            if file == "journal":
                self._size = end
                if notes and self._lock is not None:
                    self._cut_to(end)
        return Opened(tuple(schedule), tuple(headlines), tuple(notes))

    def _cut_to(self, size: int) -> None:
        try:
            os.ftruncate(self._files["journal"], size)
            os.fsync(self._files["journal"])
        except OSError:
            self._suspect = True

    def _adopt(self, generation: int, snapshot: int, journal: int) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._generation, self._suspect = generation, False
        self._files = {"snapshot": snapshot, "journal": journal}
        self._size = os.fstat(journal).st_size
        self.snapshot_bytes = os.fstat(snapshot).st_size

    def _remove_others(self) -> None:
        """Delete what crashes and earlier generations left behind."""
        for path in self._directory.iterdir():
            found = _FILE.match(path.name)
            if found and path != self._path(found[1], self._generation):
                path.unlink(missing_ok=True)

    def _path(self, file: str, generation: int) -> Path:
        return self._directory / f"{file}.{generation}"


def _lock(directory: Path) -> int:
    """Take the directory for this process. The flock goes with the process, however that ends."""
    descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise StateLockedError(str(directory), int(pid) if pid.isdecimal() else None) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _newest_generation(directory: Path) -> int:
    """Give the newest generation that has its snapshot; 0 where there is none."""
    names = (_FILE.fullmatch(path.name) for path in directory.iterdir())
    return max((int(found[2]) for found in names if found and found[1] == "snapshot"), default=0)


def _mapped(path: Path, descriptor: int) -> mmap.mmap:
    found = _ANY_HEADER.match(os.pread(descriptor, 100, 0))
    if found is None:
        raise StateDamagedError(f"{path}: damaged at byte 0: no file of ours begins so; restore it from a backup")
    if found[0] != HEADER:
        raise StateError(f"{path}: written by a newer version (format {found[1].decode()}); run that version")
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)


def _state_error(directory: Path, error: OSError) -> StateError:
    return StateError(f"{directory}: {error.strerror}; make it readable and writable, or free space")


def _frames(image: mmap.mmap) -> Iterator[tuple[int, int, int]]:
    """Yield (offset of the lines, length of both runs, length of the schedule run) up to the first bad frame."""
    at = len(HEADER)
    while (found := _frame_at(image, at)) is not None:
        yield found
        at = found[0] + found[1]


def _frame_at(image: mmap.mmap, at: int) -> tuple[int, int, int] | None:
    start = at + _FRAME.size
    if start > len(image):
        return None
    mark, total, scheduled, checksum = _FRAME.unpack_from(image, at)
    if mark != _MARK or scheduled > total or start + total > len(image):
        return None
    with memoryview(image) as view, view[start : start + total] as lines:
        good = zlib.crc32(lines, zlib.crc32(struct.pack("<II", total, scheduled))) == checksum
    return (start, total, scheduled) if good else None


def _refuse_damage(path: Path, image: mmap.mmap, end: int, *, torn_tail_is_legal: bool) -> None:
    """Tell a tail that a crash tore from damage: behind a torn record there is no good one."""
    at = end
    while torn_tail_is_legal and (at := image.find(_MARK, at + 1)) != -1:
        if _frame_at(image, at) is not None:
            torn_tail_is_legal = False
    if not torn_tail_is_legal:
        raise StateDamagedError(f"{path}: damaged at byte {end}; restore it from a backup")


def _write_snapshot(path: Path, records: Iterable[tuple[bytes, bytes]]) -> tuple[int, tuple[Run, ...]]:
    descriptor = _create(path, HEADER)
    try:
        runs: list[Run] = []
        at = len(HEADER)
        for schedule, headlines in records:
            record = frame(schedule, headlines)
            _write(descriptor, record)
            runs.append(Run("snapshot", at + _FRAME.size + len(schedule), len(headlines)))
            at += len(record)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor, tuple(runs)


def _create(path: Path, content: bytes) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        _write(descriptor, content)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _write(descriptor: int, content: bytes) -> None:
    """Write all of it: a short write is legal, and is what a filling disk gives first."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
