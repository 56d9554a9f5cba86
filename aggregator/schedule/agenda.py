"""Appointments → who is asked now. After a sleep or an outage the overdue are asked by and by, and nobody is stormed.

An appointment is never moved: one that is overdue stays so until its source is asked, so that a restart in the middle
of catching up changes nothing, and asks nobody early.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from aggregator.source import Due

BEHIND: Final = timedelta(seconds=10)
"""Overdue by more: the machine slept, or nothing ran."""
FASTER: Final = 1.5
"""Than the steady rate, at most, all questions together, while anybody is overdue."""

_LEAST_RATE: Final = 1 / 60  # a second: appointments without a wait must come to their end too
_LONGEST_LOOK: Final = timedelta(seconds=10)  # between two looks; whatever lies beyond was another sleep


class _Entry(NamedTuple):
    at: datetime
    source: str
    wait: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """How far a catching up has come.

    Attributes:
        rate: Questions a second.
        looked_at: UTC.
        allowed: Questions that the overdue may be asked as of then. Below zero where those that fell due meanwhile,
            who never wait, took more.
    """

    rate: float
    looked_at: datetime
    allowed: float = 1.0

    def look(self, now: datetime) -> "CatchUp":
        """Add what the time since the last look allows."""
        passed = min(max(now - self.looked_at, timedelta(0)), _LONGEST_LOOK)
        return replace(self, looked_at=now, allowed=self.allowed + passed.total_seconds() * self.rate)

    def asked(self) -> "CatchUp":
        """Take one question off."""
        return replace(self, allowed=self.allowed - 1)


class Agenda:
    """All appointments but those of the passes under way."""

    def __init__(self, dues: Iterable[Due] = ()) -> None:
        """Begin with these, whether they are overdue or not."""
        self._heap = [_Entry(due.at, due.source, due.wait) for due in dues]
        heapify(self._heap)
        self._overdue: list[_Entry] = []
        self._catch_up: CatchUp | None = None

    def put(self, due: Due) -> None:
        """Add an appointment."""
        heappush(self._heap, _Entry(due.at, due.source, due.wait))

    @property
    def overdue(self) -> int:
        """How many are being caught up with."""
        return len(self._overdue)

    def take(self, now: datetime) -> tuple[datetime, str] | None:
        """Take out the next one that may be asked now.

        Returns:
            When it was due, and its source's id. None: nobody may be asked any more at this instant.
        """
        self._sort_out(now)
        if self._heap and self._heap[0].at <= now:
            entry = heappop(self._heap)
        elif self._catch_up is not None and self._catch_up.allowed >= 1:
            entry = heappop(self._overdue)
        else:
            return None
        if self._catch_up is not None:
            self._catch_up = self._catch_up.asked()
        return entry.at, entry.source

    def _sort_out(self, now: datetime) -> None:
        """Set the overdue apart, and see how many of them may be asked."""
        if self._heap and is_behind(self._heap[0].at, now=now):
            everybody = (*self._heap, *self._overdue)
            rate = max(FASTER * steady_rate(entry.wait for entry in everybody), _LEAST_RATE)
            self._catch_up = replace(self._catch_up or CatchUp(rate=rate, looked_at=now), rate=rate)
            self._overdue = [entry for entry in everybody if entry.at <= now]
            self._heap = [entry for entry in everybody if entry.at > now]
            heapify(self._overdue)
            heapify(self._heap)
        if self._catch_up is not None:
            self._catch_up = self._catch_up.look(now) if self._overdue else None


def is_behind(first: datetime, *, now: datetime) -> bool:
    """Say whether the first of all appointments is overdue by more than the clock's own unevenness."""
    return first < now - BEHIND


def steady_rate(waits: Iterable[timedelta]) -> float:
    """Tell how many questions a second appointments come to, if each is kept and renewed after its wait."""
    return sum(1 / seconds for wait in waits if (seconds := wait.total_seconds()) > 0)
