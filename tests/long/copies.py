"""Copies of a state under a writer that never rests: `python -m tests.long.copies 200`.

By `cp -r`, and by `back_up` and `restore`. Each opens with all that had been acknowledged when it was begun, and
nothing out of order; each archive holds a prefix.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from aggregator.commit import Commit
from aggregator.store.backup import back_up
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.ledger import Ledger
from aggregator.store.restore import restore
from tests.newsroom import headline

LEDGER: Final = Path("archive/dunia/2026-10.jsonl")
AT_ONCE: Final = 8  # commits


async def _write(directory: Path) -> None:
    """Commit headlines, file them, and tell how many there are; begin a generation with each thirtieth."""
    with EmbeddedStore(directory) as store:
        ledger, number = Ledger(directory / LEDGER), 0
        while sys.stdin.read(1):
            await store.commit(Commit(headlines=(headline(number, title="x" * 3000),)))
            ledger.append([(f"urn:{number}", number, b"{}")])
            if number % 30 == 0:
                await store._replace()
            number += 1
            sys.stdout.write(".")
            sys.stdout.flush()


def _copy(state: Path, copy: Path) -> bool:
    """Copy as anybody would. A file that goes before its turn is said by `cp`: then there is no copy."""
    return subprocess.run(["cp", "-r", str(state), str(copy)], capture_output=True, check=False).returncode == 0


def _back_up(state: Path, copy: Path) -> bool:
    back_up(state, copy.with_suffix(".tar.gz"))
    restore(copy.with_suffix(".tar.gz"), copy, replace=False)
    return True


WAYS: Final[tuple[tuple[str, Callable[[Path, Path], bool]], ...]] = (("cp -r", _copy), ("backup", _back_up))


def run(count: int) -> Counter[str]:
    """Copy so many times each way; give how many copies there were of each."""
    copies = Counter[str]()
    line = [sys.executable, "-m", "tests.long.copies", "write"]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        writing = [*line, str(state)]
        with subprocess.Popen(writing, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write(b".")
            done = _acknowledged(writer.stdout, 1)
            for number in range(count * 2):
                named, way = WAYS[number % 2]
                copy = Path(folder) / "copy"
                writer.stdin.write(b"." * AT_ONCE)  # it writes while we copy
                if way(state, copy):
                    _look(copy, done)
                    copies[named] += 1
                shutil.rmtree(copy, ignore_errors=True)
                done += _acknowledged(writer.stdout, AT_ONCE)
            writer.stdin.close()
    return copies


def _acknowledged(stdout: IO[bytes], commits: int) -> int:
    """Wait for so many."""
    told = 0
    while told < commits:
        told += len(stdout.read(commits - told))
    return told


def _look(copy: Path, acknowledged: int) -> None:
    with EmbeddedStore(copy) as store:
        held = {each.id for each in store.headlines()}
    assert len(held) >= acknowledged, (len(held), acknowledged)
    assert held == {headline(number).id for number in range(len(held))}
    ledger = Ledger(copy / LEDGER)
    assert len(ledger) >= acknowledged - 1
    assert all(ledger.place(f"urn:{number}") == number for number in range(len(ledger)))


def main() -> None:
    """Read the command line."""
    if sys.argv[1] == "write":
        asyncio.run(_write(Path(sys.argv[2])))
        return
    print(f"copies that opened with what had been acknowledged: {dict(run(int(sys.argv[1])))}")  # noqa: T201


if __name__ == "__main__":
    main()
