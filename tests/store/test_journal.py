import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from aggregator.errors import StateDamagedError, StateError, StateLockedError
from aggregator.store.frames import FRAME_BYTES, HEADER, frame
from aggregator.store.journal import Journal

RECORDS = ((b"due\ta\t1\n", b""), (b"due\tb\t2\n", b"headlines\tx\t{}\n"), (b"", b"headlines\ty\t{}\n"))


def write(directory: Path, *records: tuple[bytes, bytes]) -> None:
    """Commit records and end."""
    journal, _ = Journal.open(directory)
    for schedule, headlines in records:
        journal.append(schedule, headlines)
    journal.close()


def begin(directory: Path, *records: tuple[bytes, bytes]) -> None:
    """Begin a generation and end."""
    journal, _ = Journal.open(directory)
    journal.adopt(journal.begin(records))
    journal.close()


def read(directory: Path, *, read_only: bool = False) -> tuple[list[bytes], list[bytes], tuple[str, ...]]:
    """Give the schedule lines, the headline lines and the notes of an opening."""
    journal, opened = Journal.open(directory, read_only=read_only)
    headlines = [journal.read(run.file, run.offset, run.length) for run in opened.headlines]
    journal.close()
    return [lines for lines in opened.schedule if lines], headlines, opened.notes


def held(records: Iterable[tuple[bytes, bytes]]) -> tuple[list[bytes], list[bytes]]:
    """Give what `read` gives of whole records."""
    records = list(records)
    return [schedule for schedule, _ in records if schedule], [headlines for _, headlines in records if headlines]


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "lock"}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_was_appended_is_there_after_the_next_opening(tmp_path: Path) -> None:
    write(tmp_path, *RECORDS[:2])
    write(tmp_path, *RECORDS[2:])

    assert read(tmp_path) == (*held(RECORDS), ())


def test_a_run_that_append_named_can_be_read_at_once(tmp_path: Path) -> None:
    journal, _ = Journal.open(tmp_path)
    runs = [journal.append(*record) for record in RECORDS]

    assert [journal.read(run.file, run.offset, run.length) for run in runs] == [headlines for _, headlines in RECORDS]
    journal.close()


def test_only_the_owner_may_read_the_files_and_a_web_server_can_reach_the_public_ones(tmp_path: Path) -> None:
    write(tmp_path / "state", *RECORDS)
    (tmp_path / "state" / "journal.1").unlink()  # as a crash may leave it
    write(tmp_path / "state", *RECORDS)

    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o711
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()} == {0o600}


def test_a_symbolic_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "state", *RECORDS)
    journal = tmp_path / "state" / "journal.1"
    journal.rename(tmp_path / "elsewhere")
    journal.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateError):
        Journal.open(tmp_path / "state")


def test_a_record_torn_anywhere_is_cut_off_and_said_so(tmp_path: Path) -> None:
    write(tmp_path, *RECORDS)
    whole = (tmp_path / "journal.1").read_bytes()
    last = len(frame(*RECORDS[-1]))

    for cut in range(1, last):
        (tmp_path / "journal.1").write_bytes(whole[:-cut])
        schedule, headlines, notes = read(tmp_path)

        assert (schedule, headlines) == held(RECORDS[:-1])
        told = f"{tmp_path}/journal.1: cut at byte {len(whole) - last}: a crash tore the last {last - cut} bytes"
        assert notes == (told,)
        assert read(tmp_path) == (schedule, headlines, ())


@pytest.mark.parametrize("tail", [b"\0" * 4096, b"\xf5HA\xf5", b"\xf5HA\xf5" * 100, b"\xff" * 511], ids=len)
def test_what_a_power_cut_leaves_behind_the_last_record_is_cut_off(tmp_path: Path, tail: bytes) -> None:
    write(tmp_path, *RECORDS)
    with (tmp_path / "journal.1").open("ab") as journal:
        journal.write(tail)

    write(tmp_path, (b"due\tc\t3\n", b""))

    assert read(tmp_path) == (*held([*RECORDS, (b"due\tc\t3\n", b"")]), ())


