"""Hosts of many sources → who waits aside, so that the others have room."""

from collections import Counter, deque
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from aggregator.source import Source

OF_ONE_HOST: Final = 64
"""Passes under way: a host has no more turns at once than that. It is asked one by one; they would only wait."""


class Crowd:
    """The passes under way, counted by host, and the appointments that wait for one of their host to end."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._under_way: Counter[str] = Counter()
        self._aside: dict[str, deque[tuple[datetime, str]]] = {}

    @property
    def aside(self) -> frozenset[str]:
        """The ids of the sources that wait."""
        return frozenset(id_ for queue in self._aside.values() for _, id_ in queue)

    def admits(self, host: str, due_at: datetime, id_: str) -> bool:
        """Count one more pass; or, where its host has so many already, keep its appointment for `next_of`."""
        if self._under_way[host] < OF_ONE_HOST:
            self._under_way[host] += 1
            return True
        self._aside.setdefault(host, deque()).append((due_at, id_))
        return False

    def ended(self, host: str) -> None:
        """Count one pass less."""
        self._under_way[host] -= 1
        if not self._under_way[host]:
            del self._under_way[host]

    def next_of(self, host: str) -> tuple[datetime, str] | None:
        """Take out the appointment that has waited longest, if there is room for it. None: there is not, or nobody."""
        queue = self._aside.get(host)
        if queue is None or self._under_way[host] >= OF_ONE_HOST:
            return None
        first = queue.popleft()
        if not queue:
            del self._aside[host]
        return first


def crowd_of(source: Source) -> str:
    """Name the host whose turns a source waits for. A guess, for fallbacks and moved ones: fetch/ counts the turns."""
    url = urlsplit(source.urls[0])
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
