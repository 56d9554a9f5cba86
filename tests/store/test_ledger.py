import os
import stat
from pathlib import Path
from typing import get_args

import pytest

from aggregator.errors import StateDamagedError, StateError
from aggregator.store.ledger import Ledger, seal_of
from tests.store.faults import CrashError, Disk, Fault

TOLD = [("urn:uuid:1", 1, b'{"id":"urn:uuid:1"}'), ("urn:uuid:2", 2, b'{"id":"urn:uuid:2"}')]


def ledger(directory: Path) -> Ledger:
    return Ledger(directory / "archive" / "dunia" / "2026-10.jsonl")


def held(read: Ledger) -> list[bytes]:
    return read.items(range(len(read))) if len(read) else []


def test_what_was_appended_is_there_for_the_next_run_in_the_order_it_came(tmp_path: Path) -> None:
    written = ledger(tmp_path)
    assert (len(written), written.place("urn:uuid:1")) == (0, None)
    written.append(TOLD[:1])
    written.append(TOLD[1:])

    for read in (written, ledger(tmp_path)):
        assert held(read) == [json for _, _, json in TOLD]
        assert [read.place(id_) for id_, _, _ in TOLD] == [0, 1]
        assert read.size == read.path.stat().st_size


def test_the_last_line_of_an_item_holds_at_the_place_of_its_first(tmp_path: Path) -> None:
    written = ledger(tmp_path)
    written.append(TOLD)
    size = written.size
    written.append([("urn:uuid:1", 7, b'{"id":"revised"}')])

    for read in (written, ledger(tmp_path)):
        assert held(read) == [b'{"id":"revised"}', TOLD[1][2]]
        assert [read.mark(place) for place in (0, 1)] == [7, 2]
        assert (read.places_since(size), read.places_since(0)) == ([0], [0, 1])


def test_a_seal_is_read_without_the_rest(tmp_path: Path) -> None:
    written = ledger(tmp_path)
    written.append(TOLD)
    assert seal_of(written.path) is None
    written.end(b'{"items":2}')

    assert seal_of(written.path) == ledger(tmp_path).seal == written.seal == b'{"items":2}'
    assert held(ledger(tmp_path)) == [json for _, _, json in TOLD]


def test_a_line_is_json_that_names_its_item(tmp_path: Path) -> None:
    written = ledger(tmp_path)
    written.append(TOLD[:1])

    assert (
        written.path.read_bytes()
        == b'{"crc":"06cea0ab","mark":"00000001","id":"urn:uuid:1","item":{"id":"urn:uuid:1"}}\n'
    )


def test_only_the_owner_may_read_it_and_no_link_is_followed(tmp_path: Path) -> None:
    written = ledger(tmp_path)
    written.append(TOLD)
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in list(written.path.parents)[:2]} == {0o700}
    written.path.rename(tmp_path / "elsewhere")
    written.path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateError, match=r"2026-10\.jsonl"):
        ledger(tmp_path)


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_a_torn_last_line_is_cut_off_and_said_so(tmp_path: Path, cut: int) -> None:
    written = ledger(tmp_path)
    written.append(TOLD[:1])
    whole = written.size
    written.append(TOLD[1:])
    os.truncate(written.path, whole + cut if cut > 0 else written.size + cut)
    torn = written.path.stat().st_size - whole
    read = ledger(tmp_path)

    assert read.notes == (f"{read.path}: cut at byte {whole}: a crash tore the last {torn} bytes",)
    assert read.path.stat().st_size == whole
    assert held(read) == [TOLD[0][2]]
    read.append(TOLD[1:])
    assert held(ledger(tmp_path)) == [json for _, _, json in TOLD]
    assert ledger(tmp_path).notes == ()


def test_a_bad_line_before_a_good_one_is_refused(tmp_path: Path) -> None:
    written = ledger(tmp_path)
    written.append(TOLD)
    content = bytearray(written.path.read_bytes())
    content[30] ^= 1
    written.path.write_bytes(content)

    with pytest.raises(StateDamagedError, match=r"2026-10\.jsonl: damaged at byte 0; restore it from a backup"):
        ledger(tmp_path)
    with pytest.raises(StateDamagedError, match="changed by another hand"):
        written.items([0])


@pytest.mark.parametrize("fault", get_args(Fault))
def test_whichever_call_fails_what_was_told_is_whole_and_the_rest_is_told_again(
    tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = 0
    for at in range(1, 16):
        disk, directory = Disk(fault, at), tmp_path / f"{at}"
        kept: list[bytes] = []
        with monkeypatch.context() as patch:
            disk.install(patch)
            try:
                _tell(ledger(directory), kept)
            except CrashError:
                disk.bury()
        hits += disk.hits
        read = ledger(directory)
        assert held(read)[: len(kept)] == kept
        for id_, mark, json in TOLD:
            if read.place(id_) is None:
                read.append([(id_, mark, json)])
        assert held(ledger(directory)) == [json for _, _, json in TOLD]
    assert hits > 3


def _tell(written: Ledger, kept: list[bytes]) -> None:
    """Append line after line, and note what was acknowledged; after a failure, read the file anew."""
    for id_, mark, json in TOLD:
        try:
            if written.place(id_) is None:
                written.append([(id_, mark, json)])
            kept.append(json)
        except StateError:
            break


def test_what_was_appended_is_on_the_disk_itself_and_so_are_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync = set[int](), os.fsync

    def watched(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    written = ledger(tmp_path)
    written.append(TOLD)

    assert synced == {path.stat().st_ino for path in (written.path, *list(written.path.parents)[:3])}


def test_what_a_failed_write_left_and_could_not_be_taken_back_is_not_built_upon(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "2026-10.jsonl")
    ledger.append([("urn:1", 1, b"{}")])
    with ledger.path.open("ab") as file:  # as much of it as the disk had room for before it became read-only
        file.write(b'{"crc":"5f1c0a7e","mark":"0c6')
    ledger.append([("urn:2", 2, b"{}")])

    again = Ledger(ledger.path)
    assert (again.notes, len(again), again.items([0, 1])) == ((), 2, [b"{}", b"{}"])
    assert ledger.items([1]) == [b"{}"]
