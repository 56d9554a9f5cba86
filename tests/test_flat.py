"""What is left behind by long running: nothing that grows. The long form: `python -m tests.long.soak`."""

import asyncio
import gc
import os
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import pytest

from aggregator.house import House, open_house
from aggregator.publish import syndication
from tests.e2e.running import LOOPBACK_ONLY, Origin, Page
from tests.long.census import held, living
from tests.long.fast import MIDNIGHT, short_memory
from tests.newsroom import POLLING, Newsroom, source
from tests.test_daemon import FEEDS

ROUND: Final = timedelta(minutes=30)
SETTLED: Final = 38  # rounds: what is kept for days is kept for hours here, and all has been forgotten by then
LIVED: Final = 76  # of one day, by the site's clock
COUNTED: Final = 4  # rounds in which it is counted, for not all that comes has gone at the same time each round
PATHS: Final = ("/a", "/b", "/c", "/d")
FEW: Final = {  # caches, which are bounded, and would not be full yet
    "aggregator.store.embedded._DECODED": 10,
    "aggregator.store.embedded._STANDINGS": 2,
    "aggregator.publish.press.PART_ITEMS": 5,
    "aggregator.moved._MOST": 2,
}


def print_all(origin: Origin, turn: int) -> None:
    """Have each source print a line every other round, and list three; two tell the same, one fails now and then."""
    for number, path in enumerate(PATHS):
        newest = (turn + number) // 2
        lines = [f"{guid} {_title(number // 2, guid)}" for guid in range(newest, newest - 3, -1)]
        lines[0] = "!" if number == 3 and turn % 8 < 3 else lines[0]
        origin.pages[path] = Page(body="\n".join(lines).encode(), content_type="text/plain")
    origin.asked.clear()


def _title(outlet: int, guid: int) -> str:
    return f"Warga kota {outlet}{guid} menanti kapal nomor {guid * 7 + outlet} dari pulau {guid}{outlet}"


async def live(house: House, now: datetime) -> None:
    """Ask all, publish, and tidy up, as of an instant."""
    for each in house.sources.values():
        await house.poll(each, now=now)
    await house.publish()
    while house.edition.is_pending:
        await house.publish()
    await house.tidy_daily(now=now)
    await house.close_months(now=now)
    await house.listen_for_silence()
    await house.publish()


def counted(house: House) -> Counter[str]:
    """Count all that could grow. Heads of feeds are kept in a cache that is bounded, and not full yet."""
    for cache in (syndication._around_items, syndication._around_entries):
        cache.cache_clear()
    gc.collect()
    ours = {f"living {name}": count for name, count in living().items() if name.startswith("aggregator.")}
    files = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0  # noqa: PTH208
    return held(house) + Counter(ours) + Counter(tasks=len(asyncio.all_tasks()), files=files)


async def test_what_a_house_holds_does_not_grow_with_the_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FEW.items():
        monkeypatch.setattr(name, value)
    for room, name, value in [*short_memory()]:
        monkeypatch.setattr(room, name, value)
    before, after, newsroom = list[Counter[str]](), list[Counter[str]](), Newsroom()
    with Origin() as origin:
        feeds = replace(
            FEEDS,
            polling=replace(POLLING, allow_private=(ip_network(LOOPBACK_ONLY),)),
            keep=timedelta(hours=1),
            archive_months=2,
            sources=tuple(source(path, origin.url(path), every=ROUND) for path in PATHS),
            topics=tuple(replace(topic, limit=5) for topic in FEEDS.topics),
        )
        async with open_house(feeds, tmp_path, base_url="http://127.0.0.1:1", now=MIDNIGHT) as house:
            house.world = replace(house.world, parse=newsroom.parse)
            for turn in range(LIVED):
                print_all(origin, turn)
                newsroom.parsed.clear()
                await live(house, MIDNIGHT + turn * ROUND)
                if SETTLED - COUNTED <= turn < SETTLED:
                    before.append(counted(house))
                if turn >= LIVED - COUNTED:
                    after.append(counted(house))

    most, least = before[0], after[0]
    for count in before:
        most |= count
    for count in after:
        least &= count
    assert most["Ledger._starts"] > 0
    assert least - most == Counter()
