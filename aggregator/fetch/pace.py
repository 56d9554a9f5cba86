"""Requests → their turns: few at once, one a host, and a pause between two to the same host."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from typing import Final

from aggregator.site import Polling

_REMEMBERED: Final = 1024  # hosts, before idle ones are first forgotten; redirects let publishers name new ones


class Pace:
    """Hands out turns, to each host in the order they were asked for."""

    def __init__(
        self,
        polling: Polling,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Start with every host free.

        Args:
            polling: at_once, per_host and host_gap are used.
            clock: Seconds, monotonic.
            sleep: Waits that many of the clock's seconds.
        """
        self._per_host = polling.per_host
        self._gap = polling.host_gap.total_seconds()
        self._at_once = asyncio.Semaphore(polling.at_once)
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._forget_at = _REMEMBERED

    @asynccontextmanager
    async def turn(self, origin: str) -> AsyncIterator[None]:
        """Wait for a turn at `origin` (scheme, name and port) and hold it inside the block.

        The host's turn is waited for first: while it is, no place among those at once is taken.
        """
        host = self._host(origin)
        host.users += 1
        try:
            async with host.turns:
                free_at = heappop(host.free_at)
                try:
                    await self._wait_until(free_at)
                    async with self._at_once:
                        try:
                            yield
                        finally:
                            free_at = self._clock() + self._gap
                finally:
                    heappush(host.free_at, free_at)
        finally:
            host.users -= 1

    async def _wait_until(self, instant: float) -> None:
        while (seconds := instant - self._clock()) > 0:
            await self._sleep(seconds)

    def _host(self, origin: str) -> "_Host":
        host = self._hosts.get(origin)
        if host is None:
            self._forget_idle()
            host = self._hosts[origin] = _Host(self._per_host)
        return host

    def _forget_idle(self) -> None:
        """Drop hosts whose pause is over. Done each time their number has doubled: constant cost a host."""
        if len(self._hosts) < self._forget_at:
            return
        now = self._clock()
        self._hosts = {name: host for name, host in self._hosts.items() if host.users or max(host.free_at) > now}
        self._forget_at = max(_REMEMBERED, 2 * len(self._hosts))


class _Host:
    """One host's turns.

    Attributes:
        turns: As many as may be held at once.
        free_at: A heap: for each turn not held, the instant from which it may be.
        users: Who hold a turn or wait for one.
    """

    __slots__ = ("free_at", "turns", "users")

    def __init__(self, per_host: int) -> None:
        self.turns = asyncio.Semaphore(per_host)
        self.free_at = [float("-inf")] * per_host
        self.users = 0
