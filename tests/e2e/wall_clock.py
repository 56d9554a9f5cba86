"""The wall clock of a daemon, to be set while it runs: libfaketime. Its other clocks go on.

wall_clock = WallClock(tmp_path)
with daemon(tmp_path, feeds, env=wall_clock.env) as running:
    wall_clock.set(timedelta(days=365))
"""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

LIBRARY: Final = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
"""None: there is none here (Debian: `faketime`)."""

READ_EVERY_SECONDS: Final = 1
# 0.9.10 passes an instant of the clock that it was told to leave alone through its own, and the system refuses it.
_SLEEP: Final = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds)\n"


class WallClock:
    """By how much a process's wall clock is ahead.

    Attributes:
        env: To start it with.
        ahead: So much; behind if below zero.
    """

    env: Mapping[str, str]
    ahead: timedelta

    def __init__(self, folder: Path, ahead: timedelta = timedelta()) -> None:
        assert LIBRARY is not None
        self._file = folder / "wall-clock"
        site = folder / "site"
        site.mkdir()
        (site / "sitecustomize.py").write_text(_SLEEP, encoding="utf-8")
        self.env = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(READ_EVERY_SECONDS),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": f"{site}:{':'.join(filter(None, sys.path))}",
        }
        self.set(ahead)

    def set(self, ahead: timedelta) -> None:
        """Set it; seen within a second."""
        self.ahead = ahead
        written = self._file.with_suffix(".new")
        written.write_text(f"{ahead.total_seconds():+f}\n", encoding="ascii")
        written.replace(self._file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead
