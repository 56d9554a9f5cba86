"""state/ on a disk that is full, may not be written, or is copied while the daemon writes to it."""

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from aggregator.store.embedded import EmbeddedStore
from tests.e2e.hasty import address, hasty
from tests.e2e.running import Origin, Page, Running, aggregator, command, eventually, health, write_feeds
from tests.faults import disk


def rss(numbers: range, *, letters: int = 40) -> Page:
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>Berita nomor {number} {'x' * letters}</title></item>"
        for number in numbers
    )
    return Page(body=f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode())


def kept(state: Path) -> dict[str, str]:
    """Give guid → id of what is kept, read beside whoever writes."""
    with EmbeddedStore(state, read_only=True) as store:
        headlines = list(store.headlines())
    assert len({each.guid for each in headlines}) == len(headlines)
    return {each.guid or "": each.id for each in headlines}


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of our own; skip where we may not."""
    with disk.small_disk(folder, megabytes) as mounted:
        if mounted is None:
            pytest.skip("only root may mount a disk")
        yield mounted


def test_a_single_run_on_a_full_disk_says_so_and_the_next_one_makes_up_for_it(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(20))}) as origin, small_disk(tmp_path / "disk", 2) as small:
        write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        once = ("once", "--all", "--state", small / "state")
        assert aggregator(*once, cwd=tmp_path).returncode == 0
        before, published = kept(small / "state"), (small / "state" / "public" / "update.json").read_bytes()
        origin.pages["/a.xml"] = rss(range(300))

        with disk.full(small):
            full = aggregator(*once, cwd=tmp_path)
            assert (full.returncode, full.stderr.count("\n")) == (1, 1), full.stderr
            assert "state: No space left on device; nothing was lost, but free space or mend the disk" in full.stderr
            assert kept(small / "state") == before
            assert (small / "state" / "public" / "update.json").read_bytes() == published

        assert aggregator(*once, cwd=tmp_path).returncode == 0
        after = kept(small / "state")
        assert after.items() >= before.items()
        assert set(after) == {f"{number}" for number in range(300)}


def test_a_single_run_where_files_may_grow_no_further_loses_nothing(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(20))}) as origin:
        write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        assert aggregator("once", "--all", cwd=tmp_path).returncode == 0
        before = kept(tmp_path / "state")
        origin.pages["/a.xml"] = rss(range(40))

        line = ["bash", "-c", 'ulimit -f 4; exec "$@"', "bash", *command("once", "--all")]
        full = subprocess.run(line, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False)
        assert full.returncode == 1
        assert "state: File too large; nothing was lost" in full.stderr
        assert "Traceback" not in full.stderr
        assert kept(tmp_path / "state") == before

        assert aggregator("once", "--all", cwd=tmp_path).returncode == 0
        assert len(kept(tmp_path / "state")) == 40


def test_a_state_that_may_not_be_written_is_named_and_can_still_be_read(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(20))}) as origin, small_disk(tmp_path / "disk", 2) as small:
        write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        assert aggregator("once", "--state", small / "state", cwd=tmp_path).returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)

        refused = aggregator("once", "--all", "--state", small / "state", cwd=tmp_path)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert f"{small}/state: Read-only file system; make it readable and writable" in refused.stderr

        listed = aggregator("headlines", "--state", small / "state", cwd=tmp_path)
        assert (listed.returncode, listed.stdout.count("Berita nomor")) == (0, 20), listed.stderr
        assert len(origin.asked) == 1


@contextmanager
def serving(folder: Path, feeds: Path, *, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run a daemon in a hurry, once it serves."""
    with hasty(folder, feeds, env=env) as process:
        url = eventually(lambda: address(folder, process))
        yield Running(url=url, process=process, log=folder / "daemon.log")


def titles(running: Running) -> int:
    return len(json.loads(running.read("/update.json"))["items"])


def shows(running: Running, count: int) -> bool:
    return titles(running) == count


def tells(running: Running, words: str) -> bool:
    return words in json.loads(running.read("/status.json"))["health"]  # as of this second


