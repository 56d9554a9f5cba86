"""All outlets behind one socket on loopback, and the time that they and the daemon tell.

The clock stands still until somebody waits; then it is as late as they wanted it to be. So a request takes no time, and
a pause between two takes as long as it should.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from tests.etiquette.log import Asked, Told
from tests.etiquette.outlets import MONDAY, Answer, Outlet, Reply, Visit
from tests.fetch import origin


class Clock:
    """The time of daemon and publishers."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def forward(self, to: datetime) -> None:
        self.now = max(self.now, to)

    def monotonic(self) -> float:
        return (self.now - MONDAY).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.forward(self.now + timedelta(milliseconds=math.ceil(seconds * 1000)))
        await asyncio.sleep(0)


class Street:
    """Where all outlets are: one socket, told apart by the Host of a request.

    Attributes:
        log: What was asked.
        life: The run that asks now, from 1 on.
        kill: Called when the next request arrives: neither it nor any later one of this run is answered.
    """

    def __init__(self, outlets: Iterable[Outlet], clock: Clock, *, patience_seconds: float) -> None:
        """Open nothing yet.

        Args:
            outlets: Theirs.
            clock: The time.
            patience_seconds: In truth: so long, on a host of several sources, an answer waits for the others to come.
        """
        self.log: list[Asked] = []
        self.life = 0
        self.kill: Callable[[], None] | None = None
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._answers: dict[str, tuple[Outlet, Answer]] = {}
        for outlet in outlets:
            self._answers[outlet.url] = (outlet, outlet.answer)
            if outlet.answer_elsewhere is not None:
                self._answers[outlet.elsewhere] = (outlet, outlet.answer_elsewhere)
        self._neighbours = Counter(urlsplit(url).netloc for url in self._answers)
        self._visits: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._all_there: dict[str, asyncio.Event] = {}
        self._dead = 0

    async def __aenter__(self) -> Self:
        self._origin = await origin.Origin(self._answer).__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._origin.__aexit__(*error)

    @property
    def port(self) -> int:
        """Give the one of every URL."""
        return self._origin.port

    async def _answer(self, request: origin.Asked) -> bytes:
        host, now = request.headers["host"].partition(":")[0], self._clock()
        url = f"http://{host}{request.path}"
        if self.kill is not None:
            self._dead = self.life
            self.kill()
            self.kill = None
        reply = self._reply(url, request, now)
        self._under_way[host] += 1
        try:
            told = replace(reply.told, heard=self.life != self._dead)
            under_way = self._under_way[host]
            self.log.append(
                Asked(at=now, life=self.life, url=url, headers=request.headers, under_way=under_way, told=told)
            )
            if not told.heard:
                raise ConnectionResetError
            await self._wait_for_neighbours(host)
        finally:
            self._under_way[host] -= 1
        return reply.as_bytes(now, self.port)

    def _reply(self, url: str, request: origin.Asked, now: datetime) -> Reply:
        if url not in self._answers:
            return Reply(told=Told(status=HTTPStatus.NOT_FOUND))
        outlet, answer = self._answers[url]
        number = self._visits[url]
        self._visits[url] += 1
        return answer(Visit(now=now, number=number, headers=request.headers, elsewhere=outlet.elsewhere))

    async def _wait_for_neighbours(self, host: str) -> None:
        if self._neighbours[host] == 1:
            return
        all_there = self._all_there.setdefault(host, asyncio.Event())
        if self._under_way[host] == self._neighbours[host]:
            all_there.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(all_there.wait(), self._patience_seconds)
        self._all_there.pop(host, None)
