"""Byte flips and truncations at random, over every file of a state: `python -m tests.long.damage 10000 [SEED]`.

A damaged state opens with a prefix of what was committed, and says what it cut off; or it is refused, naming file and
offset, and after `repair` it opens with every record that was not touched.
"""

import asyncio
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Final

from aggregator.commit import Commit
from aggregator.errors import StateError
from aggregator.source import Due, Listed, Standing
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.frames import HEADER, salvage
from aggregator.store.ledger import Ledger, good_lines, is_seal
from aggregator.store.repair import repair
from aggregator.store.whole import put_whole, whole
from tests.newsroom import NOON, headline

COMMITS: Final = 12
LEDGERS: Final = ("archive/dunia/2026-09.jsonl", "archive/update/2026-10.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A whole state, and what it held.

    Attributes:
        directory: It.
        states: What was kept after each commit, as headline id → title.
        records: Of each file of the journal: (start, end, content), in their order.
    """

    directory: Path
    states: tuple[dict[str, str], ...]
    records: dict[str, list[tuple[int, int, tuple[bytes, bytes]]]]

    @property
    def files(self) -> list[str]:
        paths = (path for path in self.directory.rglob("*") if path.is_file() and path.name != "lock")
        return sorted(path.relative_to(self.directory).as_posix() for path in paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One byte of a file that has one bit turned; or where the file ends now."""

    file: str
    at: int
    is_cut: bool

    def spares(self, file: str, start: int, end: int) -> bool:
        """Say whether a stretch of a file is as it was."""
        return file != self.file or (end <= self.at if self.is_cut else not start <= self.at < end)


def make_truth(directory: Path) -> Truth:
    """Commit headlines, half of them into a snapshot; write two ledgers, one sealed; an edition and a sketch."""
    states: list[dict[str, str]] = []

    async def write() -> None:
        with EmbeddedStore(directory) as store:
            for number in range(COMMITS):
                await store.commit(_commit(number))
                states.append(_kept(store))
                if number == COMMITS // 2:
                    await store._replace()

    asyncio.run(write())
    for name in LEDGERS:
        ledger = Ledger(directory / name)
        for number in range(6):
            ledger.append([(f"urn:{each}", number, b'{"title":"Told %d"}' % each) for each in (number, number // 2)])
    Ledger(directory / LEDGERS[0]).end(b'{"items":6}')
    put_whole(directory / "edition", (b'{"news":12}',))
    put_whole(directory / "desk", (b"some", b"parts"))
    return Truth(directory=directory, states=tuple(states), records=_records(directory))


def _commit(number: int) -> Commit:
    lines = tuple(headline(each, title=f"Title {each} as of {number}") for each in (number, number // 2))
    listing = tuple(Listed(fingerprint=f"{each:016x}", headline=headline(each).id) for each in range(number + 1))
    return Commit(
        headlines=lines if number else lines[:1],
        dues=(Due(source="dunia", at=NOON, reason=f"{number}"),),
        standings=(Standing(source="dunia", name="Dunia", urls=("https://dunia.example/",), body_hash=f"{number}"),),
        listings=(("dunia", listing),),
    )


def _kept(store: EmbeddedStore) -> dict[str, str]:
    return {each.id: each.title for each in store.headlines()}


def _records(directory: Path) -> dict[str, list[tuple[int, int, tuple[bytes, bytes]]]]:
    found: dict[str, list[tuple[int, int, tuple[bytes, bytes]]]] = {}
    for path in sorted(directory.glob("*.[0-9]*"), reverse=True):
        image, before = path.read_bytes(), len(HEADER)
        found[path.name] = []
        for each in salvage(image)[0]:
            content = (image[each.start : each.middle], image[each.middle : each.end])
            found[path.name].append((before, each.end, content))
            before = each.end
    return found


def run(count: int, seed: int, *, tell: Callable[[str], object] = print) -> Counter[str]:
    """Damage a state so many times; give how often which way it ended."""
    random, ends = Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        truth = make_truth(Path(folder) / "truth")
        for number in range(count):
            directory = Path(folder) / "damaged"
            shutil.copytree(truth.directory, directory)
            damage = _damage(directory, random.choice(truth.files), random)
            try:
                ends[look(truth, directory, damage)] += 1
            except (AssertionError, StateError) as error:
                raise AssertionError(f"number {number} of seed {seed}, {damage}: {error}") from error
            shutil.rmtree(directory)
            if number % 1000 == 999:
                tell(f"{number + 1:,} of {count:,}: {dict(ends)}")
    return ends


def _damage(directory: Path, name: str, random: Random) -> Damage:
    content = bytearray((directory / name).read_bytes())
    at, bit = random.randrange(len(content)), random.randrange(10)
    if bit < 8:
        content[at] ^= 1 << bit
    else:
        del content[at:]
    (directory / name).write_bytes(content)
    return Damage(file=name, at=at, is_cut=bit >= 8)


def look(truth: Truth, directory: Path, damage: Damage) -> str:
    """Open a damaged state; where it is refused, repair it, and look at what is left. Give how it ended."""
    path = directory / damage.file
    if damage.file in {"edition", "desk"}:
        assert whole(path) is None
        ended = "left out"
    elif (refused := _refused(truth, directory, damage)) is None:
        return "cut off and said so" if not damage.is_cut else "a prefix"
    else:
        assert str(path) in refused
        assert "damaged at byte" in refused or "newer version" in refused
        ended = "refused and repaired"
    damaged = path.read_bytes()
    mended = repair(directory)
    if damage.file != "desk":
        assert mended.losses
        assert mended.kept is not None
        assert (mended.kept / damage.file).read_bytes() == damaged
    _check_repaired(truth, directory, damage)
    assert not repair(directory).losses
    return ended


def _refused(truth: Truth, directory: Path, damage: Damage) -> str | None:
    """Open what is damaged, and see that it is a prefix; or give the words in which it is refused."""
    try:
        if damage.file in LEDGERS:
            written, ledger = (truth.directory / damage.file).read_bytes(), Ledger(directory / damage.file)
            assert written.startswith(ledger.path.read_bytes())
            assert ledger.notes or damage.is_cut
            return None
        with EmbeddedStore(directory) as store:
            assert _kept(store) in truth.states
            assert store.notes or damage.is_cut
    except StateError as error:
        return str(error)
    return None


def _check_repaired(truth: Truth, directory: Path, damage: Damage) -> None:
    """Look whether all is there that was not damaged, and nothing that never was."""
    expected = [
        content
        for file, records in truth.records.items()
        for start, end, content in records
        if any(content) and damage.spares(file, start, end)
    ]
    found = [content for records in _records(directory).values() for _, _, content in records if any(content)]
    assert found[: len(expected)] == expected
    assert len(found) <= len(expected) + 1  # what lets the lost come again
    ever = set(chain.from_iterable(state.items() for state in truth.states))
    with EmbeddedStore(directory) as store:
        assert not store.notes
        assert ever.issuperset(_kept(store).items())
        assert all(store.known([key for number in range(COMMITS) for key in headline(number).keys]).values())
    for name in LEDGERS:
        written = (truth.directory / name).read_bytes()
        lines = [(start, end) for start, end in good_lines(written) if damage.spares(name, start, end)]
        left = [written[start:end] for start, end in lines if name != damage.file or not is_seal(written[start:end])]
        assert (directory / name).read_bytes() == b"".join(left)


def main() -> None:
    """Read the command line."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    print(f"{count:,} damages: {dict(run(count, seed))}")  # noqa: T201


if __name__ == "__main__":
    main()
