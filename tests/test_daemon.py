"""The daemon in this process, with a clock and publishers of ours. With real ones: tests/e2e/test_daemon.py."""

import asyncio
import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from aggregator.commit import Commit
from aggregator.daemon import Daemon
from aggregator.dedupe.floods import MOST_AT_ONCE
from aggregator.document import Document
from aggregator.errors import Fault, FeedsFileError
from aggregator.fetch.answer import Answer, Gone, NotModified, Refused
from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.publish.files import write_documents
from aggregator.site import Site
from aggregator.source import Hints, Source, Validators
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.ledger import Ledger
from tests.newsroom import DUNIA, KABAR, NOON, POLLING, POPULAR, UPDATE, Newsroom, fetched, headline, source

FEEDS = FeedsFile(
    path=Path("feeds.yaml"),
    site=Site(title="Warta", url=None, language="id", zone=ZoneInfo("Asia/Jakarta")),
    polling=POLLING,
    keep=timedelta(days=30),
    sources=(DUNIA, KABAR),
    topics=(UPDATE, POPULAR),
)


class Clock:
    """The true time, and what was added to it.

    Attributes:
        ahead: How much more time has gone by.
        wrong: By how much it was set.
    """

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.wrong = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead + self.wrong

    def elapsed(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()


class Publishers(Newsroom):
    """Those of tests/newsroom.py; one of them brings a bug of ours to light."""

    async def fetch(self, source: Source, url: str, validators: Validators) -> Answer:
        answer = await super().fetch(source, url, validators)
        if source.id == KABAR.id:
            raise ZeroDivisionError("a bug")
        return answer


@contextlib.asynccontextmanager
async def running(
    folder: Path, publishers: Newsroom, clock: Clock, feeds: FeedsFile = FEEDS
) -> AsyncIterator[tuple[Daemon, House]]:
    async with open_house(feeds, folder, base_url="http://127.0.0.1:1", now=clock()) as house:
        house.world = replace(house.world, fetch=publishers.fetch, parse=publishers.parse)
        daemon, ready = Daemon(house, clock=clock, elapsed=clock.elapsed, reread=lambda: feeds), asyncio.Event()

        async def announce(_: str) -> None:
            ready.set()

        task = asyncio.create_task(daemon.run("127.0.0.1", 0, ready=announce))
        await asyncio.wait_for(ready.wait(), 30)
        try:
            yield daemon, house
        finally:
            daemon.stop()
            await asyncio.wait_for(task, 30)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the daemon look twenty times a second at what is due, and at what is to be published."""
    monkeypatch.setattr("aggregator.daemon._ASK", 0.05)
    monkeypatch.setattr("aggregator.daemon._TICK", 0.05)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.05)


async def read(daemon: Daemon, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(daemon.url + path) as answer:
        return answer.status, await answer.text()


async def test_a_bug_that_one_source_brings_to_light_is_told_and_costs_only_that_source_a_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    publishers = Publishers({DUNIA.urls[0]: fetched("1 Gempa"), KABAR.urls[0]: fetched("2 Banjir")})
    feeds = replace(FEEDS, sources=(replace(DUNIA, every=timedelta(days=1)), KABAR))  # KABAR alone is overdue below
    async with running(tmp_path, publishers, clock, feeds) as (daemon, _):
        await until(lambda: len(publishers.asked) == 2 and daemon.totals.new == 1)
        await asyncio.sleep(0.5)  # ten looks at what is due

        assert len(publishers.asked) == 2
        told = [record for record in caplog.records if record.exc_info]
        assert [record.getMessage() for record in told] == [
            "Kabar: the pass failed by a fault of ours; please report this"
        ]
        kabar = next(each for each in (await daemon.status()).sources if each.id == KABAR.id)
        assert kabar.reason == "a fault of ours"
        clock.ahead = POLLING.every + timedelta(minutes=5)
        await until(lambda: [url for url, _ in publishers.asked].count(KABAR.urls[0]) == 2)


async def test_a_bug_of_ours_is_no_reason_to_ask_a_source_before_its_time(tmp_path: Path) -> None:
    clock, day = Clock(), timedelta(days=1)
    publishers = Publishers({KABAR.urls[0]: fetched("2 Banjir")})
    async with running(tmp_path, publishers, clock, replace(FEEDS, sources=(replace(KABAR, every=day),))) as (_, house):
        begun_at = clock()
        await until(lambda: house.dues[KABAR.id].reason == "a fault of ours")

        assert house.dues[KABAR.id].at >= begun_at + day - timedelta(minutes=1)


async def test_the_status_tells_of_each_source_what_it_answered_how_often_and_what_it_brings(tmp_path: Path) -> None:
    clock = Clock()
    midnight = NOON + timedelta(hours=5)  # in the site's zone
    clock.ahead = midnight - timedelta(minutes=30) - clock()
    publishers = Newsroom({DUNIA.urls[0]: fetched("0 Kabar lama"), KABAR.urls[0]: Gone()})
    feeds = replace(FEEDS, sources=(replace(DUNIA, every=POLLING.every), KABAR))  # no rhythm: it is asked when we say
    async with running(tmp_path, publishers, clock, feeds) as (daemon, _):
        await until(lambda: daemon.totals.polls == 2)
        publishers.answers[DUNIA.urls[0]] = fetched("1 Gempa", "2 Banjir", "0 Kabar lama")
        clock.ahead += POLLING.every + timedelta(minutes=5)
        await until(lambda: daemon.totals.polls == 3)
        today = [source.new_today for source in (await daemon.status()).sources]
        publishers.answers[DUNIA.urls[0]] = NotModified(validators=Validators(), hints=Hints())
        for polls in (4, 5):
            clock.ahead += POLLING.every + timedelta(minutes=5)
            await until(lambda: daemon.totals.polls == polls)  # noqa: B023  asked at once
        status = await daemon.status()

    dunia, kabar = status.sources
    assert (dunia.answer, dunia.polls, dunia.not_modified, dunia.failures) == ("304", 4, 2, 0)
    assert (kabar.answer, kabar.polls, kabar.not_modified, kabar.failures) == ("410", 1, 0, 1)
    assert (today, dunia.new_today, round(dunia.per_day, 1), kabar.per_day) == ([2, 0], 0, 1.5, 0.0)
    assert (dunia.state, bool(dunia.reason), kabar.state, kabar.next_at) == ("ok", True, "parked", None)
    assert (status.totals.polls, status.totals.not_modified, status.totals.failed) == (5, 2, 1)


async def test_the_status_tells_how_many_headlines_were_held_back(tmp_path: Path) -> None:
    clock = Clock()
    many = tuple(f"{number} Kabar {number}" for number in range(1, MOST_AT_ONCE + 4))
    publishers = Newsroom({DUNIA.urls[0]: fetched("0 Kabar lama"), KABAR.urls[0]: Gone()})
    async with running(tmp_path, publishers, clock) as (daemon, _):
        await until(lambda: daemon.totals.polls == 2)
        publishers.answers[DUNIA.urls[0]] = fetched(*many, "0 Kabar lama")
        clock.ahead += timedelta(days=1)
        await until(lambda: daemon.totals.polls == 3)
        status = await daemon.status()

    assert [each.untold for each in status.sources] == [3, 0]


async def test_metrics_tell_the_same_to_prometheus(tmp_path: Path) -> None:
    publishers = Newsroom(
        {
            DUNIA.urls[0]: fetched("1 Gempa"),
            KABAR.urls[0]: Refused(status=503, hints=Hints(), detail="503 Service Unavailable"),
        }
    )
    async with running(tmp_path, publishers, Clock()) as (daemon, _):
        await until(lambda: daemon.totals.polls == 2)
        async with aiohttp.ClientSession() as session, session.get(daemon.url + "/metrics") as answer:
            content_type, text = answer.headers["Content-Type"], await answer.text()

    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    told = {family.name: family.samples for family in text_string_to_metric_families(text)}
    assert [sample.value for sample in told["aggregator_polls"]] == [2]
    assert {sample.labels["source"]: sample.value for sample in told["aggregator_source_up"]} == {
        "Dunia": 1,
        "Kabar": 0,
    }


async def test_work_that_holds_the_loop_shows_in_the_status(tmp_path: Path) -> None:
    async with running(tmp_path, Newsroom({}), Clock()) as (daemon, _):
        await asyncio.sleep(0.05)
        time.sleep(0.3)  # noqa: ASYNC251  holds the loop on purpose
        await asyncio.sleep(0.05)

        assert daemon.totals.loop_lag_max >= 0.25
        assert daemon.totals.loop_lag_max >= daemon.totals.loop_lag_p99


async def test_a_feeds_yaml_that_was_refused_is_a_notice_until_one_is_taken_over(tmp_path: Path) -> None:
    broken = [FeedsFileError("feeds.yaml", (Fault(line=3, text="is odd"),))]

    def reread() -> FeedsFile:
        if broken:
            raise broken.pop()
        return FEEDS

    async def announce(_: str) -> None:
        ready.set()

    async with open_house(FEEDS, tmp_path, base_url="http://127.0.0.1:1", now=NOON) as house:
        house.world = replace(house.world, fetch=Newsroom({}).fetch)
        daemon, ready = Daemon(house, clock=lambda: NOON, reread=reread, notices=("as shipped",)), asyncio.Event()
        task = asyncio.create_task(daemon.run("127.0.0.1", 0, ready=announce))
        await asyncio.wait_for(ready.wait(), 30)
        told = [(await daemon.status()).notices]
        async with asyncio.timeout(30):
            for _ in range(2):
                daemon.reload()
                while (await daemon.status()).notices == told[-1]:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.05)
                told.append((await daemon.status()).notices)
        daemon.stop()
        await asyncio.wait_for(task, 30)

    refused = "feeds.yaml is broken and was not taken over: `aggregator check` tells why"
    assert told == [("as shipped",), ("as shipped", refused), ("as shipped",)]


async def test_a_storm_of_signals_has_feeds_yaml_read_once(tmp_path: Path) -> None:
    readings: list[FeedsFile] = []

    def reread() -> FeedsFile:
        readings.append(FEEDS)
        return FEEDS

    async with open_house(FEEDS, tmp_path, base_url="http://127.0.0.1:1", now=NOON) as house:
        daemon = Daemon(house, clock=lambda: NOON, reread=reread)
        for _ in range(1_000):
            daemon.reload()
        for _ in range(3):  # looks
            await daemon._reload()

    assert readings == [FEEDS]


async def test_after_a_sleep_the_sources_are_asked_by_and_by(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="aggregator.daemon")
    clock = Clock()
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa"), KABAR.urls[0]: fetched("2 Banjir")})
    async with running(tmp_path, publishers, clock) as (daemon, _):
        await until(lambda: len(publishers.asked) == 2 and not daemon._passes)
        clock.ahead = timedelta(hours=8)
        await until(lambda: len(publishers.asked) == 3)
        await asyncio.sleep(0.5)  # ten looks at what is due

        assert len(publishers.asked) == 3  # the other one in some minutes
        assert "1 more sources fell due while nothing ran; they are asked by and by" in caplog.messages


@pytest.mark.parametrize("wrong", [timedelta(days=3_652), timedelta(days=-20_000)])
async def test_a_clock_that_is_set_moves_all_appointments_with_it_and_a_restart_knows(
    tmp_path: Path, wrong: timedelta
) -> None:
    clock = Clock()
    clock.wrong = wrong
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa"), KABAR.urls[0]: fetched("2 Banjir")})
    async with running(tmp_path, publishers, clock) as (daemon, house):
        await until(lambda: len(publishers.asked) == 2 and not daemon._passes)
        waits = {id_: due.at - clock() for id_, due in house.dues.items()}
        clock.wrong = timedelta()
        await until(lambda: all(timedelta() < due.at - clock() <= waits[id_] for id_, due in house.dues.items()))

        assert all(waits[id_] - (due.at - clock()) < timedelta(seconds=40) for id_, due in house.dues.items())
        assert len(publishers.asked) == 2  # nobody is asked early
        clock.ahead = timedelta(minutes=30)
        await until(lambda: len(publishers.asked) > 2)
    async with open_house(FEEDS, tmp_path, base_url="http://127.0.0.1:1", now=clock()) as house:
        assert all(abs(due.at - clock()) < timedelta(hours=5) for due in house.dues.values())


async def test_what_publishers_said_on_friday_sets_no_clock_back_on_monday(tmp_path: Path) -> None:
    clock, friday = Clock(), datetime.now(UTC)
    async with running(tmp_path, Newsroom(), clock, replace(FEEDS, sources=())) as (_, house):
        for host in ("one.example", "two.example", "three.example"):
            house.world.witnesses.hear(host, friday)
        clock.ahead = timedelta(days=3)

        assert house.world.witnesses.corrected(monday := clock()) == monday
        assert house.clock_doubt(now=monday) is None


async def test_a_pass_under_way_when_the_clock_is_set_is_followed_by_the_next_in_time(tmp_path: Path) -> None:
    clock, publishers = Clock(), Silent("dunia.example")
    clock.wrong = timedelta(days=365)
    feeds = replace(FEEDS, sources=(DUNIA,))
    async with running(tmp_path, publishers, clock, feeds) as (daemon, house):
        await until(lambda: bool(publishers.asked))
        clock.wrong = timedelta()
        await until(lambda: daemon._followed < timedelta())
        publishers.speaks.set()
        await until(lambda: not daemon._passes)

        assert timedelta() < house.dues[DUNIA.id].at - clock() < timedelta(hours=1)


@pytest.mark.parametrize("by", [timedelta(seconds=3), timedelta(days=365), timedelta(days=-3)])
async def test_a_restart_asks_nobody_again_who_was_being_asked_when_the_clock_was_set(
    tmp_path: Path, by: timedelta
) -> None:
    clock, publishers = Clock(), Silent("dunia.example")
    async with running(tmp_path, publishers, clock, replace(FEEDS, sources=(DUNIA,))) as (daemon, house):
        await until(lambda: bool(publishers.asked))
        claim = house.store.due(DUNIA.id)
        assert claim is not None
        clock.wrong = by
        await until(lambda: house.store.due(DUNIA.id) != claim)
        moved = house.store.due(DUNIA.id)
        assert moved is not None
        assert abs(moved.at - claim.at - by) < timedelta(seconds=1)
        publishers.speaks.set()
        await until(lambda: not daemon._passes)

        assert house.store.due(DUNIA.id) == house.dues[DUNIA.id]
        assert timedelta() < house.dues[DUNIA.id].at - clock() < timedelta(hours=1)


class Silent(Newsroom):
    """Publishers, one host of which keeps everybody waiting until `speaks` is set."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.speaks = asyncio.Event()
        self._host = host

    async def fetch(self, _: Source, url: str, validators: Validators) -> Answer:
        self.asked.append((url, validators))
        if self._host in url:
            await self.speaks.wait()
        return NotModified(validators=Validators(), hints=Hints())


async def test_a_host_of_a_thousand_sources_leaves_room_for_the_others(tmp_path: Path) -> None:
    many = tuple(source(f"Many{number}", f"https://many.example/{number}") for number in range(1_050))
    publishers = Silent("many.example")
    feeds = replace(FEEDS, sources=(*many, DUNIA), polling=replace(POLLING, at_once=512))
    async with running(tmp_path, publishers, Clock(), feeds):
        await until(lambda: (DUNIA.urls[0], Validators()) in publishers.asked)
        before = len(publishers.asked)
        publishers.speaks.set()
        await until(lambda: len(publishers.asked) == len(many) + 1)

    assert before == 64 + 1
    assert {url for url, _ in publishers.asked} == {each.urls[0] for each in (*many, DUNIA)}


async def test_a_sister_of_a_source_inside_a_retry_after_is_put_off_where_the_whole_host_is_meant(
    tmp_path: Path,
) -> None:
    sister = source("Sister", "https://dunia.example/other")
    feeds = replace(FEEDS, sources=(DUNIA,), polling=replace(POLLING, retry_scope="host"))
    clock, publishers = Clock(), Newsroom({sister.urls[0]: fetched("1 Gempa")})
    publishers.answers[DUNIA.urls[0]] = Refused(status=429, hints=Hints(retry_after=timedelta(hours=1)), detail="429")
    async with running(tmp_path, publishers, clock, feeds):
        await until(lambda: len(publishers.asked) == 1)
    async with running(tmp_path, publishers, clock, replace(feeds, sources=(DUNIA, sister))) as (_, house):
        await until(lambda: house.dues[sister.id].reason == "Retry-After of its host")

    assert [url for url, _ in publishers.asked] == [DUNIA.urls[0]]


async def test_a_publication_that_fails_is_told_once_and_shows_in_our_health_until_it_succeeds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa"), KABAR.urls[0]: fetched("2 Banjir")})
    async with running(tmp_path, publishers, Clock()) as (daemon, house):
        publish = house.edition.publish
        failures: list[int] = []

        async def fail(news: int, *, beside: int = 0) -> tuple[str, ...]:  # noqa: ARG001  whatever it is
            failures.append(news)
            raise ZeroDivisionError("a bug")

        house.edition.publish = fail  # type: ignore[method-assign]
        house.edition.touch_all()
        await until(lambda: len(failures) >= 2)
        status, health = await read(daemon, "/healthz")

        assert (status, health) == (503, "degraded: publish failed by a fault of ours; see the log\n")
        assert json.loads((await read(daemon, "/status.json"))[1])["health"] == health.strip()
        assert sum(record.levelno == logging.ERROR for record in caplog.records) == 1
        house.edition.publish = publish  # type: ignore[method-assign]
        await until(lambda: daemon.health == "ok")
        assert await read(daemon, "/healthz") == (200, "ok\n")


async def test_a_damaged_archive_shows_in_our_health_while_all_feeds_are_served(tmp_path: Path) -> None:
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa"), KABAR.urls[0]: fetched("2 Banjir")})
    ledger = Ledger(tmp_path / "archive" / "update" / "2026-11.jsonl")
    for number in range(2):
        ledger.append([(f"urn:{number}", number, b"{}")])
    ledger.path.write_bytes(b"x" + ledger.path.read_bytes()[1:])
    async with running(tmp_path, publishers, Clock()) as (daemon, house):
        await until(lambda: b"Banjir" in house.shelf["update.rss"].body)
        told = f"degraded: {ledger.path}: damaged at byte 0; restore it from a backup, or run `aggregator repair`\n"
        assert await read(daemon, "/healthz") == (503, told)


async def test_a_publication_under_way_when_we_stop_ends_before_the_last_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads that write the same files would leave a document that is neither the old nor the new one."""
    under_way: list[int] = []
    most, writes = 0, 0

    def slowly(directory: Path, documents: Iterable[Document]) -> tuple[str, ...]:
        nonlocal most, writes
        under_way.append(1)
        most, writes = max(most, len(under_way)), writes + 1
        time.sleep(0.3)
        changed = write_documents(directory, documents)
        under_way.pop()
        return changed

    monkeypatch.setattr("aggregator.publish.files.write_documents", slowly)
    publishers = Newsroom({DUNIA.urls[0]: fetched("1 Gempa"), KABAR.urls[0]: fetched("2 Banjir")})
    async with running(tmp_path, publishers, Clock()) as (daemon, _):
        await until(lambda: daemon.totals.new == 2 and bool(under_way))
        daemon.stop()

    assert (writes >= 2, most, under_way) == (True, 1, [])
    assert (tmp_path / "public" / "update.rss").read_text().count("<item>") == 2


async def test_a_state_is_not_closed_under_the_hands_of_a_thread_that_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, sync = threading.Event(), os.fdatasync
    async with open_house(FEEDS, tmp_path, base_url="http://127.0.0.1:1", now=NOON) as house:
        monkeypatch.setattr(os, "fdatasync", lambda file: release.wait(10) and sync(file))
        abandoned = asyncio.create_task(house.store.commit(Commit(headlines=(headline(1),))))
        await asyncio.sleep(0.05)
        abandoned.cancel()
        asyncio.get_running_loop().call_later(0.1, release.set)

    assert release.is_set()
    with EmbeddedStore(tmp_path) as store:
        assert list(store.headlines()) == [headline(1)]


async def test_every_edition_is_told_to_whoever_listens(tmp_path: Path) -> None:
    publishers, clock, feeds = Newsroom({DUNIA.urls[0]: fetched("1 Gempa")}), Clock(), replace(FEEDS, sources=(DUNIA,))
    async with running(tmp_path, publishers, clock, feeds) as (daemon, house), aiohttp.ClientSession() as session:
        async with session.get(f"{daemon.url}/events") as stream, asyncio.timeout(30):
            assert (await stream.content.readline()).startswith(b"retry: ")
            await until(lambda: daemon.totals.new == 1)
            publishers.answers[DUNIA.urls[0]] = fetched("1 Gempa", "2 Longsor")
            clock.ahead = house.dues[DUNIA.id].at - clock()
            await until(lambda: daemon.totals.new == 2)
            told = await stream.content.readuntil(f"published\nid: {house.desk.news}\n".encode())
            paths = json.loads((await stream.content.readline()).removeprefix(b"data: "))

        assert told.count(b"event: ") >= 1
        assert {"update.rss", "update.json", "index.html"} <= set(paths)
        assert "Longsor" in (await read(daemon, "/update.rss"))[1]
