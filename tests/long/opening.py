"""How soon a state opens after kill -9, with 10,000 sources: `python -m tests.long.opening [KILLS [SOURCES]]`.

A state of so many sources of five headlines each is made once, by the store itself. A writer is killed in the middle of
its commits and generations; each time a process of its own opens what is left, and finds all that was acknowledged.
Beside what that took stands the limit: the same bytes read, their checksums, and their JSON, of which a start decodes
that of the schedule. Ends with 1 where a state took a second of the CPU, or did not open.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Final
from zlib import crc32
from zoneinfo import ZoneInfo

import orjson

from aggregator.commit import Commit
from aggregator.house import open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.schedule.rhythm import begun
from aggregator.site import Site
from aggregator.source import Due, Listed, Source, Standing, Validators
from aggregator.store.embedded import EmbeddedStore
from tests.newsroom import NOON, POLLING, POPULAR, UPDATE, headline, source

LISTED: Final = 5  # headlines of a source
AT_ONCE: Final = 100  # sources in a commit of the making
GENERATION: Final = 40  # commits
EDITIONS: Final = 10_000  # of one writer, at most
STORE: Final = "the store, opened"
LIMIT_SECONDS: Final = 1.0


def outlet(number: int) -> Source:
    return source(f"Kabar {number}", f"https://kabar-{number}.example/rss.xml")


def passed(number: int, edition: int) -> Commit:
    """Give what a pass over a source commits that brings a headline, or one that is revised."""
    it, first = outlet(number), number * LISTED
    lines = [
        headline(each, it, title=f"Berita nomor {each}, cetakan {edition}", summary="Ringkasan berita. " * 12)
        for each in range(first, first + LISTED)
    ]
    standing = Standing(
        source=it.id,
        name=it.name,
        urls=it.urls,
        validators=((it.urls[0], Validators(etag=f'"{number}-{edition}"')),),
        body_hash=f"{edition:048x}",
        read_whole=True,
        first_asked_at=NOON,
        last_ok_at=NOON,
        last_answer="200",
        rhythm=begun(now=NOON),
    )
    return Commit(
        headlines=tuple(lines if not edition else lines[:1]),
        dues=(Due(source=it.id, at=NOON + timedelta(seconds=edition), reason="every 15 min"),),
        standings=(standing,),
        listings=((it.id, tuple(Listed(fingerprint=f"{edition:016x}", headline=each.id) for each in lines)),),
    )


async def make(state: Path, sources: int) -> None:
    with EmbeddedStore(state) as store:
        for first in range(0, sources, AT_ONCE):
            await asyncio.gather(*(store.commit(passed(first + each, 0)) for each in range(AT_ONCE)))


async def write(state: Path, sources: int, first: int) -> None:
    """Commit for ever; tell of each what it was: the source, and which edition of it. Begin generations, too."""
    dice = Random()
    with EmbeddedStore(state) as store:
        for edition in count(first):
            number = dice.randrange(sources)
            await store.commit(passed(number, edition))
            print(number, edition, flush=True)  # noqa: T201
            if edition % GENERATION == 0:
                await store._replace()


@dataclass(slots=True)
class Taken:
    """What something took, in seconds: by the clock, which other programs slow down, and of the CPU."""

    clock: float = 0.0
    cpu: float = 0.0


@contextmanager
def taking() -> Iterator[Taken]:
    taken, clock, cpu = Taken(), time.perf_counter(), time.process_time()
    yield taken
    taken.clock, taken.cpu = time.perf_counter() - clock, time.process_time() - cpu


def opened(state: Path, told: dict[int, int]) -> Taken:
    """Open a state, as a start does. All that was told has to be in it."""
    with taking() as taken:
        store = EmbeddedStore(state)
    with store:
        for number, edition in told.items():
            line = store.headline(headline(number * LISTED).id)
            standing = store.standing(outlet(number).id)
            assert line is not None
            assert standing is not None
            assert int(standing.body_hash or "", 16) >= edition, "a commit that was acknowledged is gone"
            assert int(line.title.rpartition(" ")[2]) >= edition, "a headline that was acknowledged is gone"
        assert store.headline_count() == LISTED * len(store.sources())
    return taken


async def furnished(state: Path, sources: int) -> Taken:
    """Open a state, and put a house together around it."""
    feeds = FeedsFile(
        path=Path("feeds.yaml"),
        site=Site(title="Warta", url="https://warta.example", language="id", zone=ZoneInfo("Asia/Jakarta")),
        polling=POLLING,
        keep=timedelta(days=30),
        sources=tuple(map(outlet, range(sources))),
        topics=(UPDATE, POPULAR),
        archive_months=2,
    )
    async with AsyncExitStack() as closing:
        with taking() as taken:
            house = open_house(feeds, state, base_url="https://warta.example", now=datetime.now(UTC))
            await closing.enter_async_context(house)
        return taken


def read(state: Path, *, decodes: bool) -> Taken:
    """Read the same bytes and reckon their checksums; decode what every start decodes."""
    with taking() as taken:
        for path in (*state.glob("snapshot.*"), *state.glob("journal.*")):
            content = path.read_bytes()
            crc32(content)
            for line in content.split(b"\n") if decodes else ():
                if line.partition(b"\t")[0].endswith((b"due", b"standing")):
                    orjson.loads(line[line.rindex(b"\t") + 1 :])
    return taken


def run(kills: int, sources: int) -> list[dict[str, Taken]]:
    """Kill a writer so many times; give what each opening afterwards took, by what was opened."""
    dice, taken, told = Random(5), list[dict[str, Taken]](), dict[int, int]()
    itself = [sys.executable, "-m", "tests.long.opening"]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        asyncio.run(make(state, sources))
        for life in range(1, kills + 1):
            line = [*itself, "write", str(state), str(sources), str(life * EDITIONS)]
            with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as writer:
                assert writer.stdout is not None
                lines = [writer.stdout.readline()]  # it has begun
                time.sleep(dice.uniform(0, 0.7))
                writer.kill()
                lines += writer.stdout.readlines()
            told |= {int(number): int(edition) for number, edition in map(str.split, filter(_is_whole, lines))}
            line = [*itself, "open", str(state), str(sources)]
            done = subprocess.run(
                line, input=json.dumps([*told.items()]), stdout=subprocess.PIPE, text=True, check=True
            )
            taken.append({name: Taken(**seconds) for name, seconds in json.loads(done.stdout).items()})
    return taken


def _is_whole(line: str) -> bool:
    return line.endswith("\n")


def _told(name: str, taken: Sequence[Taken]) -> str:
    return f"| {name} | {_spread([each.cpu for each in taken])} | {_spread([each.clock for each in taken])} |"


def _spread(seconds: Sequence[float]) -> str:
    p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100, method="inclusive")[98]
    return f"{1000 * p50:.0f} | {1000 * p99:.0f} | {1000 * max(seconds):.0f}"


def main() -> None:
    """Read the command line."""
    match sys.argv[1:]:
        case ["write", state, sources, first]:
            asyncio.run(write(Path(state), int(sources), int(first)))
        case ["open", state, sources]:
            gc.disable()  # as `up` does
            told = dict(json.load(sys.stdin))
            taken = {STORE: opened(Path(state), told)}  # first: it cuts off what the kill tore
            taken["and a house around it"] = asyncio.run(furnished(Path(state), int(sources)))
            taken["the same bytes and their checksums, read"] = read(Path(state), decodes=False)
            taken["and the schedule's JSON, decoded"] = read(Path(state), decodes=True)
            print(json.dumps({name: asdict(seconds) for name, seconds in taken.items()}))  # noqa: T201
        case numbers:
            kills, sources_ = (int(number) for number in [*numbers, *("200", "10000")[len(numbers) :]])
            lives = run(kills, sources_)
            print(f"{len(lives)} of {kills} states opened, all that was acknowledged in each")  # noqa: T201
            print("| ms | CPU p50 | p99 | max | clock p50 | p99 | max |\n|---|---|---|---|---|---|---|")  # noqa: T201
            for name in lives[0]:
                print(_told(name, [each[name] for each in lives]))  # noqa: T201
            sys.exit(max(each[STORE].cpu for each in lives) >= LIMIT_SECONDS)


if __name__ == "__main__":
    main()
