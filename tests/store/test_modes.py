from pathlib import Path

import pytest

from aggregator.store.journal import Journal
from aggregator.store.modes import tighten
from tests.long.damage import make_truth


def modes(directory: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in directory.iterdir() if path.is_file()}


def test_a_state_that_others_could_read_is_closed_to_them_and_that_is_said(tmp_path: Path) -> None:
    make_truth(tmp_path / "state")
    state = tmp_path / "state"
    for path in (state, state / "archive"):
        path.chmod(0o777)
    for path in filter(Path.is_file, state.iterdir()):
        path.chmod(0o644)
    journal, opened = Journal.open(state)
    journal.close()

    assert modes(state) == {0o600}
    assert state.stat().st_mode & 0o777 == 0o711
    assert (state / "archive").stat().st_mode & 0o777 == 0o700
    assert f"{state}: others could use it (0777); now it is 0711" in opened.notes
    assert f"{state / 'edition'}: others could use it (0644); now it is 0600" in opened.notes
    assert tighten(state) == ()


def test_what_is_published_what_is_not_ours_and_where_a_link_leads_stay_as_they_are(tmp_path: Path) -> None:
    others = [tmp_path / "public", tmp_path / "notes.txt", tmp_path / "elsewhere"]
    others[0].mkdir()
    for path in others:
        path.touch()
        path.chmod(0o755)
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    tighten(tmp_path)

    assert {path.stat().st_mode & 0o777 for path in others} == {0o755}


def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    make_truth(tmp_path)
    (tmp_path / "journal.2").chmod(0o644)
    journal, opened = Journal.open(tmp_path, read_only=True)
    journal.close()

    assert opened.notes == ()
    assert (tmp_path / "journal.2").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["snapshot.12", "journal.3.tmp", "edition.tmp", "log.1", "damaged-1", "replaced-12"])
def test_every_name_that_we_give_is_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch(mode=0o644)
    tighten(tmp_path)

    assert modes(tmp_path) == {0o600}
