"""Bytes of a file ↔ its records. A record is a frame (mark, lengths, CRC-32) around two runs of lines."""

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from aggregator.errors import StateDamagedError, StateError

FORMAT: Final = 1
"""Of everything in state/. Nothing older was released; when this grows, a start rewrites what an older version left."""

HEADER: Final = b"headline-aggregator state %d\n" % FORMAT
"""The first line of each file."""

RESTORE: Final = "restore it from a backup, or run `aggregator repair`"
"""What to do about damage."""

_ANY_HEADER: Final = re.compile(rb"headline-aggregator state (\d{1,9})\n")
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


def check_version(path: Path, beginning: bytes) -> None:
    """Refuse a file of a newer version than ours.

    Raises:
        StateError: It is one.
    """
    if (version := version_of(beginning)) is not None and version > FORMAT:
        raise StateError(f"{path}: written by a newer version (format {version}); run that version")


def version_of(beginning: bytes) -> int | None:
    """Tell the format of a file by its first bytes. None: it begins as none of ours does."""
    found = _ANY_HEADER.match(beginning)
    return None if found is None else int(found[1])


def check_header(path: Path, beginning: bytes) -> None:
    """Refuse a file that is not ours.

    Raises:
        StateDamagedError: It begins as none of ours does.
        StateError: A newer version wrote it.
    """
    check_version(path, beginning)
    if not beginning.startswith(HEADER):
        raise StateDamagedError(f"{path}: damaged at byte 0: no file of ours begins so; {RESTORE}")


def snapshot_frames(path: Path, image: mmap.mmap) -> tuple[Framed, ...]:
    """Read a snapshot: its last record is empty, so that one which was cut short is not taken for a smaller one.

    Raises:
        StateDamagedError: It is not whole.
    """
    frames = tuple(_frames(image))
    end = frames[-1].end if frames else len(HEADER)
    if end < len(image) or not frames or frames[-1].end > frames[-1].start:
        raise StateDamagedError(f"{path}: damaged at byte {end}; {RESTORE}")
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
            raise StateDamagedError(f"{path}: damaged at byte {end}; {RESTORE}")
    return frames


def salvage(image: bytes | mmap.mmap) -> tuple[list[Framed], list[tuple[int, int]]]:
    """Find every record that is good, whatever lies between them.

    Returns:
        The records; and the stretches, (start, end) each, that are in none: the first line is where it is as it should.
    """
    if HEADER.startswith(image[: len(HEADER) + 1]):  # it was only being made
        return [], []
    records: list[Framed] = []
    lost: list[tuple[int, int]] = []
    end = len(HEADER) if image[: len(HEADER)] == HEADER else 0
    at = end
    while (at := image.find(_MARK, at)) != -1:
        if (found := _frame_at(image, at)) is None:
            at += 1
            continue
        lost += [(end, at)] if at > end else []
        records.append(found)
        at = end = found.end
    return records, [*lost, *([(end, len(image))] if len(image) > end else [])]


def _frames(image: mmap.mmap) -> Iterator[Framed]:
    """Yield the records up to the first bad one."""
    at = len(HEADER)
    while (found := _frame_at(image, at)) is not None:
        yield found
        at = found.end


def _frame_at(image: bytes | mmap.mmap, at: int) -> Framed | None:
    start = at + _FRAME.size
    if start > len(image):
        return None
    mark, total, scheduled, checksum = _FRAME.unpack_from(image, at)
    if mark != _MARK or scheduled > total or start + total > len(image):
        return None
    with memoryview(image) as view, view[start : start + total] as lines:
        good = zlib.crc32(lines, zlib.crc32(struct.pack("<II", total, scheduled))) == checksum
    return Framed(start, start + scheduled, start + total) if good else None
