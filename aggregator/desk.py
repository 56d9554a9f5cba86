"""What passes share: the open stories and the board, read from the store when news first comes.

Both are derived from committed headlines. A pass without news never loads them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from typing import Final, Protocol, TypeVar
from zlib import crc32

import orjson

from aggregator import VERSION
from aggregator.commit import Commit
from aggregator.dedupe.fold import URL_REACH, Merge, Window
from aggregator.headline import Headline
from aggregator.merge.board import Board
from aggregator.merge.rank import opening, pick, story_of
from aggregator.merge.slip import EVERYBODY, Slip
from aggregator.merge.topics import topics_of
from aggregator.monitor.days import Days
from aggregator.source import Due, Listed, Source, Standing
from aggregator.story import Dissolved, Story
from aggregator.topic import UPDATE, Topic

_Row = TypeVar("_Row")

_WORK_SECONDS: Final = 0.010  # between two breaths of the event loop
_RULES: Final = "rules"
_NEVER: Final = datetime.min.replace(tzinfo=UTC) + URL_REACH
_EVERYTHING: Final = Topic(slug=UPDATE, title="", everything=True)
_COMMITTED_AT_ONCE: Final = 1_000  # headlines, when all are filed anew


class Store(Protocol):
    """What survives a crash. Tested on memory and on disk alike: `tests/store/test_store.py`."""

    def meta(self, name: str) -> str | None:
        """Give a text about the state as a whole."""

    def dues(self) -> Mapping[str, Due]:
        """Give every appointment, by source id."""

    def sources(self) -> Sequence[str]:
        """Give the ids of all sources that have a standing."""

    def standing(self, source: str) -> Standing | None:
        """Tell where we stand with a source; None where it was never asked."""

    def listing(self, source: str) -> tuple[Listed, ...]:
        """Tell what a source listed when it was last read."""

    def known(self, keys: Iterable[str]) -> Mapping[str, Headline | None]:
        """Find the keys that are known; None where the headline has left the active window."""

    def headline(self, id_: str) -> Headline | None:
        """Give one kept headline."""

    def headlines(self) -> Iterator[Headline]:
        """Give all kept headlines, in no order."""

    def unlisted(self) -> Iterator[tuple[str, datetime]]:
        """Give the kept headlines that their sources no longer list, with the instants they stopped."""

    def is_unlisted(self, id_: str) -> bool:
        """Say whether its source stopped listing a headline."""

    def dissolved(self) -> Iterator[Dissolved]:
        """Give the stories of late that became part of older ones, in no order."""

    def keys_until(self) -> Iterator[tuple[str, datetime]]:
        """Give the keys of archived headlines, with the instants up to which they stay known."""

    @property
    def news(self) -> int:
        """Count the commits so far that changed what is published."""

    async def commit(self, commit: Commit) -> int:
        """Write a commit, durably, and give `news` as of it; raise StateError where that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is known of an item of a topic without reading what it tells.

    Attributes:
        name: Of the story, or of the headline where each is an item.
        first_at: UTC: when the headline was accepted that the topic's readers know it by.
        since: UTC: when the first of the story's headlines was, whether the topic has that one or not.
        mark: Of all that decides what it tells: 32 bits.
    """

    name: str
    first_at: datetime
    since: datetime
    mark: int


class Desk:
    """Where new headlines become stories and find their topics.

    Passes work at it side by side (`settling`); reading everything anew is done alone.
    """

    def __init__(
        self,
        store: Store,
        *,
        topics: Sequence[Topic],
        sources: Sequence[Source],
        zone: tzinfo = UTC,
        recall: Callable[[], Sequence[bytes | memoryview] | None] = lambda: None,
    ) -> None:
        """Begin without having read anything.

        Args:
            store: Where the committed headlines are.
            topics: As feeds.yaml has them.
            sources: Likewise, with the ids under which they were first seen.
            zone: In which the days begin by which headlines are counted.
            recall: Gives the last `sketch` of an earlier run, whatever became of it; None: there is none.
        """
        self._store = store
        self._recall = recall
        self._alone = asyncio.Lock()
        self._passes = 0
        self._posting: list[int] = []  # counts of the store's commits whose headlines are being put up
        self._no_pass = asyncio.Event()
        self._no_pass.set()
        self.configure(topics=topics, sources=sources, zone=zone)

    def configure(self, *, topics: Sequence[Topic], sources: Sequence[Source], zone: tzinfo = UTC) -> None:
        """Take over what feeds.yaml says now. Everything is read anew when it is next needed."""
        self._topics = tuple(topics)
        self._sources = {source.id: source for source in sources}
        self._weights = {source.id: source.weight for source in sources}
        self._zone = zone
        self.unload()

    def unload(self) -> None:
        """Have everything read anew when it is next needed."""
        self._window = Window()
        self._board = Board(self._topics, self._weights)
        self._days = Days(self._zone)
        self._settled: dict[str, Headline] = {}  # accepted, and not posted yet
        self._told: dict[str, dict[tuple[Slip, ...], Story]] = {}  # by slug: what its feed held when last asked
        self._read_at: int | None = None  # `news` as of when all was read; None once `take_changes` has told
        self._loaded = False
        self._posted = 0

    @property
    def board(self) -> Board:
        """The topics' contents; empty until `load`."""
        return self._board

    @property
    def days(self) -> Days:
        """How many headlines each source brings; empty until `load`."""
        return self._days

    @property
    def news(self) -> int:
        """Give the store's count of commits that brought or took headlines up to which all of it is on the board."""
        return min(self._posting) - 1 if self._posting else self._posted

    @property
    def rules(self) -> str:
        """Name the rules that decide a headline's topics: equal rules, equal names."""
        topics = [(topic.slug, topic.match_text, topic.sources, topic.languages) for topic in self._topics]
        sources = sorted((source.id, source.name, source.topics) for source in self._sources.values())
        return blake2b(repr((topics, sources)).encode(), digest_size=16).hexdigest()

    @property
    def is_filed(self) -> bool:
        """Say whether the kept headlines' topics were decided by the present rules."""
        return self._store.meta(_RULES) == self.rules

    @asynccontextmanager
    async def settling(self, *, with_news: bool) -> AsyncIterator[None]:
        """Recognise, fold, file, commit and post inside this. A pass without news does not have anything read."""
        async with self._alone:
            if with_news:
                await self._load()
            self._passes += 1  # nothing is read anew from here on
            self._no_pass.clear()
        try:
            yield
        except BaseException:
            self._loaded = False  # the window knows headlines that were not committed; the board does not
            raise
        finally:
            self._passes -= 1
            if not self._passes:
                self._no_pass.set()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Take feeds.yaml over inside this: no pass is folding with what is about to be read anew."""
        async with self._alone:
            await self._no_pass.wait()
            yield

    @asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Archive inside this: everything is read, and no pass is recognising a headline that is about to leave."""
        async with self.at_rest():
            await self._load()
            yield

    async def load(self) -> None:
        """Read the kept headlines, once, and file them anew where the rules have changed since.

        Raises:
            StateError: What was filed anew could not be committed.
        """
        async with self._alone:
            await self._load()

    async def _load(self) -> None:
        while not self._loaded:
            await self._no_pass.wait()
            self.unload()
            board = self._board
            if not self.is_filed:
                await self._refile(self.rules)
            self._posted = self._read_at = self._store.news
            if not self._recalled():
                await self._remember(await self._put_up())
                board.take_changed()
            self._loaded = self._board is board  # else feeds.yaml was taken over meanwhile

    def sketch(self) -> tuple[bytes, ...] | None:
        """Give what was read and has changed since, so that the next run need not read every headline for it.

        None: nothing was read. It is worth something only until the next commit that brings or takes headlines.
        """
        if not self._loaded or self._passes:
            return None
        drawing = (self._stamp, self._window.sketch, self._board.sketch, self._days.sketch)
        return tuple(orjson.dumps(draw()) for draw in drawing)  # they are large: only one of them is values at a time

    def _recalled(self) -> bool:
        """Take over an earlier run's sketch, if nothing has come or gone since, and its rules are ours."""
        recall, self._recall = self._recall, lambda: None
        drawn = recall()
        if drawn is None:
            return False
        stamp, window, board, days = drawn  # they are large: only one of them is decoded at a time
        if orjson.loads(stamp) != self._stamp():
            return False
        self._window = Window.of(orjson.loads(window))
        self._board.put_up(orjson.loads(board))
        self._days = Days(self._zone, dict(orjson.loads(days)))
        return True

    def _stamp(self) -> list[object]:
        """Name everything that a sketch depends on, as it comes back from JSON."""
        weights = [[id_, weight] for id_, weight in sorted(self._weights.items()) if weight != EVERYBODY]
        orders = [[it.one_per, it.order, it.retell, it.half_life.total_seconds()] for it in self._topics]
        return [VERSION, self.rules, str(self._zone), self.news, weights, orders]

    async def _refile(self, rules: str) -> None:
        changed = []
        async for headline in unhurried(self._store.headlines()):
            filed = self.file(headline)
            if filed != headline:
                changed.append(filed)
            if len(changed) == _COMMITTED_AT_ONCE:
                await self._store.commit(Commit(headlines=tuple(changed)))
                changed.clear()
        await self._store.commit(Commit(headlines=tuple(changed), meta=((_RULES, rules),)))

    async def _put_up(self) -> list[str]:
        """Post everything; give the ids of what the window will remember."""
        recent, latest = [], _NEVER
        async for headline in unhurried(self._store.headlines()):
            self._put_up_one(headline)
            latest = max(latest, headline.published_at)
            if headline.published_at >= latest - URL_REACH:
                recent.append((headline.published_at, headline.id))
        return [id_ for at, id_ in recent if at >= latest - URL_REACH]

    async def _remember(self, ids: Iterable[str]) -> None:
        async for headline in unhurried(filter(None, map(self._store.headline, ids))):
            self._window.remember(headline)

    def _put_up_one(self, headline: Headline) -> frozenset[str]:
        if headline.id not in self._board:
            self._days.add(headline.source, headline.published_at)
        return self._board.post(headline)

    async def accept(self, new: Iterable[Headline], revised: Iterable[Headline] = (), *, now: datetime) -> Commit:
        """Fold new headlines into stories and file them into topics. They are not on the board before `post`.

        Args:
            new: In any order.
            revised: As they are now.
            now: UTC, of the pass.

        Returns:
            What is to be committed at once: the new and the revised headlines, those whose story became part of
            another, and which stories those were.
        """
        changed, dissolved = set[str](), list[Dissolved]()
        for headline in revised:
            known = self._settled.get(headline.id, headline)  # another pass is about to commit it in another story
            kept = replace(headline, story=known.story, joined=known.joined)
            self._window.remember(kept)
            changed.add(self._settle(self.file(kept)))
        async for headline in unhurried(sorted(new, key=lambda headline: (headline.published_at, headline.id))):
            fold = self._window.fold(headline)
            changed.add(self._settle(self.file(fold.headline)))
            for merge in fold.merges:
                moved, gone = self.dissolve(merge, now=now)
                changed.update(map(self._settle, moved))
                dissolved += [gone] if self._board.members(merge.younger) else []  # else nobody was told of it
        # Left out: what another pass moved, committed and posted since it was folded here.
        headlines = tuple(self._settled[id_] for id_ in sorted(changed) if id_ in self._settled)
        return Commit(headlines=headlines, dissolved=tuple(dissolved))

    def _settle(self, headline: Headline) -> str:
        self._settled[headline.id] = headline
        return headline.id

    def dissolve(self, merge: Merge, *, now: datetime) -> tuple[tuple[Headline, ...], Dissolved]:
        """Give the younger story's headlines to the older one, as they are now, posted or not.

        Commit both that come back together, then `post` the headlines. Call it inside of `settling`.
        """
        unposted = (id_ for id_, headline in self._settled.items() if headline.story == merge.younger)
        ids = sorted({*unposted, *self._board.members(merge.younger)})
        kept = (self._settled.get(id_) or self._store.headline(id_) for id_ in ids)
        moved = tuple(
            replace(headline, story=merge.older, joined=headline.joined or merge.joined)
            for headline in kept
            if headline is not None and headline.story == merge.younger
        )
        topics = dict.fromkeys(slug for headline in moved for slug in headline.topics)
        return moved, Dissolved(story=merge.younger, into=merge.older, at=now, topics=tuple(topics))

    def file(self, headline: Headline) -> Headline:
        """Decide a headline's topics by the present rules. A source that is no longer configured keeps its topics.

        What is kept but not told as news is in none.
        """
        source = self._sources.get(headline.source)
        if source is None or headline.untold:
            return headline
        return replace(headline, topics=topics_of(headline, source, self._topics))

    async def post(self, headlines: Sequence[Headline], *, news: int) -> frozenset[str]:
        """Put committed headlines on the board.

        Args:
            headlines: Of one commit.
            news: What the commit gave.

        Returns:
            The slugs of the topics whose feeds they may change.
        """
        mine = {headline.id for headline in headlines if self._settled.get(headline.id) is headline}
        self._posting.append(news)
        try:
            touched = [self._put_up_settled(headline, mine) async for headline in unhurried(headlines)]
        finally:
            self._posting.remove(news)
        self._posted = max(self._posted, news)
        return frozenset[str]().union(*touched)

    def _put_up_settled(self, headline: Headline, mine: Collection[str]) -> frozenset[str]:
        """Put up a headline, unless another pass has moved it to another story meanwhile: that one posts it."""
        latest = self._settled.get(headline.id)
        if latest is not headline and (latest is not None or headline.id in mine):
            return frozenset()
        self._settled.pop(headline.id, None)
        return self._put_up_one(headline)

    def drop(self, headlines: Sequence[Headline], *, news: int) -> frozenset[str]:
        """Take archived headlines off the board and out of the window.

        Returns:
            The slugs of the topics whose feeds that may change.
        """
        self._posted = max(self._posted, news)
        self._window.forget(headline.id for headline in headlines)
        return self._board.drop(headline.id for headline in headlines)

    def stories(self, topic: Topic) -> tuple[Story, ...]:
        """Give what a topic's feed holds now, in its order. A story that nothing has happened to is the same object."""
        before = self._told.get(topic.slug, {})
        picked = pick(topic, self._board.ranked(topic.slug))
        told = {slips: before.get(slips) or self._story(topic, slips) for slips in picked}
        self._told[topic.slug] = {slips: story for slips, story in told.items() if story is not None}
        return tuple(self._told[topic.slug].values())

    def whole(self, story: Story) -> Story:
        """Give a story of some topic with all its headlines that are told at all."""
        slips = self._board.inside(story.id, UPDATE)
        return story if len(slips) <= len(story.headlines) else self._story(_EVERYTHING, slips) or story

    def _story(self, topic: Topic, slips: Sequence[Slip]) -> Story | None:
        kept = ((slip, self._store.headline(slip.id)) for slip in slips)
        told = [(slip, headline) for slip, headline in kept if headline is not None]
        return story_of(topic, told) if told else None

    def take_changes(self) -> tuple[int | None, dict[str, set[str]]]:
        """Give what changed since this was last asked: by slug, the names of items.

        Where everything was read since, the first is `news` as of then: what had changed by then, nobody knows here.
        """
        read_at, self._read_at = self._read_at, None
        return read_at, self._board.take_changed()

    def trace(self, topic: Topic, name: str) -> Trace | None:
        """Give what is known of an item by its name; None where there is no such item any more."""
        slips = self._board.named(name, topic.slug)
        if not slips:
            return None
        return Trace(
            name=name,
            first_at=datetime.fromtimestamp(opening(slips).seen, UTC),
            since=datetime.fromtimestamp(self._board.known_since(slips[0].story), UTC),
            mark=crc32(repr(slips).encode()),
        )

    def story(self, topic: Topic, name: str) -> Story | None:
        """Give an item of a topic by its name, whatever the limit; None where there is no such item any more."""
        slips = self._board.named(name, topic.slug)
        return self._told.get(topic.slug, {}).get(slips) or self._story(topic, slips)

    def dissolved(self) -> tuple[Dissolved, ...]:
        """Give the stories that became part of older ones, the first first, as far as the store remembers."""
        return tuple(sorted(self._store.dissolved(), key=lambda each: (each.at, each.story)))


async def unhurried(rows: Iterable[_Row]) -> AsyncIterator[_Row]:
    """Give the rows of a long table, and the event loop its turn after every 10 ms of work."""
    clock = asyncio.get_running_loop().time
    since = clock()
    for row in rows:
        yield row
        if clock() - since > _WORK_SECONDS:
            await asyncio.sleep(0)
            since = clock()
