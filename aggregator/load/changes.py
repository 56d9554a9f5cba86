"""A file that somebody edits → when it holds something else than before, and is not being written any more."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import file_digest
from pathlib import Path
from threading import Event
from typing import Final, TypeAlias

# Its `watch` cannot say when watching has begun: what is written just before that would be missed.
from watchfiles._rust_notify import RustNotify

Content: TypeAlias = bytes | None
"""What a file holds, in so far as it tells it from another; None where there is no file that can be read."""

_REST_SECONDS: Final = 0.5  # without a change: editors write a file in several steps, or remove it and write it anew
_LOST_MS: Final = 5_000  # a watch ends with its folder, and is blind on a network's disk: look so often
_GATHER_MS: Final = 500  # of a folder in which much is written, tell twice a second at most
_STEP_MS: Final = 50
_ENDED: Final = object()


def content_of(path: Path) -> Content:
    """Read a file; never one that would have to be waited for, such as a pipe."""
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file_digest(file, "sha256").digest()
    except OSError:
        pass
    return None


async def changes(path: Path, *, since: Content) -> AsyncGenerator[None]:
    """Tell each time that a file holds something new, once for each content; for ever, until it is closed.

    Its folder is watched, and that of the file that it leads to: a file may be replaced, as editors do, or the link.

    Args:
        path: Of the file; it need not be there.
        since: What it held when it was last read.

    Raises:
        OSError: It cannot be watched: the system allows no more, or none.
    """
    stop, loop = Event(), asyncio.get_running_loop()
    told = _told(path, since, stop)
    with ThreadPoolExecutor(1) as thread:  # its own: those of the loop are few, and others wait for them
        try:
            while await loop.run_in_executor(thread, partial(next, told, _ENDED)) is not _ENDED:
                yield
        finally:
            stop.set()


def _told(path: Path, content: Content, stop: Event) -> Iterator[None]:
    marks: tuple[int, ...] = ()
    for _ in _stirs(path, stop):
        if _marks(path) == marks:
            continue  # something else in the folder: a log, perhaps
        while marks != (marks := _marks(path)):
            if stop.wait(_REST_SECONDS):
                return
        if content != (content := content_of(path)):
            yield


def _stirs(path: Path, stop: Event) -> Iterator[None]:
    """Tell that something may have changed; as soon as it is watched, for the first time."""
    while not stop.is_set():
        folders = _folders(path)
        with RustNotify([*map(str, folders)], False, False, 0, False, True) as watcher:  # noqa: FBT003  it takes no names
            while folders == _folders(path) and not stop.is_set():
                yield
                watcher.watch(_GATHER_MS, _STEP_MS, _LOST_MS, stop)


def _folders(path: Path) -> dict[Path, tuple[int, ...]]:
    folders = map(_that_is_there, (path.absolute().parent, path.resolve().parent))
    return {folder: _marks(folder)[:2] for folder in folders}


def _that_is_there(folder: Path) -> Path:
    return folder if folder.is_dir() else _that_is_there(folder.parent)


def _marks(path: Path) -> tuple[int, ...]:
    """Give what tells cheaply that a file is another, or was written."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
