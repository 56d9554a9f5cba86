"""What we promise, looked for in what a crash left, and in what the next run makes of it."""

import asyncio
import json
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from aggregator.errors import StateError
from aggregator.store.embedded import EmbeddedStore
from tests.faults.lives import Life, Told
from tests.faults.log import Call, Faulty, Log
from tests.faults.power import Image, image_of, lay_out, moments

PUBLIC: Final = "state/public/"
_STORE: Final = re.compile(r"state/(snapshot|journal)\.\d+(\.tmp)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a state holds once it was opened.

    Attributes:
        headlines: Ids of those in the active window.
        guids: (source, guid) of each.
        known: Ids of all that are recognised, also of those that left.
        dues: As in `Told`.
    """

    headlines: frozenset[str]
    guids: tuple[tuple[str, str], ...]
    known: frozenset[str]
    dues: dict[str, Any]

    @classmethod
    def of(cls, state: Path) -> Self:
        with EmbeddedStore(state) as store:
            headlines = list(store.headlines())
            known = (document["headline"] for document in store._storage.documents("keys").values())
            return cls(
                headlines=frozenset(each.id for each in headlines),
                guids=tuple(sorted((each.source, each.guid or "") for each in headlines)),
                known=frozenset(known),
                dues={id_: due.at for id_, due in store.dues().items()},
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """How much was checked.

    Attributes:
        states: That the rules give.
        folders: Of them, those that differ: each was opened.
        lived: Of those, in how many the life was lived again.
    """

    states: int = 0
    folders: int = 0
    lived: int = 0

    def __add__(self, more: Self) -> Self:
        return replace(
            self,
            states=self.states + more.states,
            folders=self.folders + more.folders,
            lived=self.lived + more.lived,
        )

    def __str__(self) -> str:
        return f"{self.states} states, {self.folders} folders opened, {self.lived} lived in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A life that was watched, and where it ended when nothing came in between.

    Attributes:
        start: The folder before.
        calls: What was done to it.
        end: The folder afterwards.
        kept: What its state holds then.
        opened: What was kept in the states that were opened.
    """

    life: Life
    start: Image
    calls: Sequence[Call]
    end: Image
    kept: Kept
    opened: dict[frozenset[tuple[str, bytes | None]], Kept] = field(default_factory=dict)

    def walk(self, *, since: int = 0, crashes: int = 1, cuts: int = 1) -> Walked:
        """Check whatever a crash or a power cut may leave after each of its calls.

        Args:
            since: Calls after which that is looked at first.
            crashes: So many different folders that a crash leaves and that open, one is lived in: that takes longer.
            cuts: Likewise, that a power cut leaves.
        """
        looks, states, lived = Counter[bool](), 0, 0
        known = set[int]()
        for made, told, folder in moments(self.start, self.calls):
            for is_cut, left in folder.left() if made >= since else ():
                states += 1
                look = hash((told, frozenset(left.items())))
                if look in known:
                    continue
                known.add(look)
                self.check(left, told)
                looks[is_cut] += 1
                if looks[is_cut] % (cuts if is_cut else crashes) == 0:
                    lived += 1
                    self.live_on(left)
        return Walked(states=states, folders=len(known), lived=lived)

    def check(self, left: Image, told: int) -> None:
        """Open what was left after so much was told, and look for all of that in it."""
        kept = self._opened(left)
        facts: list[Told] = [call.fact for call in self.calls if call.kind == "told"]
        for fact in facts[:told]:
            assert fact.headlines <= kept.known, "a headline whose commit was acknowledged is gone"
        for id_ in facts[told - 1].dues if told else ():
            # What came with the next answer may be there, too, and be all there is in the end.
            claims = {self.kept.dues[id_], *(fact.dues[id_] for fact in facts[told - 1 :])}
            assert kept.dues.get(id_) in claims, f"{id_}: what was claimed is gone, it would be asked early"
        assert len(set(kept.guids)) == len(kept.guids), "a headline is there twice"
        for path in documents(left).keys() & documents(self.end):  # others are about to be removed
            shown = {id_.removeprefix("urn:uuid:") for id_ in items(left, path)}
            assert shown <= kept.known, f"{path}: shows what is not committed"

            pruned = items(self.end, path) - filed(self.end, path)
            assert items(left, path) <= filed(left, path) | pruned, f"{path}: shows what is not in the archive"

    def live_on(self, left: Image) -> None:
        """Live the life again in what was left: it has to lead where it leads undisturbed."""
        with _folder(left) as root:
            asyncio.run(self.life.live(root / "state"))
            self.compare(left, image_of(root), Kept.of(root / "state"))

    def _opened(self, left: Image) -> Kept:
        """Open a state; once, of all that differ in what is published alone."""
        store = {path: body for path, body in left.items() if path == "state" or _STORE.fullmatch(path)}
        look = frozenset(store.items())
        if look not in self.opened:
            with _folder(store) as root:
                self.opened[look] = Kept.of(root / "state")
        return self.opened[look]

    def compare(self, left: Image, end: Image, kept: Kept) -> None:
        assert kept == self.kept, "the state is another than without a crash"
        here, there = documents(end), documents(self.end)
        different = sorted(path for path in here.keys() | there if here.get(path) != there.get(path))
        assert not different, "readers find something else than without a crash"
        for path in immutable(left):
            assert path not in end or left[path] == end[path], f"{path}: was sealed, and has changed"


def record(lives: Sequence[Life], start: Image | None = None) -> Recorded:
    """Live them one after the other, and watch the last one."""
    with _folder(start or {}) as root:
        for life in lives[:-1]:
            asyncio.run(life.live(root / "state"))
        before, log = image_of(root), Log(root)
        with log.watching():
            asyncio.run(lives[-1].live(root / "state", log.told))
        end = image_of(root)
        *_, (_, _, folder) = moments(before, log.calls)
        assert folder.after_a_crash() == end, "something was done that was not watched"
        return Recorded(life=lives[-1], start=before, calls=tuple(log.calls), end=end, kept=Kept.of(root / "state"))


def survive(recorded: Recorded, fault: int | None, at: int, *, lasting: int = 1) -> bool:
    """Live the life again with calls that fail; what is told has to be true, and the end the same.

    Returns:
        Whether it made so many calls.
    """
    with _folder(recorded.start) as root:
        disk = Faulty(root, at, fault, lasting=lasting)
        try:
            with disk.watching():
                asyncio.run(recorded.life.live(root / "state", disk.told))
        except StateError:  # there is no beginning, or no way to tell of an error any more: another run is begun
            asyncio.run(recorded.life.live(root / "state"))
        kept = Kept.of(root / "state")
        facts: list[Told] = [call.fact for call in disk.calls if call.kind == "told"]
        assert all(fact.headlines <= kept.known for fact in facts)
        recorded.compare(recorded.start, image_of(root), kept)
        return disk.made >= at


def died(recorded: Recorded, at: int, then: Life) -> Recorded:
    """Have a life killed after so many calls, and another follow: what was not synced before still is not."""
    before = recorded.calls[:at]
    *_, (_, _, folder) = moments(recorded.start, before)
    again = record((then,), folder.after_a_crash())
    return replace(again, start=recorded.start, calls=(*before, *again.calls))


def documents(image: Image) -> dict[str, bytes]:
    return {path: body for path, body in image.items() if body is not None and path.startswith(PUBLIC)}


def items(image: Image, path: str) -> frozenset[str]:
    """Give the ids of the stories that a document shows, if it is a JSON Feed."""
    return _items(image[path] or b"{}") if path.endswith(".json") else frozenset()


def filed(image: Image, path: str) -> frozenset[str]:
    """Give the ids of the stories in the archive of the topic that a document belongs to."""
    topic = path.removeprefix(PUBLIC).removesuffix(".json").partition("/")[0]
    ledgers = [body or b"" for name, body in image.items() if name.startswith(f"state/archive/{topic}/")]
    return frozenset().union(*map(_filed, ledgers))


@cache
def _items(feed: bytes) -> frozenset[str]:
    return frozenset(item["id"] for item in json.loads(feed).get("items", ()))


@cache
def _filed(ledger: bytes) -> frozenset[str]:
    lines = [line for line in ledger.splitlines() if b'"item":' in line]
    return frozenset(json.loads(line)["id"] for line in lines if line.endswith(b"}"))


def immutable(image: Image) -> Iterator[str]:
    """Give the paths of the documents of all months that are sealed."""
    for path, ledger in image.items():
        if path.endswith(".jsonl") and b'"seal":' in (ledger or b"") and (ledger or b"").endswith(b"}\n"):
            topic, month = path.split("/")[-2:]
            begin = f"{PUBLIC}{topic}/{month.removesuffix('.jsonl')}"
            yield from (each for each in image if each.startswith(begin))


@contextmanager
def _folder(image: Image) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="crash")) / "root"
    try:
        lay_out(image, root)
        yield root
    finally:
        shutil.rmtree(root.parent)
