"""The event loop → how late it comes to what is ready."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import Final

_BEAT_SECONDS: Final = 0.02
_BEATS: Final = 3_000  # a minute of them


class Lag:
    """Asks the loop to call back every 20 ms, and notes by how much each call came late.

    Whatever holds the loop makes the next call late by what is left of the hold when the call is due: a hold is seen,
    20 ms too short at worst. A process that was stopped (Ctrl-Z) looks like one that was held.

    Attributes:
        longest: In seconds, since the beginning.
    """

    def __init__(self) -> None:
        """Begin without having measured."""
        self.longest = 0.0
        self._latenesses: deque[float] = deque(maxlen=_BEATS)

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the running loop for as long as this lasts."""
        self._call_back()
        try:
            yield
        finally:
            self._next.cancel()

    def _call_back(self) -> None:
        self._due_at = monotonic() + _BEAT_SECONDS
        self._next = asyncio.get_running_loop().call_later(_BEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        self.note(monotonic() - self._due_at)
        self._call_back()

    def note(self, seconds: float) -> None:
        """Take one measurement; what came early, by a clock's coarseness, was not late."""
        seconds = max(0.0, seconds)
        self.longest = max(self.longest, seconds)
        self._latenesses.append(seconds)

    def p99(self) -> float:
        """Tell below which lateness 99 % of the last minute's calls were; 0 before the first."""
        return quantile(self._latenesses, 0.99)


def quantile(measured: deque[float], share: float) -> float:
    """Give the value at `share` (0 to 1) of the way from the least to the greatest; 0 of none."""
    ordered = sorted(measured)
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0
