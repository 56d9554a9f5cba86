"""Lines on disk that are only ever appended: what was told of each item of one topic in one month, in order.

    {"crc":"5f1c0a7e","mark":"0c63b7d1","id":"urn:uuid:…","item":{…}}    an item as it was told; the last of an id holds
    {"crc":"0be41d22","seal":{…}}                                        nothing comes after this

The CRC-32 is that of the line behind it; the mark is that by which whoever told the item knows it. A bad last line is
what a crash leaves, and is cut off; a bad one with a good one behind it is damage, which is refused.
"""

import contextlib
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final
from zlib import crc32

from aggregator.disk import make_folder, read_file, sync_folder, write_all
from aggregator.errors import StateDamagedError, StateError
from aggregator.store.frames import RESTORE

_CHECKED: Final = b'{"crc":"%08x"%b\n'
_ITEM: Final = b',"mark":"%08x","id":"%b","item":%b}'
_SEAL: Final = b',"seal":%b}'
_BEGINS: Final = b'{"crc":"'  # occurs in no JSON string
_CRC_ENDS: Final = 17  # of a line
_MARK_STARTS: Final = _CRC_ENDS + len(b',"mark":"')
_MARK_ENDS: Final = _MARK_STARTS + 8
_ID_STARTS: Final = _MARK_ENDS + len(b'","id":"')
_KEY_BYTES: Final = 8  # two of a million items share one in one of 37 million months
_TAIL_BYTES: Final = 1 << 16  # a seal is far smaller
_FOLDERS: Final = 3  # of state/archive/TOPIC/
_FLAGS: Final = os.O_NOFOLLOW | os.O_CLOEXEC


