"""What backup.py wrote → state/, once all of it was checked."""

import gzip
import os
import re
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import IO, Final

from aggregator.disk import keep_a_name, make_folder, numbered_folder, sync_folder, write_all
from aggregator.errors import StateDamagedError, StateError
from aggregator.store.backup import EDITION, LEDGERS
from aggregator.store.journal import Journal, refuse_newer, state_error
from aggregator.store.ledger import Ledger
from aggregator.store.lock import hold
from aggregator.store.whole import whole

_NAME: Final = re.compile(r"edition|archive/[a-z0-9-]{1,64}/\d{4}-\d{2}\.jsonl|(?:snapshot|journal)\.[1-9]\d{0,17}")
_GENERATION: Final = re.compile(r"(snapshot|journal)\.([1-9]\d*)")
_BESIDE: Final = ("archive", EDITION, "desk", "public")
_MOST_FILES: Final = 100_000
_PIECE_BYTES: Final = 1 << 20
_PADDING_BYTES: Final = tarfile.RECORDSIZE  # at most, behind the last file


def restore(file: Path, directory: Path, *, replace: bool) -> Path | None:
    """Put a backup in place.

    Its snapshot gets its name last, and is the newest then: until that the earlier state holds, without its archive.
    Cut off half-way, it is mended by doing it again.

    Args:
        file: The backup.
        directory: state/; is made where it is missing. No other process may hold it.
        replace: Keep a state that is there aside, instead of refusing.

    Returns:
        Where the earlier state is kept. None: there was none.

    Raises:
        StateLockedError: Another process holds state/.
        StateDamagedError: The backup is not whole, or holds what is not ours. state/ is as it was.
        StateError: There is a state already; or something cannot be read or written.
    """
    try:
        refuse_newer(directory)
        lock = hold(directory)
    except OSError as error:
        raise state_error(directory, error) from error
    try:
        earlier = [path for path in directory.iterdir() if _GENERATION.fullmatch(path.name) or path.name in _BESIDE]
        if earlier and not replace:
            raise StateError(f"{directory}: holds a state already; --replace puts the backup there, and that one aside")
        return _put_in_place(_unpacked(file, directory), directory, earlier)
    except OSError as error:
        raise state_error(directory, error) from error
    finally:
        os.close(lock)


def _unpacked(file: Path, directory: Path) -> Path:
    """Unpack a backup into a folder of its own in state/, and check all of it."""
    folder = directory / "restoring"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try
    make_folder(folder)
    try:
        with _opened(file) as packed, gzip.open(packed) as content:
            _unpack(content, file, folder)
        _check(file, folder)
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError, FileExistsError) as error:
        shutil.rmtree(folder)
        raise StateDamagedError(f"{file}: no whole backup of ours: {error}; take another one") from error
    except BaseException:
        shutil.rmtree(folder)
        raise
    return folder


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("rb")
    except OSError as error:
        raise StateError(f"{file}: {error.strerror}; name a file that `aggregator backup` wrote") from error


def _unpack(content: gzip.GzipFile, file: Path, folder: Path) -> None:
    """Write the files of a tar. Each block is looked at by ourselves: no link, device or extension is ever followed."""
    room = shutil.disk_usage(folder).free
    for _ in range(_MOST_FILES):
        head = _exactly(content, tarfile.BLOCKSIZE)
        if not head.strip(b"\0"):
            break
        told = tarfile.TarInfo.frombuf(head, "utf-8", "replace")
        if told.type != tarfile.REGTYPE or not _NAME.fullmatch(told.name):
            raise StateDamagedError(f"{file}: holds {told.name!r}, which is no file of ours; take another one")
        if not 0 <= told.size <= room:
            raise StateError(f"{file}: {told.name} has {told.size} bytes, and there is room for {room}; free space")
        room -= told.size
        _write(content, told.size, folder / told.name)
        _exactly(content, -told.size % tarfile.BLOCKSIZE)
    if len(content.read(_PADDING_BYTES + 1)) > _PADDING_BYTES or content.read(1):
        raise StateDamagedError(f"{file}: goes on where a backup ends; take another one")


def _exactly(content: gzip.GzipFile, length: int) -> bytes:
    read = content.read(length)
    if len(read) < length:
        raise EOFError("it ends too early")
    return read


def _write(content: gzip.GzipFile, size: int, path: Path) -> None:
    make_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while size:
            piece = _exactly(content, min(size, _PIECE_BYTES))
            write_all(descriptor, piece)
            size -= len(piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def _check(file: Path, folder: Path) -> None:
    names = {path.name for path in folder.iterdir()} - {"archive", EDITION}
    numbers = {name.partition(".")[2] for name in names}
    if len(names) != 2 or len(numbers) != 1:  # noqa: PLR2004  a snapshot and its journal
        raise StateDamagedError(f"{file}: not one snapshot and its journal; take another one")
    notes: list[str] = []
    try:
        journal, opened = Journal.open(folder, read_only=True)
        journal.close()
        notes += opened.notes
        for path in folder.glob(LEDGERS):
            notes += Ledger(path).notes
    except StateDamagedError as error:
        notes.append(str(error))
    if (folder / EDITION).exists() and whole(folder / EDITION) is None:
        notes.append(f"{folder / EDITION}: damaged")
    if notes:
        raise StateDamagedError(f"{file}: damaged; take another one ({notes[0]})")


def _put_in_place(folder: Path, directory: Path, earlier: list[Path]) -> Path | None:
    generations = [path for path in earlier if _GENERATION.fullmatch(path.name)]
    kept = _set_aside(earlier, directory) if earlier else None
    for name in ("archive", EDITION):
        if (folder / name).exists():
            (folder / name).rename(directory / name)
    number = 1 + max((int(path.name.partition(".")[2]) for path in generations), default=0)
    for name in ("journal", "snapshot"):
        [path] = folder.glob(f"{name}.*")
        path.rename(directory / f"{name}.{number}")
    sync_folder(directory)
    for path in generations:
        path.unlink()
    folder.rmdir()
    return kept


def _set_aside(earlier: list[Path], directory: Path) -> Path:
    kept = numbered_folder(directory, "replaced")
    for path in earlier:
        if _GENERATION.fullmatch(path.name):
            keep_a_name(path, kept)  # it holds until the restored one has its name
    for path in earlier:
        if path.name in _BESIDE:
            path.rename(kept / path.name)
    sync_folder(kept)
    return kept
