"""What was told in one topic, month by month, for readers that were away (RFC 5005 §4).

    state/archive/TOPIC/2026-10.jsonl      the truth: a line for each telling of an item, see store/ledger.py

An item belongs to the month in which the topic's readers first knew of it, by the site's clock, and keeps its place
there. A month ends with a seal: from then on nothing of it changes. It is shown in parts of `PART_ITEMS` items; those
are written anew that hold what changed, and no others.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

import orjson

from aggregator.errors import StateError
from aggregator.month import Month, closes_at, later, month_of
from aggregator.part import PART_ITEMS, Cover, Part
from aggregator.store.ledger import Ledger, make_sure, seal_of

_log = logging.getLogger(__name__)

_FILE: Final = re.compile(r"(\d{4}-\d{2})\.jsonl")
_NAME: Final = re.compile(r"(\d{4}-\d{2})(?:-([2-9]|[1-9]\d+))?")
_FAR_ZONES: Final = timedelta(hours=26)  # between two clocks of the world: feeds.yaml may have named the other one


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An item as it is told now.

    Attributes:
        id: The item's.
        mark: Of all that decides what it says.
        json: The item.
        first_at: UTC: when its topic's readers first knew of it.
        since: UTC: the earliest instant at which any topic's could have.
    """

    id: str
    mark: int
    json: bytes
    first_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What is decided about a month when it ends, so that its documents can be made again, byte for byte.

    Attributes:
        items: How many it has.
        prev: The part before its first.
        next: The part after its last. None: nothing had been told since.
        closed_at: UTC: when it was over.
        cover: What the heads say.
    """

    items: int
    prev: str | None
    next: str | None
    closed_at: datetime
    cover: Cover


class Book:
    """One topic's archive. Nothing of it is in memory but where things are, and that of one sealed month at most.

    It is the one looked into last: of the month before, that is in its first days often, and of others seldom.

    Args:
        folder: state/archive/TOPIC, which need not exist yet.
        zone: The site's.
        oldest: Months before it are not kept.
    """

    def __init__(self, folder: Path, *, zone: tzinfo, oldest: Month) -> None:
        self._folder, self._zone, self._oldest = folder, zone, oldest
        self._volumes = {month: _Volume(folder, month) for month in _months_in(folder)}
        self._stale: set[str] = set()
        self._looked_into: Month | None = None
        sealed = [volume for volume in self._volumes.values() if volume.seal is not None]
        for volume in (*sealed[-1:], *(volume for volume in self._volumes.values() if volume.seal is None)):
            make_sure(volume.path)  # of those sealed before, everything was

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of all parts, the first told first."""
        return tuple(name for month in self.months for name in self._names(month))

    @property
    def parts(self) -> int:
        """Count the parts."""
        return sum(_parts(len(volume)) for volume in self._volumes.values())

    @property
    def months(self) -> tuple[Month, ...]:
        """Give the months that hold an item, in their order."""
        return tuple(month for month, volume in self._volumes.items() if len(volume))

    @property
    def newest(self) -> str | None:
        """Give the name of the last part. None: nothing was ever told."""
        months = self.months
        return self._names(months[-1])[-1] if months else None

    @property
    def lengths(self) -> dict[Month, int]:
        """Give how many parts each of these months has."""
        return {month: _parts(len(self._volumes[month])) for month in self.months}

    @property
    def growing(self) -> tuple[str, ...]:
        """Give the names of the parts whose months are not sealed."""
        return tuple(name for name in self.names if self.closed_at(name) is None)

    @property
    def sizes(self) -> dict[Month, int]:
        """Give the size of each file that still grows: with it, `mark` knows what came later."""
        return {month: volume.ledger.size for month, volume in self._volumes.items() if volume.seal is None}

    def knows(self, name: str) -> bool:
        """Say whether there is such a part."""
        found = _NAME.fullmatch(name)
        volume = self._volumes.get(found[1]) if found else None
        return found is not None and volume is not None and int(found[2] or 1) <= _parts(len(volume))

    @property
    def is_shown(self) -> bool:
        """Say whether no part changed since `take_stale`."""
        return not self._stale

    def where(self, id_: str, month: Month) -> str | None:
        """Name the part of a month that holds an item. None: none does."""
        place = self._ledger(month).place(id_) if month in self._volumes else None
        return None if place is None else _name(month, _part_of(place))

    def closed_at(self, name: str) -> datetime | None:
        """Say since when a part does not change. None: it still may."""
        seal = self._volumes[name[:7]].seal
        return None if seal is None else seal.closed_at

    def file(self, told: Iterable[Told]) -> None:
        """Note what is told of these items now, in the order in which they were first known; once, if nothing changed.

        What would belong to a month that is over, and is not in it, comes into the first month that is not.

        Raises:
            StateError: It could not be written.
        """
        lines: defaultdict[Month, list[tuple[str, int, bytes]]] = defaultdict(list)
        for each in sorted(told, key=lambda each: (each.first_at, each.id)):
            month = self._month_for(each)
            if month is not None:
                lines[month].append((each.id, each.mark, each.json))
        for month in sorted(lines):
            self._append(month, lines[month])

    def holds(self, id_: str, mark: int, *, since: datetime, first_at: datetime) -> bool:
        """Say whether there is nothing to write of an item: it is in here with this mark, or in a month that is sealed.

        Or it was in one that is not kept any more. The instants are as in `Told`.
        """
        month = self._month_of(id_, since)
        if month is None:
            return self._is_over(first_at)
        ledger = self._ledger(month)
        place = ledger.place(id_)
        return self._volumes[month].seal is not None or (place is not None and ledger.mark(place) == mark)

    def take_stale(self) -> set[str]:
        """Give the names of the parts that changed since this was last asked."""
        stale, self._stale = self._stale, set()
        return stale

    def mark(self, names: Iterable[str]) -> None:
        """Have these parts among those that changed."""
        self._stale.update(filter(self.knows, names))

    def mark_since(self, sizes: Mapping[Month, int]) -> None:
        """Have those among them of which lines tell that came after the files were so large."""
        for month, volume in self._volumes.items():
            if volume.seal is None:
                places = volume.ledger.places_since(sizes.get(month, 0))
                self._touch(month, {_part_of(place) for place in places}, neighbours=True)

    def part(self, name: str, cover: Cover) -> Part:
        """Read a part that there is. `cover` is for a month that is not sealed: a sealed one has its own.

        Raises:
            StateError: The file cannot be read.
        """
        month, number = _split(name)
        volume = self._volumes[month]
        seal = volume.seal
        places = range((number - 1) * PART_ITEMS, min(number * PART_ITEMS, len(volume)))
        return Part(
            name=name,
            prev=self._before(month, number, seal),
            next=self._after(month, number, seal),
            cover=cover if seal is None else seal.cover,
            closed_at=None if seal is None else seal.closed_at,
            items=tuple(self._ledger(month).items(places)),
        )

    def seal(self, cover: Cover, *, now: datetime) -> None:
        """End the months that are over. Their documents have to be as they are to stay.

        Raises:
            StateError: It could not be written.
        """
        for month in self.months:
            closed_at = closes_at(month, self._zone)
            if self._volumes[month].seal is None and closed_at <= now:
                names = self._names(month)
                prev, after = self._before(month, 1, None), self._after(month, len(names), None)
                items = len(self._volumes[month])
                self._volumes[month].end(Seal(items=items, prev=prev, next=after, closed_at=closed_at, cover=cover))

    def names_before(self, oldest: Month) -> tuple[str, ...]:
        """Give the names of the parts of the months before."""
        return tuple(name for name in self.names if name < oldest)

    def prune(self, oldest: Month) -> None:
        """Forget the months before.

        Raises:
            StateError: A file could not be removed. All are still known, and the next call tries again.
        """
        prune_folder(self._folder, oldest)
        self._oldest = oldest
        self._volumes = {month: volume for month, volume in self._volumes.items() if month >= oldest}

    def _month_of(self, id_: str, since: datetime) -> Month | None:
        """Find the month that an item is in: nearly always that of `since`. None: it is in none."""
        earliest = month_of(since - _FAR_ZONES, self._zone)
        months = (month for month in self._volumes if month >= earliest)
        return next((month for month in months if self._ledger(month).place(id_) is not None), None)

    def _ledger(self, month: Month) -> Ledger:
        """Give where a month's items are. Of a sealed one that is read, and another one's is forgotten."""
        if self._volumes[month].seal is not None and month != self._looked_into:
            if self._looked_into in self._volumes:
                self._volumes[self._looked_into].forget()
            self._looked_into = month
        return self._volumes[month].ledger

    def _month_for(self, each: Told) -> Month | None:
        """Say into which month an item is to be written now. None: into none."""
        month = self._month_of(each.id, each.since)
        if month is not None:
            return month if self._volumes[month].seal is None and self._item(month, each.id) != each.json else None
        if self._is_over(each.first_at):
            return None
        sealed = max((month for month, volume in self._volumes.items() if volume.seal is not None), default=None)
        month = month_of(each.first_at, self._zone)
        return month if sealed is None else max(month, later(sealed, 1))

    def _is_over(self, first_at: datetime) -> bool:
        """Say whether its month is not kept any more. What a clock that is months behind dates there is in no month."""
        return month_of(first_at, self._zone) < self._oldest

    def _item(self, month: Month, id_: str) -> bytes | None:
        ledger = self._ledger(month)
        place = ledger.place(id_)
        return None if place is None else ledger.items([place])[0]

    def _append(self, month: Month, lines: list[tuple[str, int, bytes]]) -> None:
        volume = self._volumes.get(month) or _Volume(self._folder, month)
        before = _parts(len(volume))
        try:
            volume.ledger.append(lines)
        except StateError:
            self._volumes.pop(month, None)  # what is on the disk now is looked at anew
            if volume.path.exists():
                self._put(month, _Volume(self._folder, month))
                self._stale.update(self._names(month))
            raise
        self._put(month, volume)
        places = (volume.ledger.place(id_) for id_, _, _ in lines)
        self._touch(
            month,
            {_part_of(place) for place in places if place is not None},
            neighbours=before != _parts(len(volume)),
        )

    def _put(self, month: Month, volume: "_Volume") -> None:
        self._volumes = dict(sorted({**self._volumes, month: volume}.items()))

    def _touch(self, month: Month, numbers: set[int], *, neighbours: bool) -> None:
        """Note which parts changed. Where there are new ones, those beside them link to them."""
        for number in numbers:
            beside = (self._before(month, number, None), self._after(month, number, None)) if neighbours else ()
            names = (_name(month, number), *filter(None, beside))
            self._stale.update(name for name in names if self._volumes[name[:7]].seal is None)

    def _names(self, month: Month) -> list[str]:
        return [_name(month, number + 1) for number in range(_parts(len(self._volumes[month])))]

    def _before(self, month: Month, number: int, seal: Seal | None) -> str | None:
        if number > 1:
            return _name(month, number - 1)
        if seal is not None:
            return seal.prev
        earlier = [other for other in self.months if other < month]
        return self._names(earlier[-1])[-1] if earlier else None

    def _after(self, month: Month, number: int, seal: Seal | None) -> str | None:
        if number < _parts(len(self._volumes[month])):
            return _name(month, number + 1)
        return seal.next if seal is not None else next((other for other in self.months if other > month), None)


