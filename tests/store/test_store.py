"""The contract of `Store` (desk.py), on memory and on disk alike; then what only a disk can get wrong."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias, get_args

import pytest

from aggregator.commit import Commit
from aggregator.errors import StateError
from aggregator.incident import Incident
from aggregator.source import Due, Listed, Standing
from aggregator.store.embedded import EmbeddedStore
from aggregator.story import Dissolved
from tests.newsroom import DUNIA, NOON, MemoryStore, headline
from tests.store.faults import CrashError, Disk, Fault

AnyStore: TypeAlias = MemoryStore | EmbeddedStore

DUE = Due(source=DUNIA.id, at=NOON, reason="every 15 min")
STANDING = Standing(source=DUNIA.id, name="Dunia", urls=DUNIA.urls)
REPLACED = (("padding", "x" * 1_500),)
LISTING = (Listed(fingerprint="0" * 16, headline=headline(1).id), Listed(fingerprint="f" * 16, headline=headline(2).id))


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    with EmbeddedStore(tmp_path) as opened:
        yield opened


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a journal be worth a snapshot after a few commits that replace something."""
    monkeypatch.setattr("aggregator.store.embedded._SNAPSHOT_FLOOR_BYTES", 4_000)


def ids(store: AnyStore) -> set[str]:
    return {each.id for each in store.headlines()}


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


async def test_an_empty_store_knows_nothing(store: AnyStore) -> None:
    assert (store.meta("rules"), store.news, dict(store.dues()), tuple(store.sources())) == (None, 0, {}, ())
    assert (store.standing(DUNIA.id), store.listing(DUNIA.id)) == (None, ())
    assert (store.headline(headline(1).id), list(store.headlines()), store.known(["0"])) == (None, [], {})
    assert (list(store.unlisted()), store.is_unlisted(headline(1).id), list(store.keys_until())) == ([], False, [])


async def test_what_became_of_a_story_is_kept_until_it_need_not_be_told(store: AnyStore) -> None:
    one, two = (
        Dissolved(story=headline(number).id, into=headline(9).id, at=NOON, topics=("update", "asap"))
        for number in (1, 2)
    )
    before = await store.commit(Commit(dissolved=(one, two)))
    assert {each.story: each for each in store.dissolved()} == {one.story: one, two.story: two}

    assert await store.commit(Commit(untold=(one,))) == before + 1  # feeds that told it have other bytes now
    assert list(store.dissolved()) == [two]


async def test_what_happened_to_sources_is_kept_until_it_need_not_be_told(store: AnyStore) -> None:
    one, two = (
        Incident(source=DUNIA.id, kind="broke", at=NOON, name=name, url=DUNIA.urls[0], text="it\nis down")
        for name in ("Dunia", "Dunia baru")  # the second replaces the first: it happened to the same then
    )
    three = replace(one, at=NOON + timedelta(microseconds=1))
    await store.commit(Commit(incidents=(one, three)))
    await store.commit(Commit(standings=(STANDING,), incidents=(two,)))
    assert {each.id: each for each in store.incidents()} == {two.id: two, three.id: three}

    await store.commit(Commit(incidents_over=(two.id,)))
    assert (list(store.incidents()), store.told, store.news) == ([three], 3, 0)
    await store.commit(Commit(standings=(STANDING,)))
    assert store.told == 3


async def test_what_is_committed_is_kept(store: AnyStore) -> None:
    commit = Commit(
        dues=(DUE,),
        standings=(STANDING,),
        listings=((DUNIA.id, LISTING),),
        headlines=(headline(1), headline(2)),
        unlisted=((headline(2).id, NOON),),
        meta=(("rules", "r1"),),
    )

    assert await store.commit(commit) == 1
    assert (store.meta("rules"), dict(store.dues()), tuple(store.sources())) == ("r1", {DUNIA.id: DUE}, (DUNIA.id,))
    assert (store.standing(DUNIA.id), store.listing(DUNIA.id)) == (STANDING, LISTING)
    assert (store.headline(headline(1).id), store.headline_count()) == (headline(1), 2)
    assert sorted(store.headlines(), key=lambda each: each.id) == [headline(1), headline(2)]
    assert (list(store.unlisted()), store.is_unlisted(headline(2).id)) == ([(headline(2).id, NOON)], True)
    assert store.known([*headline(1).keys, "unknown"]) == {headline(1).keys[0]: headline(1)}


