"""A hundred runs of one state/ on a disk, one after the other, some of them cut off in the middle of asking."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.fetch.answer import Answer, NotModified, Refused
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.site import Site
from aggregator.source import Hints, Source, Validators
from tests.newsroom import NOON, POLLING, POPULAR, UPDATE, Newsroom, fetched, source

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
UNCHANGED = NotModified(validators=Validators(), hints=Hints())
# Who is asked, what is answered, and how long nobody may ask again at the least.
SILENT, BUSY, FRESH = source("Sunyi"), source("Sibuk"), source("Segar")
FIXED, WEARY, BROKEN = source("Tetap", every=20 * MINUTE), source("Lelah"), source("Rusak")
ANSWERS: dict[Source, tuple[Answer, timedelta]] = {
    SILENT: (UNCHANGED, 13.5 * MINUTE),
    BUSY: (fetched("0"), 5 * MINUTE),
    FRESH: (replace(UNCHANGED, hints=Hints(max_age=HOUR)), HOUR),
    FIXED: (UNCHANGED, 20 * MINUTE),
    WEARY: (Refused(status=503, hints=Hints(retry_after=2 * HOUR), detail="overloaded"), 2 * HOUR),
    BROKEN: (Refused(status=500, hints=Hints(), detail="broken"), 7.5 * MINUTE),
}
FEEDS = FeedsFile(
    path=Path("feeds.yaml"),
    site=Site(title="Warta", url=None, language="id", zone=ZoneInfo("UTC")),
    polling=POLLING,
    keep=timedelta(days=30),
    sources=tuple(ANSWERS),
    topics=(UPDATE, POPULAR),
)


class Publishers(Newsroom):
    """Those of tests/newsroom.py; whoever is asked while the power fails never answers."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        super().__init__(answers)
        self.power_fails = False
        self.failed = asyncio.Event()

    async def fetch(self, asked: Source, url: str, validators: Validators) -> Answer:
        answer = await super().fetch(asked, url, validators)
        if self.power_fails:
            self.failed.set()
            await asyncio.get_running_loop().create_future()
        return answer


async def ask(house: House, outlet: Source, publishers: Publishers, now: datetime) -> None:
    """Make one pass, up to the answer or to the end of the power."""
    task = asyncio.ensure_future(house.poll(outlet, now=now))
    if publishers.power_fails:
        publishers.failed.clear()
        await publishers.failed.wait()
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_hundred_restarts_ask_nobody_early(tmp_path: Path) -> None:
    publishers = Publishers({outlet.urls[0]: answer for outlet, (answer, _) in ANSWERS.items()})
    asked_at: dict[str, list[datetime]] = defaultdict(list)
    now = NOON
    for run in range(100):
        publishers.power_fails = run % 3 == 2 and run > 12  # what was never answered asked for nothing
        publishers.answers[BUSY.urls[0]] = fetched(*(f"{line} Berita nomor {line}" for line in range(run, run + 3)))
        async with open_house(FEEDS, tmp_path / "state", base_url="http://here", now=now) as house:
            house.world = replace(house.world, fetch=publishers.fetch, parse=publishers.parse)
            for outlet in house.due(now=now):
                asked_at[outlet.name].append(now)
                await ask(house, outlet, publishers, now)
        now += (1 + run * 7 % 12) * MINUTE

    early = {
        outlet.name: [after - before for before, after in pairwise(asked_at[outlet.name]) if after - before < least]
        for outlet, (_, least) in ANSWERS.items()
    }
    assert early == {outlet.name: [] for outlet in ANSWERS}
    assert len(asked_at[BUSY.name]) > len(asked_at[SILENT.name]) > len(asked_at[WEARY.name]) > 2
