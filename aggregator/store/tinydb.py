"""TinyDB over our journal: what is read is what is committed, and a commit costs what it changes.

TinyDB as shipped rewrites its whole file at each write. Here a table reads its documents from memory (*schedule*
tables) or from their place in a file (*headlines* tables, indexed at first use), and its writes are staged until the
store commits them as one record.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from tinydb.storages import Storage
from tinydb.table import Table

from aggregator.store.journal import Begun, File, Journal, Run
from aggregator.store.record import Change, Document, decode, encode, read_lines

SCHEDULE: Final = ("meta", "due", "standing", "listing", "incidents")
HEADLINES: Final = ("headlines", "keys", "unlisted", "dissolved")

_CHUNK_BYTES: Final = 1 << 16  # of a snapshot's record: one bad byte costs no more than that

Place: TypeAlias = int
"""Where a document lies, in one number: offset, length (24 bits), file (1 bit)."""


def _place(file: File, offset: int, length: int) -> Place:
    return offset << 25 | length << 1 | (file == "journal")


def _length(place: Place) -> int:
    return place >> 1 & 0xFFFFFF


class Held(Mapping[str, Document]):
    """Documents whose bytes are in memory, decoded when asked for."""

    def __init__(self) -> None:
        """Begin empty."""
        self.json: dict[str, bytes] = {}

    def __getitem__(self, id_: str) -> Document:
        return decode(self.json[id_])

    def __iter__(self) -> Iterator[str]:
        return iter(self.json)

    def __len__(self) -> int:
        return len(self.json)


class Placed(Mapping[str, Document]):
    """Documents of which only the place is in memory; read and decoded when asked for."""

    def __init__(self, read: Callable[[File, int, int], bytes]) -> None:
        """Begin empty. `read` is `Journal.read`."""
        self.places: dict[str, Place] = {}
        self._read = read

    def json(self, place: Place) -> bytes:
        """Read the bytes at a place."""
        return self._read("journal" if place & 1 else "snapshot", place >> 25, _length(place))

    def __getitem__(self, id_: str) -> Document:
        return decode(self.json(self.places[id_]))

    def __contains__(self, id_: object) -> bool:
        return id_ in self.places  # Mapping's own would read the document

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


class Overlay(MutableMapping[str, Document]):
    """What TinyDB's updaters see: the committed documents, with their own changes on top."""

    def __init__(self, committed: Mapping[str, Document]) -> None:
        """Begin without changes."""
        self._committed = committed
        self.changed: dict[str, Document | None] = {}

    def __getitem__(self, id_: str) -> Document:
        if id_ not in self.changed:
            self.changed[id_] = self._committed[id_]  # TinyDB changes the document it gets in place
        document = self.changed[id_]
        if document is None:
            raise KeyError(id_)
        return document

    def __setitem__(self, id_: str, document: Document) -> None:
        self.changed[id_] = document

    def __delitem__(self, id_: str) -> None:
        if id_ not in self:
            raise KeyError(id_)
        self.changed[id_] = None

    def __contains__(self, id_: object) -> bool:
        if id_ in self.changed:
            return self.changed[str(id_)] is not None
        return id_ in self._committed

    def __iter__(self) -> Iterator[str]:
        kept = (id_ for id_ in self._committed if id_ not in self.changed)
        put = (id_ for id_, document in self.changed.items() if document is not None)
        yield from (*kept, *put)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class JournalStorage(Storage):
    """The tables of one state directory, and the changes that wait for their commit."""

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        """Open the directory; see `Journal.open` for what is raised.

        Attributes:
            notes: For people: what had to be mended.
            old_bytes: Of documents that a later change has replaced or removed, as far as they have been read.
        """
        self.old_bytes = 0
        self.journal, opened = Journal.open(directory, read_only=read_only)
        self.notes = opened.notes
        self._unread: tuple[Run, ...] = opened.headlines
        self._held = {name: Held() for name in SCHEDULE}
        self._placed = {name: Placed(self.journal.read) for name in HEADLINES}
        self._staged: list[Change] = []
        for lines in opened.schedule:
            for line in read_lines(lines):
                self._hold(line.table, line.id, line.json)

    def documents(self, table: str) -> Mapping[str, Document]:
        """Give the committed documents of a table."""
        if table in self._held:
            return self._held[table]
        self._index(self._unread)
        self._unread = ()
        return self._placed[table]

    @property
    def headlines_read(self) -> bool:
        """Say whether the headlines section has been indexed: a pass without news never does it."""
        return not self._unread

    def stage(self, table: str, changes: Mapping[str, bytes]) -> None:
        """Let changes (id → JSON, empty where the document goes) wait for the next commit."""
        self._staged.extend([Change(table, id_, json) for id_, json in changes.items()])

    def take(self) -> list[Change]:
        """Give what is staged, and stage nothing any more."""
        staged, self._staged = self._staged, []
        return staged

    def append(self, changes: Sequence[Change]) -> Run:
        """Write changes as one record, durably. May run in a thread; memory is not touched.

        Returns:
            Where its headline lines are, for `apply`.

        Raises:
            OSError: Nothing was committed.
        """
        schedule = b"".join([change.line() for change in changes if change.table in self._held])
        headlines = b"".join([change.line() for change in changes if change.table in self._placed])
        return self.journal.append(schedule, headlines)

    def apply(self, changes: Sequence[Change], run: Run) -> None:
        """Make a committed record visible."""
        at = run.offset
        for change in changes:
            if change.table in self._held:
                self._hold(change.table, change.id, change.json)
            elif not self._unread:
                at += len(change.table) + len(change.id.encode()) + 2
                self._put_in_place(change.table, change.id, _place(run.file, at, len(change.json)))
                at += len(change.json) + 1
        if self._unread and run.length:
            self._unread = (*self._unread, run)

    def snapshot(self) -> tuple[Begun, dict[str, dict[str, Place]]]:
        """Write a new generation. May run in a thread, while nothing is appended or applied.

        The headlines section must have been read before (`documents`), in the thread that reads.

        Raises:
            OSError: The old one is still in use.
        """
        written: list[tuple[str, list[tuple[str, int, int]]]] = []
        begun = self.journal.begin(self._records(written))
        places: dict[str, dict[str, Place]] = {name: {} for name in HEADLINES}
        for run, (table, documents) in zip(begun.runs, written, strict=True):
            at = run.offset
            places[table] |= {id_: _place(run.file, at + offset, length) for id_, offset, length in documents}
        return begun, places

    def adopt(self, begun: Begun, places: dict[str, dict[str, Place]]) -> None:
        """Go over to a generation that `snapshot` wrote."""
        self.journal.adopt(begun)
        self.old_bytes = 0
        for name, documents in self._placed.items():
            documents.places = places[name]

    def read(self) -> dict[str, dict[str, Any]]:
        """Give everything, as TinyDB's Storage wants it."""
        return {name: dict(self.documents(name)) for name in (*SCHEDULE, *HEADLINES)}

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Stage that `data` replaces everything, as TinyDB's Storage wants it."""
        for name in (*SCHEDULE, *HEADLINES):
            kept = data.get(name, {})
            gone = {id_: b"" for id_ in self.documents(name) if id_ not in kept}
            self.stage(name, gone | {id_: encode(dict(document)) for id_, document in kept.items()})

    def close(self) -> None:
        """Let the directory go. What is staged is not committed."""
        self.journal.close()

    def _hold(self, table: str, id_: str, json: bytes) -> None:
        held = self._held[table].json
        self.old_bytes += len(held.get(id_, b""))
        if json:
            held[id_] = json
        else:
            held.pop(id_, None)

    def _put_in_place(self, table: str, id_: str, place: Place) -> None:
        places = self._placed[table].places
        self.old_bytes += _length(places.get(id_, 0))
        if _length(place):
            places[id_] = place
        else:
            places.pop(id_, None)

    def _index(self, runs: tuple[Run, ...]) -> None:
        """Note where each document lies: all kept headlines' and their keys', so its loop takes short steps."""
        tables = {name.encode(): documents.places for name, documents in self._placed.items()}
        for run in runs:
            at = run.offset
            for line in self.journal.read(run.file, run.offset, run.length).split(b"\n")[:-1]:
                before_id = line.index(b"\t")
                before_json = line.index(b"\t", before_id + 1)
                places, id_ = tables[line[:before_id]], line[before_id + 1 : before_json].decode()
                length = len(line) - before_json - 1
                if id_ in places:
                    self.old_bytes += _length(places[id_])
                if length:
                    places[id_] = _place(run.file, at + before_json + 1, length)
                else:
                    places.pop(id_, None)
                at += len(line) + 1

    def _records(self, written: list[tuple[str, list[tuple[str, int, int]]]]) -> Iterator[tuple[bytes, bytes]]:
        """Yield the records of a snapshot; note in `written` which documents each holds, where, and how long."""
        for name in SCHEDULE:
            for lines, _ in _chunks(name, self._held[name].json.items()):
                written.append((HEADLINES[0], []))
                yield lines, b""
        for name in HEADLINES:
            documents = self._placed[name]
            for lines, places in _chunks(name, ((id_, documents.json(at)) for id_, at in documents.places.items())):
                written.append((name, places))
                yield b"", lines


