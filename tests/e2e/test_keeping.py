"""`backup`, `restore` and `repair`, as somebody types them beside a daemon and after it."""

import shutil
import stat
from pathlib import Path

from aggregator.store.embedded import EmbeddedStore
from tests.e2e.running import Origin, Page, aggregator, daemon, eventually, write_feeds


def rss(numbers: range) -> Page:
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>Berita nomor {number}</title></item>"
        for number in numbers
    )
    return Page(body=f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode())


def kept(state: Path) -> dict[str, str]:
    """Give guid → id of what is kept, read beside whoever writes."""
    with EmbeddedStore(state, read_only=True) as store:
        return {each.guid or "": each.id for each in store.headlines()}


def dues(state: Path) -> dict[str, object]:
    with EmbeddedStore(state, read_only=True) as store:
        return {id_: due.at for id_, due in store.dues().items()}


def flip(path: Path, found: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(found)] ^= 1
    path.write_bytes(content)


def test_a_backup_taken_beside_a_daemon_comes_back_and_a_damaged_state_is_mended(tmp_path: Path) -> None:
    token = "?token=kunci-rahasia"
    (tmp_path / "masuk").write_text("saya:sandi-rahasia\n")
    with Origin({f"/a.xml{token}": rss(range(10))}) as origin:
        source = {"name": "A", "url": origin.url(f"/a.xml{token}"), "auth_file": "masuk"}
        feeds = write_feeds(tmp_path, [{**source, "headers": {"X-Kunci": "tajuk-rahasia"}}], every="1h")
        state, file = tmp_path / "state", tmp_path / "planet.tar.gz"
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: "Berita nomor 9" in running.read("/update.rss"))
            backed = aggregator("backup", file, cwd=tmp_path)
            assert backed.returncode == 0, backed.stderr
            held = aggregator("restore", file, "--replace", cwd=tmp_path)
            assert (held.returncode, "in use by process" in held.stderr) == (3, True)
        whole, appointed = kept(state), dues(state)
        _check_that_secrets_stay_inside(state, file)

        restored = aggregator("restore", file, "--replace", cwd=tmp_path)
        assert restored.returncode == 0, restored.stderr
        assert "replaced-1: the earlier state" in restored.stdout
        assert (kept(state), dues(state)) == (whole, appointed)
        asked = len(origin.asked)
        assert aggregator("once", cwd=tmp_path).returncode == 0
        assert len(origin.asked) == asked  # it is not due
        assert "Berita nomor 9" in (state / "public" / "update.rss").read_text()

        origin.pages[f"/a.xml{token}"] = rss(range(11))
        assert aggregator("once", "--all", cwd=tmp_path).returncode == 0
        whole = kept(state)
        for path in (*state.glob("archive/update/*.jsonl"), *state.glob("journal.*")):
            flip(path, b"nomor 3")
        mended = aggregator("repair", cwd=tmp_path)
        assert mended.returncode == 0, mended.stderr
        assert mended.stdout.count("bytes are lost") == 2
        assert "lost: Berita nomor 4" in mended.stdout
        assert "damaged-1: the damaged files" in mended.stdout
        assert aggregator("once", "--all", cwd=tmp_path).returncode == 0
        assert kept(state) == whole  # they are listed still, and came again under the same ids


def _check_that_secrets_stay_inside(state: Path, file: Path) -> None:
    unpacked = state.parent / "unpacked"
    shutil.unpack_archive(file, unpacked, filter="data")
    paths = [path for folder in (state, unpacked) for path in folder.rglob("*") if path.is_file()]
    written = {path: path.read_bytes() for path in paths}
    telling = {path for path, content in written.items() if b"rahasia" in content}

    assert len(telling) >= 2  # the address, which has to be known
    assert not [path for path in telling if b"sandi-" in written[path] or b"tajuk-" in written[path]]
    assert {path.name.partition(".")[0] for path in telling} <= {"snapshot", "journal", "desk"}
    inside = [path for path in paths if path.is_relative_to(state) and not path.is_relative_to(state / "public")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*inside, file)} == {0o600}
