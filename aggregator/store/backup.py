"""state/ ↔ one file: a gzipped tar of plain files, which any `tar` can list.

    edition                        what the last run had published
    archive/TOPIC/2026-10.jsonl    what was told, month by month
    snapshot.7, journal.7          everything else

They are read in this order, beside whoever writes: each knows no more than those behind it, as after a crash.
The sketch, the log and public/ are left out: the next run makes them anew.
"""

import contextlib
import io
import os
import tarfile
from pathlib import Path
from typing import Final, Protocol

from aggregator.disk import read_file, sync_folder
from aggregator.errors import StateError
from aggregator.store.journal import File, Journal
from aggregator.store.ledger import checked_lines

LEDGERS: Final = "archive/*/*.jsonl"
EDITION: Final = "edition"


class _Readable(Protocol):
    """What a tar is written from."""

    def read(self, size: int, /) -> bytes:
        """Read on; fewer bytes at the end."""


def back_up(directory: Path, file: Path) -> int:
    """Write a copy of state/, beside whoever writes to it, into a file that only its owner may read.

    The file is replaced whole, or stays as it was.

    Returns:
        Its length.

    Raises:
        StateDamagedError: Something in state/ is not what we wrote: an older backup is worth more.
        StateError: There is nothing to copy, or the file cannot be written.
    """
    aside = file.with_name(f".{file.name}.tmp")
    try:
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with contextlib.ExitStack() as undo:
            undo.callback(aside.unlink, missing_ok=True)
            with os.fdopen(descriptor, "wb") as written:
                with tarfile.open(fileobj=written, mode="w:gz", format=tarfile.GNU_FORMAT) as tar:
                    _pack(directory, tar)
                written.flush()
                os.fsync(written.fileno())
            aside.replace(file)
            undo.pop_all()
        sync_folder(file.parent)
    except OSError as error:
        raise StateError(f"{file}: {error.strerror}; name another file, or free space") from error
    return file.stat().st_size


def _pack(directory: Path, tar: tarfile.TarFile) -> None:
    with contextlib.suppress(FileNotFoundError):
        _add_bytes(tar, EDITION, read_file(directory / EDITION))
    for path in sorted(directory.glob(LEDGERS)):
        with contextlib.suppress(FileNotFoundError):  # its month's time is over
            content = read_file(path)
            end = max((end for _, end in checked_lines(path, content)), default=0)  # its last line may be under way
            _add_bytes(tar, path.relative_to(directory).as_posix(), content[:end])
    journal, _ = Journal.open(directory, read_only=True)
    try:
        if journal.generation == 0:
            raise StateError(f"{directory}: holds nothing yet; name another with --state")
        _add_slice(tar, journal, "snapshot", journal.snapshot_bytes)
        _add_slice(tar, journal, "journal", journal.journal_bytes)
    finally:
        journal.close()


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    _add(tar, name, len(content), io.BytesIO(content))


def _add_slice(tar: tarfile.TarFile, journal: Journal, file: File, length: int) -> None:
    _add(tar, f"{file}.{journal.generation}", length, _Slice(journal, file))


class _Slice:
    """A file of a journal, to be read piece by piece."""

    def __init__(self, journal: Journal, file: File) -> None:
        self._journal, self._file, self._at = journal, file, 0

    def read(self, size: int, /) -> bytes:
        """Read on; fewer bytes at the end."""
        piece = self._journal.read(self._file, self._at, size)
        self._at += len(piece)
        return piece


def _add(tar: tarfile.TarFile, name: str, size: int, content: _Readable) -> None:
    told = tarfile.TarInfo(name)
    told.size, told.mode = size, 0o600
    tar.addfile(told, content)  # type: ignore[arg-type]  # only `read` is asked of it
