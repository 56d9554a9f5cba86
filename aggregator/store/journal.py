"""Records on disk: a snapshot, and a journal of what came after it.

    state/lock            flock of the one writer, with its pid
    state/snapshot.7      everything, as of the moment generation 7 began
    state/journal.7       what was committed since, one record a commit

A record has two runs of lines: those of the *schedule* section, which every start reads, and those of the *headlines*
section, which is only checked at the start and read when news comes.

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
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self

from aggregator.disk import beginning_of, create, sync_folder, write_all
from aggregator.errors import StateDamagedError, StateError
from aggregator.store.frames import (
    FRAME_BYTES,
    HEADER,
    Framed,
    check_header,
    check_version,
    frame,
    journal_frames,
    snapshot_frames,
)
from aggregator.store.lock import hold
from aggregator.store.modes import tighten

_HEADER_BYTES: Final = 100  # at most, of any version
_FILE: Final = re.compile(r"(snapshot|journal)\.([1-9]\d*)(\.tmp)?")

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


class Journal:
    """The files of one state directory. One process writes; any number read.

    Not for two threads at once: the store calls it from one place at a time.
    """

    def __init__(self, directory: Path, lock: int | None, generation: int = 0) -> None:
        """Begin with nothing open, behind a generation. `lock` is what `hold` gave; None for a reader."""
        self._directory = directory
        self._lock = lock
        self.generation = generation
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
                refuse_newer(directory)
            journal = cls(directory, None if read_only else hold(directory))
        except OSError as error:
            raise state_error(directory, error) from error
        try:
            opened = journal._open_generation()
            return journal, opened if read_only else replace(opened, notes=(*opened.notes, *tighten(directory)))
        except OSError as error:
            journal.close()
            raise state_error(directory, error) from error
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
            write_all(self._files["journal"], record)
        except OSError:
            self._cut_to(self._size)
            raise
        try:
            _sync(self._files["journal"])
        except OSError:
            self._suspect = True  # the kernel may have dropped the pages and forgotten the error (fsyncgate, 2018)
            raise
        run = Run("journal", self._size + FRAME_BYTES + len(schedule), len(headlines))
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
        generation = self.generation + 1
        temporary = self._directory / f"snapshot.{generation}.tmp"
        with contextlib.ExitStack() as undo:
            undo.callback(temporary.unlink, missing_ok=True)  # on a full disk, it is what fills it
            snapshot, runs = _write_snapshot(temporary, records)
            undo.callback(os.close, snapshot)
            journal = create(self._path("journal", generation), HEADER)
            undo.callback(os.close, journal)
            self._suspect = True  # from the rename on, a crash opens the new generation: the old one is closed to us
            temporary.rename(self._path("snapshot", generation))
            sync_folder(self._directory)
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
                self._sync_parents()
                self.adopt(self.begin(()))
            return Opened((), (), ())
        with contextlib.ExitStack() as undo:
            snapshot = os.open(self._path("snapshot", generation), self._flags())
            undo.callback(os.close, snapshot)
            check_header(self._path("snapshot", generation), os.pread(snapshot, _HEADER_BYTES, 0))
            journal = self._open_journal(generation)
            undo.pop_all()
        self._adopt(generation, snapshot, journal)
        opened = self._read_records()
        if self._lock is not None:  # a killed writer may have left in the system's memory what we go on from
            _sync(self._files["journal"])
            sync_folder(self._directory)
            self._remove_others()
        return opened

    def _open_journal(self, generation: int) -> int:
        """Open it; end its making where a crash, or a copy of state/, came in between."""
        path = self._path("journal", generation)
        descriptor = os.open(path, self._flags() | (0 if self._lock is None else os.O_CREAT), 0o600)
        try:
            beginning = os.pread(descriptor, _HEADER_BYTES, 0)
            if len(beginning) < len(HEADER) and HEADER.startswith(beginning):
                if self._lock is None:
                    raise FileNotFoundError(errno.ENOENT, "its writer is making it", str(path))
                write_all(descriptor, HEADER[len(beginning) :])
                os.fsync(descriptor)
            else:
                check_header(path, beginning)
        except (OSError, StateError):
            os.close(descriptor)
            raise
        return descriptor

    def _flags(self) -> int:
        return (os.O_RDONLY if self._lock is None else os.O_RDWR | os.O_APPEND) | os.O_NOFOLLOW | os.O_CLOEXEC

    def _read_records(self) -> Opened:
        snapshot, journal = self._path("snapshot", self.generation), self._path("journal", self.generation)
        with _mapped(self._files["snapshot"]) as image:
            kept = snapshot_frames(snapshot, image)
            schedule = [image[record.start : record.middle] for record in kept]
        with _mapped(self._files["journal"]) as image:
            came = journal_frames(journal, image)
            schedule += [image[record.start : record.middle] for record in came]
            self._size, torn = came[-1].end if came else len(HEADER), len(image)
        opened = Opened(tuple(schedule), (*_runs("snapshot", kept), *_runs("journal", came)), ())
        if self._size == torn:
            return opened
        if self._lock is not None:
            self._cut_to(self._size)
        note = f"{journal}: cut at byte {self._size}: a crash tore the last {torn - self._size} bytes"
        return replace(opened, notes=(note,))

    def _cut_to(self, size: int) -> None:
        try:
            os.ftruncate(self._files["journal"], size)
            os.fsync(self._files["journal"])
        except OSError:
            self._suspect = True

    def _adopt(self, generation: int, snapshot: int, journal: int) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self.generation, self._suspect = generation, False
        self._files = {"snapshot": snapshot, "journal": journal}
        self._size = os.fstat(journal).st_size
        self.snapshot_bytes = os.fstat(snapshot).st_size

    def _sync_parents(self) -> None:
        """Have a power cut leave state/ where it is; whoever made it may have been killed before it was sure."""
        for folder in self._directory.absolute().parents:
            with contextlib.suppress(PermissionError):  # one that may not be read was not made by us
                sync_folder(folder)

    def _remove_others(self) -> None:
        """Delete what crashes and earlier generations left behind; what cannot be, when it can."""
        with contextlib.suppress(OSError):
            for path in self._directory.iterdir():
                found = _FILE.fullmatch(path.name)
                if found and path != self._path(found[1], self.generation):
                    path.unlink(missing_ok=True)

    def _path(self, file: str, generation: int) -> Path:
        return self._directory / f"{file}.{generation}"


def refuse_newer(directory: Path) -> None:
    """Refuse what a newer version wrote, before anything of it is touched, the lock included.

    Raises:
        StateError: It did.
        OSError: It cannot be read.
    """
    for path in generation_files(directory):
        check_version(path, beginning_of(path, _HEADER_BYTES))


def generation_files(directory: Path) -> tuple[Path, ...]:
    """Give the snapshot and the journal of the present generation, as far as they are there.

    It is the newest that has a snapshot; where none has, the newest journal's.
    """
    if not directory.is_dir():
        return ()
    found = {path: name for path in directory.iterdir() if (name := _FILE.fullmatch(path.name)) and not name[3]}
    newest = max(((name[1] == "snapshot", int(name[2])) for name in found.values()), default=(False, 0))[1]
    return tuple(sorted((path for path, name in found.items() if int(name[2]) == newest), reverse=True))


def _newest_generation(directory: Path) -> int:
    """Give the newest generation that has its snapshot; 0 where none ever began.

    Raises:
        StateDamagedError: There were commits, and their snapshot is missing.
    """
    found = [(path, name) for path in directory.iterdir() if (name := _FILE.fullmatch(path.name))]
    snapshots = [int(name[2]) for _, name in found if name[1] == "snapshot" and not name[3]]
    if not snapshots:
        for path, name in found:
            if name[1] == "journal" and path.stat().st_size > len(HEADER):
                raise StateDamagedError(f"{path}: its snapshot.{name[2]} is missing; restore it from a backup")
    return max(snapshots, default=0)


def state_error(directory: Path, error: OSError) -> StateError:
    """Tell of the disk's trouble in our words."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StateError(f"{directory}: is no folder; name another with --state")
    return StateError(f"{directory}: {error.strerror}; make it readable and writable, or free space")


def _mapped(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)


def _runs(file: File, frames: Iterable[Framed]) -> Iterator[Run]:
    return (Run(file, record.middle, record.end - record.middle) for record in frames if record.end > record.middle)


def _write_snapshot(path: Path, records: Iterable[tuple[bytes, bytes]]) -> tuple[int, tuple[Run, ...]]:
    descriptor = create(path, HEADER)
    try:
        runs: list[Run] = []
        at = len(HEADER)
        for schedule, headlines in records:
            record = frame(schedule, headlines)
            write_all(descriptor, record)
            runs.append(Run("snapshot", at + FRAME_BYTES + len(schedule), len(headlines)))
            at += len(record)
        write_all(descriptor, frame(b"", b""))
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, tuple(runs)


def _sync(descriptor: int) -> None:
    """Bring what was appended to the disk itself."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # its fsync stops at the disk's own cache
    else:
        os.fdatasync(descriptor)
