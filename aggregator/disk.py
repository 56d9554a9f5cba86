"""Bytes → the disk itself. What is made here only its owner may read, and no link in its place is followed."""

import os
from pathlib import Path
from typing import Final

READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_MADE: Final = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


def create(path: Path, content: bytes) -> int:
    """Make a file that holds this, synced; give its descriptor.

    Raises:
        OSError: It was not made, or not whole.
    """
    descriptor = os.open(path, _MADE, 0o600)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it: a short write is legal, and is what a filling disk gives first."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read_file(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        OSError: It is not there, or is a link.
    """
    with os.fdopen(os.open(path, READ), "rb") as file:
        return file.read()


def beginning_of(path: Path, length: int) -> bytes:
    """Read the first bytes of a file; none where it has just gone.

    Raises:
        OSError: It cannot be read, or is a link.
    """
    try:
        descriptor = os.open(path, READ)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(descriptor, length, 0)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Bring the names in it to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder that only we may read, and those that it is in, so that a power cut leaves them there."""
    if not folder.exists():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700)
        sync_folder(folder.parent)


def numbered_folder(directory: Path, name: str) -> Path:
    """Make the first of `name-1`, `name-2`, … that is not there; only we may read it."""
    number = 1
    while (folder := directory / f"{name}-{number}").exists():
        number += 1
    make_folder(folder)
    return folder


def keep_a_name(path: Path, folder: Path) -> None:
    """Let a file have a second name in a folder, so that it stays when its first one goes."""
    make_folder(folder)
    (folder / path.name).hardlink_to(path)
