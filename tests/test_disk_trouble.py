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
