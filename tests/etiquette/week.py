"""Days of one daemon in seconds: its own house, heap and passes, a real state/, real HTTP; only the time is ours."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.daemon import Daemon
from aggregator.entry import Reading
from aggregator.fetch.http import Fetcher
from aggregator.fetch.pace import Pace
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.parse.job import Job
from aggregator.parse.read import read_document
from aggregator.site import Polling, Site
from aggregator.source import Source
from aggregator.topic import Topic
from tests.etiquette.judge import Terms
from tests.etiquette.log import Asked
from tests.etiquette.outlets import MONDAY, Outlet
from tests.etiquette.street import Clock, Street

POLLING: Final = Polling(
    every=timedelta(minutes=15),
    at_once=32,
    per_host=1,
    host_gap=timedelta(seconds=1),
    allow_private=(ip_network("127.0.0.0/8"),),
)
_T = TypeVar("_T")
_SHORTEST: Final = timedelta(minutes=5)  # DESIGN §4: our own interval, where nobody asks for another
_TICK: Final = timedelta(seconds=1)
_STARTING: Final = timedelta(seconds=3)
_HOUR: Final = timedelta(hours=1)
_NEVER: Final = MONDAY + timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the daemon, in time since the beginning.

    Attributes:
        start: When it begins, or a few seconds after the end of the run before it, if that is later.
        end: When it ends; if it is killed, with the first request from then on.
        killed: It is, while that request is being answered.
        rereads: When it is told that feeds.yaml was edited: the sources have changed places.
    """

    start: timedelta = timedelta(0)
    end: timedelta
    killed: bool = False
    rereads: tuple[timedelta, ...] = ()


def terms(outlets: Iterable[Outlet]) -> dict[str, Terms]:
    """Give what was agreed about each URL of feeds.yaml."""
    return {url: _terms(outlet.settings) for outlet in outlets for url in outlet.named}


def _terms(settings: Mapping[str, object]) -> Terms:
    every = settings.get("every")
    if isinstance(every, timedelta):
        return Terms(floor=every, hears_wishes=False)
    return Terms(floor=_SHORTEST, hears_wishes="cron" not in settings)


async def spend(
    folder: Path,
    outlets: Sequence[Outlet],
    runs: Iterable[Run],
    *,
    polling: Polling = POLLING,
    patience_seconds: float = 0.002,
) -> list[Asked]:
    """Let the daemon live through its runs, over one state; give what the outlets were asked.

    Args:
        folder: An empty one.
        outlets: Those of feeds.yaml.
        runs: One after another.
        polling: That of feeds.yaml.
        patience_seconds: As for `Street`.
    """
    clock, state = Clock(), folder / "state"
    with pytest.MonkeyPatch.context() as patch:
        # In one thread, so that a week is the same each time; and here no disk dies, only the daemon does.
        patch.setattr(asyncio, "to_thread", _here)
        patch.setattr(os, "fdatasync", lambda _: None, raising=False)
        async with Street(outlets, clock, patience_seconds=patience_seconds) as street:
            feeds = _feeds(outlets, polling, street.port)
            for street.life, run in enumerate(runs, start=1):
                clock.forward(max(MONDAY + run.start, clock() + _STARTING))
                async with _house(feeds, state, clock) as house:
                    state = await _live(_Days(house, clock), run, state, street)
    return street.log


async def _here(work: Callable[..., _T], *arguments: object) -> _T:
    return work(*arguments)


def _feeds(outlets: Iterable[Outlet], polling: Polling, port: int) -> FeedsFile:
    everything = (
        Topic(slug="update", title="UPDATE", everything=True),
        Topic(slug="popular", title="Populer", everything=True, order="popular"),
    )
    return FeedsFile(
        path=Path("feeds.yaml"),
        site=Site(title="Warta", url="https://warta.example", language="id", zone=ZoneInfo("Asia/Jakarta")),
        polling=polling,
        keep=timedelta(days=30),
        sources=tuple(_source(outlet, port) for outlet in outlets),
        topics=everything,
    )


def _source(outlet: Outlet, port: int) -> Source:
    urls = tuple(url.replace(".example/", f".example:{port}/") for url in outlet.named)
    # Its id is the same whatever the port: jitter is drawn from it.
    return Source(**{"id": outlet.url, "name": outlet.name, "urls": urls, **outlet.settings})  # type: ignore[arg-type]


