"""Signals at some points of a daemon's life. `python -m tests.long.signals` sends them at every one."""

from pathlib import Path

import pytest

from tests.faults.disk import Disk
from tests.long.signals import run

pytestmark = pytest.mark.skipif(not Disk.is_possible(), reason="needs Linux and a C compiler")


def test_wherever_a_daemon_is_stopped_it_ends_well_and_what_it_leaves_holds_all_that_was_shown(tmp_path: Path) -> None:
    ends = run(4, 160, tmp_path)

    assert len(ends.seconds) == 4
    assert ends.before["starting"]
