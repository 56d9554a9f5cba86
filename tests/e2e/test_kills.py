"""kill -9 at random. `python -m tests.long.kills 1000` does it a thousand times."""

import json
import random
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Final

from tests.e2e.running import Origin, aggregator, command, eventually
from tests.long import opening
from tests.long.kills import Ledger, Memory, run

KILLS: Final = 50
SOURCES: Final = 100


def test_a_daemon_killed_at_random_loses_repeats_and_hurries_nothing(tmp_path: Path) -> None:
    looked = run(KILLS, SOURCES, tmp_path)

    assert looked["headlines"] > 5 * KILLS
    assert looked["shown"] > 2 * KILLS
    assert looked["left a feed, none came back"] > KILLS
    assert looked["first requests after a kill, none early"] > KILLS
    assert looked["published"] > KILLS // 2
    assert looked["generations"] > 1


def test_a_state_that_is_killed_while_it_is_written_opens_with_all_that_was_acknowledged() -> None:
    assert len(opening.run(1, 200)) == 1


def _is_asked(origin: Origin, before: int) -> bool:
    return len(origin.asked) > before


def test_a_single_run_killed_in_the_middle_is_mended_by_the_next(tmp_path: Path) -> None:
    dice, memory, asked = random.Random(13), Memory(), 0
    with Ledger(SOURCES) as origin:
        origin.feeds(tmp_path)
        for _ in range(10):
            before = len(origin.asked)
            with subprocess.Popen(
                command("once", "--all"), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                if dice.random() < 0.7:
                    eventually(partial(_is_asked, origin, before))
                    time.sleep(dice.uniform(0, 0.2))
                else:
                    time.sleep(dice.uniform(0, 0.6))
                process.send_signal(signal.SIGKILL)
            asked += len(origin.asked) > before
            memory.check(tmp_path, origin)
            memory.look_at_files(tmp_path)
        origin.goes_on = False
        ended = aggregator("once", "--all", cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        memory.check(tmp_path, origin)
        memory.look_at_files(tmp_path)

    assert memory.ids.keys() == {(path, guid) for path, printed in origin.printed.items() for guid in printed}
    assert asked >= 5
    published = json.loads((tmp_path / "state" / "public" / "update.json").read_bytes())["items"]
    titles = {title for printed in origin.printed.values() for title in printed.values()}
    assert published
    assert {item["title"] for item in published} <= titles
