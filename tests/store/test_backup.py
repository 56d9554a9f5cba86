"""state/ → one file → state/."""

import asyncio
import gzip
import io
import os
import shutil
import tarfile
from itertools import count
from pathlib import Path

import pytest

from aggregator.commit import Commit
from aggregator.errors import StateDamagedError, StateError, StateLockedError
from aggregator.store.backup import back_up
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.lock import hold
from aggregator.store.restore import restore
from tests.long import copies
from tests.long.damage import LEDGERS, make_truth
from tests.newsroom import headline
from tests.store.faults import CrashError, Disk


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole state; nobody changes it."""
    return make_truth(tmp_path_factory.mktemp("truth")).directory


@pytest.fixture
def file(truth: Path, tmp_path: Path) -> Path:
    back_up(truth, tmp_path / "backup.tar.gz")
    return tmp_path / "backup.tar.gz"


def titles(directory: Path) -> set[str]:
    with EmbeddedStore(directory, read_only=True) as store:
        return {each.title for each in store.headlines()}


def members(file: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(file) as tar:
        return [(told, read.read()) for told in tar if (read := tar.extractfile(told)) is not None]


def rewrite(file: Path, kept: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tarfile.open(file, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for told, content in kept:
            tar.addfile(told, io.BytesIO(content))


def told(name: str, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def files(directory: Path) -> dict[str, bytes]:
    paths = (path for path in directory.rglob("*") if path.is_file() and path.name != "lock")
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


def test_what_comes_back_is_what_was_there(truth: Path, file: Path, tmp_path: Path) -> None:
    assert restore(file, tmp_path / "back", replace=False) is None

    back = files(tmp_path / "back")
    assert {*back} == {"snapshot.1", "journal.1", "edition", *LEDGERS}
    assert {name: back[name] for name in ("edition", *LEDGERS)} == {
        name: (truth / name).read_bytes() for name in ("edition", *LEDGERS)
    }
    assert titles(tmp_path / "back") == titles(truth)


def test_only_its_owner_may_read_a_backup_and_what_comes_out_of_it(file: Path, tmp_path: Path) -> None:
    restore(file, tmp_path / "back", replace=False)

    assert file.stat().st_mode & 0o777 == 0o600
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "back").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


def test_a_state_that_is_there_is_refused_or_kept_aside(truth: Path, file: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(truth, state)
    (state / "public").mkdir()
    before = files(state)
    with pytest.raises(StateError, match="holds a state already; --replace"):
        restore(file, state, replace=False)
    assert files(state) == before

    kept = restore(file, state, replace=True)
    assert kept == state / "replaced-1"
    assert files(kept) == before
    assert (kept / "public").is_dir()
    assert titles(state) == titles(truth)
    with EmbeddedStore(state) as store:
        assert not store.notes
    assert files(kept) == before


def test_a_restore_that_ends_anywhere_leaves_one_of_the_two_states_and_can_be_done_again(
    truth: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier state is the one that the backup is of, and one headline more."""
    asyncio.run(_one_more(truth, tmp_path / "state"))
    both, at = (titles(truth), titles(tmp_path / "state")), 0
    for at in count(1, 2):
        disk, directory = Disk("crash", at), tmp_path / f"{at}"
        shutil.copytree(tmp_path / "state", directory)
        with monkeypatch.context() as patch:
            disk.install(patch)
            try:
                restore(file, directory, replace=True)
            except CrashError:
                disk.bury()
        if not disk.hits:
            break
        assert titles(directory) in both
        restore(file, directory, replace=True)
        assert titles(directory) == both[0]
        assert [*directory.glob("replaced-*/snapshot.*")]
    assert at > 20


async def _one_more(truth: Path, directory: Path) -> None:
    shutil.copytree(truth, directory)
    with EmbeddedStore(directory) as store:
        await store.commit(Commit(headlines=(headline(77, title="One more"),)))


def test_nobody_restores_under_the_hands_of_another_process(file: Path, tmp_path: Path) -> None:
    lock = hold(tmp_path / "state")
    try:
        with pytest.raises(StateLockedError):
            restore(file, tmp_path / "state", replace=True)
    finally:
        os.close(lock)