def says(running: Running, words: str) -> bool:
    return words in health(running)


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits can be set on Linux only")
def test_a_daemon_on_a_full_disk_serves_what_it_has_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(20))}) as origin:
        feeds = write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        with serving(tmp_path, feeds) as running:
            eventually(lambda: titles(running) == 20)
            pid, state = running.process.pid, tmp_path / "state"
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            longest = max(path.stat().st_size for path in state.glob("journal.*"))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (longest, most))
            origin.pages["/a.xml"] = rss(range(40))

            degraded = f"degraded: {state}: File too large; nothing was lost, but free space or mend the disk\n"
            eventually(lambda: health(running) == degraded)
            assert titles(running) == len(kept(state)) == 20

            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
            eventually(lambda: titles(running) == 40)
            assert eventually(lambda: health(running) == "ok\n")
        assert len(kept(state)) == 40


def test_a_daemon_whose_small_disk_fills_up_says_so_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(20))}) as origin, small_disk(tmp_path / "state", 3) as state:
        feeds = write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        with serving(tmp_path, feeds) as running:
            eventually(lambda: titles(running) == 20)
            with disk.full(state):
                origin.pages["/a.xml"] = rss(range(40), letters=400)  # more than the journal's last page has room for

                eventually(lambda: "No space left on device" in health(running))
                assert titles(running) == len(kept(state)) == 20

            eventually(lambda: titles(running) == 40)
            assert eventually(lambda: health(running) == "ok\n")
        assert len(kept(state)) == 40


@pytest.mark.skipif(not disk.Disk.is_possible(), reason="needs Linux and a C compiler")
def test_a_daemon_whose_disk_becomes_read_only_or_fails_says_so_and_goes_on_when_it_is_well(tmp_path: Path) -> None:
    (tmp_path / "fault").mkdir()
    faulty = disk.Disk(tmp_path / "fault", tmp_path / "state")
    words = {"read-only": "Read-only file system", "EIO of a sync": "Input/output error"}
    with Origin({"/a.xml": rss(range(10))}) as origin:
        feeds = write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        with serving(tmp_path, feeds, env=faulty.env) as running:
            for fault, before in (("read-only", 10), ("EIO of a sync", 20)):
                eventually(partial(shows, running, before))
                eventually(partial(says, running, "ok\n"))
                with faulty.failing(fault):
                    origin.pages["/a.xml"] = rss(range(before + 10))
                    eventually(partial(says, running, words[fault]))
                    eventually(partial(tells, running, words[fault]))
                    frame = aggregator("watch", "--once", running.url, cwd=tmp_path)
                    assert "degraded: " in frame.stdout, frame
                    assert titles(running) == before
            eventually(lambda: titles(running) == 30)
            assert eventually(lambda: health(running) == "ok\n")
            assert "Traceback" not in running.log.read_text(encoding="utf-8")
        assert len(kept(tmp_path / "state")) == 30


def test_whatever_moment_a_copy_is_taken_at_it_opens(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(5))}) as origin:
        page = origin.pages["/a.xml"]
        feeds = write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        held, whole = [], 0
        with serving(tmp_path, feeds):
            eventually((tmp_path / "state" / "public").exists)
            for number in range(40):
                origin.pages["/a.xml"] = replace(page, body=rss(range(number + 6), letters=400).body)
                copy = tmp_path / f"copy{number}"
                line = ["cp", "-r", str(tmp_path / "state"), str(copy)]
                if subprocess.run(line, capture_output=True, check=False).returncode:
                    continue  # a file was gone before its turn came: cp says so
                whole += 1
                with EmbeddedStore(copy) as store:
                    held.append({each.id for each in store.headlines()})
                shutil.rmtree(copy)
                eventually(lambda: len(kept(tmp_path / "state")) > len(held) // 2)
        final = set(kept(tmp_path / "state").values())

    assert whole >= 20
    assert all(before <= after for before, after in zip(held, [*held[1:], final], strict=True))
    assert len(held[-1]) > len(held[0])


def test_whoever_ends_up_with_an_older_copy_of_state_publishes_nothing_twice(tmp_path: Path) -> None:
    with Origin({"/a.xml": rss(range(10))}) as origin:
        write_feeds(tmp_path, [{"name": "A", "url": origin.url("/a.xml")}])
        assert aggregator("once", cwd=tmp_path).returncode == 0
        shutil.copytree(tmp_path / "state", tmp_path / "older")
        origin.pages["/a.xml"] = rss(range(5, 15))
        assert aggregator("once", "--all", cwd=tmp_path).returncode == 0
        newest = kept(tmp_path / "state")

        ended = aggregator("once", "--all", "--state", "older", cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert kept(tmp_path / "older") == newest
    assert len(newest) == 15
