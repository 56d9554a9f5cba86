"""The store of one process: TinyDB tables in memory, a journal on disk.

Commits that are ready together become one record with one fdatasync. A commit is visible when it is durable, to
everybody at once; until then nobody sees any of it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from tinydb import TinyDB

from aggregator.commit import Commit
from aggregator.errors import StateError
from aggregator.headline import Headline
from aggregator.incident import Incident
from aggregator.source import Due, Listed, Standing
from aggregator.store.record import (
    Document,
    encode,
    listing_json,
    to_dissolved,
    to_due,
    to_headline,
    to_incident,
    to_json,
    to_listing,
    to_standing,
)
from aggregator.store.tinydb import HEADLINES, SCHEDULE, JournalStorage, JournalTable
from aggregator.story import Dissolved

_SNAPSHOT_FLOOR_BYTES: Final = 8 << 20  # fewer old ones are read over so quickly that a snapshot gains nothing
_NEWS: Final = "news"
_TOLD: Final = "told"
_DECODED: Final = 4_000  # headlines held as values: what the topics show and the sources revise
_STANDINGS: Final = 1_000  # held as values: a pass asks three times


class EmbeddedStore:
    """state/ of one process. Also reads the state/ of another one (`read_only`), as of the moment it was opened."""

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        """Open it; see `Journal.open` for what is raised.

        Attributes:
            notes: For people: what had to be mended.
        """
        self._directory = directory
        self._db = TinyDB(directory, storage=_Opener(read_only=read_only))
        storage = self._db.storage
        if not isinstance(storage, JournalStorage):
            raise TypeError(storage)
        self._storage = storage
        self._tables = {name: self._table(name) for name in (*SCHEDULE, *HEADLINES)}
        self._decoded: dict[str, Headline] = {}
        self._standings: dict[str, Standing] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._writer: asyncio.Task[None] | None = None
        self._put_off_bytes = 0
        self._news, self._told = self.news, self.told
        self.notes = storage.notes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def settle(self) -> None:
        """Wait until nothing is being written: before `close`, where whoever awaited a commit may have been cancelled.

        A thread writes; the files must not be closed, nor their descriptors be given to others, under its hands.
        """
        if self._writer is not None:
            await asyncio.wait([self._writer])

    def close(self) -> None:
        """Let the directory go. Whatever was awaited is committed."""
        self._db.close()

    def meta(self, name: str) -> str | None:
        """Give a text about the state as a whole; None where it was never set."""
        document = self._storage.documents("meta").get(name)
        return None if document is None else document["text"]

    @property
    def news(self) -> int:
        """Count the commits so far that changed what is published: it is as new as this."""
        return int(self.meta(_NEWS) or 0)

    @property
    def told(self) -> int:
        """Count the commits so far that changed what the operator is told: the incidents are as new as this."""
        return int(self.meta(_TOLD) or 0)

    def dues(self) -> dict[str, Due]:
        """Give every appointment, by source id."""
        return {id_: to_due(document) for id_, document in self._storage.documents("due").items()}

    def due(self, source: str) -> Due | None:
        """Give the appointment of a source; None where it has none."""
        document = self._storage.documents("due").get(source)
        return None if document is None else to_due(document)

    def sources(self) -> tuple[str, ...]:
        """Give the ids of all sources that were ever asked and are not dropped."""
        return tuple(self._storage.documents("standing"))

    def standing(self, source: str) -> Standing | None:
        """Tell where we stand with a source; None where it was never asked."""
        if source in self._standings:
            return self._standings[source]
        document = self._storage.documents("standing").get(source)
        if document is None:
            return None
        if len(self._standings) >= _STANDINGS:
            self._standings.pop(next(iter(self._standings)))
        standing = self._standings[source] = to_standing(document)
        return standing

    def listing(self, source: str) -> tuple[Listed, ...]:
        """Tell what a source listed when it was last read."""
        document = self._storage.documents("listing").get(source)
        return () if document is None else to_listing(document)

    def known(self, keys: Iterable[str]) -> dict[str, Headline | None]:
        """Find what is known by these keys.

        Returns:
            The keys that are known, with their headlines; None where the headline has left the active window.
        """
        documents = self._storage.documents("keys")
        return {key: self.headline(documents[key]["headline"]) for key in keys if key in documents}

    def headline(self, id_: str) -> Headline | None:
        """Give one kept headline."""
        if id_ in self._decoded:
            return self._decoded[id_]
        document = self._storage.documents("headlines").get(id_)
        if document is None:
            return None
        if len(self._decoded) >= _DECODED:
            self._decoded.pop(next(iter(self._decoded)))
        headline = self._decoded[id_] = to_headline(document)
        return headline

    def headlines(self) -> Iterator[Headline]:
        """Give the headlines that are kept when this begins, in no order; those archived meanwhile are left out."""
        for _, document in _as_of_now(self._storage.documents("headlines")):
            yield to_headline(document)

    def headline_count(self) -> int:
        """Count the kept headlines."""
        return len(self._storage.documents("headlines"))

    def unlisted(self) -> Iterator[tuple[str, datetime]]:
        """Give the ids of the kept headlines that their sources no longer list, with the instants they stopped."""
        for id_, document in _as_of_now(self._storage.documents("unlisted")):
            yield id_, datetime.fromisoformat(document["at"])

    def is_unlisted(self, id_: str) -> bool:
        """Say whether its source stopped listing a headline."""
        return id_ in self._storage.documents("unlisted")

    def dissolved(self) -> Iterator[Dissolved]:
        """Give the stories of late that became part of older ones, in no order."""
        for _, document in _as_of_now(self._storage.documents("dissolved")):
            yield to_dissolved(document)

    def incidents(self) -> Iterator[Incident]:
        """Give what happened to sources of late, in no order."""
        for _, document in _as_of_now(self._storage.documents("incidents")):
            yield to_incident(document)

    def keys_until(self) -> Iterator[tuple[str, datetime]]:
        """Give the keys of archived headlines, with the instants up to which they stay known."""
        for key, document in _as_of_now(self._storage.documents("keys")):
            if document["until"] is not None:
                yield key, datetime.fromisoformat(document["until"])

    def key_owners(self) -> Iterator[tuple[str, str, bool]]:
        """Give every key with the id of its headline, and whether that one was archived; else it is kept."""
        for key, document in _as_of_now(self._storage.documents("keys")):
            yield key, document["headline"], document["until"] is not None

    async def commit(self, commit: Commit) -> int:
        """Write a commit. When this returns, it survives a crash and is visible.

        Returns:
            `news` as of this commit.

        Raises:
            StateError: Nothing of it was committed, or all of it will be seen after a restart: it was not acknowledged.
        """
        changes = tuple(_changes(commit, self._known_by))  # all of them, before any: a commit is never staged by half
        for table, jsons in changes:
            if jsons:
                self._tables[table].put_json(jsons)
        if commit.headlines or commit.archived or commit.untold:
            self._news += 1
            self._tables["meta"].put({_NEWS: {"text": str(self._news)}})
        if commit.incidents or commit.incidents_over:
            self._told += 1
            self._tables["meta"].put({_TOLD: {"text": str(self._told)}})
        news = self._news
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_batches())
        await waiter
        return news

    async def _write_batches(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            [failure] = await asyncio.gather(self._write_batch(), return_exceptions=True)  # nobody waits for ever
            for waiter in waiting:
                if waiter.cancelled():
                    continue
                if failure is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(failure)

    async def _write_batch(self) -> None:
        changes = self._storage.take()
        try:
            if self._storage.journal.suspect or self._is_mostly_old():
                await self._begin_generation()
            run = await asyncio.to_thread(self._storage.append, changes)
        except OSError as error:
            told = f"{self._directory}: {error.strerror}; nothing was lost, but free space or mend the disk"
            raise StateError(told) from error
        self._storage.apply(changes, run)
        for change in changes:
            if change.table == "headlines":
                self._decoded.pop(change.id, None)
            elif change.table == "standing":
                self._standings.pop(change.id, None)

    def _is_mostly_old(self) -> bool:
        """Say whether half of the files is what nobody will read again: then a snapshot is worth its writing."""
        storage = self._storage
        half = (storage.journal.journal_bytes + storage.journal.snapshot_bytes) // 2
        return storage.old_bytes > max(_SNAPSHOT_FLOOR_BYTES, half, self._put_off_bytes)

    async def _begin_generation(self) -> None:
        """Replace the journal. It goes on for another while where the disk has no room for a snapshot."""
        try:
            await self._replace()
        except OSError:
            if self._storage.journal.suspect:
                raise
            self._put_off_bytes = self._storage.old_bytes + _SNAPSHOT_FLOOR_BYTES
        else:
            self._put_off_bytes = 0

    async def _replace(self) -> None:
        self._storage.documents("headlines")  # a snapshot wants the section read, and reading belongs to this thread
        self._storage.adopt(*await asyncio.to_thread(self._storage.snapshot))

    def _known_by(self, key: str) -> str | None:
        """Give the id of the headline that was last given a key."""
        document = self._storage.documents("keys").get(key)
        return None if document is None else document["headline"]

    def _table(self, name: str) -> JournalTable:
        self._db.table_class = JournalTable
        table = self._db.table(name, cache_size=0)
        if not isinstance(table, JournalTable):
            raise TypeError(table)
        return table


class _Opener:
    """What TinyDB calls to make its storage: the class, with our option in it."""

    def __init__(self, *, read_only: bool) -> None:
        self._read_only = read_only

    def __call__(self, directory: Path) -> JournalStorage:
        return JournalStorage(directory, read_only=self._read_only)


def _as_of_now(documents: Mapping[str, Document]) -> Iterator[tuple[str, Document]]:
    """Go through what is there when this begins, and still there when its turn comes: commits may come in between."""
    for id_ in list(documents):
        if id_ in documents:
            yield id_, documents[id_]


def _changes(commit: Commit, known_by: Callable[[str], str | None]) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    """Give what changes in each table: id → JSON, empty where the document goes."""
    dropped = dict.fromkeys(commit.dropped_sources, b"")
    archived = {headline.id: b"" for headline in commit.archived}
    yield "meta", {name: encode({"text": text}) for name, text in commit.meta}
    yield "due", dropped | {due.source: to_json(due) for due in commit.dues}
    yield "standing", dropped | {standing.source: to_json(standing) for standing in commit.standings}
    yield "listing", dropped | {source: listing_json(listing) for source, listing in commit.listings}
    over = dict.fromkeys(commit.incidents_over, b"")
    yield "incidents", over | {incident.id: to_json(incident) for incident in commit.incidents}
    yield "headlines", archived | {headline.id: to_json(headline) for headline in commit.headlines}
    untold = dict.fromkeys((each.story for each in commit.untold), b"")
    yield "dissolved", untold | {each.story: to_json(each) for each in commit.dissolved}
    yield "keys", dict.fromkeys(commit.keys_forgotten, b"") | _keys(commit, known_by)
    yield "unlisted", dict.fromkeys(commit.relisted, b"") | archived | _unlisted(commit)


def _keys(commit: Commit, known_by: Callable[[str], str | None]) -> dict[str, bytes]:
    until = None if commit.keys_until is None else commit.keys_until.isoformat()
    kept: dict[str, bytes] = {}
    for headline in commit.headlines:
        kept |= dict.fromkeys(headline.keys, encode({"headline": headline.id, "until": None}))
    left = {
        key: encode({"headline": headline.id, "until": until})
        for headline in commit.archived
        for key in headline.keys
        if known_by(key) == headline.id  # a later headline may have been given it, and that one stays
    }
    return kept | left


def _unlisted(commit: Commit) -> dict[str, bytes]:
    return {id_: encode({"at": at.isoformat()}) for id_, at in commit.unlisted}
