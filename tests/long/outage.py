"""10,000 sources fail for an hour and come back: `python -m tests.long.outage [--simulated] [--sources 10000]`.

As the daemon really does it, over loopback at 20 times the speed of time (`--speed`; 12 minutes; Linux only); or as its
schedule decides it, with a clock of our own and nobody asked (`--simulated`: half a minute; and what follows a sleep of
eight hours). They are asked every 15 minutes; of three that fail, one refuses, one answers 503, one is silent.

The promises, with their figures; the exit code is 1 if one is broken: in the outage nobody is asked more often than
waits that double allow, which costs under 5 % of a core; afterwards no minute brings more than 1.5 times the usual
questions; all are asked again when the wait that they were in is over, nobody is given up, and of one host one thing at
a time is asked.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean as mean_of
from typing import Final

from aggregator.schedule.agenda import Agenda
from aggregator.schedule.due import next_due
from aggregator.schedule.history import answered, failed, first_standing
from aggregator.source import Due, Hints
from aggregator.store.embedded import EmbeddedStore
from benchmarks.cost import tree_cpu_seconds
from tests.long.audience import ask
from tests.long.fast import MIDNIGHT, Fast
from tests.long.soak import Verdict, out, report, started, tell
from tests.long.town import address
from tests.newsroom import POLLING, source

SHARED: Final = 4  # sources at one address
NONE: Final = timedelta(0)
MINUTE: Final = timedelta(minutes=1)
EVERY: Final = timedelta(minutes=15)
DOWN: Final = timedelta(minutes=45)
UP: Final = DOWN + timedelta(hours=1)
END: Final = UP + timedelta(hours=2)
FAILURES: Final = ("refused", "503", "timeout")
SLEPT: Final = timedelta(hours=8)
MOST_PEAK: Final = 1.5
MOST_CPU: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the publishers saw.

    Attributes:
        asked: For each source, the instants, counted from the beginning.
        refused: Source → how often it was tried in the outage, of those who cannot see it.
    """

    asked: tuple[tuple[timedelta, ...], ...]
    refused: Mapping[int, int] = field(default_factory=dict)

    def rates(self, since: timedelta, until: timedelta, window: timedelta) -> list[float]:
        """Give the questions a minute, window by window; of those who cannot see all of them, none."""
        counted = Counter(
            at // window
            for number, each in enumerate(self.asked)
            for at in each
            if since <= at < until and number not in self.refused
        )
        return [counted[number] / (window / MINUTE) for number in range(since // window, until // window)]

    def attempts(self) -> list[int]:
        """Count, for each source, how often it was asked in the outage."""
        return [self.refused.get(number, sum(DOWN <= at < UP for at in each)) for number, each in enumerate(self.asked)]

    def fresh_after(self) -> list[timedelta | None]:
        """Tell how long after the outage each was first asked. None: it was not."""
        return [next((at - UP for at in each if at >= UP), None) for each in self.asked]


def simulate(sources: int, *, slept: timedelta = NONE) -> Seen:
    """Let the schedule decide, each second of its time.

    Args:
        sources: How many.
        slept: Not zero: instead of the outage, we sleep so long.
    """
    named = {each.id: each for each in (source(f"{number}", every=EVERY) for number in range(sources))}
    standings = {id_: answered(first_standing(each), "304", Hints(), now=MIDNIGHT) for id_, each in named.items()}
    waits = ((id_, EVERY * number / sources) for number, id_ in enumerate(named))
    agenda = Agenda(Due(source=id_, at=MIDNIGHT + wait, reason="spread", wait=EVERY) for id_, wait in waits)
    asked: dict[str, list[timedelta]] = {id_: [] for id_ in named}
    for second in range(END // timedelta(seconds=1)):
        since = timedelta(seconds=second)
        now = MIDNIGHT + since + (slept if since >= DOWN else NONE)
        while (taken := agenda.take(now)) is not None:
            id_ = taken[1]
            asked[id_].append(since)
            before = standings[id_]
            if DOWN <= since < UP and not slept:
                standings[id_] = failed(before, FAILURES[int(named[id_].name) % 3], "down", now=now)
            else:
                standings[id_] = answered(before, "304", Hints(), now=now)
            due = next_due(named[id_], standings[id_], polling=POLLING, now=now)
            assert due is not None
            agenda.put(due)
    return Seen(asked=tuple(map(tuple, asked.values())))


def longest_wait(attempts: int, number: int) -> timedelta:
    """Give how long a source may wait after so many failures in a row: doubled with each, and from twice for a 503."""
    base = EVERY * 2 if FAILURES[number % 3] == "503" else EVERY
    doubled: timedelta = base * 2 ** max(0, attempts - 1)
    return doubled


def judge(seen: Seen, *, slack: timedelta, window: timedelta = MINUTE) -> Iterator[Verdict]:
    """Judge what publishers saw.

    Args:
        seen: By them.
        slack: By which an instant may be wrong.
        window: Of which no one may bring too many questions: of few sources, a minute has few by chance.
    """
    attempts = seen.attempts()
    counts = dict(sorted(Counter(attempts).items()))
    mean, steady = sum(attempts) / len(attempts), timedelta(hours=1) / EVERY
    yield mean < steady, f"attempts in the outage: {mean:.2f} a source, where nobody fails {steady:.1f}; {counts}"
    hasty = list(_hasty(seen, slack))
    yield not hasty, f"{len(hasty)} came sooner than half of the interval after a failure {hasty[:3]}"
    usual = mean_of(seen.rates(EVERY, DOWN, window))
    during, after = seen.rates(DOWN, UP, window), seen.rates(UP, END, window)
    most, last, peak = (rate / usual for rate in (max(during), mean_of(during[-5:]), max(after)))
    rates = f"in the outage at most {most:.2f} times as many, at its end {last:.2f}; afterwards at most {peak:.2f}"
    yield peak <= MOST_PEAK, f"usually {usual:.0f} questions a minute; {rates}"
    waits = seen.fresh_after()
    known = sorted(wait for wait in waits if wait is not None)
    allowed = [max(EVERY * 1.1, longest_wait(count, number)) + slack for number, count in enumerate(attempts)]
    late = sum((END - UP if wait is None else wait) > most for wait, most in zip(waits, allowed, strict=True))
    places = [f"{known[int(share * (len(known) - 1))] / MINUTE:.0f}" for share in (0.5, 0.9, 0.99, 1)]
    yield (
        not late,
        (
            f"asked again after (p50, p90, p99, most) {', '.join(places)} min; {late} later than their wait allowed; "
            f"{len(waits) - len(known)} still wait after {END - UP}"
        ),
    )


def judge_sleep(seen: Seen) -> Iterator[Verdict]:
    """Judge what publishers saw of somebody who slept: at `DOWN`, everybody is overdue."""
    usual = mean_of(seen.rates(EVERY, DOWN, MINUTE))
    peak, later = (max(seen.rates(*when, MINUTE)) / usual for when in ((DOWN, DOWN + EVERY), (DOWN + EVERY, END)))
    rates = f"at most {peak:.2f} times the usual questions a minute, and in later rounds {later:.2f}"
    yield peak <= MOST_PEAK * 1.01, f"after a sleep of {SLEPT} {rates}"  # a whole number of them comes each second
    firsts = sorted(next(at for at in each if at >= DOWN) - DOWN for each in seen.asked)
    spread = firsts[-1]
    yield spread >= 10 * MINUTE, f"all {len(firsts):,} were asked again within {spread / MINUTE:.1f} min"
    twice = sum(sum(DOWN <= at < DOWN + spread for at in each) > 1 for each in seen.asked)
    soon = sum(at - before < EVERY for each in seen.asked for before, at in pairwise(each) if before >= DOWN)
    yield not soon, f"{twice:,} were due again before that, {soon} were asked sooner than after an interval"


def _hasty(seen: Seen, slack: timedelta) -> Iterator[tuple[int, timedelta]]:
    for number, each in enumerate(seen.asked):
        for before, at in pairwise(each):
            if DOWN <= before < UP and at - before < EVERY / 2 - slack:
                yield number, at - before


def write_feeds(path: Path, sources: int, ports: dict[str, int]) -> None:
    """Write feeds.yaml: a third of the sources are at the port that will be closed."""
    urls = [f"http://{address(n, SHARED)}:{ports['port'] if n % 3 else ports['refusing']}/{n}" for n in range(sources)]
    listed = [{"name": f"Outlet {n}", "url": url, "every": "15m"} for n, url in enumerate(urls)]
    poll = {"every": "15m", "at_once": 32, "allow_private": ["127.0.0.0/8"]}
    path.write_text(json.dumps({"site": {"title": "Kabar"}, "poll": poll, "sources": listed}))


@dataclass(slots=True, kw_only=True)
class Spent:
    """CPU seconds of the daemon and its children, up to an instant; and how late it was since the one before."""

    cpu: float
    at: timedelta
    worst: float


async def endure(sources: int, room: Path, speed: float) -> bool:
    """Let a daemon live through it."""
    clock = Fast(speed=speed, began=time.monotonic())
    feeds, state, place = room / "feeds.yaml", room / "state", (f"{speed}", f"{clock.began}")
    bare = (f"{sources}", "--poison=0", "--listed=0")
    with started("tests.long.town", *place, *bare, log=room / "town.log") as town:
        ports = json.loads(out(town).readline())
        write_feeds(feeds, sources, ports)
        home = f"http://127.0.0.1:{ports['port']}"
        line = ("tests.long.fast", str(feeds), str(state), *place, "limits")
        with started(*line, log=room / "daemon.log") as daemon:
            tell(f"serving: {json.loads(out(daemon).readline())['url']}")

            async def until(instant: timedelta) -> Spent:
                worst = 0.0
                while clock.seconds < instant.total_seconds():
                    row = json.loads(await asyncio.to_thread(out(daemon).readline))
                    worst = max(worst, row["late"][3] if "late" in row else 0.0)
                return Spent(cpu=tree_cpu_seconds(daemon.pid), at=timedelta(seconds=clock.seconds), worst=worst)

            spent = [await until(EVERY), await until(DOWN)]
            await ask(f"{home}/fail")
            spent.append(await until(UP))
            refused = _failures(state)
            await ask(f"{home}/heal")
            spent += [await until(UP + timedelta(hours=1)), await until(END)]
        told = await ask(f"{home}/asked")
    asked = tuple(tuple(timedelta(seconds=at) for at in each) for each in told["asked"])
    seen = Seen(asked=asked, refused={number: refused[number] for number in range(0, sources, 3)})
    return report([*judge(seen, slack=timedelta(seconds=2 * speed)), *_judge_run(spent, told["most"], state, sources)])


def _failures(state: Path) -> dict[int, int]:
    """Read beside the running daemon how often each source has failed in a row."""
    with EmbeddedStore(state, read_only=True) as store:
        standings = filter(None, map(store.standing, store.sources()))
        return {int(each.source.rpartition("/")[2]): each.failures for each in standings}


def _judge_run(spent: Sequence[Spent], most: int, state: Path, sources: int) -> Iterator[Verdict]:
    for words, before, after in zip(
        ("before", "in the outage", "in the hour after", "later"), spent, spent[1:], strict=False
    ):
        share = (after.cpu - before.cpu) / (after.at - before.at).total_seconds()
        yield (
            share < MOST_CPU,
            f"CPU {words}: {share:.2%} of a core at the speed of time; most late {after.worst:.0f} s",
        )
    yield most <= 1, f"of one host and port, {most} at most were asked at once"
    with EmbeddedStore(state, read_only=True) as store:
        dues = len(store.dues())
        failing = sum(standing.failures > 0 for id_ in store.sources() if (standing := store.standing(id_)))
    yield dues == sources, f"{sources - dues} of {sources:,} have no appointment; {failing} still fail"


def main() -> None:
    """Read the command line."""
    arguments = argparse.ArgumentParser(description="An hour in which everybody fails.")
    arguments.add_argument("--sources", type=int, default=10_000)
    arguments.add_argument(
        "--speed", type=float, default=20.0, help="of its clock: how many questions a second come of it"
    )
    arguments.add_argument("--simulated", action="store_true", help="the schedule alone, by a clock of our own")
    arguments.add_argument("--room", default="", help="an empty folder; what is there stays there")
    given = arguments.parse_args()
    if given.simulated:
        outage, sleep = simulate(given.sources), simulate(given.sources, slept=SLEPT)
        sys.exit(0 if report([*judge(outage, slack=timedelta(seconds=1)), *judge_sleep(sleep)]) else 1)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if asyncio.run(endure(given.sources, Path(given.room or folder), given.speed)) else 1)


if __name__ == "__main__":
    main()
