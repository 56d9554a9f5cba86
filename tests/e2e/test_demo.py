"""`aggregator demo`: headlines at once, and nothing left behind."""

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.running import command, eventually, processes_of


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give one with a short name: in its temporary files is a socket, whose path may have 107 bytes."""
    return tmp_path_factory.mktemp("demo")


@contextmanager
def demo(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run the demo with a folder of its own for temporary files, `folder/tmp`."""
    (folder / "tmp").mkdir()
    log = folder / "log"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            ["env", f"TMPDIR={folder / 'tmp'}", *command("demo", "--no-view")],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stderr=written,
        ) as process,
    ):
        try:
            yield process, log
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["sigint", "sigterm"])
def test_headlines_flow_at_once_and_nothing_is_left_behind(folder: Path, number: signal.Signals) -> None:
    with demo(folder) as (process, log):
        eventually(lambda: " new, " in log.read_text())
        url = log.read_text().partition("subscribe to ")[2].partition("/update.rss")[0]
        items = eventually(lambda: json.loads(urllib.request.urlopen(f"{url}/update.json").read())["items"])
        process.send_signal(number)

        assert process.wait(30) == 0, log.read_text()
        assert len(items) >= 20
        assert list((folder / "tmp").iterdir()) == []
        eventually(lambda: processes_of(folder) == [])


def test_a_signal_in_the_midst_of_starting_leaves_nothing_behind(folder: Path) -> None:
    with demo(folder) as (process, log):
        eventually(lambda: list((folder / "tmp").iterdir()))
        process.send_signal(signal.SIGTERM)

        assert process.wait(30) in {0, 143}, log.read_text()
        assert list((folder / "tmp").iterdir()) == []
        assert "Traceback" not in log.read_text()