def test_a_reader_leaves_a_torn_record_to_the_writer(tmp_path: Path) -> None:
    write(tmp_path, *RECORDS)
    torn = (tmp_path / "journal.1").read_bytes()[:-1]
    (tmp_path / "journal.1").write_bytes(torn)

    assert read(tmp_path, read_only=True)[:2] == held(RECORDS[:-1])
    assert (tmp_path / "journal.1").read_bytes() == torn


@pytest.mark.parametrize("file", ["snapshot.2", "journal.2"])
def test_damage_in_the_middle_is_refused_with_file_and_offset_and_nothing_is_touched(tmp_path: Path, file: str) -> None:
    begin(tmp_path, *RECORDS)
    write(tmp_path, *RECORDS)
    whole = (tmp_path / file).read_bytes()
    second = len(HEADER) + len(frame(*RECORDS[0]))

    for at in range(second, second + len(frame(*RECORDS[1]))):
        (tmp_path / file).write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        before = files(tmp_path)
        for read_only in (True, False):
            with pytest.raises(StateDamagedError, match=rf"{file}: damaged at byte {second}; restore it from a backup"):
                Journal.open(tmp_path, read_only=read_only)
        assert files(tmp_path) == before


def test_a_snapshot_that_was_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    begin(tmp_path, *RECORDS)
    whole = (tmp_path / "snapshot.2").read_bytes()

    for size in range(len(whole)):
        (tmp_path / "snapshot.2").write_bytes(whole[:size])
        with pytest.raises(StateDamagedError, match=r"snapshot\.2: damaged at byte"):
            Journal.open(tmp_path)


def test_a_journal_whose_snapshot_is_missing_is_refused_and_kept(tmp_path: Path) -> None:
    begin(tmp_path)
    write(tmp_path, *RECORDS)
    (tmp_path / "snapshot.2").unlink()
    before = files(tmp_path)

    with pytest.raises(StateDamagedError, match=r"journal.2: its snapshot.2 is missing; restore it"):
        Journal.open(tmp_path)
    assert files(tmp_path) == before


@pytest.mark.parametrize("file", ["snapshot.1", "journal.1"])
def test_a_file_that_does_not_begin_as_ours_do_is_refused(tmp_path: Path, file: str) -> None:
    write(tmp_path, *RECORDS)
    (tmp_path / file).write_bytes(b"H" + (tmp_path / file).read_bytes()[1:])

    with pytest.raises(StateDamagedError, match=f"{file}: damaged at byte 0"):
        Journal.open(tmp_path)


@pytest.mark.parametrize("newer", ["snapshot.2", "journal.2"])
def test_what_a_newer_version_wrote_is_refused_and_nothing_is_touched(tmp_path: Path, newer: str) -> None:
    begin(tmp_path, *RECORDS)
    write(tmp_path, *RECORDS)
    content = (tmp_path / newer).read_bytes().removeprefix(HEADER)
    (tmp_path / newer).write_bytes(b"headline-aggregator state 2\n" + content)
    (tmp_path / "journal.1").write_bytes(HEADER)
    (tmp_path / "lock").unlink()
    tmp_path.chmod(0o755)
    before = files(tmp_path)

    with pytest.raises(StateError, match=rf"{newer}: written by a newer version \(format 2\); run that version"):
        Journal.open(tmp_path)
    assert files(tmp_path) == before
    assert not (tmp_path / "lock").exists()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("size", range(len(HEADER)))
def test_a_journal_that_was_only_being_made_is_made_anew(tmp_path: Path, size: int) -> None:
    begin(tmp_path, *RECORDS)
    (tmp_path / "journal.2").write_bytes(HEADER[:size])

    write(tmp_path, RECORDS[0])

    assert read(tmp_path) == (*held([*RECORDS, RECORDS[0]]), ())


