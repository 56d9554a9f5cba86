"""However passes end, nothing committed is lost or told twice, and validators never run ahead of their headlines."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.commit import Commit
from aggregator.desk import Desk
from aggregator.errors import StateError
from aggregator.fetch.answer import Answer, Failed, NotModified, Refused
from aggregator.poll import World, poll
from aggregator.source import Hints, Source, Validators
from tests.newsroom import DUNIA, KABAR, NOON, UPDATE, MemoryStore, Newsroom, fetched, world

OUTLETS = (DUNIA, KABAR)
# The same titles in both outlets: they fold. Never one guid under two titles: that would be a revision.
LINES = tuple(f"{number} Berita nomor {number} hari ini" for number in range(5))


@dataclass(frozen=True)
class Step:
    """One pass, or a restart before it.

    Attributes:
        outlet: That is asked.
        answer: Its lines, or an answer without any.
        refused: Which of the pass's commits finds no room; 0: none.
        cut_after: Turns of the event loop after which the pass is cancelled; 0: it may end.
        restart: The desk is forgotten before.
    """

    outlet: Source
    answer: tuple[str, ...] | Answer
    refused: int
    cut_after: int
    restart: bool


DOCUMENTS = st.lists(st.sampled_from(LINES), unique=True, max_size=4).flatmap(
    lambda lines: st.sampled_from([("!", *lines), (*lines, "…"), tuple(lines), tuple(lines), tuple(lines)])
)
STEPS = st.builds(
    Step,
    outlet=st.sampled_from(OUTLETS),
    answer=DOCUMENTS
    | st.sampled_from(
        [
            NotModified(validators=Validators(), hints=Hints()),
            Failed(kind="timeout", detail="no answer"),
            Refused(status=503, hints=Hints(retry_after=timedelta(hours=1)), detail="overloaded"),
            Refused(status=404, hints=Hints(), detail="not found"),
        ]
    ),
    refused=st.sampled_from([0, 0, 0, 1, 2]),
    cut_after=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6]),
    restart=st.booleans(),
)


class _Disk(MemoryStore):
    """A store that refuses one commit, counted from `countdown` down to 0."""

    countdown = -1

    async def commit(self, commit: Commit) -> int:
        self.countdown -= 1
        if self.countdown == 0:
            raise StateError("state/: No space left on device")
        return await super().commit(commit)


class _Life:
    """A newsroom through restarts, full disks and cut-off passes."""

    def __init__(self) -> None:
        self.store = _Disk()
        self.newsroom = Newsroom()
        self.world: World = world(self.newsroom, self.store)
        self.now = NOON
        self.titles_of: dict[str, set[str]] = {}

    async def live(self, step: Step) -> None:
        self.now += timedelta(minutes=1)
        if step.restart:
            self.world = world(self.newsroom, self.store)
        self.newsroom.answers[step.outlet.urls[0]] = self._answer(step)
        self.store.countdown = step.refused
        task = asyncio.create_task(poll(step.outlet, self.world, now=self.now))
        for _ in range(step.cut_after):
            await asyncio.sleep(0)
        if step.cut_after:
            task.cancel()
        with suppress(StateError, asyncio.CancelledError):
            await task

    def _answer(self, step: Step) -> Answer:
        if not isinstance(step.answer, tuple):
            return step.answer
        tag = f'"{len(self.titles_of)}"'
        told = step.answer if step.answer[:1] != ("!",) else ()
        self.titles_of[tag] = {line.partition(" ")[2] for line in told if line != "…"}
        return fetched(*step.answer, etag=tag)

    def titles(self, outlet: Source) -> list[str]:
        return sorted(line.title for line in self.store.headlines() if line.source == outlet.id)


async def _scenario(steps: Sequence[Step]) -> None:
    life = _Life()
    before: set[str] = set()
    for step in steps:
        await life.live(step)
        for outlet in OUTLETS:
            titles = life.titles(outlet)
            assert len(titles) == len(set(titles)), "told twice"
            standing = life.store.standing(outlet.id)
            tag = standing.validators_of(outlet.urls[0]).etag if standing else None
            assert tag is None or life.titles_of[tag] <= set(titles), "validators ahead of their headlines"
        ids = {line.id for line in life.store.headlines()}
        assert before <= ids, "lost"
        before = ids
    for outlet in OUTLETS:
        await life.live(replace(_LAST, outlet=outlet))
    stories = life.world.desk.stories(UPDATE)

    assert [life.titles(outlet) for outlet in OUTLETS] == [sorted(line.partition(" ")[2] for line in LINES)] * 2
    assert sorted(line.id for story in stories for line in story.headlines) == sorted(
        line.id for line in life.store.headlines()
    )
    assert len(stories) == len(LINES), "the same news under the same title is one story"
    assert life.world.desk.news == life.store.news


_LAST = Step(outlet=DUNIA, answer=LINES, refused=0, cut_after=0, restart=False)


@given(st.lists(STEPS, max_size=8))
def test_however_passes_end_nothing_is_lost_told_twice_or_skipped(steps: list[Step]) -> None:
    asyncio.run(_scenario(steps))


@given(st.permutations(range(4)), st.integers(1, 4))
def test_passes_side_by_side_give_the_same_headlines_as_one_after_the_other(order: list[int], at_once: int) -> None:
    outlets = [replace(DUNIA, id=f"https://{n}.example/", name=f"S{n}", urls=(f"https://{n}.example/",)) for n in order]

    async def all_of_them(width: int) -> set[str]:
        newsroom, store = Newsroom({each.urls[0]: fetched(*LINES) for each in outlets}), MemoryStore()
        there = world(newsroom, store, Desk(store, topics=(UPDATE,), sources=outlets))
        for start in range(0, len(outlets), width):
            await asyncio.gather(*(poll(each, there, now=NOON) for each in outlets[start : start + width]))
        assert len(there.desk.stories(UPDATE)) == len(LINES)
        return {line.id for line in store.headlines()}

    assert asyncio.run(all_of_them(at_once)) == asyncio.run(all_of_them(1))
