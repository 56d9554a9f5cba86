"""Documents → state/public/: whoever reads a file gets the old one whole or the new one whole."""

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from aggregator.disk import sync_folder
from aggregator.document import Document
from aggregator.errors import StateError

_NAME: Final = r"[a-z0-9-]{1,64}\.(rss|atom|json|html|css|opml|js|png)"
_PATH: Final = re.compile(rf"([a-z0-9-]{{1,64}}/){{0,2}}{_NAME}")
_HALF_WRITTEN: Final = re.compile(rf"\.{_NAME}\.tmp")
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def write_documents(directory: Path, documents: Iterable[Document]) -> tuple[str, ...]:
    """Replace the files whose bytes changed; leave the others, and their modification times, alone.

    The new bytes reach the disk under other names first; then all are renamed, one after the other, in the order given,
    and each folder is synced once. One writer at a time: whoever calls this owns state/.

    Args:
        directory: Is made where it is missing; readable by all, so that any web server can serve it as it is.
        documents: Uncompressed bodies are written; web servers compress as they like.

    Returns:
        The paths that changed, in the order given.

    Raises:
        StateError: The disk is full, or may not be written. What was there before still is.
        ValueError: A path is not a plain name in plain folders.
    """
    try:
        changed = [each for each in documents if not _holds(directory, each)]
        folders = dict.fromkeys(_target(directory, each.path).parent for each in changed)
        for folder in folders:
            _make(folder, directory)
        for each in changed:
            _write_aside(_target(directory, each.path), each.body)
        for each in changed:
            target = _target(directory, each.path)
            _aside(target).replace(target)
        for folder in folders:
            sync_folder(folder)
    except OSError as error:
        raise _unwritable(directory, error) from error
    return tuple(each.path for each in changed)


def remove_documents(directory: Path, paths: Iterable[str]) -> None:
    """Remove what is published no longer, and the folders that are empty then.

    Raises:
        StateError: The directory may not be written.
        ValueError: A path is not a plain name in plain folders.
    """
    try:
        folders = []
        for path in paths:
            target = _target(directory, path)
            if not any(folder.is_symlink() for folder in _way(directory, path)[1:]):  # what lies there is not ours
                target.unlink(missing_ok=True)
                folders.append(_remove_empty(target.parent, directory))
        for folder in dict.fromkeys(folders):
            if folder.is_dir():
                sync_folder(folder)
    except OSError as error:
        raise _unwritable(directory, error) from error


def stale_files(directory: Path, keep: Collection[str]) -> tuple[str, ...]:
    """Find what an earlier run published and this one does not; remove what a crash left half-written.

    Afterwards a power cut changes nothing of what an earlier run wrote, though it was killed in the middle.

    Args:
        directory: May be missing. All that bears a name that `write_documents` could have given is ours.
        keep: Paths of every document that is published now.

    Returns:
        Paths for `remove_documents`, sorted.

    Raises:
        StateError: The directory may not be read or written.
    """
    stale = []
    try:
        for folder, _, names in os.walk(directory):
            for file in (Path(folder, name) for name in names):
                path = file.relative_to(directory).as_posix()
                if _HALF_WRITTEN.fullmatch(file.name):
                    file.unlink(missing_ok=True)
                elif path not in keep and _PATH.fullmatch(path):
                    stale.append(path)
            sync_folder(Path(folder))
    except OSError as error:
        raise _unwritable(directory, error) from error
    return tuple(sorted(stale))


def _target(directory: Path, path: str) -> Path:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not the path of a document")
    return directory / path


def _way(directory: Path, path: str) -> list[Path]:
    """Give the file, and its folders up to the directory, which is not among them."""
    target = directory / path
    return [target, *target.parents][: path.count("/") + 1]


def _make(folder: Path, directory: Path) -> None:
    """Make a folder, and put a true one in the place of a link: nothing is written outside."""
    if folder == directory:
        folder.mkdir(parents=True, exist_ok=True)
        return
    _make(folder.parent, directory)
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir(exist_ok=True)


def _remove_empty(folder: Path, directory: Path) -> Path:
    """Remove a folder, and those it is in, as far as they are empty; give the one that stays."""
    while folder != directory and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
    return folder


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.tmp")


def _holds(directory: Path, each: Document) -> bool:
    target = _target(directory, each.path)
    if any(path.is_symlink() for path in _way(directory, each.path)):
        return False
    try:
        return target.stat().st_size == len(each.body) and target.read_bytes() == each.body
    except FileNotFoundError:
        return False


def _write_aside(target: Path, body: bytes) -> None:
    descriptor = os.open(_aside(target), _FLAGS, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _unwritable(directory: Path, error: OSError) -> StateError:
    return StateError(f"{directory}: cannot be written: {error.strerror}; free disk space, or let us write there")
