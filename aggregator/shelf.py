"""What is published, by path: in memory what changes with the news, on the disk what is seldom asked for."""

import os
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from aggregator.document import Document

_READ: Final = 32  # documents of the disk that are held for a while


class _Read(NamedTuple):
    """What a file was read as: `blank` and `version` tell whether it still is."""

    blank: Document
    version: tuple[int, int, int]
    document: Document


class Shelf(MutableMapping[str, Document]):
    """Path → document. Nothing that is asked for becomes the path of a file unless `stored` knows it.

    Iterating and counting are over what is in memory for good.

    Attributes:
        stored: Knows what lies in state/public/ alone: path → the document without its body. None: it is no such path.
        lost: What it knows and somebody has deleted, of what was asked for.
    """

    def __init__(self, public: Path) -> None:
        """Begin empty. `public`: state/public/."""
        self.stored: Callable[[str], Document | None] = lambda _: None
        self.lost: set[str] = set()
        self._public = public
        self._held: dict[str, Document] = {}
        self._read: dict[str, _Read] = {}

    def __getitem__(self, path: str) -> Document:
        """Give a document; KeyError where there is none."""
        document = self._held.get(path) or self._from_disk(path)
        if document is None:
            raise KeyError(path)
        return document

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (path in self._held or self._from_disk(path) is not None)

    def __setitem__(self, path: str, document: Document) -> None:
        self._held[path] = document

    def __delitem__(self, path: str) -> None:
        del self._held[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def _from_disk(self, path: str) -> Document | None:
        """Read a file, once as long as it stays what it is."""
        read, blank = self._read.pop(path, None), self.stored(path)
        if blank is None:
            return None
        try:
            version = _version(self._public / path)
            if read is None or (read.blank, read.version) != (blank, version):
                read = _Read(blank, version, replace(blank, body=_content(self._public / path)))
        except OSError:
            self.lost.add(path)
            return None
        self._read[path] = read  # now the last of the dict: the first is the one unused for longest
        if len(self._read) > _READ:
            del self._read[next(iter(self._read))]
        return read.document


def _version(file: Path) -> tuple[int, int, int]:
    found = os.stat(file, follow_symlinks=False)  # noqa: PTH116  Path has no such
    return found.st_ino, found.st_mtime_ns, found.st_size


def _content(file: Path) -> bytes:
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as opened:
        return opened.read()
