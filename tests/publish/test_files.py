import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.document import Document
from aggregator.errors import StateError
from aggregator.publish.files import remove_documents, stale_files, write_documents


def named(path: str, body: bytes = b"news") -> Document:
    return Document(path=path, content_type="text/plain", body=body, modified_at=None, max_age=timedelta(minutes=1))


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


@pytest.mark.parametrize(
    "path",
    ["../a.rss", "/etc/a.rss", "a/b/c/d.rss", "a/../b.rss", "a//b.rss", "", ".", "a.rss\n", "A.rss", ".a.rss.tmp"],
)
def test_a_path_that_is_no_name_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="not the path of a document"):
        write_documents(tmp_path, [named(path)])
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_the_old_files_and_says_what_to_do(tmp_path: Path) -> None:
    write_documents(tmp_path, [named("a.rss", b"old")])
    (tmp_path / ".b.rss.tmp").mkdir()

    with pytest.raises(StateError, match=r"cannot be written: .*; free disk space"):
        write_documents(tmp_path, [named("a.rss", b"new"), named("b.rss")])
    assert (tmp_path / "a.rss").read_bytes() == b"old"


def test_feeds_of_topics_that_are_gone_are_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    foreign = {"CNAME", ".htaccess", ".nojekyll", "notes.txt", "Old.rss"}
    ours = {"old.rss", "old/index.html", "old/2026-10.atom", "old/.x.rss.tmp", "kept.atom", ".a.rss.tmp"}
    for name in ours | foreign:
        (tmp_path / name).touch()

    stale = stale_files(tmp_path, {"kept.atom"})
    assert stale == ("old.rss", "old/2026-10.atom", "old/index.html")
    remove_documents(tmp_path, stale)
    assert {path.name for path in tmp_path.iterdir()} == {"kept.atom", *foreign}


def test_a_folder_with_something_else_in_it_stays(tmp_path: Path) -> None:
    write_documents(tmp_path, [named("old/index.html")])
    (tmp_path / "old" / "notes.txt").touch()
    remove_documents(tmp_path, ["old/index.html", "gone/index.html"])
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["notes.txt"]


def test_documents_lie_in_folders_and_a_linked_folder_is_replaced(tmp_path: Path) -> None:
    outside, public = tmp_path / "outside", tmp_path / "public"
    write_documents(outside, [named("index.html")])
    public.mkdir()
    (public / "dunia").symlink_to(outside)
    documents = [named("dunia/index.html"), named("dunia/2026-10.atom"), named("story/ab-12/index.html")]

    assert write_documents(public, documents) == tuple(each.path for each in documents)
    assert not (public / "dunia").is_symlink()
    assert [path.name for path in outside.iterdir()] == ["index.html"]
    assert write_documents(public, documents) == ()


def test_nothing_is_removed_through_a_linked_folder(tmp_path: Path) -> None:
    outside, public = tmp_path / "outside", tmp_path / "public"
    write_documents(outside, [named("index.html")])
    public.mkdir()
    (public / "dunia").symlink_to(outside)
    remove_documents(public, ["dunia/index.html"])

    assert [path.name for path in outside.iterdir()] == ["index.html"]


def test_nothing_is_stale_where_nothing_was_ever_published(tmp_path: Path) -> None:
    assert stale_files(tmp_path / "public", ()) == ()
    remove_documents(tmp_path / "public", ["old.rss"])


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
