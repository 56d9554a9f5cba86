"""A damaged state/ → one that opens, with all that can still be read. What was damaged is kept aside.

A record, or a line of an archive, is kept if its CRC is right, wherever it lies. What is between such records is lost:
it is never guessed at, but told, with the titles that can be read in it. What a source still lists of that comes again.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import orjson

from aggregator.commit import Commit
from aggregator.disk import beginning_of, create, keep_a_name, numbered_folder, read_file, sync_folder
from aggregator.errors import StateError
from aggregator.store.backup import EDITION, LEDGERS
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.frames import FORMAT, HEADER, Framed, salvage, version_of
from aggregator.store.journal import Journal, generation_files, refuse_newer, state_error
from aggregator.store.ledger import good_lines, is_seal
from aggregator.store.lock import hold
from aggregator.store.whole import whole

_HEADLINE: Final = re.compile(rb"headlines\t([0-9a-f-]{36})\t([^\n]*)")
_TITLE: Final = re.compile(rb'"title":("(?:[^"\\]|\\.){0,2000}")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A stretch of a file that could not be read.

    Attributes:
        path: The file.
        offset: From its start.
        length: In bytes. 0: what belongs here is missing.
    """

    path: Path
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What was done.

    Attributes:
        losses: In the order of the files. Empty: nothing was damaged.
        titles: What is lost of headlines, as far as it can be read there.
        kept: Where the damaged files are. None: none were.
        asked_anew: How many sources are asked for all that they list: something of theirs was lost.
    """

    losses: tuple[Loss, ...]
    titles: tuple[str, ...]
    kept: Path | None
    asked_anew: int


def repair(directory: Path) -> Repair:
    """Mend a state directory. Idempotent; what is not damaged stays as it is, byte for byte.

    Raises:
        StateLockedError: Another process holds it.
        StateError: It cannot be read or written, or a newer version wrote it.
    """
    if not directory.is_dir():
        raise StateError(f"{directory}: there is no such folder; name another with --state")
    try:
        _refuse_newer(directory)
        lock = hold(directory)
        try:
            mending = _Mending(directory)
            mending.mend()
        finally:
            os.close(lock)
    except OSError as error:
        raise state_error(directory, error) from error
    titles, again = asyncio.run(_let_come_again(directory, mending.headlines))
    return Repair(losses=tuple(mending.losses), titles=(*titles, *mending.titles), kept=mending.kept, asked_anew=again)


def _refuse_newer(directory: Path) -> None:
    """Refuse what a newer version wrote: then all files say so. If one does, it is a digit that was damaged."""
    versions = {version_of(beginning_of(path, len(HEADER) + 9)) for path in generation_files(directory)}
    if versions and all(version is not None and version > FORMAT for version in versions):
        refuse_newer(directory)


class _Mending:
    """The files of one state directory, which this process holds.

    Attributes:
        losses: What could not be read.
        headlines: Of the headlines that stand in what is lost: id → title, "" where that cannot be read.
        titles: Likewise, of the items of archives.
        kept: As in `Repair`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.losses: list[Loss] = []
        self.headlines: dict[str, str] = {}
        self.titles: list[str] = []
        self.kept: Path | None = None

    def mend(self) -> None:
        """Go through all of them."""
        stamp = self._directory / EDITION
        if stamp.exists() and whole(stamp) is None:
            self.losses.append(Loss(path=stamp, offset=0, length=stamp.stat().st_size))
            self._keep(())
        self._mend_generation()
        for path in sorted(self._directory.glob(LEDGERS)):
            self._mend_ledger(path)

    def _mend_generation(self) -> None:
        """Begin a new generation with what is good of the newest one, if anything of that is not."""
        files = generation_files(self._directory)
        if not files:
            return
        number = int(files[0].name.partition(".")[2])
        snapshot, journal = (self._directory / f"{name}.{number}" for name in ("snapshot", "journal"))
        images = {path: read_file(path) if path in files else b"" for path in (snapshot, journal)}
        found = {path: salvage(image) for path, image in images.items()}
        losses = [Loss(path=path, offset=at, length=end - at) for path, (_, lost) in found.items() for at, end in lost]
        if not losses and not _is_ended(found[snapshot][0]):
            losses = [Loss(path=snapshot, offset=len(images[snapshot]), length=0)]
        if not losses:
            return
        self._keep(files)
        self.losses += losses
        for loss in losses:
            lines = _HEADLINE.finditer(images[loss.path], loss.offset, loss.offset + loss.length)
            self.headlines |= {line[1].decode(): next(_titles(line[2]), "") for line in lines}
        after = Journal(self._directory, None, generation=number)
        after.adopt(after.begin(chain.from_iterable(_records(images[path], found[path][0]) for path in found)))
        after.close()

    def _mend_ledger(self, path: Path) -> None:
        """Write one anew with what is good of it. A month that had ended goes on, to end with what is left."""
        content = read_file(path)
        good = list(good_lines(content))
        starts, ends = [*(start for start, _ in good), len(content)], [0, *(end for _, end in good)]
        lost = [(end, start) for end, start in zip(ends, starts, strict=True) if start > end]
        if not lost:
            return
        self._keep([path])
        for at, end in lost:
            self.losses.append(Loss(path=path, offset=at, length=end - at))
            self.titles += filter(None, (next(_titles(line), None) for line in content[at:end].split(b"\n")))
        lines = [content[start:end] for start, end in good]
        aside = path.with_suffix(".tmp")
        os.close(create(aside, b"".join(line for line in lines if not is_seal(line))))
        aside.replace(path)
        sync_folder(path.parent)

    def _keep(self, paths: Sequence[Path]) -> None:
        """Give the files a second name, in a folder for what was damaged, before anything is done to the first."""
        if self.kept is None:
            self.kept = numbered_folder(self._directory, "damaged")
            self._forget_what_was_published()
        for path in paths:
            keep_a_name(path, self.kept / path.parent.relative_to(self._directory))
            sync_folder(self.kept / path.parent.relative_to(self._directory))

    def _forget_what_was_published(self) -> None:
        """Have the next run publish everything anew: what is noted of that counts on what may be lost."""
        stamp = self._directory / EDITION
        if stamp.exists():
            self._keep([stamp])
            stamp.unlink()
        (self._directory / "desk").unlink(missing_ok=True)  # made anew from the headlines
        sync_folder(self._directory)