def test_a_backup_beside_a_writer_ends_with_the_last_whole_record_and_line(truth: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(truth, state)
    for name in ("journal.2", LEDGERS[1]):
        with (state / name).open("ab") as under_way:
            under_way.write(b'\xf5HA\xf5{"crc":"')
    back_up(state, tmp_path / "backup.tar.gz")
    restore(tmp_path / "backup.tar.gz", tmp_path / "back", replace=False)

    assert titles(tmp_path / "back") == titles(truth)


def test_whatever_moment_a_copy_is_taken_at_it_holds_what_was_acknowledged() -> None:
    assert copies.run(6)["backup"] == 6


def test_damage_is_never_copied_and_the_earlier_backup_stays(truth: Path, file: Path, tmp_path: Path) -> None:
    before = file.read_bytes()
    for name in ("journal.2", LEDGERS[1]):
        state = tmp_path / name.replace("/", "-")
        shutil.copytree(truth, state)
        content = bytearray((state / name).read_bytes())
        content[60] ^= 1
        (state / name).write_bytes(content)
        with pytest.raises(StateDamagedError, match=name):
            back_up(state, file)
    assert file.read_bytes() == before
    assert not list(tmp_path.glob(".*.tmp"))


def test_an_empty_state_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with pytest.raises(StateError, match="holds nothing yet"):
        back_up(tmp_path / "state", tmp_path / "backup.tar.gz")


HOSTILE = [
    pytest.param(told("../outside"), id="above"),
    pytest.param(told("/outside"), id="absolute"),
    pytest.param(told("archive/../../outside.jsonl"), id="through"),
    pytest.param(told("lock"), id="not-ours"),
    pytest.param(told("archive/dunia/2026-10.jsonl", type=tarfile.SYMTYPE, linkname="/etc/passwd"), id="symlink"),
    pytest.param(told("edition", type=tarfile.LNKTYPE, linkname="snapshot.1"), id="hardlink"),
    pytest.param(told("edition", type=tarfile.FIFOTYPE), id="fifo"),
    pytest.param(told("edition", type=tarfile.CHRTYPE), id="device"),
    pytest.param(told("archive/dunia", type=tarfile.DIRTYPE), id="folder"),
    pytest.param(told("archive/" + "x" * 200), id="long-name"),
]


@pytest.mark.parametrize("strange", HOSTILE)
def test_a_tar_that_holds_anything_else_is_refused_and_leaves_nothing(
    file: Path, tmp_path: Path, strange: tarfile.TarInfo
) -> None:
    rewrite(file, [*(each for each in members(file) if each[0].name != strange.name), (strange, b"")])
    with pytest.raises(StateDamagedError, match="which is no file of ours"):
        restore(file, tmp_path / "back", replace=False)
    assert {path.name for path in (tmp_path / "back").iterdir()} == {"lock"}


def test_a_file_that_claims_more_than_there_is_room_for_is_refused(file: Path, tmp_path: Path) -> None:
    head = told("snapshot.1", size=1 << 62).tobuf(tarfile.GNU_FORMAT)
    file.write_bytes(gzip.compress(head))
    with pytest.raises(StateError, match="there is room for"):
        restore(file, tmp_path / "back", replace=False)


def test_what_goes_on_behind_its_end_is_refused(file: Path, tmp_path: Path) -> None:
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()) + b"\0" * (1 << 20)))
    with pytest.raises(StateDamagedError, match="goes on where a backup ends"):
        restore(file, tmp_path / "back", replace=False)


@pytest.mark.parametrize("name", ["snapshot.2", "journal.2"])
def test_half_a_generation_is_refused(file: Path, tmp_path: Path, name: str) -> None:
    rewrite(file, [each for each in members(file) if each[0].name != name])
    with pytest.raises(StateDamagedError, match="not one snapshot and its journal"):
        restore(file, tmp_path / "back", replace=False)


@pytest.mark.parametrize("name", ["snapshot.2", "journal.2", "edition", *LEDGERS])
def test_damage_inside_is_found_before_anything_is_put_in_place(
    truth: Path, file: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(truth, tmp_path / "state")
    before = files(tmp_path / "state")
    changed = [
        (each, content[:-9] + b"\1" + content[-8:]) if each.name == name else (each, content)
        for each, content in members(file)
    ]
    rewrite(file, changed)
    with pytest.raises(StateDamagedError, match="damaged; take another one"):
        restore(file, tmp_path / "state", replace=True)
    assert files(tmp_path / "state") == before


def test_a_backup_that_was_cut_or_flipped_anywhere_is_refused(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    for at in range(11, len(whole), len(whole) // 40):
        for content in (whole[:at], whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]):
            file.write_bytes(content)
            with pytest.raises(StateError):
                restore(file, tmp_path / "back", replace=False)
    assert {path.name for path in (tmp_path / "back").iterdir()} == {"lock"}
