"""Print the card of the program as it is: `python -m tests.etiquette`."""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.etiquette.judge import Card, judge
from tests.etiquette.outlets import OUTLETS
from tests.etiquette.week import POLLING, WEEK, spend, terms


async def card(folder: Path) -> Card:
    """Judge the whole week."""
    return judge(await spend(folder, OUTLETS, WEEK), terms(OUTLETS), gap=POLLING.host_gap)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)  # what is wrong with the outlets is no news here
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{asyncio.run(card(Path(folder)))}\n")
