"""Documents → state/public/: whoever reads a file gets the old one whole or the new one whole."""

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from aggregator.document import Document
from aggregator.errors import StateError

_NAME: Final = re.compile(r"[a-z0-9-]{1,64}\.(rss|atom|json|html|css|opml)")
_STALE: Final = re.compile(r"[a-z0-9-]{1,64}\.(rss|atom|json)|\.[a-z0-9-]{1,64}\.[a-z]{3,4}\.tmp")
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def write_documents(directory: Path, documents: Iterable[Document]) -> tuple[str, ...]:
    """Replace the files whose bytes changed; leave the others, and their modification times, alone.

    The new bytes reach the disk under other names first; then all are renamed, one after the other, and the directory
    is synced once. One writer at a time: whoever calls this owns state/.

    Args:
        directory: Is made where it is missing; readable by all, so that any web server can serve it as it is.
        documents: Uncompressed bodies are written; web servers compress as they like.

    Returns:
        The paths that changed, in the order given.

    Raises:
        StateError: The disk is full, or may not be written. What was there before still is.
        ValueError: A path is not a plain name.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        changed = [each for each in documents if not _holds(_target(directory, each.path), each.body)]
        for each in changed:
            _write_aside(directory, each)
        for each in changed:
            _aside(directory, each.path).replace(_target(directory, each.path))
        if changed:
            _sync_directory(directory)
    except OSError as error:
        raise _unwritable(directory, error) from error
    return tuple(each.path for each in changed)


def remove_stale(directory: Path, keep: Collection[str]) -> tuple[str, ...]:
    """Remove the feeds of topics that no longer exist, and what a crash left half-written.

    Args:
        directory: May be missing.
        keep: Paths of every document that is published now.

    Returns:
        The names removed, sorted. Never a name that `write_documents` could not have written for a feed.

    Raises:
        StateError: The directory may not be written.
    """
    try:
        names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
        stale = [name for name in names if name not in keep and _STALE.fullmatch(name)]
        for name in stale:
            (directory / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(directory, error) from error
    return tuple(stale)


def _target(directory: Path, path: str) -> Path:
    if not _NAME.fullmatch(path):
        raise ValueError(f"{path!r} is not the name of a document")
    return directory / path


def _aside(directory: Path, path: str) -> Path:
    return directory / f".{path}.tmp"


def _holds(target: Path, body: bytes) -> bool:
    try:
        return not target.is_symlink() and target.stat().st_size == len(body) and target.read_bytes() == body
    except FileNotFoundError:
        return False


def _write_aside(directory: Path, each: Document) -> None:
    descriptor = os.open(_aside(directory, each.path), _FLAGS, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(each.body)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(directory: Path, error: OSError) -> StateError:
    return StateError(f"{directory}: cannot be written: {error.strerror}; free disk space, or let us write there")
