"""One feeds.yaml and one state/, and every room between them: what `once` and the daemon have in common."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

from aggregator import poll as passes
from aggregator.commit import Commit
from aggregator.desk import Desk, unhurried
from aggregator.edition import FILED_BESIDE, Edition
from aggregator.entry import Reading
from aggregator.fetch.http import Fetcher
from aggregator.incident import MOST_TOLD, TOLD_FOR, Incident, latest_first
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.month import Month, later, month_of
from aggregator.parse.job import Job
from aggregator.parse.sandbox import Sandbox
from aggregator.report import Report
from aggregator.schedule import scope
from aggregator.schedule.due import brought_forward, first_due, moved, set_right
from aggregator.schedule.hints import is_held
from aggregator.schedule.history import configured, first_standing, may_be_asked, with_kept_ids
from aggregator.schedule.incidents import NOT_ASKED, UNREACHED, fallen_silent
from aggregator.schedule.silence import has_fallen_silent
from aggregator.schedule.witnesses import Witnesses
from aggregator.shelf import Shelf
from aggregator.source import Due, Source, Standing
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.whole import put_whole, whole
from aggregator.story import DISSOLVED_TOLD
from aggregator.unread import Unread

_SKETCH: Final = "desk"
_LENGTH_BYTES: Final = 8
_TIDIED: Final = "tidied"
_MONTH: Final = "month"
_FIRST_MONTH: Final = "2026-11"  # there is no earlier state/
_DAY: Final = timedelta(days=1)
_KEYS_OUTLIVE: Final = timedelta(days=90)
_LATELY: Final = timedelta(minutes=30)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_SOURCE_OUTLIVES: Final = timedelta(days=7)  # its line in feeds.yaml: so long, taking the line out can be undone


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a house owns for as long as it stands.

    Attributes:
        directory: state/.
        store: Opened for writing.
        sandbox: Ready to read.
        closing: Closes everything when the house is left.
    """

    directory: Path
    store: EmbeddedStore
    sandbox: Sandbox
    closing: AsyncExitStack


@asynccontextmanager
async def open_house(
    feeds: FeedsFile,
    directory: Path,
    *,
    base_url: str,
    now: datetime,
    speed: float = 1.0,
    spread_new: bool = True,
) -> AsyncIterator["House"]:
    """Open state/ and put a house together around it.

    Args:
        feeds: As read from feeds.yaml.
        directory: state/; made where it is missing.
        base_url: What links to ourselves begin with where feeds.yaml names no `site.url`.
        now: UTC.
        speed: See `World`.
        spread_new: Sources that were never asked are asked a few a second, not all now.

    Raises:
        StateLockedError: Another process owns the directory.
        StateError: It cannot be used.
    """
    async with AsyncExitStack() as closing:
        store = closing.enter_context(EmbeddedStore(directory))
        closing.push_async_callback(store.settle)
        sandbox = await closing.enter_async_context(Sandbox())
        tools = Tools(directory=directory, store=store, sandbox=sandbox, closing=closing)
        house = House(tools, base_url=base_url, speed=speed, spread_new=spread_new)
        await house.begin(feeds, now=now)
        yield house


