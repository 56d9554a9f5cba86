"""The real daemon, while somebody sets the clock of its machine. In full: `python -m tests.long.clocks`."""

import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Running, daemon, eventually, write_feeds
from tests.e2e.test_storm import named, rss
from tests.e2e.wall_clock import LIBRARY, WallClock

YEARS = timedelta(days=3_652)


@pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime (Debian: faketime)")
def test_a_clock_that_is_set_ten_years_ahead_and_back_stops_nothing_and_takes_nothing_away(tmp_path: Path) -> None:
    names, wall_clock = ["satu", "dua", "tiga"], WallClock(tmp_path)
    with (
        Origin({f"/{name}": rss(name, 5) for name in names}) as origin,
        daemon(tmp_path, write_feeds(tmp_path, named(origin, names[:1])), env=wall_clock.env) as running,
    ):
        eventually(partial(_publishes, running, "satu nomor 0"))
        before = json.loads(running.read("/update.json"))["items"]
        archives = sorted((tmp_path / "state" / "archive").rglob("*.jsonl"))
        for count, ahead, way in ((2, YEARS, "ahead"), (3, timedelta(), "back")):
            wall_clock.set(ahead)
            eventually(partial(_tells, running, f"the clock was set {way}"))
            write_feeds(tmp_path, named(origin, names[:count]))  # it is read, and the new one asked
            eventually(partial(_publishes, running, f"{names[count - 1]} nomor 0"))
        after = json.loads(running.read("/update.json"))["items"]

        assert running.read("/healthz") == "ok\n"
        assert sorted(asked.path for asked in origin.asked) == sorted(f"/{name}" for name in names)
        assert {item["id"] for item in before} <= {item["id"] for item in after}
        assert all(item["date_published"] < wall_clock.now().isoformat() for item in after)
        assert sorted((tmp_path / "state" / "archive").rglob("*.jsonl")) == archives


def _tells(running: Running, line: str) -> bool:
    return line in running.log.read_text(encoding="utf-8")


def _publishes(running: Running, title: str) -> bool:
    return title in running.read("/update.json")
