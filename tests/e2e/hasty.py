"""A daemon in a hurry: a minute passes in a second, and a journal is long after a few commits.

Runs as `python -m tests.e2e.hasty FEEDS STATE PORT`. A parsing child imports this module too: nothing heavy up here.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path


@contextmanager
def hasty(
    folder: Path, feeds: Path, *, port: int = 0, env: Mapping[str, str] | None = None, lives: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one with its state in `folder/state`. It must live to the end of this, if it `lives`; then it is killed."""
    log = folder / "daemon.log"
    line = [sys.executable, "-m", "tests.e2e.hasty", str(feeds), str(folder / "state"), f"{port}"]
    with (
        log.open("wb") as written,
        subprocess.Popen(
            line,
            cwd=Path(__file__).parents[2],
            env={**os.environ, **(env or {})},
            stdout=written,
            stderr=written,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
            assert not lives or process.poll() is None, log.read_text()
        finally:
            process.kill()


def address(folder: Path, process: subprocess.Popen[bytes]) -> str | None:
    """Give its URL as soon as it has told it."""
    told = (folder / "daemon.log").read_text()
    assert process.poll() is None, told
    _, found, rest = told.partition("subscribe to ")
    return rest.partition("/update.rss")[0] if found and "\n" in rest else None


def _main(feeds: Path, state: Path, port: int) -> None:
    from aggregator import daemon  # noqa: PLC0415  see above
    from aggregator.commands.options import read_feeds_at, run  # noqa: PLC0415
    from aggregator.commands.up import Orders, keep_up  # noqa: PLC0415
    from aggregator.store import embedded  # noqa: PLC0415

    daemon._ASK = daemon._TICK = 0.05  # type: ignore[misc]
    daemon._RETRY_STATE = timedelta(seconds=1)  # type: ignore[misc]

    def is_long(self: embedded.EmbeddedStore) -> bool:
        """However little of it is old: lives of a second would seldom see a generation begin."""
        return self._storage.journal.journal_bytes > 100_000

    embedded.EmbeddedStore._is_mostly_old = is_long  # type: ignore[method-assign]
    reread = partial(read_feeds_at, feeds)
    orders = Orders(feeds=reread(), reread=reread, state=state, listen=f"127.0.0.1:{port}", view=False, speed=60)
    run(keep_up(orders))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