async def test_a_later_commit_replaces_and_relists(store: AnyStore) -> None:
    await store.commit(Commit(dues=(DUE,), headlines=(headline(1),), unlisted=((headline(1).id, NOON),)))
    later = Due(source=DUNIA.id, at=NOON + timedelta(hours=1), reason="back-off after 1 failure")
    revised = headline(1, title="Judul yang baru sekali")
    assert store.headline(revised.id) == headline(1)
    await store.commit(
        Commit(dues=(later,), headlines=(revised,), relisted=(revised.id,), listings=((DUNIA.id, LISTING[:1]),))
    )

    assert (dict(store.dues()), store.headline(revised.id)) == ({DUNIA.id: later}, revised)
    assert (store.is_unlisted(revised.id), store.listing(DUNIA.id)) == (False, LISTING[:1])


async def test_an_archived_headline_leaves_and_its_keys_stay_known_for_a_while(store: AnyStore) -> None:
    until = NOON + timedelta(days=90)
    await store.commit(Commit(headlines=(headline(1), headline(2)), unlisted=((headline(1).id, NOON),)))
    await store.commit(Commit(archived=(headline(1),), keys_until=until))

    assert (ids(store), list(store.unlisted())) == ({headline(2).id}, [])
    assert store.known(headline(1).keys) == {headline(1).keys[0]: None}
    assert list(store.keys_until()) == [(headline(1).keys[0], until)]

    await store.commit(Commit(keys_forgotten=headline(1).keys))
    assert (store.known(headline(1).keys), list(store.keys_until())) == ({}, [])


async def test_a_key_that_a_later_headline_was_given_stays_with_it(store: AnyStore) -> None:
    shared = "a" * 32
    older, newer = headline(1, keys=("1" * 32, shared)), headline(2, keys=("2" * 32, shared))
    await store.commit(Commit(headlines=(older,)))
    await store.commit(Commit(headlines=(newer,)))
    await store.commit(Commit(archived=(older,), keys_until=NOON))

    assert store.known([shared]) == {shared: newer}
    assert [key for key, _ in store.keys_until()] == ["1" * 32]


async def test_a_headline_that_comes_back_from_the_archive_is_kept_again(store: AnyStore) -> None:
    await store.commit(Commit(headlines=(headline(1),)))
    await store.commit(Commit(archived=(headline(1),), keys_until=NOON))
    await store.commit(Commit(headlines=(headline(1),)))

    assert store.known(headline(1).keys) == {headline(1).keys[0]: headline(1)}
    assert list(store.keys_until()) == []


async def test_of_a_dropped_source_only_its_headlines_stay(store: AnyStore) -> None:
    await store.commit(
        Commit(dues=(DUE,), standings=(STANDING,), listings=((DUNIA.id, LISTING),), headlines=(headline(1),))
    )
    await store.commit(Commit(dropped_sources=(DUNIA.id,)))

    assert (dict(store.dues()), tuple(store.sources()), store.listing(DUNIA.id)) == ({}, (), ())
    assert ids(store) == {headline(1).id}


async def test_news_counts_the_commits_that_bring_or_take_headlines(store: AnyStore) -> None:
    counts = [
        await store.commit(Commit(dues=(DUE,))),
        await store.commit(Commit(headlines=(headline(1), headline(2)))),
        await store.commit(Commit(standings=(STANDING,), meta=(("rules", "r"),))),
        await store.commit(Commit(archived=(headline(2),))),
    ]

    assert counts == [0, 1, 1, 2]
    assert store.news == 2


async def test_headlines_may_be_archived_while_all_are_being_read(store: AnyStore) -> None:
    await store.commit(Commit(headlines=tuple(map(headline, range(3)))))
    reading = store.headlines()
    first = next(reading)
    await store.commit(Commit(archived=tuple(headline(number) for number in range(3) if headline(number) != first)))

    assert list(reading) == []


async def test_many_commits_at_once_are_all_kept(store: AnyStore) -> None:
    counts = await asyncio.gather(*(store.commit(Commit(headlines=(headline(number),))) for number in range(100)))

    assert (sorted(counts), store.news) == (list(range(1, 101)), 100)
    assert ids(store) == {headline(number).id for number in range(100)}


