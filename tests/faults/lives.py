"""Runs of a newsroom over one state/, on a real disk; its publishers are ours."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from aggregator.errors import StateError
from aggregator.fetch.answer import Answer
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.site import Site
from aggregator.source import Source, Validators
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, POLLING, POPULAR, UPDATE, Newsroom, fetched

BASE: Final = "https://warta.example"
JAKARTA: Final = ZoneInfo("Asia/Jakarta")
OCTOBER: Final = datetime(2026, 10, 30, 12, tzinfo=JAKARTA)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EKONOMI: Final = Topic(slug="ekonomi", title="Ekonomi", match=lambda line, _: "beras" in line.title, match_text="beras")
BENCANA: Final = Topic(slug="bencana", title="Bencana", match=lambda line, _: "Gempa" in line.title, match_text="gempa")
FEEDS: Final = FeedsFile(
    path=Path("feeds.yaml"),
    site=Site(title="Warta", url=BASE, language="id", zone=JAKARTA),
    polling=POLLING,
    keep=timedelta(days=20),
    sources=(DUNIA, KABAR),
    topics=(replace(UPDATE, limit=2), replace(POPULAR, limit=2)),
    archive_months=2,
)
LINES: Final = (
    "1 Banjir surut di Semarang",
    "2 Kabut asap di Riau",
    "3 Harga beras naik lagi",
    "4 Gempa di Palu",
    "5 Jalan tol dibuka",
)
Tell = Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What has to be true from here on, whatever happens.

    Attributes:
        headlines: Ids of those that are committed.
        dues: Source id → when it may be asked again at the earliest.
    """

    headlines: frozenset[str]
    dues: dict[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What one run does, from its start to its end.

    Attributes:
        name: For people.
        now: UTC, all the time.
        rounds: What the first source answers, and then the second one, each time both are asked.
        feeds: As it starts.
        reload: As it is read again in the end.
        tidies: What is over leaves.
        publishes: Or ends before it could.
    """

    name: str
    now: datetime
    rounds: tuple[tuple[Answer, Answer], ...] = ()
    feeds: FeedsFile = FEEDS
    reload: FeedsFile | None = None
    tidies: bool = False
    publishes: bool = True

    async def live(self, state: Path, tell: Tell = lambda _: None) -> None:
        async with open_house(self.feeds, state, base_url=BASE, now=self.now) as house:
            for answers in self.rounds:
                newsroom = _Told(house, tell, dict(zip((DUNIA.urls[0], KABAR.urls[0]), answers, strict=True)))
                house.world = replace(house.world, fetch=newsroom.fetch, parse=newsroom.parse)
                for source in self.feeds.sources:
                    await _insist(partial(house.poll, house.sources[source.id], now=self.now))
                    tell(told_by(house))
            if self.reload is not None:
                await house.furnish(self.reload, now=self.now)
            house.world.witnesses.hear("clock.example", self.now)  # also where nobody was asked
            if self.tidies:
                await _insist(partial(house.tidy, now=self.now))
            if self.publishes:
                await _insist(partial(_publish, house))
                for _ in range(2):  # as the daemon does every hour: what could not be removed the first time is then
                    await _insist(partial(house.close_months, now=self.now))
                    await _insist(partial(_publish, house))
                house.remember()


class _Told(Newsroom):
    """Whoever is asked has a right to the claim that was made before."""

    def __init__(self, house: House, tell: Tell, answers: dict[str, Answer]) -> None:
        super().__init__(answers)
        self._house, self._tell = house, tell

    async def fetch(self, source: Source, url: str, validators: Validators) -> Answer:
        self._tell(told_by(self._house))
        return await super().fetch(source, url, validators)


def told_by(house: House) -> Told:
    dues = {id_: due.at for id_, due in house.store.dues().items()}
    return Told(headlines=frozenset(each.id for each in house.store.headlines()), dues=dues)


async def _publish(house: House) -> None:
    await house.publish()
    while house.edition.is_pending:
        await house.publish()


async def _insist(work: Callable[[], Awaitable[Any]]) -> None:
    """Try again what the disk did not let us do, as the daemon does."""
    try:
        await work()
    except StateError:
        await work()


@contextmanager
def small() -> Iterator[None]:
    """Let two items make a document of an archive, and few commits a snapshot worth its writing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aggregator.book.PART_ITEMS", 2)
        patch.setattr("aggregator.store.embedded._SNAPSHOT_FLOOR_BYTES", 2_000)
        yield


def _lines(*numbers: int) -> Answer:
    return fetched(*(LINES[number - 1] for number in numbers), etag=f'"{numbers}"')


def _edition(number: int) -> tuple[Answer, Answer]:
    return fetched(f"1 Banjir surut di Semarang, {number} rumah rusak"), _lines(2)


FIRST: Final = Life(name="a first start", now=OCTOBER, rounds=((_lines(1), _lines(2)),))
NEWS: Final = Life(name="news", now=OCTOBER + HOUR, rounds=((_lines(1, 3), _lines(4, 2)),))
UNTOLD: Final = replace(NEWS, publishes=False)
AGAIN: Final = Life(name="a start over an existing state", now=OCTOBER + 2 * HOUR)
SEALING: Final = Life(name="a month that is sealed", now=OCTOBER + 3 * DAY)
LIVES: Final[tuple[tuple[Life, ...], ...]] = (
    (FIRST,),
    (FIRST, NEWS),
    (FIRST, Life(name="a new generation", now=OCTOBER + HOUR, rounds=tuple(map(_edition, range(2, 7))))),
    (FIRST, UNTOLD, AGAIN),
    (
        FIRST,
        Life(
            name="a reload with other topics",
            now=OCTOBER + HOUR,
            feeds=replace(FEEDS, topics=(*FEEDS.topics, EKONOMI)),
            reload=replace(FEEDS, topics=(*FEEDS.topics, BENCANA)),
            rounds=NEWS.rounds,
        ),
    ),
    (FIRST, NEWS, SEALING),
    (
        FIRST,
        replace(NEWS, rounds=((_lines(3), _lines(4)),)),
        SEALING,
        Life(name="tidying up", now=OCTOBER + 100 * DAY, tidies=True, rounds=((_lines(3, 5), _lines(4)),)),
    ),
)
"""What went before, undisturbed, and last the life that is looked at."""
