from pathlib import Path

import pytest

from aggregator.store.whole import put_whole, whole


def test_what_was_put_is_read_back_and_nobody_else_may(tmp_path: Path) -> None:
    put_whole(tmp_path / "edition", (b"one", b"two"))
    put_whole(tmp_path / "edition", (b"three",))

    assert bytes(whole(tmp_path / "edition") or b"") == b"three"
    assert (tmp_path / "edition").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["edition"]


def test_what_is_not_whole_is_none(tmp_path: Path) -> None:
    put_whole(tmp_path / "edition", (b"one",))
    content = (tmp_path / "edition").read_bytes()
    for at in range(len(content)):
        for damaged in (content[:at], content[:at] + bytes([content[at] ^ 8]) + content[at + 1 :]):
            (tmp_path / "edition").write_bytes(damaged)
            assert whole(tmp_path / "edition") is None
    (tmp_path / "edition").write_bytes(b"\0\0\0\0")
    assert whole(tmp_path / "edition") is None
    assert whole(tmp_path / "missing") is None


def test_no_link_is_followed(tmp_path: Path) -> None:
    put_whole(tmp_path / "elsewhere", (b"one",))
    for name in ("edition", "edition.tmp"):
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    assert whole(tmp_path / "edition") is None
    put_whole(tmp_path / "edition", (b"two",))

    assert bytes(whole(tmp_path / "elsewhere") or b"") == b"one"
    assert bytes(whole(tmp_path / "edition") or b"") == b"two"


def test_what_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    put_whole(tmp_path / "edition", (b"one",))
    (tmp_path / "edition.tmp").mkdir()
    with pytest.raises(OSError, match=r"edition\.tmp"):
        put_whole(tmp_path / "edition", (b"two",))
    assert bytes(whole(tmp_path / "edition") or b"") == b"one"