@pytest.mark.usefixtures("short")
async def test_a_closed_store_holds_the_same_after_the_next_opening(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as store:
        for number in range(30):
            due = Due(source=f"{number % 3}", at=NOON + timedelta(minutes=number), reason="")
            await store.commit(
                Commit(dues=(due,), headlines=(headline(number),), meta=(("last", f"{number}"), *REPLACED))
            )
        dues, kept = store.dues(), {each.id: each for each in store.headlines()}
    assert not (tmp_path / "journal.1").exists()
    with EmbeddedStore(tmp_path) as store:
        assert (store.dues(), store.news, store.meta("last"), store.notes) == (dues, 30, "29", ())
        assert {each.id: each for each in store.headlines()} == kept
    assert len(kept) == 30


async def test_nothing_is_seen_before_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release, sync = threading.Event(), os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: release.wait(10) and sync(file))
    with EmbeddedStore(tmp_path) as store:
        commit = asyncio.create_task(store.commit(Commit(headlines=(headline(1),), dues=(DUE,))))
        for _ in range(10):
            await asyncio.sleep(0.001)
        assert (store.headline_count(), store.dues(), store.news, commit.done()) == (0, {}, 0, False)
        release.set()
        await commit
        assert (store.headline_count(), store.dues(), store.news) == (1, {DUNIA.id: DUE}, 1)


async def test_commits_that_are_ready_together_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(os, "fdatasync", syncs.append)
    with EmbeddedStore(tmp_path) as store:
        await asyncio.gather(*(store.commit(Commit(headlines=(headline(number),))) for number in range(1_000)))
        assert store.headline_count() == 1_000

    assert len(syncs) <= 2


async def test_a_commit_that_cannot_be_written_down_leaves_no_half_behind(tmp_path: Path) -> None:
    """Validators ahead of the headlines that came with them would lose these headlines for good."""
    with EmbeddedStore(tmp_path) as store:
        with pytest.raises(TypeError):
            await store.commit(Commit(standings=(STANDING,), headlines=(headline(1, title="\ud800"),)))
        await store.commit(Commit(headlines=(headline(2),)))

        assert (store.standing(DUNIA.id), ids(store)) == (None, {headline(2).id})


async def test_nobody_waits_for_ever_when_writing_fails_by_a_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedStore(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", _fault_of_ours)
            commits = (store.commit(Commit(dues=(DUE,))), store.commit(Commit(standings=(STANDING,))))
            outcomes = await asyncio.wait_for(asyncio.gather(*commits, return_exceptions=True), 10)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError, ZeroDivisionError]
        assert (store.dues(), store.standing(DUNIA.id)) == ({}, None)


async def test_closing_after_an_abandoned_commit_waits_for_the_thread_that_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, sync = threading.Event(), os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: release.wait(10) and sync(file))
    with EmbeddedStore(tmp_path) as store:
        commit = asyncio.create_task(store.commit(Commit(headlines=(headline(1),))))
        await asyncio.sleep(0.01)
        commit.cancel()
        asyncio.get_running_loop().call_later(0.05, release.set)
        await store.settle()
        assert release.is_set()

    with EmbeddedStore(tmp_path) as store:
        assert ids(store) == {headline(1).id}


