from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import FeedsFileError
from aggregator.load.feeds_yaml import LIMIT_BYTES, FeedsFile
from aggregator.load.rewrite import add_to_file
from aggregator.subscription import Subscription
from tests.load.suggested import planned, read

BEFORE = """\
sources:
  - {name: A, url: "https://a.example/"}   # ours

# Nothing below
"""
NEW = planned(Subscription(url="https://b.example/", name="B", folders=("Dunia & Asia",)))


def feeds(folder: Path, text: str = BEFORE, mode: int = 0o640) -> Path:
    path = folder / "feeds.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_file_is_replaced_with_its_comments_and_permissions_kept(tmp_path: Path) -> None:
    path = feeds(tmp_path)
    before = path.stat()
    said = add_to_file(path, NEW, read=read)

    assert path.read_text() == (
        BEFORE.replace("# ours\n", "# ours\n  - {name: B, url: 'https://b.example/', topics: [dunia-asia]}\n")
        + "\ntopics:\n  - {slug: dunia-asia, title: Dunia & Asia}\n"
    )
    assert path.stat().st_mode == before.st_mode
    assert path.stat().st_ino != before.st_ino
    assert [source.name for source in said.sources] == ["A", "B"]
    assert [each.name for each in tmp_path.iterdir()] == ["feeds.yaml"]


def test_a_missing_file_is_begun_readable_for_all(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    add_to_file(path, NEW, read=read)
    assert path.read_text().startswith("# What is polled")
    assert path.stat().st_mode & 0o777 == 0o644
    assert [source.name for source in read(path).sources] == ["B"]


@pytest.mark.parametrize(
    "text",
    [
        "sources: &s\n    - {name: A, url: 'https://a.example/'}\n",
        "x: &x {name: A, url: 'https://a.example/'}\nsources:\n  - *x\n",
        "sources:\n  -\n    name: A\n    url: &u https://a.example/\n    proxy: *u\nsite: {title: x}\n",
        '{"sources": [{"name": "A", "url": "https://a.example/"}], "site": {"title": "x"}}',
        "---\nsources:\n  - {name: A, url: 'https://a.example/'}\nkeep: 10d\ntopics: []\n...\n",
    ],
    ids=["anchored", "an alias", "an alias at the end", "JSON", "marked"],
)
def test_other_layouts_are_added_to_or_left_as_they_are(tmp_path: Path, text: str) -> None:
    path = feeds(tmp_path, text)
    try:
        add_to_file(path, NEW, read=read)
    except FeedsFileError:
        assert path.read_text() == text
    else:
        assert [source.name for source in read(path).sources] == ["A", "B"]


def test_a_link_still_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path, link = feeds(tmp_path / "real"), tmp_path / "feeds.yaml"
    link.symlink_to(path)
    add_to_file(link, NEW, read=read)
    assert link.is_symlink()
    assert len(read(path).sources) == 2


def test_paths_inside_of_the_file_still_start_at_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("user:password")
    path = feeds(tmp_path, "sources:\n  - {name: A, url: https://a.example/, auth_file: secret}\n")
    add_to_file(path, NEW, read=read)
    assert read(path).sources[0].auth_file == tmp_path / "secret"


def test_a_byte_order_mark_stays_first(tmp_path: Path) -> None:
    path = feeds(tmp_path, "\ufeff" + BEFORE)
    add_to_file(path, NEW, read=read)
    assert path.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert len(read(path).sources) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("---\nsources:\n- {name: A, url: 'https://a.example/'}\n...\n", "write these below sources: yourself"),
        (f"{BEFORE}#{'x' * (LIMIT_BYTES - len(BEFORE) - 2)}\n", "is larger than 32 MiB"),
        ("sources:\n  - {name: A}\n", "has no url"),
    ],
    ids=["a layout that we do not know", "as large as can be", "a fault"],
)
def test_what_cannot_be_added_to_is_left_as_it_was(tmp_path: Path, text: str, told: str) -> None:
    path = feeds(tmp_path, text)
    with pytest.raises(FeedsFileError, match=told) as raised:
        add_to_file(path, NEW, read=read)
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["feeds.yaml"]
    assert str(raised.value).startswith(str(path))


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = feeds(tmp_path)

    def read_slowly(asked: Path) -> FeedsFile:
        if asked != path:
            path.write_text(BEFORE + "keep: 10d\n")
        return read(asked)

    with pytest.raises(FeedsFileError, match="changed meanwhile; try again"):
        add_to_file(path, NEW, read=read_slowly)
    assert path.read_text() == BEFORE + "keep: 10d\n"


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedsFileError, match="cannot be written: No such file or directory"):
        add_to_file(tmp_path / "nowhere" / "feeds.yaml", NEW, read=read)


def test_a_file_that_says_something_else_of_the_old_sources_is_not_taken(tmp_path: Path) -> None:
    path = feeds(tmp_path)

    def misread(asked: Path) -> FeedsFile:
        said = read(asked)
        return said if asked == path else replace(said, sources=(said.sources[1], said.sources[0]))

    with pytest.raises(FeedsFileError, match=r"write these below sources: yourself:\n  - \{name: B, "):
        add_to_file(path, NEW, read=misread)
    assert path.read_text() == BEFORE
