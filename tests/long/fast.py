"""A daemon in a hurry, in a process of its own: `python -m tests.long.fast FEEDS STATE SPEED BEGAN [OPTIONS]`.

Its clock runs SPEED times as fast as the machine's, which showed BEGAN seconds when it was midnight. It is the daemon
of `aggregator up`, with sockets, children and a state of its own. What is told on standard output is a line of JSON
each second. A parsing child imports this module too: nothing heavy up here.

What does not follow the clock: the children's five seconds, and what readers may take. With `limits`, what a publisher
may take is as many times shorter as the clock is faster. `forgetful`: what is kept for a day is kept for an hour, and a
month takes an hour, so that all that is ever forgotten is forgotten several times in a day.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aggregator.daemon import Daemon
    from aggregator.store.embedded import EmbeddedStore

MIDNIGHT: Final = datetime(2026, 11, 23, tzinfo=UTC)
DAY_AS: Final = timedelta(hours=1)
MONTH_AS: Final = timedelta(hours=1)
LONG_AS: Final = timedelta(hours=4)  # what is kept for a month or three
FIRST: Final = 4  # intervals, until all were asked: nobody could read all they list in a quarter of a minute
CENSUS_HOURS: Final = frozenset({6, 9, 12, 16, 20, 23})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fast:
    """The clock. `began`: what CLOCK_MONOTONIC, the same for all processes, showed at midnight."""

    speed: float
    began: float

    def __call__(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.seconds)

    @property
    def seconds(self) -> float:
        """Give the seconds since midnight."""
        return (time.monotonic() - self.began) * self.speed


def hurry(speed: float, *, limits: bool) -> None:
    """Have what is measured by the machine's own clock follow ours, as far as a loaded machine can keep up."""
    from functools import partial  # noqa: PLC0415  see above

    from aggregator import daemon, house  # noqa: PLC0415
    from aggregator.edition import FILED_AT_ONCE  # noqa: PLC0415
    from aggregator.fetch.http import Fetcher, Limits  # noqa: PLC0415
    from aggregator.schedule import agenda  # noqa: PLC0415

    patched: Any = daemon
    patched._ASK = max(0.25 / speed, 0.05)
    patched._TIDY, patched._LISTEN = daemon._TIDY / speed, daemon._LISTEN / speed
    # Each second of ours brings as much news as a minute does: what no feed has room for is filed as `once` files it.
    house.House.publish.__kwdefaults__["beside"] = FILED_AT_ONCE  # type: ignore[index]
    patched = agenda
    patched.BEHIND, patched._LONGEST_LOOK = agenda.BEHIND * speed, agenda._LONGEST_LOOK * speed  # as uneven as fast
    if limits:
        usual = Limits()
        names = [name for name in Limits.__slots__ if name.endswith("_seconds")]
        quick = Limits(**{name: getattr(usual, name) / speed for name in names})
        patched = house
        patched.Fetcher = partial(Fetcher, limits=quick)


def short_memory() -> Iterator[tuple[Any, str, Any]]:
    """Give what has to be set, (where, name, value), for a day's memory to be an hour's."""
    from aggregator import book, desk, house  # noqa: PLC0415  see above
    from aggregator.dedupe import fold, similar  # noqa: PLC0415
    from aggregator.month import closes_at, month_of  # noqa: PLC0415

    shorter, month = DAY_AS / timedelta(days=1), MONTH_AS / timedelta(days=30)
    memories: dict[Any, tuple[str, ...]] = {
        house: ("_DAY", "_SOURCE_OUTLIVES"),
        fold: ("TITLE_REACH", "URL_REACH", "_TITLE_SECONDS", "_URL_SECONDS", "_LONGEST_SECONDS", "_OWN_LINK_SECONDS"),
        similar: ("REACH_SECONDS", "_LONGEST_PAUSE_SECONDS", "_HALF_LIFE_SECONDS"),
        desk: ("URL_REACH",),
    }
    for room, names in memories.items():
        yield from ((room, name, getattr(room, name) * shorter) for name in names)
    yield from ((house, name, LONG_AS) for name in ("_KEYS_OUTLIVE", "TOLD_FOR", "DISSOLVED_TOLD"))

    def month_of_hours(at: datetime, _: tzinfo) -> str:
        return month_of(MIDNIGHT + (at - MIDNIGHT) / month, UTC)

    def closes_after_hours(name: str, _: tzinfo) -> datetime:
        return MIDNIGHT + (closes_at(name, UTC) - MIDNIGHT) * month

    yield from ((room, "month_of", month_of_hours) for room in (book, house))
    yield book, "closes_at", closes_after_hours
    yield book, "_FAR_ZONES", book._FAR_ZONES * month


