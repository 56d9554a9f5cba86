import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.document import Document
from aggregator.errors import StateError
from aggregator.publish.documents import document
from aggregator.publish.files import remove_stale, write_documents


def named(path: str, body: bytes = b"news") -> Document:
    return document(path, "text/plain", body, modified_at=None, max_age=timedelta(minutes=1))


def test_documents_become_files_that_any_web_server_may_read(tmp_path: Path) -> None:
    public = tmp_path / "state" / "public"
    assert write_documents(public, [named("a.rss"), named("index.html", b"<p>")]) == ("a.rss", "index.html")
    assert {path.name: path.read_bytes() for path in public.iterdir()} == {"a.rss": b"news", "index.html": b"<p>"}
    assert stat.S_IMODE((public / "a.rss").stat().st_mode) & 0o044 == 0o044 & ~_umask()


def test_a_file_that_holds_the_bytes_already_is_left_alone(tmp_path: Path) -> None:
    write_documents(tmp_path, [named("a.rss"), named("b.rss")])
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}

    assert write_documents(tmp_path, [named("a.rss"), named("b.rss", b"late")]) == ("b.rss",)
    after = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    assert after["a.rss"] == before["a.rss"]
    assert (tmp_path / "b.rss").read_bytes() == b"late"


def test_a_reader_keeps_the_old_file_while_it_is_replaced(tmp_path: Path) -> None:
    write_documents(tmp_path, [named("a.rss", b"old")])
    with (tmp_path / "a.rss").open("rb") as reader:
        write_documents(tmp_path, [named("a.rss", b"the new one")])
        assert reader.read() == b"old"


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"news")
    public = tmp_path / "public"
    public.mkdir()
    (public / "a.rss").symlink_to(outside)

    assert write_documents(public, [named("a.rss", b"news")]) == ("a.rss",)
    assert not (public / "a.rss").is_symlink()
    (public / ".b.rss.tmp").symlink_to(outside)
    with pytest.raises(StateError):
        write_documents(public, [named("b.rss", b"stolen")])
    assert outside.read_bytes() == b"news"


@pytest.mark.parametrize("path", ["../a.rss", "/etc/a.rss", "a/b.rss", "", ".", "a.rss\n", "A.rss", ".a.rss.tmp"])
def test_a_path_that_is_no_name_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not the name of a document"):
        write_documents(tmp_path, [named(path)])
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_old_files_and_says_what_to_do(tmp_path: Path) -> None:
    write_documents(tmp_path, [named("a.rss", b"old")])
    (tmp_path / ".b.rss.tmp").mkdir()

    with pytest.raises(StateError, match=r"cannot be written: .*; free disk space"):
        write_documents(tmp_path, [named("a.rss", b"new"), named("b.rss")])
    assert (tmp_path / "a.rss").read_bytes() == b"old"


def test_feeds_of_topics_that_are_gone_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("old.rss", "old.json", "kept.atom", "index.html", "notes.txt", "Old.rss", ".old.rss.tmp", ".htaccess"):
        (tmp_path / name).touch()

    assert remove_stale(tmp_path, {"kept.atom"}) == (".old.rss.tmp", "old.json", "old.rss")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".htaccess",
        "Old.rss",
        "index.html",
        "kept.atom",
        "notes.txt",
    ]


def test_nothing_is_stale_where_nothing_was_ever_published(tmp_path: Path) -> None:
    assert remove_stale(tmp_path / "public", ()) == ()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
