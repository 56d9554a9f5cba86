"""Asking in a source's own rhythm, beside a fixed interval and beside CommaFeed's rule: how late is a headline?

    python -m benchmarks.rhythm                  60 invented sources over six weeks, and the real times of the corpus
    python -m benchmarks.rhythm --weeks 2 --each 2

Histories are replayed through the code that the daemon runs (schedule/due.py, history.py, rhythm.py), jitter included.
A policy sees what a document would list, from the first question on: the last 30 headlines published by then.
Nothing is left out as a warm-up; only what was published before the first question is not counted.

*Fixed* asks every source at the same interval, such that it asks as often, over all, as what it is compared with.
*CommaFeed* is its published rule: silent for 30, 14 or 7 days → 4 h, 2 h, 1 h; otherwise half the mean gap of what is
listed, from 5 min to 4 h. *Rhythm, as often* is ours with `poll.every` set so that it asks as often as CommaFeed.
*Oracle* knows each source's rate of every six hours beforehand and asks at `every / √rate`, from 5 min to 4 h: what
knowing the rates can give.
"""

import argparse
import csv
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from aggregator.schedule import history
from aggregator.schedule.due import next_due
from aggregator.site import Polling
from aggregator.source import Hints, Source

CORPUS: Final = Path(__file__).parents[2] / "shared" / "corpus" / "clickid_stream_sample.tsv"
MONDAY: Final = datetime(2026, 1, 5, tzinfo=UTC)
SEED: Final = 2026
LISTED: Final = 30
TURNS: Final = 4
HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
SHORTEST, LONGEST, EVERY = 300.0, 4 * HOUR, 900.0
BY_DAY: Final = (
    *(0.15, 0.1, 0.08, 0.08, 0.15, 0.5, 1.1, 1.5, 1.5, 1.4, 1.4, 1.5),
    *(1.5, 1.5, 1.5, 1.6, 1.6, 1.5, 1.2, 1.1, 1.0, 0.8, 0.5, 0.3),
)

