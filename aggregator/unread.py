"""The large documents that have come, or are coming, and are not read yet: a few at once, however many are sent."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SMALL_BYTES: Final = 128 * 2**10
"""What is smaller never waits, whatever else is sent."""
_MOST: Final = 8  # of 10 MiB each at most; and what is small is so for each of the thousand passes under way


class Unread:
    """Counts them. Who fetches lets a document grow large only where there is room; who reads holds its place.

    A thousand passes may be under way, and the slowest readers are the children: without this, so many publishers of
    10 MiB would have us hold as many times 10 MiB.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._count = 0
        self._room = asyncio.Event()

    @contextmanager
    def holding(self, document_bytes: int) -> Iterator["Place"]:
        """Hold a document for as long as this lasts: it is here already, so nobody waits."""
        place = Place(self)
        try:
            if document_bytes > SMALL_BYTES:
                place.take()
            yield place
        finally:
            place.leave()

    async def wait(self) -> None:
        """Wait until there is room for one more."""
        while self._count >= _MOST:
            self._room.clear()
            await self._room.wait()

    def enter(self) -> None:
        """Count one more."""
        self._count += 1

    def leave(self) -> None:
        """Count one less."""
        self._count -= 1
        self._room.set()


class Place:
    """One document's.

    Attributes:
        is_large: It is counted.
    """

    def __init__(self, unread: Unread) -> None:
        """Begin small."""
        self._unread = unread
        self.is_large = False

    def is_outgrown(self, document_bytes: int) -> bool:
        """Say whether it becomes large with so many bytes."""
        return document_bytes > SMALL_BYTES and not self.is_large

    async def grow(self, document_bytes: int) -> None:
        """Wait, where it becomes large with so many bytes, until there is room for that."""
        if self.is_outgrown(document_bytes):
            await self._unread.wait()
            self.take()

    def take(self) -> None:
        """Be a large one, room or not."""
        self.is_large = True
        self._unread.enter()

    def leave(self) -> None:
        """Be gone."""
        if self.is_large:
            self.is_large = False
            self._unread.leave()
