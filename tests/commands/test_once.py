"""The passes of one run. The command itself: tests/e2e/test_cli.py."""

import asyncio
from datetime import datetime, timedelta
from typing import cast

from aggregator.commands.once import poll_all
from aggregator.house import House
from aggregator.report import Report
from aggregator.source import Source
from tests.newsroom import NOON, source

SECOND = timedelta(seconds=1)


class Slow:
    """A house, a second of whose time each pass takes."""

    def __init__(self) -> None:
        self.now = NOON
        self.polled: list[tuple[str, datetime]] = []

    def clock(self) -> datetime:
        return self.now

    async def poll(self, asked: Source, *, now: datetime) -> Report:
        self.polled.append((asked.name, now))
        await asyncio.sleep(0)
        self.now += SECOND
        return Report(source=asked.id, answer="304", ok=True)


async def test_a_source_whose_turn_comes_late_is_polled_as_of_then() -> None:
    slow, sources = Slow(), [source(f"Warta{number}") for number in range(1_100)]
    reports = await poll_all(cast("House", slow), sources, slow.clock)

    assert [report.source for report in reports] == [each.id for each in sources]
    assert [name for name, _ in slow.polled] == [each.name for each in sources]
    assert {now for _, now in slow.polled[:1_000]} == {NOON}
    assert all(now > NOON for _, now in slow.polled[1_000:])