def test_a_journal_that_is_missing_beside_its_snapshot_held_nothing(tmp_path: Path) -> None:
    begin(tmp_path, *RECORDS)
    (tmp_path / "journal.2").unlink()

    assert read(tmp_path) == (*held(RECORDS), ())


def test_what_crashes_left_behind_is_removed_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    begin(tmp_path, *RECORDS)
    orphans = ["snapshot.1", "journal.1", "snapshot.3.tmp", "journal.3", "snapshot.2.tmp"]
    others = ["journal.2.bak", "snapshot.old", "snapshot.02", "notes.txt"]
    for name in (*orphans, *others):
        (tmp_path / name).write_bytes(HEADER)

    assert read(tmp_path) == (*held(RECORDS), ())
    assert set(files(tmp_path)) == {"snapshot.2", "journal.2", *others}


def test_a_generation_holds_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, *RECORDS)
    journal, _ = Journal.open(tmp_path)
    begun = journal.begin([RECORDS[1]])
    journal.adopt(begun)
    [run] = begun.runs
    journal.append(*RECORDS[0])

    assert journal.read(run.file, run.offset, run.length) == RECORDS[1][1]
    journal.close()
    assert read(tmp_path) == (*held([RECORDS[1], RECORDS[0]]), ())
    assert set(files(tmp_path)) == {"snapshot.2", "journal.2"}


def test_a_reader_keeps_its_generation_while_the_writer_begins_others(tmp_path: Path) -> None:
    write(tmp_path, *RECORDS)
    reader, opened = Journal.open(tmp_path, read_only=True)
    begin(tmp_path)
    begin(tmp_path)

    assert [reader.read(run.file, run.offset, run.length) for run in opened.headlines] == held(RECORDS)[1]
    reader.close()
    assert read(tmp_path, read_only=True) == ([], [], ())


def test_a_reader_takes_no_lock_and_makes_nothing(tmp_path: Path) -> None:
    writer, _ = Journal.open(tmp_path / "state")
    reader, _ = Journal.open(tmp_path / "state", read_only=True)
    writer.append(*RECORDS[0])
    reader.close()
    writer.close()
    (tmp_path / "empty").mkdir()

    assert read(tmp_path / "empty", read_only=True) == ([], [], ())
    assert list((tmp_path / "empty").iterdir()) == []
    with pytest.raises(StateError, match="missing"):
        Journal.open(tmp_path / "missing", read_only=True)


def test_a_second_writer_is_refused_and_told_the_first_ones_pid(tmp_path: Path) -> None:
    journal, _ = Journal.open(tmp_path)

    with pytest.raises(StateLockedError, match=f"in use by process {os.getpid()}; stop it first") as refused:
        Journal.open(tmp_path)
    assert refused.value.pid == os.getpid()
    journal.close()
    write(tmp_path, *RECORDS)


def test_the_lock_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\nfrom aggregator.store.journal import Journal\n"
        "journal, _ = Journal.open(pathlib.Path(sys.argv[1]))\n"
        "journal.append(b'due\\ta\\t1\\n', b'')\nprint('open', flush=True)\nsys.stdin.read()"
    )
    line = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StateLockedError) as refused:
            Journal.open(tmp_path)
        assert refused.value.pid == other.pid
        other.send_signal(signal.SIGKILL)

    assert read(tmp_path) == ([b"due\ta\t1\n"], [], ())


def test_every_moment_of_a_copy_opens(tmp_path: Path) -> None:
    state, copies = tmp_path / "state", 0
    journal, _ = Journal.open(state)
    for number in range(40):
        journal.append(b"due\t%d\t1\n" % number, b"")
        if number % 10 == 5:
            begun = journal.begin([(b"due\t%d\t1\n" % each, b"") for each in range(number + 1)])
            shutil.copytree(state, tmp_path / "between", dirs_exist_ok=False)
            journal.adopt(begun)
            assert len(read(tmp_path / "between")[0]) == number + 1
            shutil.rmtree(tmp_path / "between")
        shutil.copytree(state, tmp_path / f"copy{number}")
        assert len(read(tmp_path / f"copy{number}")[0]) == number + 1
        copies += 1
    journal.close()
    assert copies == 40