def _is_ended(snapshot: Sequence[Framed]) -> bool:
    return bool(snapshot) and snapshot[-1].start == snapshot[-1].end


def _records(image: bytes, records: Iterable[Framed]) -> Iterator[tuple[bytes, bytes]]:
    for each in records:
        if each.end > each.start:
            yield image[each.start : each.middle], image[each.middle : each.end]


def _titles(content: bytes) -> Iterator[str]:
    """Read what titles there are in JSON that may be damaged."""
    for found in _TITLE.finditer(content):
        with contextlib.suppress(ValueError):  # the damage is in its middle
            yield orjson.loads(found[1])


async def _let_come_again(directory: Path, read: Mapping[str, str]) -> tuple[list[str], int]:
    """Forget that headlines were listed, or known, which are lost: so they come again, under the same ids.

    Args:
        directory: state/.
        read: Id → title of those that stood in what is lost.

    Returns:
        The titles of those that are not kept; and how many sources are asked for all that they list.
    """
    if not generation_files(directory):
        return [], 0
    with EmbeddedStore(directory) as store:
        kept = {headline.id for headline in store.headlines()}
        owners = list(store.key_owners())
        archived = {id_ for _, id_, is_archived in owners if is_archived}
        unowned = {key: id_ for key, id_, is_archived in owners if not is_archived and id_ not in kept}
        lost = {*read, *unowned.values()} - kept - archived
        listings = {id_: store.listing(id_) for id_ in {*store.sources(), *store.dues()}}
        shorter = {
            id_: left
            for id_, listing in listings.items()
            if len(left := tuple(line for line in listing if line.headline not in lost)) < len(listing)
        }
        standings = [standing for id_ in shorter if (standing := store.standing(id_)) is not None]
        again = Commit(
            listings=tuple(shorter.items()),
            standings=tuple(replace(each, validators=(), body_hash=None, read_whole=False) for each in standings),
            keys_forgotten=tuple(unowned),
            relisted=tuple(id_ for id_, _ in store.unlisted() if id_ not in kept),
        )
        if again != Commit():
            await store.commit(again)
    return [title for id_, title in read.items() if id_ in lost and title], len(shorter)