@pytest.mark.usefixtures("short")
async def test_a_reader_beside_a_writer_sees_the_moment_it_was_opened(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as store:
        for number in range(20):
            await store.commit(Commit(headlines=(headline(number),), meta=REPLACED))
            with EmbeddedStore(tmp_path, read_only=True) as reader:
                await store.commit(Commit(headlines=(headline(100 + number),), meta=REPLACED))
                assert ids(reader) == ids(store) - {headline(100 + number).id}
    assert not (tmp_path / "journal.1").exists()


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("fault", get_args(Fault))
def test_a_fault_at_any_call_loses_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """First start, commits, generations: fail at each call that changes something, one run a call."""
    runs, at, refused = 0, 0, 0
    while True:
        at += 1
        directory, disk = tmp_path / f"{at}", Disk(fault, at)
        with monkeypatch.context() as patch:
            disk.install(patch)
            acknowledged = asyncio.run(_write_until_it_fails(directory, disk))
            disk.bury()
        if not disk.hits:
            break
        runs += 1
        refused += len(acknowledged) < 12
        with EmbeddedStore(directory) as store:
            numbers = {int(each.id[-12:]) for each in store.headlines()}
            assert acknowledged <= numbers, (at, disk)
            dues = {int(due.reason) for due in store.dues().values()}
            listed = {int(line.headline[-12:]) for number in range(12) for line in store.listing(f"{number}")}
            assert numbers == dues == listed, (at, disk)  # whole commits, and no others
            if fault == "crash":
                assert numbers <= acknowledged | {len(acknowledged)}
            asyncio.run(_commit(store, 99))
        with EmbeddedStore(directory) as store:
            assert {int(each.id[-12:]) for each in store.headlines()} == numbers | {99}
        assert sum(path.name != "lock" for path in directory.iterdir()) == 2
    assert runs > 50
    assert refused > 20
    assert acknowledged == set(range(12))


async def _write_until_it_fails(directory: Path, disk: Disk) -> set[int]:
    """Give the numbers of the commits that were acknowledged."""
    acknowledged = set()
    with contextlib.suppress(StateError, CrashError), EmbeddedStore(directory) as store:
        for number in range(12):
            try:
                await _commit(store, number)
            except StateError:
                continue
            acknowledged.add(number)
            assert {int(each.id[-12:]) for each in store.headlines()} == acknowledged
            if disk.hits and disk.fault == "once, near the end":
                break
    return acknowledged


async def _commit(store: EmbeddedStore, number: int) -> None:
    due = Due(source=f"{number}", at=NOON, reason=f"{number}")
    line = Listed(fingerprint=f"{number:016x}", headline=headline(number).id)
    listings = ((f"{number}", (line,)),)
    await store.commit(Commit(dues=(due,), headlines=(headline(number),), listings=listings, meta=REPLACED))


async def test_after_a_failed_sync_the_next_commit_begins_a_new_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedStore(tmp_path) as store:
        await _commit(store, 1)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", _input_output_error)
            with pytest.raises(StateError, match=f"{tmp_path}: Input/output error; nothing was lost"):
                await _commit(store, 2)
        assert store.headline_count() == 1
        await _commit(store, 3)
    assert files(tmp_path) == {"lock", "snapshot.2", "journal.2"}
    with EmbeddedStore(tmp_path) as store:
        assert ids(store) == {headline(1).id, headline(3).id}


async def test_news_alone_never_makes_a_snapshot_worth_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.store.embedded._SNAPSHOT_FLOOR_BYTES", 0)
    with EmbeddedStore(tmp_path) as store:
        for number in range(20):
            await store.commit(Commit(headlines=(headline(number),)))
        assert files(tmp_path) == {"lock", "snapshot.1", "journal.1"}
        for _ in range(60):
            await store.commit(Commit(dues=(replace(DUE, reason="x" * 1_000),)))
        assert "journal.1" not in files(tmp_path)
        assert store._storage.journal.journal_bytes < 30_000


@pytest.mark.usefixtures("short")
async def test_where_there_is_no_room_for_a_snapshot_the_journal_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def no_space(path: Path, _: object) -> None:
        tries.append(path)
        raise OSError(28, "No space left on device")

    with EmbeddedStore(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr("aggregator.store.journal._write_snapshot", no_space)
            for number in range(40):
                await _commit(store, number)
        assert 1 <= len(tries) < 20
        assert files(tmp_path) == {"lock", "snapshot.1", "journal.1"}
        for number in range(40, 60):
            await _commit(store, number)
    assert not (tmp_path / "journal.1").exists()
    with EmbeddedStore(tmp_path) as store:
        assert store.headline_count() == 60


_FILL = """
import asyncio, resource, sys
from pathlib import Path
from aggregator.commit import Commit
from aggregator.errors import StateError
from aggregator.store.embedded import EmbeddedStore
from tests.newsroom import headline

async def fill():
    with EmbeddedStore(Path(sys.argv[1])) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        refused = 0
        for number in range(100):
            try:
                await store.commit(Commit(headlines=(headline(number),)))
            except StateError as error:
                refused += 1
            else:
                print(number, flush=True)
        assert refused > 10, refused
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await store.commit(Commit(headlines=(headline(1000),)))
        print(1000)

asyncio.run(fill())
"""


def test_a_full_disk_acknowledges_nothing_falsely_and_recovers_when_there_is_space(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    acknowledged = {int(line) for line in ended.stdout.split()}
    with EmbeddedStore(tmp_path) as store:
        assert {int(each.id[-12:]) for each in store.headlines()} == acknowledged
    assert len(acknowledged) > 10
    assert 1000 in acknowledged


def _input_output_error(_: int) -> None:
    raise OSError(5, "Input/output error")


def _fault_of_ours(_: int) -> None:
    raise ZeroDivisionError
