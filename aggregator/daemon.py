"""The clock, the signals, and the passes under way: everything that happens by itself.

One APScheduler job for each kind of recurring work: asking what is due, publishing what was touched, tidying up.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator import VERSION
from aggregator.commit import Commit
from aggregator.desk import unhurried
from aggregator.errors import FeedsFileError, StateError
from aggregator.house import House
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.monitor.metrics import status_json
from aggregator.report import Report, Status, Totals
from aggregator.schedule.agenda import Agenda
from aggregator.schedule.crowd import Crowd, crowd_of
from aggregator.schedule.hints import in_words
from aggregator.schedule.recurring import Recurring, wind
from aggregator.serve.events import Events
from aggregator.serve.http import Live, OnceASecond, Server
from aggregator.site import Token
from aggregator.source import Due, Source
from aggregator.tally import Tally
from aggregator.troubles import Troubles

Clock = Callable[[], datetime]
"""The present instant, UTC."""

_log = logging.getLogger(__name__)

_ASK: Final = 0.25  # seconds between two looks at what is due: nobody is late by more without a reason
_TICK: Final = 1.0  # between two looks at what is to be published
_TIDY: Final = 3600.0
_LISTEN: Final = 3600.0
_SOON: Final = 60.0  # seconds from the start until the first publishers have told what time it is
_UNDER_WAY: Final = 1_000  # passes; most of them wait for their host's turn
_RETRY_STATE: Final = timedelta(seconds=30)
_TRY_AGAIN: Final = 10.0
_GRACE: Final = 2.0  # seconds that passes under way have to end when we stop
_SET: Final = timedelta(seconds=2)  # by less, a clock is not set, but uneven


class Daemon:
    """Polls, publishes and serves until it is told to stop."""

    def __init__(
        self,
        house: House,
        *,
        clock: Clock,
        reread: Callable[[], FeedsFile],
        elapsed: Callable[[], float] | None = None,
        notices: Sequence[str] = (),
        reloading: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        """Begin with everything at rest.

        Args:
            house: The newsroom.
            clock: Tells the time.
            reread: Reads feeds.yaml again; raises FeedsFileError.
            elapsed: Seconds that have gone by, by a clock that nobody sets and that goes on while the machine sleeps.
                None: nobody sets `clock` either.
            notices: For the operator, to be shown with the status.
            reloading: Entered while feeds.yaml is read again and taken over.
        """
        self._house = house
        self._clock = clock
        self._reread = reread
        self._notices = tuple(notices)
        self._reloading = reloading
        self._refused = ""
        self._agenda = Agenda()
        self._passes: dict[str, asyncio.Task[None]] = {}
        self._crowd = Crowd()
        self._tally = Tally()
        self._publishing = asyncio.Lock()
        self._events = Events()
        self._reread_wanted = False
        self._companions: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._started_at = clock()
        self._elapsed = elapsed or (lambda: clock().timestamp())
        self._started_after = self._elapsed()
        house.world.witnesses.go_by(self._elapsed)
        self._followed = timedelta(0)  # by how much the clock was set since the start, as far as appointments know
        self._troubles = Troubles()
        self.url = ""

    async def run(self, host: str, port: int, *, ready: Callable[[str], Awaitable[None]]) -> None:
        """Serve and poll until SIGTERM, SIGINT or `stop`. Everything that was committed is there afterwards.

        Args:
            host: To listen on.
            port: Likewise; 0 takes any.
            ready: Called with our URL once readers can come.

        Raises:
            ListenError: The address cannot be had.
            StateError: state/ cannot be used.
        """
        _answer_signals(self.stop, self.reload)
        with self._tally.lag.measured():
            await self._serve(host, port, ready)

    async def _serve(self, host: str, port: int, ready: Callable[[str], Awaitable[None]]) -> None:
        self._house.edition.touch_all()
        await self._house.desk.load()
        await self._publish()
        live: Live = {
            "status": OnceASecond(self._status_page),
            "status.json": OnceASecond(self._status_json),
            "metrics": OnceASecond(self._metrics),
            "healthz": self._healthz,
        }
        async with Server(
            self._house.shelf,
            live=live,
            events=self._events,
            token=lambda: self.token,
            for_strangers={"healthz": self._pulse},
        ) as server:
            self.url = await server.start(host, port)
            self._appoint()
            scheduler = self._schedule()
            self.accompany(self._keep_wound(scheduler))
            try:
                await ready(self.url)
                await self._stop.wait()
            finally:
                scheduler.pause()
                await self._end_companions()
                await self._end_passes()
                await self._publish()
                scheduler.shutdown(wait=False)  # not before: it cancels, and a thread may still be writing the files
                self._house.remember()

    def stop(self) -> None:
        """Let `run` end."""
        self._stop.set()

    def reload(self) -> None:
        """Have feeds.yaml read again, within a second."""
        self._reread_wanted = True

    async def _reload(self) -> None:
        if self._reread_wanted:
            self._reread_wanted = False
            with self._reloading():
                await self._take_over()

    async def _take_over(self) -> None:
        """Read feeds.yaml again. One that is broken is refused as a whole, and the running one is kept."""
        try:
            feeds = await asyncio.to_thread(self._reread)
        except FeedsFileError as error:
            for line in str(error).splitlines():
                _log.error("%s", line)
            _log.error(
                "%s: not taken over, the earlier one goes on; mend it; it is read when it changes, and on SIGHUP",
                error.path,
            )
            self._refused = f"{error.path} is broken and was not taken over: `aggregator check` tells why"
            return
        self._refused = ""
        async with self._publishing:  # an edition under way must not end after the next one
            await self._house.furnish(feeds, now=self._clock())
        self._tally.keep(self._house.sources)
        self._appoint()
        _log.info("%s: taken over, with %d sources, %d topics", feeds.path, len(feeds.sources), len(feeds.topics))

    def accompany(self, companion: Coroutine[object, object, None]) -> None:
        """Run something beside the daemon: it is cancelled, and waited for, when the daemon ends."""
        self._companions.append(asyncio.create_task(companion))

    async def status(self) -> Status:
        """Tell how the whole newsroom stands at this moment. Passes go on while many sources are looked at."""
        now, site = self._clock(), self._house.feeds.site
        sources = tuple(self._house.sources.values())
        told = [self._tally.of(source, self._house, now=now) async for source in unhurried(sources)]
        return Status(
            version=VERSION,
            title=site.title,
            url=site.url or self.url,
            zone=site.zone.key,
            started_at=self._started_at,
            now=now,
            health=self.health,
            notices=(*self._notices, *filter(None, [self._refused, self._house.clock_doubt(now=now)])),
            topics=tuple((topic.slug, topic.title) for topic in self._house.feeds.topics),
            sources=tuple(told),
            totals=self.totals,
        )

    @property
    def totals(self) -> Totals:
        """What was done so far, and what is kept now."""
        return self._tally.totals(self._house)

    @property
    def health(self) -> str:
        """Say "ok", or what is wrong."""
        return self._troubles.health

    @property
    def token(self) -> Token | None:
        """What readers have to know at this moment."""
        return self._house.feeds.site.token

    def _schedule(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})
        for work, seconds in (
            (self._reload, _TICK),
            (self._ask_due, _ASK),
            (self._publish, _TICK),
            (self._tidy, _TIDY),
            (self._listen, _LISTEN),
            (self._try_again, _TRY_AGAIN),
        ):
            scheduler.add_job(work, Recurring(seconds, first=min(seconds, _SOON)), max_instances=1)
        scheduler.start()
        return scheduler

    async def _keep_wound(self, scheduler: AsyncIOScheduler) -> None:
        while True:
            await asyncio.sleep(_TICK)
            wind(scheduler, now=datetime.now(UTC))  # noqa: TID251  the scheduler goes by it, whatever `clock` says

    def _set_by(self, now: datetime) -> timedelta:
        """Tell by how much the clock was set since the start, back if below zero."""
        return now - self._started_at - timedelta(seconds=self._elapsed() - self._started_after)

    async def _follow_clock(self, now: datetime) -> None:
        """Move all appointments along with a clock that was set: what was left of each wait is left of it still."""
        by = self._set_by(now) - self._followed
        if abs(by) < _SET:
            return
        self._followed += by
        _log.warning("the clock was set %s by %s", "ahead" if by > timedelta(0) else "back", in_words(abs(by)))
        with self._troubles.watched("clock"):
            await self._house.move(by, now=now)
        self._appoint()

    def _appoint(self) -> None:
        """Begin with the appointments as they are now."""
        taken = self._passes.keys() | self._crowd.aside
        self._agenda = Agenda(due for id_, due in self._house.dues.items() if id_ not in taken)

    async def _ask_due(self) -> None:
        now = self._clock()
        await self._follow_clock(now)
        overdue = self._agenda.overdue
        while len(self._passes) < _UNDER_WAY and (taken := self._agenda.take(now)) is not None:
            self._take_up(*taken, now)
        if self._agenda.overdue > overdue:
            _log.info("%d more sources fell due while nothing ran; they are asked by and by", self._agenda.overdue)

    def _take_up(self, due_at: datetime, id_: str, now: datetime) -> None:
        """Begin a pass, or let it wait aside: a host of a thousand sources leaves room for the others."""
        source = self._house.sources.get(id_)
        if source is None or id_ in self._passes:
            return
        if self._house.put_off(source, now=now):
            self._agenda.put(self._house.dues[id_])
            return
        host = crowd_of(source)
        if not self._crowd.admits(host, due_at, id_):
            return
        self._tally.begun(late=(now - due_at).total_seconds())
        task = asyncio.create_task(self._pass(source, now, self._set_by(now)))
        self._passes[id_] = task
        task.add_done_callback(partial(self._passed, id_, host))

    async def _pass(self, source: Source, now: datetime, set_by: timedelta) -> None:
        """Make a pass, which began when the clock had been set by so much."""
        try:
            report = await self._house.poll(source, now=now)
            await self._move_late(source, set_by)
        except StateError as error:
            self._troubles.began("poll", str(error))
            self._put_off(source, now + self._followed - set_by, _RETRY_STATE, "state/ could not be written")
            return
        except Exception:  # noqa: BLE001  a bug that one source brought to light: told in full, and the others go on
            _log.exception(
                "%s: the pass failed by a fault of ours; please report this", source.name, extra={"source": source.name}
            )
            self._put_off(source, now + self._followed - set_by, self._house.feeds.polling.every, "a fault of ours")
            return
        self._troubles.ended("poll")
        _tell(source, report, self._tally.count(report, at=now))

    async def _move_late(self, source: Source, set_by: timedelta) -> None:
        """Move the appointment that a pass has left: it is by the clock as it was when the pass began."""
        by = self._followed - set_by
        if abs(by) < _SET:
            return
        with self._troubles.watched("clock"):
            await self._house.move_late(source.id, by, now=self._clock())

    def _put_off(self, source: Source, now: datetime, wait: timedelta, reason: str) -> None:
        """Try again after so long, but not before the claim says: it may have been asked, and how often is its wish."""
        claim = self._house.store.due(source.id)
        at = now + wait if claim is None else max(now + wait, claim.at)
        self._house.dues[source.id] = Due(source=source.id, at=at, reason=reason, wait=at - now)

    def _passed(self, id_: str, host: str, _: asyncio.Task[None]) -> None:
        self._passes.pop(id_, None)
        self._crowd.ended(host)
        due = self._house.dues.get(id_)
        if due is not None:
            self._agenda.put(due)
        while not self._stop.is_set() and (taken := self._crowd.next_of(host)) is not None:
            self._take_up(*taken, self._clock())

    async def _publish(self) -> None:
        async with self._publishing:
            with self._troubles.watched("publish"):
                news = self._house.desk.news  # of what comes meanwhile, the next edition tells
                self._events.tell(news, await self._house.publish())
            with self._troubles.watched("archive"):
                self._house.edition.archive.check()

    async def _tidy(self) -> None:
        with self._troubles.watched("tidy"):
            archived = await self._house.tidy_daily(now=self._clock())
            if archived:
                _log.info("%d headlines left the active window", archived)
        await self._close_months()

    async def _close_months(self) -> None:
        async with self._publishing:
            with self._troubles.watched("months"):
                await self._house.close_months(now=self._clock())

    async def _listen(self) -> None:
        with self._troubles.watched("listen"):
            await self._house.listen_for_silence()

    async def _try_again(self) -> None:
        """Do what state/ kept from being done, though its turn be far: the next pass may come in hours."""
        for work, again in (
            ("poll", self._touch_state),
            ("clock", self._keep_dues),
            ("tidy", self._tidy),
            ("months", self._close_months),
            ("listen", self._listen),
        ):
            if self._troubles.is_held_up(work):
                await again()

    async def _keep_dues(self) -> None:
        with self._troubles.watched("clock"):
            await self._house.keep_dues()

    async def _touch_state(self) -> None:
        with self._troubles.watched("poll"):
            await self._house.store.commit(Commit())

    async def _end_companions(self) -> None:
        for companion in self._companions:
            companion.cancel()
        await asyncio.gather(*self._companions, return_exceptions=True)

    async def _end_passes(self) -> None:
        passes = list(self._passes.values())
        if passes:
            _, late = await asyncio.wait(passes, timeout=_GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _status_json(self) -> tuple[int, str, bytes]:
        return 200, "application/json", await asyncio.to_thread(status_json, await self.status())

    async def _status_page(self) -> tuple[int, str, bytes]:
        body = await asyncio.to_thread(self._house.edition.status_page, await self.status())
        return 200, "text/html; charset=utf-8", body

    async def _metrics(self) -> tuple[int, str, bytes]:
        return await asyncio.to_thread(_metrics_of, await self.status())

    async def _pulse(self) -> tuple[int, str, bytes]:
        """Say how we are, and not why."""
        status, content_type, _ = await self._healthz()
        return status, content_type, b"degraded\n" if self._troubles else b"ok\n"

    async def _healthz(self) -> tuple[int, str, bytes]:
        return 503 if self._troubles else 200, "text/plain; charset=utf-8", f"{self.health}\n".encode()


def _metrics_of(status: Status) -> tuple[int, str, bytes]:
    from aggregator.monitor.prometheus import CONTENT_TYPE, metrics_text  # imported by the first that asks for it

    return 200, CONTENT_TYPE, metrics_text(status)


def _answer_signals(stop: Callable[[], None], reload: Callable[[], None]) -> None:
    """End on SIGTERM and SIGINT, re-read on SIGHUP: up to the loop's end, for a second one must not cut it short."""
    loop = asyncio.get_running_loop()
    for number, answer in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, reload)):
        loop.add_signal_handler(number, answer)


def _tell(source: Source, report: Report, before: Report | None) -> None:
    """Log what is worth a line: news, and trouble or an oddity that was not there the last time. A 304 is not."""
    if report.error is not None and (before is None or report.error != before.error):
        _log.warning("%s: %s", source.name, report.error, extra={"source": source.name, "answer": report.answer})
    elif report.new or report.revised:
        _log.info("%s: %d new, %d revised", source.name, report.new, report.revised, extra={"source": source.name})
    for oddity in set(report.oddities) - set(before.oddities if before else ()):
        _log.info("%s: %s", source.name, oddity, extra={"source": source.name})
