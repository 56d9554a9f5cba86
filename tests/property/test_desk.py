"""A desk that has lived through a history tells what one tells that reads the outcome anew."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aggregator.commit import Commit
from aggregator.dedupe.fold import Merge
from aggregator.desk import Desk
from aggregator.headline import Headline, Joined, Revision
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, MemoryStore, headline, source

SUARA = source("Suara", weight=3.0)
OUTLETS = (DUNIA, KABAR, SUARA)
TOPICS = (
    replace(UPDATE, limit=4),
    replace(POPULAR, retell="outlet", per_source=1),
    Topic(slug="each", title="Each", everything=True, one_per="headline"),
    Topic(slug="kabar", title="Kabar", sources=("Kabar", "Suara"), retell="revision"),
    Topic(slug="banjir", title="Banjir", match=lambda line, _: "banjir" in line.title, match_text="banjir"),
)
TITLES = (
    "Banjir surut di Semarang, warga mulai pulang",
    "Banjir banjir surut di Semarang",
    "Harga beras naik lagi di pasar induk",
    "Beras naik lagi di pasar, banjir surut di Semarang",
    "banjir",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["new", "new", "revise", "revise", "merge", "drop"]),
        st.integers(0, 30),
        st.integers(0, 2),
        st.sampled_from(TITLES),
        st.integers(0, 90),  # minutes since the step before
        st.booleans(),  # whether somebody looks after it
    ),
    max_size=20,
)


class Life:
    """A store, and a desk that is there from the beginning."""

    def __init__(self) -> None:
        self.store, self.now = MemoryStore(), NOON
        self.desk = self.reader()

    def reader(self) -> Desk:
        return Desk(self.store, topics=TOPICS, sources=OUTLETS)

    async def step(self, kind: str, which: int, outlet: int, title: str) -> None:
        kept = sorted(self.store.headlines(), key=lambda line: line.id)
        if kind == "new":
            line = headline(len(self.store.commits), OUTLETS[outlet], title=title, topics=(), **_dates(self.now, which))
            await self.settle(new=[line])
        elif kept and kind == "revise":
            line = kept[which % len(kept)]
            was = Revision(title=line.title, until=self.now)
            changed: dict[str, Any] = {"title": title, "updated_at": self.now, "revisions": (*line.revisions, was)}
            await self.settle(revised=[replace(line, **changed)])
        elif kept and kind == "merge":
            await self.merge(kept[which % len(kept)].story, kept[outlet % len(kept)].story)
        elif kept:
            await self.drop(kept[which % len(kept)].story)

    async def settle(self, new: Sequence[Headline] = (), revised: Sequence[Headline] = ()) -> None:
        async with self.desk.settling(with_news=True):
            accepted = await self.desk.accept(new, revised, now=self.now)
            await self.desk.post(accepted.headlines, news=await self.store.commit(accepted))

    async def merge(self, younger: str, older: str) -> None:
        if younger == older:
            return
        async with self.desk.settling(with_news=True):
            merge = Merge(younger=younger, older=older, joined=Joined(rule="bridge"))
            moved, gone = self.desk.dissolve(merge, now=self.now)
            news = await self.store.commit(Commit(headlines=moved, dissolved=(gone,)))
            await self.desk.post(moved, news=news)

    async def drop(self, story: str) -> None:
        async with self.desk.undisturbed():
            leaving = tuple(line for line in self.store.headlines() if line.story == story)
            self.desk.drop(leaving, news=await self.store.commit(Commit(archived=leaving)))

    async def compare(self) -> None:
        fresh = self.reader()
        await fresh.load()
        await self.desk.load()
        for topic in TOPICS:
            told = self.desk.stories(topic)
            assert told == fresh.stories(topic)
            assert [*map(self.desk.whole, told)] == [*map(fresh.whole, told)]


def _dates(now: datetime, minutes: int) -> dict[str, Any]:
    return {
        "published_at": now - timedelta(minutes=minutes),
        "first_seen_at": now,
        "updated_at": now - timedelta(minutes=minutes),
    }


async def _live(steps: Sequence[tuple[str, int, int, str, int, bool]]) -> None:
    life = Life()
    for kind, which, outlet, title, minutes, is_looked_at in steps:
        life.now += timedelta(minutes=minutes, seconds=1)
        await life.step(kind, which, outlet, title)
        if is_looked_at:
            await life.compare()
    await life.compare()


@given(STEPS)
def test_what_is_told_is_what_is_kept_whatever_happened(steps: list[tuple[str, int, int, str, int, bool]]) -> None:
    asyncio.run(_live(steps))
