"""Requests → their turns: few at once, one a host, and a pause between two to the same host.

Who takes long makes way: a silent publisher holds its place among the few for a second at most, as long as others
wait for one. From then on it counts among the slow, of whom there may be many, for they cost nothing but a socket.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from typing import Final

from aggregator.site import Polling

SLOW_AFTER_SECONDS: Final = 1.0
"""A turn that lasts longer is slow; so is the next one of its host, from its start."""
SLOW_FOR_EACH: Final = 16
"""Slow turns for each of `at_once`."""
SLOW_MOST: Final = 512
"""Slow turns in all: many systems give a process 1,024 descriptors."""

_REMEMBERED: Final = 1024  # hosts, before idle ones are first forgotten; redirects let publishers name new ones


class Pace:
    """Hands out turns, to each host in the order they were asked for."""

    def __init__(
        self,
        polling: Polling,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        slow_after_seconds: float = SLOW_AFTER_SECONDS,
        most: int = 2 * SLOW_MOST,
    ) -> None:
        """Start with every host free.

        Args:
            polling: at_once, per_host and host_gap are used.
            clock: Seconds, monotonic.
            sleep: Waits that many of the clock's seconds.
            slow_after_seconds: Infinite: nobody ever makes way.
            most: Turns in all, quick and slow; at least one of each is given.
        """
        self._most = most
        self._slow_after = slow_after_seconds
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._forget_at = _REMEMBERED
        self._polling = polling
        self._places = self._free_places()

    def follow(self, polling: Polling) -> None:
        """Take over other settings: hosts keep their turns and pauses, unless `per_host` itself is another now."""
        earlier, self._polling = self._polling, polling
        if polling.per_host != earlier.per_host:
            self._hosts = {}
        if polling.at_once != earlier.at_once:
            self._places = self._free_places()  # who has one now gives it back to the earlier ones

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[float]:
        """Wait for a turn at a host, whatever it is named by, and hold it inside the block.

        The host's turn is waited for first: while it is, no place among those at once is taken. Gives the seconds that
        were waited.
        """
        host, came = self._host(name), self._clock()
        host.users += 1
        try:
            async with host.turns:
                free_at = heappop(host.free_at)
                try:
                    await self._wait_until(free_at)
                    async with self._places.hold(slow=host.is_slow):
                        started = self._clock()
                        try:
                            yield started - came
                        finally:
                            host.is_slow = self._clock() - started > self._slow_after
                            free_at = self._clock() + self._polling.host_gap.total_seconds()
                finally:
                    heappush(host.free_at, free_at)
        finally:
            host.users -= 1

    async def _wait_until(self, instant: float) -> None:
        while (seconds := instant - self._clock()) > 0:
            await self._sleep(seconds)

    def _host(self, name: str) -> "_Host":
        host = self._hosts.get(name)
        if host is None:
            self._forget_idle()
            host = self._hosts[name] = _Host(self._polling.per_host)
        return host

    def _free_places(self) -> "_Places":
        quick = min(self._polling.at_once, max(1, self._most // 2))
        slow = min(SLOW_FOR_EACH * self._polling.at_once, SLOW_MOST, max(1, self._most - quick))
        return _Places(quick, slow, clock=self._clock, sleep=self._sleep, slow_after_seconds=self._slow_after)

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
        is_slow: Its last turn was.
    """

    __slots__ = ("free_at", "is_slow", "turns", "users")

    def __init__(self, per_host: int) -> None:
        self.turns = asyncio.Semaphore(per_host)
        self.free_at = [float("-inf")] * per_host
        self.users = 0
        self.is_slow = False


class _Places:
    """The places among those at once, and those of the slow."""

    def __init__(
        self,
        quick: int,
        slow: int,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        slow_after_seconds: float,
    ) -> None:
        self._quick, self._slow = asyncio.Semaphore(quick), asyncio.Semaphore(slow)
        self._since: dict[object, float] = {}  # who holds a quick place, the longest first
        self._clock = clock
        self._sleep = sleep
        self._slow_after = slow_after_seconds
        self._usher: asyncio.Task[None] | None = None
        self._waiting = 0

    @asynccontextmanager
    async def hold(self, *, slow: bool) -> AsyncIterator[None]:
        """Wait for a place and hold it inside the block; it may become a slow one meanwhile."""
        if slow:
            async with self._slow:
                yield
            return
        await self._sit_down(holder := object())
        try:
            yield
        finally:
            places = self._slow if self._since.pop(holder, None) is None else self._quick
            places.release()

    async def _sit_down(self, holder: object) -> None:
        if self._quick.locked():
            self._waiting += 1
            self._call_usher()
            try:
                await self._quick.acquire()
            finally:
                self._waiting -= 1
        else:
            await self._quick.acquire()
        self._since[holder] = self._clock()

    def _call_usher(self) -> None:
        """Have the longest turns made slow while anybody waits: where nobody does, none of this costs anything."""
        if self._slow_after != float("inf") and (self._usher is None or self._usher.done()):
            self._usher = asyncio.create_task(self._make_way())

    async def _make_way(self) -> None:
        while self._waiting:
            holder, since = next(iter(self._since.items()), (None, self._clock()))
            early = since + self._slow_after - self._clock()
            if early > 0 or holder is None or self._slow.locked():
                await self._sleep(early if early > 0 else self._slow_after)
                continue
            await self._slow.acquire()  # there is room: this does not wait
            del self._since[holder]
            self._quick.release()
            await asyncio.sleep(0)  # whoever was waiting sits down