class Ledger:
    """One file of such lines. One process writes; nothing is held open between two calls.

    In memory there are 28 bytes an item: a key to find its place by, and where its last line is.

    Attributes:
        path: Of the file, which need not exist yet.
        size: In bytes, as of the last whole line.
        seal: JSON of the line that ended it. None: it goes on.
        notes: For people: what had to be mended.
    """

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            StateDamagedError: A line in its middle is not what we wrote.
            StateError: It cannot be read, or a torn end cannot be cut off.
        """
        self.path = path
        self.size = 0
        self.seal: bytes | None = None
        self.notes: tuple[str, ...] = ()
        self._keys, self._places = array("Q"), array("I")  # in the order of the keys
        self._starts, self._lengths, self._marks = array("Q"), array("I"), array("I")  # by place
        with _told(path), contextlib.suppress(FileNotFoundError):
            self._take_in(read_file(path))

    def __len__(self) -> int:
        """Count the items."""
        return len(self._starts)

    def place(self, id_: str) -> int | None:
        """Give an item's place, counted from 0 in the order of the first lines. None: it has none here."""
        key = _key(id_.encode())
        at = bisect_left(self._keys, key)
        return self._places[at] if at < len(self._keys) and self._keys[at] == key else None

    def mark(self, place: int) -> int:
        """Give the mark with which the item at a place was last told."""
        return self._marks[place]

    def items(self, places: Iterable[int]) -> list[bytes]:
        """Give the JSON of the items at these places, as they were last told.

        Raises:
            StateError: The file cannot be read.
        """
        with _told(self.path), _opened(self.path, os.O_RDONLY) as file:
            return [self._item(os.pread(file, self._lengths[place], self._starts[place])) for place in places]

    def places_since(self, size: int) -> list[int]:
        """Give the places of the items that lines behind the first `size` bytes tell of."""
        return [place for place, start in enumerate(self._starts) if start >= size]

    def append(self, told: Sequence[tuple[str, int, bytes]]) -> None:
        """Add lines for items, (id, mark, JSON) each. When this returns, they survive a crash and a power cut.

        Raises:
            StateError: Nothing was added; or all of it was, and cannot be relied on: read the file anew.
        """
        lines = [_checked(_ITEM % (mark, id_.encode(), json)) for id_, mark, json in told]
        self._write(b"".join(lines))
        for (id_, mark, _), line in zip(told, lines, strict=True):
            place = self.place(id_)
            if place is None:
                self._index(_key(id_.encode()), len(self))
            self._note(len(self) if place is None else place, self.size, len(line), mark)
            self.size += len(line)

    def end(self, seal: bytes) -> None:
        """Add the line after which there is none; `seal` is JSON. Raises as `append` does."""
        line = _checked(_SEAL % seal)
        self._write(line)
        self.size += len(line)
        self.seal = seal

    def _take_in(self, content: bytes) -> None:
        size = 0
        places: dict[int, int] = {}
        for start, size in checked_lines(self.path, content):
            line = content[start:size]
            if is_seal(line):
                self.seal = _seal_in(line)
            else:
                key = _key(line[_ID_STARTS : line.index(b'"', _ID_STARTS)])
                mark = int(line[_MARK_STARTS:_MARK_ENDS], 16)
                self._note(places.setdefault(key, len(self)), start, len(line), mark)
        self._keys, self._places = array("Q", sorted(places)), array("I", (places[key] for key in sorted(places)))
        self.size = end = size
        if end == len(content):
            return
        self.notes = (f"{self.path}: cut at byte {end}: a crash tore the last {len(content) - end} bytes",)
        with _opened(self.path, os.O_WRONLY) as file:
            os.ftruncate(file, end)
            os.fsync(file)

    def _index(self, key: int, place: int) -> None:
        at = bisect_left(self._keys, key)
        self._keys.insert(at, key)
        self._places.insert(at, place)

    def _note(self, place: int, start: int, length: int, mark: int) -> None:
        if place == len(self):
            self._starts.append(start)
            self._lengths.append(length)
            self._marks.append(mark)
        else:
            self._starts[place], self._lengths[place], self._marks[place] = start, length, mark

    def _item(self, line: bytes) -> bytes:
        if not _is_good(line):
            raise StateDamagedError(f"{self.path}: changed by another hand; {RESTORE}")
        return line[line.index(b',"item":', _ID_STARTS) + len(b',"item":') : -2]

    def _write(self, lines: bytes) -> None:
        with _told(self.path):
            make_folder(self.path.parent)
            with _opened(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
                if not self.size:  # before there is a line: one that is found is relied on
                    _sync_folders(self.path)
                if os.fstat(file).st_size > self.size:  # a write failed by half, and so did taking it back
                    os.ftruncate(file, self.size)
                try:
                    write_all(file, lines)
                    os.fsync(file)
                except OSError:
                    os.ftruncate(file, self.size)  # also what is written and not synced: nobody knows what the disk has
                    raise


def _sync_folders(path: Path) -> None:
    """Have a power cut leave a file where it is, and the folders that we make for it, whoever made them."""
    for folder in path.parents[:_FOLDERS]:
        sync_folder(folder)


def make_sure(path: Path) -> None:
    """Have what a file holds survive a power cut, whoever wrote it; he may have been killed before it was.

    Raises:
        StateError: It does not.
    """
    with _told(path), _opened(path, os.O_RDONLY) as file:
        os.fsync(file)
        _sync_folders(path)


def seal_of(path: Path) -> bytes | None:
    """Give the JSON of a file's seal without reading the rest of it. None: it has none.

    Raises:
        StateError: The file cannot be read.
    """
    with _told(path), _opened(path, os.O_RDONLY) as file:
        tail = os.pread(file, _TAIL_BYTES, max(0, os.fstat(file).st_size - _TAIL_BYTES))
    line = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    return _seal_in(line) if _is_good(line) and is_seal(line) else None


def checked_lines(path: Path, content: bytes) -> Iterator[tuple[int, int]]:
    """Find the lines of a file, (start, end) each, up to what a crash tore.

    Raises:
        StateDamagedError: Behind a bad line there is a good one.
    """
    expected = 0
    for start, end in good_lines(content):
        if start != expected:
            raise StateDamagedError(f"{path}: damaged at byte {expected}; {RESTORE}")
        yield start, end
        expected = end


def good_lines(content: bytes) -> Iterator[tuple[int, int]]:
    """Find every line that is good, (start, end) each, whatever lies between them."""
    at = 0
    while (at := content.find(_BEGINS, at)) != -1:
        end = content.find(b"\n", at) + 1
        is_good = _is_good(content[at:end])
        if is_good:
            yield at, end
        at = end if is_good else at + 1


def is_seal(line: bytes) -> bool:
    """Say whether a good line is the one after which there is none."""
    return line.startswith(b',"seal":', _CRC_ENDS)


def _seal_in(line: bytes) -> bytes:
    return line[_CRC_ENDS + len(b',"seal":') : -2]


def _checked(rest: bytes) -> bytes:
    return _CHECKED % (crc32(rest), rest)


def _is_good(line: bytes) -> bool:
    return line == _checked(line[_CRC_ENDS:-1])


def _key(id_: bytes) -> int:
    return int.from_bytes(blake2b(id_, digest_size=_KEY_BYTES).digest())


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | _FLAGS, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell of the disk's trouble in our words."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}; make it readable and writable, or free space") from error
