"""Readers with something to be answered → one request of each, in turn, for some milliseconds of a turn of the loop.

Polling and serving share one event loop. A thousand readers who all ask at once, or one who asks ten thousand things
in one go, have their answers by and by; everything else has its turn in between.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

Step: TypeAlias = Callable[[], bool]
"""A little work; says whether there is more to be done at once."""

READ_BYTES: Final = 16 * 1024
"""Of one connection, in one go."""

_SECONDS: Final = 0.005  # an answer is 10 to 40 µs, and 5 ms where its request was made to be slow


class Turns:
    """Who waits, in the order in which they came.

    Attributes:
        scratch: What any of them reads into; it is taken out before another does.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self.scratch = memoryview(bytearray(READ_BYTES))
        self._waiting: deque[Step] = deque()
        self._is_called = False

    def take(self, step: Step) -> None:
        """Have it called soon, and again, after all others who wait, as long as it says that there is more."""
        self._waiting.append(step)
        if not self._is_called:
            self._is_called = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + _SECONDS
        try:
            while self._waiting and loop.time() < until:
                step = self._waiting.popleft()
                if step():
                    self._waiting.append(step)
        finally:  # a bug in one step is the loop's to tell; the others go on
            self._is_called = bool(self._waiting)
            if self._is_called:
                loop.call_soon(self._go_on)
