"""What is left of a damaged state/; flips and cuts at random are in tests/long/damage.py, of which this runs some."""

import asyncio
import os
import shutil
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from aggregator.commit import Commit
from aggregator.errors import StateDamagedError, StateError, StateLockedError
from aggregator.source import Listed, Standing, Validators
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.frames import HEADER
from aggregator.store.ledger import Ledger, seal_of
from aggregator.store.lock import hold
from aggregator.store.repair import Repair, repair
from aggregator.store.whole import put_whole
from tests.long import damage
from tests.newsroom import NOON, headline
from tests.store.faults import CrashError, Disk

STANDING = Standing(
    source="dunia",
    name="Dunia",
    urls=("https://dunia.example/",),
    validators=(("https://dunia.example/", Validators(etag='"a"')),),
    body_hash="x",
    read_whole=True,
)
LINES = tuple(headline(number, title=f"Berita {number}") for number in range(3))


def write(directory: Path, *commits: Commit) -> None:
    async def commit() -> None:
        with EmbeddedStore(directory) as store:
            for each in commits:
                await store.commit(each)

    asyncio.run(commit())


def flip(path: Path, found: bytes) -> None:
    """Turn a bit of the first byte of what is found first in a file."""
    content = bytearray(path.read_bytes())
    content[content.index(found)] ^= 1
    path.write_bytes(content)


def damaged(directory: Path) -> Repair:
    """Commit three headlines, one after the other, and the listing; damage the second, and repair that."""
    listing = tuple(Listed(fingerprint=f"{at:016}", headline=line.id) for at, line in enumerate(LINES))
    write(
        directory,
        *(Commit(headlines=(line,), unlisted=((line.id, NOON),)) for line in LINES),
        Commit(listings=(("dunia", listing),), standings=(STANDING,)),
    )
    flip(directory / "journal.1", b'"Berita 1"')
    with pytest.raises(StateDamagedError, match=r"journal\.1: damaged at byte .*run `aggregator repair`"):
        EmbeddedStore(directory)
    return repair(directory)


def test_flips_and_cuts_at_random_open_or_are_refused_and_repaired() -> None:
    ended = damage.run(120, 3)

    assert sum(ended.values()) == 120
    assert min(ended[way] for way in ("refused and repaired", "cut off and said so", "a prefix", "left out")) > 1


def test_what_was_lost_is_told_and_the_damaged_files_are_kept(tmp_path: Path) -> None:
    before = damaged(tmp_path)

    assert [loss.path.name for loss in before.losses] == ["journal.1"]
    assert before.kept == tmp_path / "damaged-1"
    assert sorted(path.name for path in before.kept.iterdir()) == ["journal.1", "snapshot.1"]
    assert {path.stat().st_mode & 0o777 for path in before.kept.iterdir()} == {0o600}
    assert before.kept.stat().st_mode & 0o777 == 0o700
    write(tmp_path, Commit(headlines=(headline(7),)))
    assert sorted(path.name for path in before.kept.iterdir()) == ["journal.1", "snapshot.1"]


def test_the_titles_of_lost_headlines_are_told_where_they_can_be_read(tmp_path: Path) -> None:
    write(tmp_path, *(Commit(headlines=(line,)) for line in LINES))
    flip(tmp_path / "journal.1", b'"summary"')

    assert repair(tmp_path).titles == ("Berita 0",)


def test_a_lost_headline_that_is_still_listed_comes_again(tmp_path: Path) -> None:
    assert damaged(tmp_path).asked_anew == 1

    with EmbeddedStore(tmp_path) as store:
        assert {each.id for each in store.headlines()} == {LINES[0].id, LINES[2].id}
        assert [line.headline for line in store.listing("dunia")] == [LINES[0].id, LINES[2].id]
        assert store.known(LINES[1].keys) == {}
        assert store.standing("dunia") == replace(STANDING, validators=(), body_hash=None, read_whole=False)