@asynccontextmanager
async def _house(feeds: FeedsFile, state: Path, clock: Clock) -> AsyncIterator[House]:
    """Open a house whose requests keep their pace by our clock."""
    fetcher = Fetcher(feeds.polling, resolver=_Loopback())
    fetcher._pace = Pace(feeds.polling, clock=clock.monotonic, sleep=clock.sleep)
    async with fetcher, open_house(feeds, state, base_url="http://here", now=clock()) as house:
        house._fetcher = fetcher
        await house.furnish(feeds, now=clock())
        yield house


class _Loopback(AbstractResolver):
    """Every name is this machine's."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        here, flags = "127.0.0.1", socket.AI_NUMERICHOST
        return [ResolveResult(hostname=host, host=here, port=port, family=family, proto=0, flags=flags)]

    async def close(self) -> None:
        """Nothing is kept."""


class _Days:
    """A daemon, and what APScheduler calls each second and each hour of the true time: called as our clock says."""

    def __init__(self, house: House, clock: Clock) -> None:
        self._house = house
        self._clock = clock
        self._daemon = Daemon(house, clock=clock, reread=self._turned_round)
        self._hour_ends = clock() + _HOUR
        self._is_killed = False

    async def begin(self) -> None:
        """Do as `Daemon.run` does."""
        self._read_here()
        await self._house.desk.load()
        await self._daemon._publish()
        self._daemon._appoint()
        self._clock.forward(self._clock() + _TICK)  # the first look

    async def spend(self, until: datetime) -> None:
        """Ask what falls due before an instant, unless we are killed."""
        daemon = self._daemon
        while not self._is_killed and self._clock() < until:
            await daemon._ask_due()
            if not daemon._passes:
                self._clock.forward(min(self._next_look(), until))
            while daemon._passes:
                await asyncio.wait(daemon._passes.values())
            await self._hourly()

    async def reread(self) -> None:
        """Have feeds.yaml read again."""
        self._daemon.reload()
        await self._daemon._reload()
        self._read_here()

    async def stop(self) -> None:
        """Do as `Daemon.run` does."""
        await self._daemon._publish()
        self._house.remember()

    def kill(self, state: Path, left: Path) -> None:
        """Die now: what is on the disk is left to the next run, what is in memory is not."""
        shutil.copytree(state, left)
        self._is_killed = True
        for task in self._daemon._passes.values():
            task.cancel()

    async def _hourly(self) -> None:
        if self._clock() >= self._hour_ends:
            self._hour_ends = self._clock() + _HOUR
            await self._daemon._tidy()

    def _next_look(self) -> datetime:
        """Give the next of the looks, one a second, that may see something due."""
        due_at = min((due.at for due in self._house.dues.values()), default=_NEVER)
        return max(self._clock() + _TICK, due_at.replace(microsecond=0) + _TICK)

    def _turned_round(self) -> FeedsFile:
        return replace(self._house.feeds, sources=self._house.feeds.sources[::-1])

    def _read_here(self) -> None:
        """Read documents in this process: a child for each run would cost more than everything else."""
        self._house.world = replace(self._house.world, parse=_read)


async def _read(job: Job) -> Reading:
    return read_document(job)


async def _live(days: _Days, run: Run, state: Path, street: Street) -> Path:
    """Live through one run; give the state/ that it leaves."""
    await days.begin()
    for at in run.rereads:
        await days.spend(MONDAY + at)
        await days.reread()
    await days.spend(MONDAY + run.end)
    if not run.killed:
        await days.stop()
        return state
    left = state.with_name(f"left{street.life}")
    street.kill = partial(days.kill, state, left)
    await days.spend(_NEVER)
    return left


WEEK: Final = (
    Run(end=timedelta(days=1, hours=2), rereads=(timedelta(hours=9),)),
    Run(end=timedelta(days=1, hours=2, minutes=3)),
    Run(end=timedelta(days=2, hours=11), killed=True),
    Run(start=timedelta(days=2, hours=14), end=timedelta(days=4), rereads=(timedelta(days=3),)),
    Run(start=timedelta(days=4, hours=9), end=timedelta(days=7)),
)
"""Seven days: two restarts within seconds, one kill, three and nine hours off, two edits of feeds.yaml."""
