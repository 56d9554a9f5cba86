"""The real daemon, while somebody sets the clock of its machine. In full: `python -m tests.long.clocks`."""

import json
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Running, daemon, eventually, write_feeds
from tests.e2e.test_storm import named, rss
from tests.e2e.wall_clock import LIBRARY, WallClock

YEARS = timedelta(days=3_652)


@pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime (Debian: faketime)")
def test_a_clock_that_is_set_ten_years_ahead_and_back_stops_nothing_and_takes_nothing_away(tmp_path: Path) -> None:
    names, wall_clock = ["satu", "dua", "tiga", "empat", "lima"], WallClock(tmp_path)
    with ExitStack() as stack:
        pages = {f"/{name}": rss(name, 5) for name in names}
        hosts = [stack.enter_context(Origin(pages, f"127.0.0.{last}")) for last in (1, 2, 3)]
        sources = [named(host, [name])[0] for name, host in zip(names, cycle(hosts), strict=False)]
        write = partial(write_feeds, tmp_path, allow_private=["127.0.0.0/8"])
        running = stack.enter_context(daemon(tmp_path, write(sources[:3]), env=wall_clock.env))
        for name in names[:3]:  # as many hosts as have to agree on what time it is
            eventually(partial(_publishes, running, f"{name} nomor 0"))
        before = json.loads(running.read("/update.json"))["items"]
        archives = sorted((tmp_path / "state" / "archive").rglob("*.jsonl"))
        for count, ahead, way in ((4, YEARS, "ahead"), (5, timedelta(), "back")):
            wall_clock.set(ahead)
            eventually(partial(_tells, running, f"the clock was set {way}"))
            write(sources[:count])  # it is read, and the new one asked
            eventually(partial(_publishes, running, f"{names[count - 1]} nomor 0"))
        after = json.loads(running.read("/update.json"))["items"]

        assert running.read("/healthz") == "ok\n"
        assert sorted(asked.path for host in hosts for asked in host.asked) == sorted(f"/{name}" for name in names)
        assert {item["id"] for item in before} <= {item["id"] for item in after}
        assert all(item["date_published"] < wall_clock.now().isoformat() for item in after)
        assert sorted((tmp_path / "state" / "archive").rglob("*.jsonl")) == archives


def _tells(running: Running, line: str) -> bool:
    return line in running.log.read_text(encoding="utf-8")


def _publishes(running: Running, title: str) -> bool:
    return title in running.read("/update.json")