class _Volume:
    """One month of one topic."""

    def __init__(self, folder: Path, month: Month) -> None:
        self.path = folder / f"{month}.jsonl"
        sealed = seal_of(self.path) if self.path.exists() else None
        self.seal = None if sealed is None else _to_seal(sealed)
        self._ledger: Ledger | None = None

    def __len__(self) -> int:
        return len(self.ledger) if self.seal is None else self.seal.items

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger(self.path)
            for note in self._ledger.notes:
                _log.warning("%s", note)
        return self._ledger

    def end(self, seal: Seal) -> None:
        try:
            self.ledger.end(orjson.dumps(seal))
            self.seal = seal
        finally:
            self.forget()

    def forget(self) -> None:
        """Have it read again when it is next asked for."""
        self._ledger = None


def prune_folder(folder: Path, oldest: Month | None) -> None:
    """Remove the months before from a topic's folder, and the folder if nothing is left. `oldest` None: remove all.

    Raises:
        StateError: A file could not be removed.
    """
    try:
        for month in _months_in(folder):
            if oldest is None or month < oldest:
                (folder / f"{month}.jsonl").unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise StateError(f"{folder}: {error.strerror}; make it writable") from error


def _months_in(folder: Path) -> list[Month]:
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(found[1] for found in map(_FILE.fullmatch, names) if found)


def _to_seal(json: bytes) -> Seal:
    fields: dict[str, Any] = orjson.loads(json)
    cover = {**fields["cover"], "languages": tuple(fields["cover"]["languages"])}
    return Seal(**{**fields, "closed_at": datetime.fromisoformat(fields["closed_at"]), "cover": Cover(**cover)})


def _parts(items: int) -> int:
    return -(-items // PART_ITEMS)


def _part_of(place: int) -> int:
    return place // PART_ITEMS + 1


def _name(month: Month, number: int) -> str:
    return month if number == 1 else f"{month}-{number}"


def _split(name: str) -> tuple[Month, int]:
    return name[:7], int(name[8:] or 1)
