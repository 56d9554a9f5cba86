"""Bytes of a file ↔ its records. A record is a frame (mark, lengths, CRC-32) around two runs of lines."""

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from aggregator.errors import StateDamagedError, StateError

HEADER: Final = b"headline-aggregator state 1\n"
"""The first line of each file."""

_ANY_HEADER: Final = re.compile(rb"headline-aggregator state (\d+)\n")
_FRAME: Final = struct.Struct("<4sIII")  # mark, length of both runs, length of the schedule run, CRC-32 of all else
_MARK: Final = b"\xf5HA\xf5"  # 0xF5 occurs in no UTF-8 text, so a search for it finds frames only

FRAME_BYTES: Final = _FRAME.size
"""What a record takes besides its lines."""


class Framed(NamedTuple):
    """A good record in a file.

    Attributes:
        start: Where its schedule lines begin.
        middle: Where its headline lines begin.
        end: Where they end, and the next record begins.
    """

    start: int
    middle: int
    end: int


def frame(schedule: bytes, headlines: bytes) -> bytes:
    """Make one record of two runs of lines."""
    lengths = struct.pack("<II", len(schedule) + len(headlines), len(schedule))
    checksum = zlib.crc32(headlines, zlib.crc32(schedule, zlib.crc32(lengths)))
    return _MARK + lengths + struct.pack("<I", checksum) + schedule + headlines


def check_header(path: Path, beginning: bytes) -> None:
    """Refuse a file that is not ours.

    Raises:
        StateDamagedError: It begins as none of ours does.
        StateError: A newer version wrote it.
    """
    found = _ANY_HEADER.match(beginning)
    if found is None:
        raise StateDamagedError(f"{path}: damaged at byte 0: no file of ours begins so; restore it from a backup")
    if found[0] != HEADER:
        raise StateError(f"{path}: written by a newer version (format {found[1].decode()}); run that version")


def snapshot_frames(path: Path, image: mmap.mmap) -> tuple[Framed, ...]:
    """Read a snapshot: its last record is empty, so that one which was cut short is not taken for a smaller one.

    Raises:
        StateDamagedError: It is not whole.
    """
    frames = tuple(_frames(image))
    end = frames[-1].end if frames else len(HEADER)
    if end < len(image) or not frames or frames[-1].end > frames[-1].start:
        raise StateDamagedError(f"{path}: damaged at byte {end}; restore it from a backup")
    return frames


def journal_frames(path: Path, image: mmap.mmap) -> tuple[Framed, ...]:
    """Read a journal up to a tail that a crash tore: behind a torn record there is no good one.

    Raises:
        StateDamagedError: There is.
    """
    frames = tuple(_frames(image))
    at = end = frames[-1].end if frames else len(HEADER)
    while (at := image.find(_MARK, at + 1)) != -1:
        if _frame_at(image, at) is not None:
            raise StateDamagedError(f"{path}: damaged at byte {end}; restore it from a backup")
    return frames


def _frames(image: mmap.mmap) -> Iterator[Framed]:
    """Yield the records up to the first bad one."""
    at = len(HEADER)
    while (found := _frame_at(image, at)) is not None:
        yield found
        at = found.end


def _frame_at(image: mmap.mmap, at: int) -> Framed | None:
    start = at + _FRAME.size
    if start > len(image):
        return None
    mark, total, scheduled, checksum = _FRAME.unpack_from(image, at)
    if mark != _MARK or scheduled > total or start + total > len(image):
        return None
    with memoryview(image) as view, view[start : start + total] as lines:
        good = zlib.crc32(lines, zlib.crc32(struct.pack("<II", total, scheduled))) == checksum
    return Framed(start, start + scheduled, start + total) if good else None