Policy: TypeAlias = Callable[[Sequence[float], float], float]
"""What is listed, old to new, and the present instant, in seconds → how many seconds to wait. One for each source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One source's headlines.

    Attributes:
        name: Its id.
        kind: What it is like.
        times: When it publishes: seconds since MONDAY, sorted.
        asked_from: When it is first asked, likewise.
        until: When the replay ends.
        zone: In which its day is a day.
    """

    name: str
    kind: str
    times: tuple[float, ...]
    asked_from: float
    until: float
    zone: ZoneInfo = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a policy achieved.

    Attributes:
        delay: From publication to the question that finds it, seconds, summed.
        headlines: That were found.
        requests: That it took.
        days: Over how many days of how many sources, summed.
    """

    delay: float = 0.0
    headlines: int = 0
    requests: int = 0
    days: float = 0.0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            delay=self.delay + other.delay,
            headlines=self.headlines + other.headlines,
            requests=self.requests + other.requests,
            days=self.days + other.days,
        )

    @property
    def minutes(self) -> float:
        """The mean delay."""
        return self.delay / max(1, self.headlines) / 60

    @property
    def a_day(self) -> float:
        """Requests for one source a day."""
        return self.requests / max(1e-9, self.days)


def replay(past: Past, policy: Policy) -> Score:
    """Ask a source again and again, each time when the policy says; what comes after the last time is not counted."""
    now, before, score = past.asked_from, bisect_right(past.times, past.asked_from), Score()
    while now < past.until:
        upto = bisect_right(past.times, now)
        found = past.times[before:upto]
        score += Score(delay=sum(now - at for at in found), headlines=len(found), requests=1)
        before = upto
        now += policy(past.times[max(0, upto - LISTED) : upto], now)
    return replace(score, days=(past.until - past.asked_from) / DAY)


def rhythm(past: Past, *, every: float) -> Policy:
    """Do what the daemon does with a source that gives no hints and never fails."""
    source = Source(id=past.name, name=past.name, urls=(past.name,), zone=past.zone)
    polling = Polling(every=timedelta(seconds=every), at_once=1, per_host=1, host_gap=timedelta(0), allow_private=())
    standing, seen = history.first_standing(source), -math.inf

    def ask(listed: Sequence[float], at: float) -> float:
        nonlocal standing, seen
        now, before = _instant(at), standing
        new = [_instant(time) for time in listed if time > seen]
        standing, seen = history.answered(standing, "200", Hints(), now=now), at
        if new:
            standing = history.brought(standing, new, zone=source.zone, before=before, now=now)
        due = next_due(source, standing, polling=polling, now=now)
        if due is None:
            raise SystemExit(f"{past.name}: parked, though it never answered 410")
        return (due.at - now).total_seconds()

    return ask


def fixed(_: Past, *, every: float) -> Policy:
    return lambda _listed, _now: every


def commafeed(_: Past) -> Policy:
    def ask(listed: Sequence[float], now: float) -> float:
        if not listed:
            return EVERY  # it would wait four hours; in its favour it begins as we do
        silent = now - listed[-1]
        for days, part in ((30, 1), (14, 2), (7, 4)):
            if silent > days * DAY:
                return LONGEST / part
        gap = (listed[-1] - listed[0]) / max(1, len(listed) - 1)
        return min(max(gap / 2, SHORTEST), LONGEST)

    return ask


def oracle(past: Past, *, every: float) -> Policy:
    span = 6 * HOUR
    come = [0] * (int(past.until // span) + 1)
    for time in past.times:
        come[min(int(time // span), len(come) - 1)] += 1

    def ask(_: Sequence[float], now: float) -> float:
        rate = come[int(now // span)] / span * HOUR
        wait = every / math.sqrt(rate) if rate else LONGEST
        ends = (now // span + 1) * span - now  # with the six hours its knowledge changes
        return min(max(min(wait, ends if ends > SHORTEST else wait), SHORTEST), LONGEST)

    return ask


def score(pasts: Sequence[Past], policy_of: Callable[[Past], Policy]) -> Score:
    return sum((replay(past, policy_of(past)) for past in pasts), Score())


def as_often(
    pasts: Sequence[Past], policy_of: Callable[..., Policy], requests: int, every: float = EVERY
) -> tuple[float, Score]:
    """Find the `every` with which a policy asks so many times, within 1 % or as near as its bounds allow."""
    got = score(pasts, partial(policy_of, every=every))
    for _ in range(12):
        if abs(got.requests / requests - 1) <= 0.01:
            break
        every = min(max(every * got.requests / requests, 30.0), 64 * HOUR)
        got = score(pasts, partial(policy_of, every=every))
    return every, got


def print_comparison(pasts: Sequence[Past]) -> None:
    comma = score(pasts, commafeed)
    ours = score(pasts, partial(rhythm, every=EVERY))
    slower, equal = as_often(pasts, rhythm, comma.requests)
    _, knowing = as_often(pasts, oracle, ours.requests)
    print("| policy | mean delay, min | requests a day | delay / fixed, as often | delay / CommaFeed |")
    print("|---|---|---|---|---|")
    for name, got in (
        ("rhythm, every 15 min", ours),
        (f"rhythm, as often as CommaFeed: every {slower / 60:.0f} min", equal),
        ("CommaFeed", comma),
        ("oracle of six hours, as often as the first", knowing),
    ):
        interval = fixed_interval(pasts, got.requests)
        beside = score(pasts, partial(fixed, every=interval))
        print(
            f"| {name} | {got.minutes:.2f} | {got.a_day:.1f} | {got.minutes / beside.minutes:.2f}×"
            f" | {got.minutes / comma.minutes:.2f}× |"
        )


def fixed_interval(pasts: Sequence[Past], requests: int) -> float:
    return sum(past.until - past.asked_from for past in pasts) / requests


def print_kinds(pasts: Sequence[Past]) -> None:
    print("| kind | headlines a day | rhythm: delay, min | requests a day | CommaFeed: delay, min | requests a day |")
    print("|---|---|---|---|---|---|")
    for kind in dict.fromkeys(past.kind for past in pasts):
        some = [past for past in pasts if past.kind == kind]
        ours, comma = score(some, partial(rhythm, every=EVERY)), score(some, commafeed)
        come = ours.headlines / ours.days
        print(
            f"| {kind} | {come:.1f} | {ours.minutes:.1f} | {ours.a_day:.0f} | {comma.minutes:.1f} | {comma.a_day:.0f} |"
        )


def invented(*, each: int, weeks: int) -> list[Past]:
    """Make histories, a week longer than they are replayed: the first document lists what was before."""
    return [
        _past(kind, times, random.Random(f"{SEED} {kind} {number}"), number, weeks)
        for kind, times in KINDS.items()
        for number in range(each)
    ]


def _past(
    kind: str, times: Callable[[random.Random, float], list[float]], rnd: random.Random, number: int, weeks: int
) -> Past:
    end = (weeks + 1) * WEEK
    told = tuple(sorted(at for at in times(rnd, end) if 0 <= at < end))
    return Past(name=f"{kind} {number}", kind=kind, times=told, asked_from=WEEK + rnd.random() * HOUR, until=end)


def by_chance(rnd: random.Random, rate: Callable[[float], float], end: float) -> list[float]:
    """Publish by chance, at `rate` headlines an hour."""
    times = []
    for start in range(0, int(end), 300):
        left = math.exp(-rate(start) / 12)
        drawn = rnd.random()
        while drawn > left:
            times.append(start + 300 * rnd.random())
            drawn *= rnd.random()
    return times


def newsroom(rnd: random.Random, end: float) -> list[float]:
    a_day, shift, weekend = rnd.uniform(30, 240), rnd.randrange(24), rnd.uniform(0.4, 0.9)

    def rate(at: float) -> float:
        quiet = weekend if at // DAY % 7 >= 5 else 1.0
        return a_day / 24 * BY_DAY[(int(at // HOUR) + shift) % 24] * quiet

    return by_chance(rnd, rate, end)


def daily(rnd: random.Random, end: float) -> list[float]:
    at_times = [rnd.randrange(96) * 900 for _ in range(rnd.choice([1, 1, 2, 3]))]
    late, together = rnd.choice([60, 300, 900]), rnd.choice([1, 1, 3])
    return [
        day * DAY + at + rnd.expovariate(1 / late) + 60 * number
        for day in range(int(end // DAY))
        for at in at_times
        if rnd.random() < 0.95
        for number in range(together)
    ]


def weekdays_only(rnd: random.Random, end: float) -> list[float]:
    opens = rnd.randrange(6, 11)
    closes = opens + rnd.randrange(7, 10)
    rate = rnd.uniform(2, 20) / (closes - opens)
    return by_chance(rnd, lambda at: rate if at // DAY % 7 < 5 and opens <= at % DAY / HOUR < closes else 0.0, end)


def bursty(rnd: random.Random, end: float) -> list[float]:
    a_day, follow, mean = rnd.uniform(0.5, 4), rnd.uniform(3, 15), rnd.uniform(0.4, 2) * HOUR
    first = by_chance(rnd, lambda at: a_day / 24 * BY_DAY[int(at // HOUR) % 24], end)
    return [
        time
        for at in first
        for time in (at, *(at + rnd.expovariate(1 / mean) for _ in range(int(rnd.expovariate(1 / follow)))))
    ]


def silent(rnd: random.Random, end: float) -> list[float]:
    """Publish once in days or weeks, fall silent, or come alive."""
    seldom, often, turns = 1 / rnd.uniform(72, 720), rnd.uniform(4, 48) / 24, rnd.uniform(0.3, 0.7) * end
    before, after = rnd.choice([(seldom, seldom), (often, 0.0), (seldom / 3, often)])
    return by_chance(rnd, lambda at: before if at < turns else after, end)


KINDS: Final = {
    "newsroom": newsroom,
    "daily": daily,
    "weekdays only": weekdays_only,
    "bursty": bursty,
    "silent": silent,
}


def real(path: Path, columns: Sequence[str]) -> list[Past]:
    """Read the corpus: the URL's day and the printed minute are the truth (see its README), in Jakarta's time.

    The sample holds two Tuesdays, a week apart. The second is replayed as if it came right after the first, since
    nothing is known of the days between; a section of one day is replayed for one day. Each is replayed TURNS times,
    begun at different minutes: one replay of so little is a matter of luck.
    """
    zone, days = ZoneInfo("Asia/Jakarta"), {"2019-09-10": 0, "2019-09-17": 1}
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    times: dict[str, list[float]] = {}
    for row in rows:
        clock = [int(part) for part in row["time_raw"].split()[0].split(":")]
        seconds = sum(part * size for part, size in zip(clock, (3_600, 60, 1), strict=False))
        local = days[row["date_from_url"]] * DAY + seconds + (0 if seconds % 60 else 30)  # most print no seconds
        times.setdefault("/".join(row[column] for column in columns), []).append(local)
    return [
        Past(
            name=f"{name} {turn}",
            kind="real",
            times=tuple(sorted(at - 7 * HOUR for at in told)),
            asked_from=-7 * HOUR + random.Random(f"{SEED} {name} {turn}").random() * EVERY,
            until=(1 + max(told) // DAY) * DAY - 7 * HOUR,
            zone=zone,
        )
        for name, told in times.items()
        for turn in range(TURNS)
    ]


def _instant(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def main() -> None:
    arguments = argparse.ArgumentParser(description="How late headlines are, asked for in their source's rhythm.")
    arguments.add_argument("--each", type=int, default=12, help="invented sources of each kind (default: 12)")
    arguments.add_argument("--weeks", type=int, default=6, help="that they are replayed for (default: 6)")
    arguments.add_argument("--corpus", type=Path, default=CORPUS, metavar="FILE", help="the sample of real times")
    given = arguments.parse_args()
    pasts = invented(each=given.each, weeks=given.weeks)
    print(f"{len(pasts)} invented sources, {given.weeks} weeks")
    print_comparison(pasts)
    print_kinds(pasts)
    if not given.corpus.exists():
        print(f"{given.corpus}: not there, so no real times")
        return
    for columns in (["source"], ["source", "category"], ["source", "category", "sub_category"]):
        pasts = real(given.corpus, columns)
        print(f"real times, {len(pasts) // TURNS} sources: by {', '.join(columns)}")
        print_comparison(pasts)


if __name__ == "__main__":
    main()
