"""A daemon in this process whose state/ cannot be written for a while. With real disks: tests/e2e/test_state.py."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.commit import Commit
from aggregator.errors import StateError
from aggregator.store.embedded import EmbeddedStore
from tests.newsroom import DUNIA, Newsroom, fetched
from tests.test_daemon import FEEDS, Clock, read, running, until


class Store:
    """A store whose disk is full at times.

    Attributes:
        room: For so many commits; the next one fails, and all after it.
    """

    def __init__(self, store: EmbeddedStore, room: int) -> None:
        self._store = store
        self.room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, commit: Commit) -> int:
        if not self.room:
            raise StateError("state/: No space left on device")
        self.room -= 1
        return await self._store.commit(commit)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_ASK", "_TICK", "_TRY_AGAIN"):
        monkeypatch.setattr(f"aggregator.daemon.{name}", 0.05)


async def test_our_health_is_back_when_there_is_space_though_nobody_is_asked_before_tomorrow(tmp_path: Path) -> None:
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa")})
    feeds = replace(FEEDS, sources=(replace(DUNIA, every=timedelta(days=1)),))
    async with running(tmp_path, publishers, Clock(), feeds) as (daemon, house):
        disk = Store(house.store, room=1)  # for the claim
        house.store = disk  # type: ignore[assignment]
        house.world = replace(house.world, store=disk)
        await until(lambda: daemon.health == "degraded: state/: No space left on device")
        assert (await read(daemon, "/healthz"))[0] == 503
        disk.room = 100

        await until(lambda: daemon.health == "ok")
        assert len(publishers.asked) == 1


async def test_a_disk_that_was_full_when_the_clock_was_set_is_forgotten_and_the_appointments_are_kept(
    tmp_path: Path,
) -> None:
    clock, publishers = Clock(), Newsroom({DUNIA.urls[0]: fetched("1 Gempa")})
    async with running(tmp_path, publishers, clock, replace(FEEDS, sources=(DUNIA,))) as (daemon, house):
        await until(lambda: len(publishers.asked) == 1 and not daemon._passes)
        disk = Store(house.store, room=0)
        house.store = disk  # type: ignore[assignment]
        clock.wrong = timedelta(days=-3)
        await until(lambda: daemon.health == "degraded: state/: No space left on device")
        disk.room = 100

        await until(lambda: daemon.health == "ok")
        assert house.store.due(DUNIA.id) == house.dues[DUNIA.id]
        assert house.dues[DUNIA.id].at < clock() + timedelta(hours=6)


async def test_a_month_that_could_not_be_closed_is_told_until_it_is(tmp_path: Path) -> None:
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa")})
    async with running(tmp_path, publishers, Clock(), replace(FEEDS, sources=(DUNIA,))) as (daemon, house):
        await until(lambda: len(publishers.asked) == 1 and not daemon._passes)
        disk, turns = Store(house.store, room=0), [0]
        house.store = disk  # type: ignore[assignment]
        check = house.edition.archive.check

        def counted() -> None:
            turns[0] += 1
            check()

        house.edition.archive.check = counted  # type: ignore[method-assign]
        await daemon._close_months()
        await until(lambda: turns[0] > 3)  # publications, which find the archives as they should be
        assert daemon.health == "degraded: state/: No space left on device"
        disk.room = 100

        await until(lambda: daemon.health == "ok")