def record(store: "EmbeddedStore", path: Path) -> None:
    """Have every headline that is committed written down: (id, source, link, story, why it is not told).

    And each story that became part of another: (id, the other's).
    """
    from aggregator.commit import Commit  # noqa: PLC0415  see above

    commit, written = store.commit, path.open("w")

    async def recorded(whole: Commit) -> int:
        news = await commit(whole)
        for each in whole.headlines:
            written.write(json.dumps([each.id, each.source, each.url, each.story, each.untold]) + "\n")
        for gone in whole.dissolved:
            written.write(json.dumps([gone.story, gone.into]) + "\n")
        written.flush()
        return news

    patched: Any = store
    patched.commit = recorded


def say(told: dict[str, Any]) -> None:
    """Tell whoever started us."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def watch(daemon: "Daemon", clock: Fast) -> None:
    """Tell each second how we are, and now and then what we hold."""
    import asyncio  # noqa: PLC0415  see above
    import threading  # noqa: PLC0415
    from collections import deque  # noqa: PLC0415

    from aggregator.monitor.lag import quantile  # noqa: PLC0415
    from tests.long.census import bytes_in_use, held, living  # noqa: PLC0415

    tally: Any = daemon._tally
    counts = set(CENSUS_HOURS)
    while True:
        late: deque[float] = deque(maxlen=1_000_000)
        tally._lateness = late
        tally.lag._latenesses.clear()
        tally.lag.longest = 0.0
        await asyncio.sleep(1)
        totals = daemon.totals
        say(
            {
                "seconds": clock.seconds,
                "tasks": len(asyncio.all_tasks()),
                "passes": len(daemon._passes),
                "threads": threading.active_count(),
                "blocks": sys.getallocatedblocks(),
                "in use": bytes_in_use() / 1e6,
                "late": [len(late), quantile(late, 0.5), quantile(late, 0.99), max(late, default=0.0)],
                "lag": [tally.lag.p99(), tally.lag.longest],
                "headlines": totals.headlines,
                "stories": totals.stories,
                "polls": totals.polls,
                "failed": totals.failed,
                "new": totals.new,
                "health": daemon.health,
            }
        )
        if due := {hour for hour in counts if clock.seconds >= hour * 3600}:
            counts -= due
            say({"hour": max(due), "held": held(daemon), "living": living()})


async def live(feeds_path: Path, state: Path, clock: Fast, *, forgetful: bool) -> None:
    """Run the daemon until SIGTERM; its sources' appointments begin evenly spread, as they are in the long run."""
    import gc  # noqa: PLC0415  see above
    import logging  # noqa: PLC0415
    from dataclasses import replace  # noqa: PLC0415

    from aggregator.commands.logs import log_to_stderr  # noqa: PLC0415
    from aggregator.commands.options import LogFormat, read_feeds_at  # noqa: PLC0415
    from aggregator.daemon import Daemon  # noqa: PLC0415
    from aggregator.house import open_house  # noqa: PLC0415
    from aggregator.load.feeds_yaml import FeedsFile  # noqa: PLC0415

    def read() -> FeedsFile:
        feeds = read_feeds_at(feeds_path)
        pace = replace(feeds.polling, host_gap=feeds.polling.host_gap / clock.speed)
        keep = feeds.keep * (DAY_AS / timedelta(days=1)) if forgetful else feeds.keep
        return replace(feeds, polling=pace, keep=keep)

    async def settle(url: str) -> None:
        gc.freeze()  # as `aggregator up` does
        daemon.accompany(watch(daemon, clock))
        say({"url": url})

    feeds = read()
    log_to_stderr(LogFormat.TEXT)
    logging.getLogger("aggregator").setLevel(logging.WARNING)
    async with open_house(feeds, state, base_url="http://127.0.0.1:1", now=clock()) as house:
        record(house.store, state.parent / "committed.jsonl")
        now, spread = clock(), enumerate(house.dues.items(), start=1)
        wait = feeds.polling.every * (FIRST if forgetful else 1)
        house.dues = {id_: replace(due, at=now + wait * number / len(house.dues)) for number, (id_, due) in spread}
        daemon = Daemon(house, clock=clock, reread=read)
        await daemon.run("127.0.0.1", 0, ready=settle)
    say({"ended": True})


def _main(feeds: str, state: str, speed: str, began: str, *options: str) -> None:
    import uvloop  # noqa: PLC0415  see above

    clock = Fast(speed=float(speed), began=float(began))
    hurry(clock.speed, limits="limits" in options)
    if "forgetful" in options:
        for room, name, value in [*short_memory()]:
            setattr(room, name, value)
    if "traced" in options:
        import tracemalloc  # noqa: PLC0415

        tracemalloc.start(8)
    uvloop.run(live(Path(feeds), Path(state), clock, forgetful="forgetful" in options))


if __name__ == "__main__":
    _main(*sys.argv[1:])