class House:
    """The parts of a running newsroom.

    Attributes:
        feeds: What feeds.yaml says.
        sources: Those of feeds.yaml, with the ids under which they were first seen.
        dues: Source id → appointment, of each source that is not parked.
        shelf: Path → document: what is published, also what lies on the disk alone.
        desk: The stories and topics.
        edition: What renders them.
        store: state/.
    """

    feeds: FeedsFile
    sources: dict[str, Source]
    dues: dict[str, Due]
    edition: Edition
    _fetcher: Fetcher

    def __init__(self, tools: Tools, *, base_url: str, speed: float, spread_new: bool) -> None:
        """Wait for a feeds.yaml: `begin`."""
        self.store = tools.store
        self.shelf = Shelf(tools.directory / "public")
        self.desk = Desk(tools.store, topics=(), sources=(), recall=self._recall)
        self._tools = tools
        self._base_url = base_url
        self._speed = speed
        self._spread_new = spread_new
        self._asked_at = _NEVER
        self._asking = set[str]()
        self._heard: dict[str, datetime] = {}  # source id → its last good answer of this run
        self._reached_at = _NEVER  # the last who was asked answered then, be it that there is nothing
        self._telling = asyncio.Lock()
        self._witnesses = Witnesses()
        self._unread = Unread()

    async def begin(self, feeds: FeedsFile, *, now: datetime) -> None:
        """Take feeds.yaml over for the first time. What an earlier run published stays, if it is all there."""
        fetcher = Fetcher(feeds.polling, is_held=self._is_held, unread=self._unread)
        self._fetcher = await self._tools.closing.enter_async_context(fetcher)
        self._take_over(feeds, now)
        if not (self.edition.is_current(self.store.news) and self.desk.is_filed):
            self.edition.touch_all()

    async def furnish(self, feeds: FeedsFile, *, now: datetime) -> None:
        """Take over what feeds.yaml says now. Unchanged sources keep their appointments; all is published anew."""
        async with self.desk.at_rest():
            self._take_over(feeds, now)
            self.edition.touch_all()

    def _take_over(self, feeds: FeedsFile, now: datetime) -> None:
        standings = tuple(filter(None, map(self.store.standing, self.store.sources())))
        self._witnesses.recall(max((each.last_ok_at for each in standings if each.last_ok_at), default=_NEVER))
        sources = with_kept_ids(feeds.sources, standings)
        self._fetcher.follow(feeds.polling)
        self.feeds = feeds
        self.sources = {source.id: source for source in sources}
        self._heard = {id_: at for id_, at in self._heard.items() if id_ in self.sources}
        self.desk.configure(topics=feeds.topics, sources=sources, zone=feeds.site.zone)
        self.edition = Edition(
            self._tools.directory,
            self.shelf,
            self.desk,
            site=feeds.site,
            base_url=feeds.site.url or self._base_url,
            topics=feeds.topics,
            sources=sources,
            oldest=self._oldest(now),
        )
        self.shelf.stored = self.edition.archive.blank
        self.world = passes.World(
            fetch=self._fetcher.fetch,
            parse=self._read,
            store=self.store,
            desk=self.desk,
            polling=feeds.polling,
            is_online=self._is_online,
            witnesses=self._witnesses,
            speed=self._speed,
        )
        self._holds = scope.holds(standings) if feeds.polling.retry_scope == "host" else {}
        self.dues = self._dues({standing.source: standing for standing in standings}, now)

    async def _read(self, job: Job) -> Reading:
        with self._unread.holding(len(job.body)) as place:
            return await self._tools.sandbox.read(job, makes_way=place.leave)

    async def poll(self, source: Source, *, now: datetime) -> Report:
        """Make one pass over a source; its news waits for `publish`.

        Raises:
            StateError: It could not be committed; nothing of it is shown.
        """
        self._asked_at = now
        async with self._telling:  # a pass writes the whole standing that it began with: it begins with what is told
            self._asking.add(source.id)
        try:
            report = await passes.poll(source, self.world, now=now)
        finally:
            self._asking.discard(source.id)
        if report.ok:
            self._heard[source.id] = self._witnesses.corrected(now)
        if report.answer in UNREACHED:
            self._reached_at = _NEVER  # until somebody answers again: a network fails for all within a minute
        elif report.answer not in NOT_ASKED:
            self._reached_at = now
        if self.feeds.polling.retry_scope == "host" and not report.ok:
            self._holds = scope.holds(filter(None, (self.store.standing(source.id),)), self._holds)
        self.edition.touch(report.topics)
        if report.due is not None and source.id in self.sources:  # feeds.yaml may have dropped it meanwhile
            self.dues[source.id] = report.due
        else:
            self.dues.pop(source.id, None)
        return report

    def due(self, *, now: datetime) -> list[Source]:
        """Give the sources whose time has come, the longest waiting first."""
        dues = sorted((due.at, id_) for id_, due in self.dues.items() if due.at <= now)
        return [self.sources[id_] for _, id_ in dues if not self.put_off(self.sources[id_], now=now)]

    async def move(self, by: timedelta, *, now: datetime) -> None:
        """Move all appointments along with a clock that was set, and keep that: a restart is to ask nobody early.

        Args:
            by: So much; back if below zero.
            now: UTC, by the clock as it was set.

        Raises:
            StateError: It could not be kept: `keep_dues` tries again. They are moved.
        """
        for id_ in self.dues:
            self.move_one(id_, by, now=now)
        self._holds = {host: until + by for host, until in self._holds.items()}
        claims = [self._moved(due, by, now) for id_ in self._asking if (due := self.store.due(id_)) is not None]
        async with self._telling:
            others = (self.store.standing(id_) for id_ in self.store.sources() if id_ not in self._asking)
            told = scope.moved(filter(None, others), by)
            await self.store.commit(Commit(dues=(*claims, *self._kept_dues()), standings=told))

    async def keep_dues(self) -> None:
        """Keep the appointments as they are in memory, but for those of passes under way: they have their claims.

        Raises:
            StateError: They could not be kept.
        """
        await self.store.commit(Commit(dues=tuple(self._kept_dues())))

    def _kept_dues(self) -> Iterator[Due]:
        asked = (due for id_, due in self.dues.items() if self.store.due(id_) is not None)
        return (due for due in asked if due.source not in self._asking)

    def move_one(self, id_: str, by: timedelta, *, now: datetime) -> None:
        """Move one of them, in memory; see `move`."""
        if (due := self.dues.get(id_)) is not None:
            self.dues[id_] = self._moved(due, by, now)

    async def move_late(self, id_: str, by: timedelta, *, now: datetime) -> None:
        """Move what a pass has left behind that began before the clock was set; see `move`."""
        self.move_one(id_, by, now=now)
        async with self._telling:
            dues = filter(None, (self.dues.get(id_),))
            before = tuple(filter(None, (self.store.standing(id_),)))
            told = scope.moved(before, by)
            if self.feeds.polling.retry_scope == "host":
                wrong = scope.holds(before).items()
                self._holds = scope.holds(told, dict(self._holds.items() - wrong))
            await self.store.commit(Commit(dues=tuple(dues), standings=told))

    def _moved(self, due: Due, by: timedelta, now: datetime) -> Due:
        source = self.sources.get(due.source)
        if source is None:
            return due
        return moved(due, source, self._standing(source), by, polling=self.feeds.polling, now=now)

    def put_off(self, source: Source, *, now: datetime) -> bool:
        """Say whether another source of the same host was told to wait (`retry_scope: host`); then this one waits too.

        Nothing is written: what was told is kept where it was told.
        """
        until = self._holds.get(scope.host_of(self._standing(source).address)) if self._holds else None
        if until is None or not is_held(until, now=now):
            return False
        if (due := self.dues.get(source.id)) is not None:
            self.dues[source.id] = scope.put_off(due, until, now=now)
        return True

    def _is_held(self, url: str) -> bool:
        """Say whether a host was told of meanwhile, as of the latest pass: who queues for it began before that."""
        until = self._holds.get(scope.host_of(url)) if self._holds else None
        return is_held(until, now=self._asked_at)

    def _is_online(self, now: datetime) -> bool:
        return now - self._reached_at < _LATELY

    def askable(self, *, now: datetime) -> list[Source]:
        """Give the sources that may be asked out of turn: all but those inside a Retry-After or gone."""
        askable = (source for source in self.sources.values() if may_be_asked(self._standing(source), now=now))
        return [source for source in askable if not self.put_off(source, now=now)]

    async def publish(self, *, beside: int = FILED_BESIDE) -> tuple[str, ...]:
        """Render what was touched, and what readers missed; give the paths that changed.

        Args:
            beside: See `Edition.publish`.

        Raises:
            StateError: state/ cannot be written. The next call tries again.
        """
        told = self.store.told
        if not self.edition.tells(told):
            self.edition.tell((await self._incidents())[:MOST_TOLD], told=told)
        self.edition.archive.look_after(self.shelf.lost)
        self.shelf.lost.clear()
        if not self.edition.is_pending:
            return ()
        if self.edition.is_touched:
            await self.desk.load()
        return await self.edition.publish(self.desk.news, beside=beside)

    async def _incidents(self) -> list[Incident]:
        return sorted([each async for each in unhurried(self.store.incidents())], key=latest_first)

    async def listen_for_silence(self) -> None:
        """Note, for the operator, which of the sources that answered in this run have fallen silent; each once.

        Raises:
            StateError: It could not be committed; the next call tries again.
        """
        silent = [id_ async for id_ in unhurried(list(self._heard)) if self._is_silent(id_)]
        async with self._telling:
            told = [
                fallen_silent(standing, self.sources[id_], now=self._heard[id_])
                for id_ in silent
                if id_ not in self._asking  # its pass writes its standing; it is looked at the next time
                and self._is_silent(id_)
                and (standing := self.store.standing(id_)) is not None
            ]
            if told:
                standings, incidents = zip(*told, strict=True)
                await self.store.commit(Commit(standings=standings, incidents=tuple(chain(*incidents))))

    def _is_silent(self, id_: str) -> bool:
        """Say whether a source has fallen silent, and that was not told."""
        source, standing = self.sources.get(id_), self.store.standing(id_)
        if source is None or standing is None or "silent" in dict(standing.told):
            return False
        listed = filter(None, (self.store.headline(line.headline) for line in self.store.listing(id_)))
        published = (headline.published_at for headline in listed if headline.date_from != "baseline")
        return has_fallen_silent(standing, source, published, heard_at=self._heard[id_])

    async def close_months(self, *, now: datetime) -> None:
        """End the months of the archives that are over, and remove those whose time is over: `publish` comes first.

        As `tidy_daily`, as of no later than publishers say.

        Raises:
            StateError: state/ cannot be written. The next call tries again.
        """
        sure_at = self._witnesses.sure(now)
        if sure_at is None:
            return
        month = month_of(sure_at, self.feeds.site.zone)
        if month != self.store.meta(_MONTH):
            await self.store.commit(Commit(meta=((_MONTH, month),)))
        await self.edition.close_months(oldest=self._oldest(sure_at), now=sure_at)

    def _oldest(self, now: datetime) -> Month | None:
        """Give the first month that is kept, counted from one that was sure once: a clock that is ahead takes none."""
        months, sure = self.feeds.archive_months, self.store.meta(_MONTH) or _FIRST_MONTH
        return later(min(month_of(now, self.feeds.site.zone), sure), -months) if months else None

    def clock_doubt(self, *, now: datetime) -> str | None:
        """Say for people that our clock is wrong, by the word of most publishers. None: it is not."""
        return self._witnesses.doubt(now)

    async def dismiss_readers(self) -> None:
        """End the parsing children, and give back their memory; a later poll that brings news starts new ones."""
        await self._tools.sandbox.close()

    def remember(self) -> None:
        """Leave to the next run what this one worked out from the kept headlines. Nothing depends on it."""
        sketch = self.desk.sketch()
        if sketch is None:
            return
        framed = [piece for part in sketch for piece in (len(part).to_bytes(_LENGTH_BYTES), part)]
        with contextlib.suppress(OSError):  # a full disk: the next run reads the headlines instead
            put_whole(self._tools.directory / _SKETCH, framed)

    def _recall(self) -> tuple[memoryview, ...] | None:
        """Give the parts of the last sketch."""
        image = whole(self._tools.directory / _SKETCH)
        if image is None:
            return None
        parts, at = [], 0
        while at < len(image):
            start = at + _LENGTH_BYTES
            at = start + int.from_bytes(image[at:start])
            parts.append(image[start:at])
        return tuple(parts)

    async def tidy_daily(self, *, now: datetime) -> int:
        """Tidy up if that was a day ago: it looks at all that is kept, which no pass should pay for.

        As of no later than most publishers say it is: a clock that is ahead would take away what is not old. Where
        nobody has answered in this run, nothing is done.

        Returns, raises: As `tidy`.
        """
        sure_at, tidied = self._witnesses.sure(now), self.store.meta(_TIDIED)
        if sure_at is None:
            return 0
        # abs: a clock that was ahead has written down a day to come.
        is_due = tidied is not None and abs(sure_at - datetime.fromisoformat(tidied)) >= _DAY
        archived = await self.tidy(now=sure_at) if is_due else 0
        if is_due or tidied is None:
            await self.store.commit(Commit(meta=((_TIDIED, sure_at.isoformat()),)))
        return archived

    async def tidy(self, *, now: datetime) -> int:
        """Archive the headlines whose time is over, and forget keys and sources whose time is over.

        Returns:
            How many headlines left the active window.

        Raises:
            StateError: state/ cannot be written. Nothing is lost; the next call tries again.
        """
        async with self.desk.undisturbed():
            leaving = await self._leaving(now)
            if leaving == Commit():
                return 0
            news = await self.store.commit(replace(leaving, keys_until=now + _KEYS_OUTLIVE))
            self.edition.touch(self.desk.drop(leaving.archived, news=news))
            self.edition.touch(slug for each in leaving.untold for slug in each.topics)
        return len(leaving.archived)

    async def _leaving(self, now: datetime) -> Commit:
        unlisted = [id_ async for id_, at in unhurried(self.store.unlisted()) if at < now - self.feeds.keep]
        over = self.desk.board.whole(unlisted)  # an item loses no outlet, nor its lead, while its story is shown
        untold = tuple(each for each in self.store.dissolved() if each.at < now - DISSOLVED_TOLD)
        forgotten = [key async for key, until in unhurried(self.store.keys_until()) if until < now]
        dropped = [id_ for id_, due in self.store.dues().items() if self._is_dropped(id_, due, now)]
        return Commit(
            archived=tuple([each async for each in unhurried(map(self.store.headline, over)) if each is not None]),
            keys_forgotten=tuple(forgotten),
            untold=untold,
            incidents_over=tuple(incident.id for incident in await self._incidents_over(now)),
            dropped_sources=tuple(dropped),
            unlisted=tuple((line.headline, now) for id_ in dropped for line in self.store.listing(id_)),
        )

    async def _incidents_over(self, now: datetime) -> list[Incident]:
        """Give those that need no longer be told: there are enough later ones, or it was too long ago."""
        incidents = await self._incidents()
        return [*incidents[MOST_TOLD:], *(each for each in incidents[:MOST_TOLD] if each.at < now - TOLD_FOR)]

    def _is_dropped(self, id_: str, due: Due, now: datetime) -> bool:
        return id_ not in self.sources and due.at < now - _SOURCE_OUTLIVES

    def _standing(self, source: Source) -> Standing:
        return configured(self.store.standing(source.id) or first_standing(source), source)

    def _dues(self, standings: Mapping[str, Standing], now: datetime) -> dict[str, Due]:
        kept, polling, dues, new = self.store.dues(), self.feeds.polling, dict[str, Due](), 0
        for id_, source in self.sources.items():
            standing = configured(standings.get(id_) or first_standing(source), source)
            if standing.parked:
                continue
            if id_ in kept:
                dues[id_] = brought_forward(set_right(kept[id_], now=now), source, standing, polling=polling)
            else:
                at = first_due(new, at_once=polling.at_once, now=now) if self._spread_new else now
                dues[id_] = Due(source=id_, at=at, reason="new", wait=polling.every)
                new += 1
        return dues
