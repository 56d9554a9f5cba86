"""TinyDB over our journal: what is read is what is committed, and a commit costs what it changes.

TinyDB as shipped rewrites its whole file at each write. Here a table reads its documents from memory (*schedule*
tables) or from their place in a file (*headlines* tables, indexed at first use), and its writes are staged until the
store commits them as one record.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from tinydb.storages import Storage
from tinydb.table import Table

from aggregator.store.journal import Begun, File, Journal, Run
from aggregator.store.record import Change, Document, decode, read_lines, write_line, write_lines

SCHEDULE: Final = ("meta", "due", "standing", "listing")
HEADLINES: Final = ("headlines", "keys", "unlisted", "dissolved")

_CHUNK_BYTES: Final = 1 << 20  # of a snapshot's record: large enough to be quick, small enough to be held twice

Place: TypeAlias = int
"""Where a document lies, in one number: offset, length (24 bits), file (1 bit)."""


def _place(file: File, offset: int, length: int) -> Place:
    return offset << 25 | length << 1 | (file == "journal")


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
        return self._read("journal" if place & 1 else "snapshot", place >> 25, place >> 1 & 0xFFFFFF)

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
        """
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

    def stage(self, table: str, changes: Mapping[str, Document | None]) -> None:
        """Let changes wait for the next commit."""
        self._staged.extend(Change(table, id_, document) for id_, document in changes.items())

    def take(self) -> list[Change]:
        """Give what is staged, and stage nothing any more."""
        staged, self._staged = self._staged, []
        return staged

    def append(self, changes: list[Change]) -> tuple[bytes, bytes, Run]:
        """Write changes as one record, durably. May run in a thread; memory is not touched.

        Returns:
            What `apply` wants.

        Raises:
            OSError: Nothing was committed.
        """
        schedule = write_lines(change for change in changes if change.table in self._held)
        headlines = write_lines(change for change in changes if change.table in self._placed)
        return schedule, headlines, self.journal.append(schedule, headlines)

    def apply(self, schedule: bytes, headlines: bytes, run: Run) -> None:
        """Make a committed record visible."""
        for line in read_lines(schedule):
            self._hold(line.table, line.id, line.json)
        if not headlines:
            return
        if self._unread:
            self._unread = (*self._unread, run)
        else:
            self._index_lines(headlines, run)

    def snapshot(self) -> tuple[Begun, dict[str, dict[str, Place]]]:
        """Write a new generation. May run in a thread, while nothing is appended or applied.

        The headlines section must have been read before (`documents`), in the thread that reads.

        Raises:
            OSError: The old one is still in use.
        """
        written: list[dict[tuple[str, str], tuple[int, int]]] = []
        begun = self.journal.begin(self._records(written))
        places: dict[str, dict[str, Place]] = {name: {} for name in HEADLINES}
        for run, lines in zip(begun.runs, written, strict=True):
            for (table, id_), (offset, length) in lines.items():
                places[table][id_] = _place(run.file, run.offset + offset, length)
        return begun, places

    def adopt(self, begun: Begun, places: dict[str, dict[str, Place]]) -> None:
        """Go over to a generation that `snapshot` wrote."""
        self.journal.adopt(begun)
        for name, documents in self._placed.items():
            documents.places = places[name]

    def read(self) -> dict[str, dict[str, Any]]:
        """Give everything, as TinyDB's Storage wants it."""
        return {name: dict(self.documents(name)) for name in (*SCHEDULE, *HEADLINES)}

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Stage that `data` replaces everything, as TinyDB's Storage wants it."""
        for name in (*SCHEDULE, *HEADLINES):
            kept = data.get(name, {})
            self.stage(name, {id_: None for id_ in self.documents(name) if id_ not in kept} | dict(kept))

    def close(self) -> None:
        """Let the directory go. What is staged is not committed."""
        self.journal.close()

    def _hold(self, table: str, id_: str, json: bytes) -> None:
        held = self._held[table].json
        if json:
            held[id_] = json
        else:
            held.pop(id_, None)

    def _index(self, runs: tuple[Run, ...]) -> None:
        for run in runs:
            self._index_lines(self.journal.read(run.file, run.offset, run.length), run)

    def _index_lines(self, lines: bytes, run: Run) -> None:
        for line in read_lines(lines):
            places = self._placed[line.table].places
            if line.json:
                places[line.id] = _place(run.file, run.offset + line.offset, len(line.json))
            else:
                places.pop(line.id, None)

    def _records(self, written: list[dict[tuple[str, str], tuple[int, int]]]) -> Iterator[tuple[bytes, bytes]]:
        """Yield the records of a snapshot; note in `written` where each headline document is in its record."""
        for name in SCHEDULE:
            for lines in _chunks(write_line(name, id_, json) for id_, json in self._held[name].json.items()):
                written.append({})
                yield b"".join(lines), b""
        for name in HEADLINES:
            documents = self._placed[name]
            lines_of = (write_line(name, id_, documents.json(place)) for id_, place in documents.places.items())
            for lines in _chunks(lines_of):
                run = b"".join(lines)
                written.append({(line.table, line.id): (line.offset, len(line.json)) for line in read_lines(run)})
                yield b"", run


def _chunks(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        chunk.append(line)
        size += len(line)
        if size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


class JournalTable(Table):
    """A table of `JournalStorage`. Ids are strings, and given: always `Document(…, doc_id=…)` or `put`.

    What is written is seen when it is committed, not before.
    """

    document_id_class = str  # type: ignore[assignment]  # TinyDB annotates int, and documents that it may be replaced

    def put(self, documents: Mapping[str, Document | None]) -> None:
        """Stage documents as they are, without merging them into their predecessors; None removes one."""
        self._journal_storage.stage(self.name, documents)

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