@pytest.mark.parametrize("name", ["file", "file/state"])
def test_a_place_that_cannot_be_a_folder_is_told_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StateError, match=f"{tmp_path}/{name}: is no folder; name another with --state"):
        Journal.open(tmp_path / name)


def test_a_failed_write_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = Journal.open(tmp_path)
    journal.append(*RECORDS[0])
    write_ = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, content: write_(file, content[:7]) if len(content) > 20 else _no_space())
        with pytest.raises(OSError, match="No space"):
            journal.append(*RECORDS[1])
    assert not journal.suspect
    journal.append(*RECORDS[2])
    journal.close()

    assert read(tmp_path) == (*held([RECORDS[0], RECORDS[2]]), ())


def test_after_a_failed_sync_only_a_new_generation_may_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = Journal.open(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", lambda _: _no_space())
        with pytest.raises(OSError, match="No space"):
            journal.append(*RECORDS[0])

    assert journal.suspect
    with pytest.raises(OSError, match="unknown since an earlier failure"):
        journal.append(*RECORDS[1])
    journal.adopt(journal.begin([RECORDS[2]]))
    journal.append(*RECORDS[1])
    journal.close()
    assert read(tmp_path) == (*held([RECORDS[2], RECORDS[1]]), ())


def test_a_generation_is_on_the_disk_before_the_one_before_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut may undo a rename whose folder was not synced."""
    journal, _ = Journal.open(tmp_path)
    done: list[str] = []
    fsync, rename, unlink = os.fsync, os.rename, os.unlink

    def note_fsync(file: int) -> None:
        done.append("sync of the folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "sync of a file")
        fsync(file)

    def note_rename(old: Path, new: Path) -> None:
        done.append(f"{new.name} is named")
        rename(old, new)

    def note_unlink(path: Path) -> None:
        done.append(f"{path.name} goes")
        unlink(path)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    monkeypatch.setattr(os, "unlink", note_unlink)
    journal.adopt(journal.begin(RECORDS))
    journal.close()

    assert [*done[-5:-2], *sorted(done[-2:])] == [
        "sync of a file",
        "snapshot.2 is named",
        "sync of the folder",
        "journal.1 goes",
        "snapshot.1 goes",
    ]
    assert done.count("sync of a file") >= 2


def test_a_snapshot_for_which_there_is_no_room_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = Journal.open(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _: _no_space())
        with pytest.raises(OSError, match="No space"):
            journal.begin(RECORDS)

    assert not journal.suspect
    assert not list(tmp_path.glob("*.tmp"))
    journal.close()


def test_no_file_is_left_open(tmp_path: Path) -> None:
    begin(tmp_path, *RECORDS)
    before = descriptors()
    for _ in range(5):
        read(tmp_path)
        read(tmp_path, read_only=True)
        begin(tmp_path, *RECORDS)
    generation = max(int(name.partition(".")[2]) for name in files(tmp_path))
    (tmp_path / f"journal.{generation}").unlink()
    with pytest.raises(StateError, match="faster than it can be read"):
        Journal.open(tmp_path, read_only=True)
    (tmp_path / f"journal.{generation}").write_bytes(b"not ours, as anybody can see\n")
    with pytest.raises(StateDamagedError):
        Journal.open(tmp_path)
    (tmp_path / f"snapshot.{generation}").write_bytes(b"")
    with pytest.raises(StateDamagedError):
        Journal.open(tmp_path)

    assert descriptors() == before


def test_a_frame_costs_sixteen_bytes() -> None:
    assert FRAME_BYTES == 16
    assert len(frame(b"a\n", b"bc\n")) == 16 + 5


def _no_space() -> int:
    raise OSError(28, "No space left on device")
