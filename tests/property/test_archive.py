"""Whatever comes, is revised and moves, however often a run is killed: a reader that was away finds all of it, once."""

import asyncio
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.commit import Commit
from aggregator.headline import Headline, Revision
from aggregator.story import Dissolved
from tests.archives import EACH, Runs, news, urn
from tests.newsroom import NOON, UPDATE, headline
from tests.store.faults import CrashError, Disk

TOPICS: Final = (replace(UPDATE, limit=2), replace(UPDATE, slug="popular", limit=1), EACH)
SLUGS: Final = ("update", "each")
NUMBERS: Final = st.integers(0, 7)
CRASHES: Final = st.just(0) | st.integers(1, 40)
STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("news"), NUMBERS, st.none() | st.integers(0, 3)),
        st.tuples(st.just("news"), NUMBERS, st.none()),
        st.tuples(st.just("revise"), NUMBERS),
        st.tuples(st.just("move"), NUMBERS, st.integers(0, 3)),
        st.tuples(st.just("leave"), NUMBERS),
        st.tuples(st.just("publish"), CRASHES),
        st.tuples(st.just("restart"), st.booleans()),
        st.tuples(st.just("sleep"), st.sampled_from([1, 30, 24 * 20])),
        st.tuples(st.just("close"), CRASHES),
    ),
    max_size=16,
)


class History(Runs):
    """What happened so far, and what must therefore hold from now on.

    Attributes:
        now: By the clock.
        accepted: Ids of headlines.
        told: Topic → ids that were published.
        sealed: Path → bytes that may be kept for ever.
    """

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(directory)
        self.now = NOON
        self.accepted: set[str] = set()
        self.told: dict[str, set[str]] = {slug: set() for slug in SLUGS}
        self.sealed: dict[str, bytes] = {}
        self._patch = patch
        self._is_published = False

    async def restart(self, delete: bool) -> None:
        if delete:
            shutil.rmtree(self.public, ignore_errors=True)
            self._is_published = False
        await self.begin(topics=TOPICS)

    async def news(self, number: int, story: int | None) -> None:
        line = news(number, self.now, topics=("update", "popular", "each"))
        if line.id not in self.accepted:  # dedupe/ knows it longer than it is kept
            self.accepted.add(line.id)
            await self.bring(line if story is None else replace(line, story=headline(story).id))

    async def revise(self, number: int) -> None:
        for line in self._kept(number):
            revision = Revision(title=line.title, until=self.now)
            topics = ("popular", "each") if number == 3 else line.topics  # it leaves a topic thereby
            await self.bring(
                replace(line, title=f"{line.title}!", updated_at=self.now, revisions=(revision,), topics=topics)
            )

    async def move(self, number: int, into: int) -> None:
        """Let a story become part of another."""
        younger, older = headline(number).id, headline(into).id
        moved = [replace(line, story=older) for line in self.store.headlines() if line.story == younger]
        if moved and younger != older:
            gone = Dissolved(story=younger, into=older, at=self.now, topics=moved[0].topics)
            await self.bring(*moved, dissolved=(gone,))

    async def leave(self, number: int) -> None:
        for line in self._kept(number):
            whole = tuple(each for each in self.store.headlines() if each.story == line.story)
            await self.desk.load()
            count = await self.store.commit(Commit(archived=whole, keys_until=self.now))
            self.edition.touch(self.desk.drop(whole, news=count))

    async def sleep(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    async def publish(self, crash: int = 0) -> None:
        if await self._survives(super().publish(), crash):
            for slug in SLUGS:
                self.told[slug].update(f"urn:uuid:{name}" for name in self.desk.board.names(slug))
            self._is_published = True

    async def close(self, crash: int) -> None:
        await self._survives(self.edition.close_months(oldest="2024-01", now=self.now), crash)

    def check(self) -> None:
        documents = {path: self.edition.archive.blank(path) for path in self.files("*/2*")}
        self.sealed |= {
            path: self.shelf[path].body
            for path, document in documents.items()
            if document is not None and document.immutable and path not in self.sealed
        }
        assert {path: body for path, body in self.files("*/2*").items() if path in self.sealed}.items() <= (
            self.sealed.items()
        )
        for slug in SLUGS if self._is_published else ():
            archived = self.archived(slug)
            assert len(archived) == len(set(archived)), "told twice"
            assert self.told[slug] <= set(archived), "told, and lost"

    def _kept(self, number: int) -> list[Headline]:
        line = self.store.headline(headline(number).id)
        return [] if line is None else [line]

    async def _survives(self, work: Any, crash: int) -> bool:
        """Do something, and let the process end at its n-th call that changes the disk; then another run begins."""
        disk = Disk("crash", crash)
        try:
            with self._patch.context() as patch:
                disk.install(patch)
                await work
        except CrashError:
            disk.bury()
            await self.begin(topics=TOPICS)
            return False
        return True


async def play(steps: list[tuple[Any, ...]], directory: Path, patch: pytest.MonkeyPatch) -> None:
    history = History(directory, patch)
    await history.begin(topics=TOPICS)
    for name, *arguments in steps:
        await getattr(history, name)(*arguments)
        history.check()
    for _ in range(2):  # once as it is, and once with everything sealed
        await history.begin(topics=TOPICS)
        await history.publish()
        history.check()
        before = history.files()
        assert await history.rebuilt(topics=TOPICS) == before
        history.now += timedelta(days=60)
        await history.close(0)
    assert all(
        document.immutable for path in history.files("*/2*") if (document := history.edition.archive.blank(path))
    )
    kept = {urn(line) for line in history.store.headlines() if "each" in line.topics}
    assert kept <= set(history.archived("each"))


@settings(max_examples=25)
@given(STEPS)
def test_a_reader_that_was_away_finds_everything_once_and_what_is_sealed_never_changes(
    steps: list[tuple[Any, ...]],
) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr("aggregator.book.PART_ITEMS", 2)
        asyncio.run(play(steps, Path(directory), patch))