def _chunks(table: str, documents: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, list[tuple[str, int, int]]]]:
    """Write documents as runs of lines; give with each the id, offset and length of every document in it."""
    lines: list[bytes] = []
    places: list[tuple[str, int, int]] = []
    size = 0
    for id_, json in documents:
        lines.append(Change(table, id_, json).line())
        size += len(lines[-1])
        places.append((id_, size - len(json) - 1, len(json)))
        if size >= _CHUNK_BYTES:
            yield b"".join(lines), places
            lines, places, size = [], [], 0
    if lines:
        yield b"".join(lines), places


class JournalTable(Table):
    """A table of `JournalStorage`. Ids are strings, and given: always `Document(…, doc_id=…)` or `put`.

    What is written is seen when it is committed, not before.
    """

    document_id_class = str  # type: ignore[assignment]  # TinyDB annotates int, and documents that it may be replaced

    def put(self, documents: Mapping[str, Document | None]) -> None:
        """Stage documents as they are, without merging them into their predecessors; None removes one."""
        self.put_json({id_: b"" if document is None else encode(document) for id_, document in documents.items()})

    def put_json(self, jsons: Mapping[str, bytes]) -> None:
        """Stage documents that are written already; empty JSON removes one."""
        self._journal_storage.stage(self.name, jsons)

    @property
    def _journal_storage(self) -> JournalStorage:
        storage = self._storage
        if not isinstance(storage, JournalStorage):
            raise TypeError(storage)
        return storage

    def _read_table(self) -> Mapping[str, Mapping[str, Any]]:  # type: ignore[override]  # ids are strings here
        return self._journal_storage.documents(self.name)

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        committed = self._journal_storage.documents(self.name)
        overlay = Overlay(committed)
        updater(overlay)
        # What was only looked at is not staged: it would undo what others have staged for it.
        changed = {id_: document for id_, document in overlay.changed.items() if document != committed.get(id_)}
        self.put({id_: None if document is None else dict(document) for id_, document in changed.items()})