def test_what_was_archived_does_not_come_again_whatever_is_lost(tmp_path: Path) -> None:
    write(
        tmp_path,
        Commit(headlines=LINES[:1]),
        Commit(archived=LINES[:1], keys_until=NOON),
        Commit(listings=(("dunia", (Listed(fingerprint="0" * 16, headline=LINES[0].id),)),), standings=(STANDING,)),
    )
    flip(tmp_path / "journal.1", b'"Berita 0"')

    assert repair(tmp_path).asked_anew == 0
    with EmbeddedStore(tmp_path) as store:
        assert store.known(LINES[0].keys) == dict.fromkeys(LINES[0].keys)
        assert len(store.listing("dunia")) == 1


def test_a_state_that_is_whole_is_left_as_it_is(tmp_path: Path) -> None:
    truth = damage.make_truth(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in truth.files}

    assert repair(tmp_path) == Repair(losses=(), titles=(), kept=None, asked_anew=0)
    assert {name: (tmp_path / name).read_bytes() for name in truth.files} == before


def test_a_journal_whose_snapshot_is_gone_is_kept(tmp_path: Path) -> None:
    write(tmp_path, *(Commit(headlines=(line,)) for line in LINES))
    (tmp_path / "snapshot.1").unlink()

    assert [(loss.path.name, loss.length) for loss in repair(tmp_path).losses] == [("snapshot.1", 0)]
    with EmbeddedStore(tmp_path) as store:
        assert {each.id for each in store.headlines()} == {line.id for line in LINES}


def test_a_month_that_had_ended_and_was_damaged_can_end_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "archive" / "dunia" / "2026-10.jsonl")
    ledger.append([(f"urn:{number}", number, b'{"title":"Told %d"}' % number) for number in range(3)])
    ledger.end(b'{"items":3}')
    put_whole(tmp_path / "edition", (b"{}",))
    flip(ledger.path, b'1"}')
    mended = repair(tmp_path)

    assert mended.kept is not None
    assert (mended.kept / "archive" / "dunia" / "2026-10.jsonl").exists()
    assert (mended.kept / "edition").exists()
    assert not (tmp_path / "edition").exists()  # all is published anew
    left = Ledger(ledger.path)
    assert left.items(range(len(left))) == [b'{"title":"Told 0"}', b'{"title":"Told 2"}']
    assert seal_of(ledger.path) is None
    left.end(b'{"items":2}')


def test_a_repair_that_ends_anywhere_loses_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "state", *(Commit(headlines=(line,)) for line in LINES))
    Ledger(tmp_path / "state" / "archive" / "dunia" / "2026-10.jsonl").append(
        [("urn:1", 1, b"{}"), ("urn:2", 2, b"{}")]
    )
    put_whole(tmp_path / "state" / "edition", (b"{}",))
    for path, found in (("journal.1", b'"Berita 0"'), ("archive/dunia/2026-10.jsonl", b"urn:1")):
        flip(tmp_path / "state" / path, found)
    at = 0
    for at in count(1):
        disk, directory = Disk("crash", at), tmp_path / f"{at}"
        shutil.copytree(tmp_path / "state", directory)
        with monkeypatch.context() as patch:
            disk.install(patch)
            try:
                repair(directory)
            except CrashError:
                disk.bury()
        if not disk.hits:
            break
        repair(directory)
        with EmbeddedStore(directory) as store:
            assert {each.id for each in store.headlines()} == {line.id for line in LINES[1:]}
        assert len(Ledger(directory / "archive" / "dunia" / "2026-10.jsonl")) == 1
        assert not (directory / "edition").exists()
        kept = {path.name for path in directory.glob("damaged-*/**/*") if path.is_file()}
        assert kept == {"snapshot.1", "journal.1", "2026-10.jsonl", "edition"}
    assert at > 10


def test_nobody_repairs_what_another_process_holds(tmp_path: Path) -> None:
    write(tmp_path, Commit(headlines=LINES))
    lock = hold(tmp_path)
    try:
        with pytest.raises(StateLockedError):
            repair(tmp_path)
    finally:
        os.close(lock)


def test_what_a_newer_version_wrote_is_no_damage(tmp_path: Path) -> None:
    write(tmp_path, Commit(headlines=LINES))
    for name in ("snapshot.1", "journal.1"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(HEADER.replace(b"1", b"2") + content[len(HEADER) :])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(StateError, match="written by a newer version"):
        repair(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
