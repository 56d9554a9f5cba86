"""A daemon in a hurry: a minute passes in a second, and a journal is long after a few commits.

Run as `python -m tests.e2e.hasty FEEDS STATE`.
"""

import sys
from functools import partial
from pathlib import Path


def main(feeds: Path, state: Path) -> None:
    from aggregator import daemon  # noqa: PLC0415  a parsing child imports this module too, and needs none of it
    from aggregator.commands.options import read_feeds_at, run  # noqa: PLC0415
    from aggregator.commands.up import Orders, keep_up  # noqa: PLC0415
    from aggregator.store import embedded  # noqa: PLC0415

    daemon._TICK = 0.05  # type: ignore[misc]
    embedded._SNAPSHOT_FLOOR_BYTES = 100_000  # type: ignore[misc]
    reread = partial(read_feeds_at, feeds)
    orders = Orders(feeds=reread(), reread=reread, state=state, listen="127.0.0.1:0", view=False, speed=60)
    run(keep_up(orders))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
