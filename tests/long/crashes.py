"""The long form of tests/faults/test_crashes.py: `python -m tests.long.crashes`.

We go on in every folder that a power cut may leave of a run; and each run is killed before every one of its calls and
followed by another, of which all that a power cut may leave is opened, and a sample lived in. Then each of its calls
fails once, by each of some errors; and each with the next one, which may be what takes it back. Takes an hour.
"""

import errno
import time
from typing import Final

from tests.faults.lives import LIVES, small
from tests.faults.promises import Walked, died, record, survive

FAULTS: Final = (
    *((fault, 1) for fault in (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, None)),
    (errno.EROFS, 2),
)


def main() -> None:
    whole = Walked()
    for lives in LIVES:
        began, recorded = time.monotonic(), record(lives)
        once = recorded.walk()
        _say(f"{lives[-1].name}, {len(recorded.calls)} calls", once, began)
        began, twice = time.monotonic(), Walked()
        for at in range(1, len(recorded.calls)):
            twice += died(recorded, at, lives[-1]).walk(since=at, crashes=99, cuts=199)
        _say(f"{lives[-1].name}, killed at each call and lived again", twice, began)
        whole += once + twice
        for fault, lasting in FAULTS:
            began, at = time.monotonic(), 1
            while survive(recorded, fault, at, lasting=lasting):
                at += 1
            named = "short" if fault is None else errno.errorcode[fault]
            took = f"{at - 1} runs, {time.monotonic() - began:.0f} s"
            print(f"{lives[-1].name}, {named}, {lasting} calls: {took}", flush=True)  # noqa: T201
    print(f"all: {whole}")  # noqa: T201


def _say(what: str, walked: Walked, began: float) -> None:
    print(f"{what}: {walked}, {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201


if __name__ == "__main__":
    with small():
        main()
