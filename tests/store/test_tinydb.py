from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB, where
from tinydb.table import Document

from aggregator.store.journal import Journal
from aggregator.store.tinydb import HEADLINES, SCHEDULE, JournalStorage, JournalTable

TABLES = pytest.mark.parametrize("table", ["standing", "headlines"], ids=["held in memory", "placed in a file"])


@pytest.fixture
def db(tmp_path: Path) -> Iterator[TinyDB]:
    with TinyDB(tmp_path, storage=JournalStorage) as opened:
        opened.table_class = JournalTable
        yield opened


def storage_of(db: TinyDB) -> JournalStorage:
    assert isinstance(db.storage, JournalStorage)
    return db.storage


def commit(db: TinyDB) -> int:
    """Commit what is staged; count the changes."""
    changes = storage_of(db).take()
    storage_of(db).apply(changes, storage_of(db).append(changes))
    return len(changes)


def table_of(db: TinyDB, name: str) -> Any:
    """Give a table. Any: TinyDB annotates ids as int, though it documents that they may be strings."""
    table = db.table(name, cache_size=0)
    assert isinstance(table, JournalTable)
    return table


def document(id_: Any, **fields: object) -> Document:
    return Document(fields, doc_id=id_)


def filled(db: TinyDB, name: str) -> Any:
    """Give a table with three committed documents."""
    table = table_of(db, name)
    table.put({id_: {"name": id_, "failures": number} for number, id_ in enumerate("abc")})
    commit(db)
    return table


@TABLES
def test_what_is_written_is_seen_when_it_is_committed_and_after_the_next_opening(
    db: TinyDB, tmp_path: Path, table: str
) -> None:
    kept = table_of(db, table)
    assert kept.insert(document("a", name="Dunia")) == "a"
    assert kept.get(doc_id="a") is None
    commit(db)
    assert kept.get(doc_id="a") == {"name": "Dunia"}
    db.close()

    with TinyDB(tmp_path, storage=JournalStorage) as opened:
        assert storage_of(opened).read()[table] == {"a": {"name": "Dunia"}}


@TABLES
def test_documents_are_found_as_tinydb_finds_them(db: TinyDB, table: str) -> None:
    kept = filled(db, table)

    assert len(kept) == 3
    assert [each.doc_id for each in kept] == ["a", "b", "c"]
    assert kept.get(where("failures") == 1) == {"name": "b", "failures": 1}
    assert [found["name"] for found in kept.search(where("failures") > 0)] == ["b", "c"]
    assert kept.count(where("name").one_of(["a", "x"])) == 1
    assert (kept.contains(doc_id="c"), kept.contains(doc_id="d")) == (True, False)
    assert (kept.contains(where("name") == "c"), kept.contains(where("name") == "d")) == (True, False)
    assert kept.get(doc_ids=["a", "c"]) == [{"name": "a", "failures": 0}, {"name": "c", "failures": 2}]


@TABLES
def test_documents_are_changed_as_tinydb_changes_them(db: TinyDB, table: str) -> None:
    kept = filled(db, table)

    assert kept.update({"failures": 9}, where("name") == "b") == ["b"]
    assert kept.update(lambda fields: fields.pop("failures"), doc_ids=["c"]) == ["c"]
    assert commit(db) == 2
    assert kept.all() == [{"name": "a", "failures": 0}, {"name": "b", "failures": 9}, {"name": "c"}]

    assert kept.upsert(document("a", parked=True)) == ["a"]
    assert kept.upsert(document("d", name="d")) == ["d"]
    commit(db)
    assert kept.get(doc_id="a") == {"name": "a", "failures": 0, "parked": True}
    assert kept.get(doc_id="d") == {"name": "d"}

    kept.put({"a": {"name": "whole"}})
    commit(db)
    assert kept.get(doc_id="a") == {"name": "whole"}


@TABLES
def test_documents_are_removed_as_tinydb_removes_them(db: TinyDB, table: str) -> None:
    kept = filled(db, table)

    assert kept.remove(where("name") == "b") == ["b"]
    assert kept.remove(doc_ids=["a"]) == ["a"]
    commit(db)
    assert kept.all() == [{"name": "c", "failures": 2}]


@TABLES
def test_a_table_is_emptied_by_truncate_and_by_drop(db: TinyDB, table: str) -> None:
    kept = filled(db, table)
    kept.truncate()
    commit(db)
    assert kept.all() == []

    filled(db, table)
    db.drop_table(table)
    assert commit(db) == 3
    assert table_of(db, table).all() == []

    filled(db, table)
    db.drop_tables()
    commit(db)
    assert storage_of(db).read() == {name: {} for name in (*SCHEDULE, *HEADLINES)}


@TABLES
def test_an_update_stages_only_what_it_changes(db: TinyDB, table: str) -> None:
    kept = filled(db, table)
    kept.put({"a": {"name": "staged by somebody else"}})

    kept.update({"failures": 9}, where("name") == "b")

    assert commit(db) == 2
    assert kept.get(doc_id="a") == {"name": "staged by somebody else"}


@TABLES
def test_a_document_that_was_read_can_be_changed_without_changing_what_is_kept(db: TinyDB, table: str) -> None:
    kept = filled(db, table)
    found = kept.get(doc_id="a")
    found["name"] = "scribbled on"

    assert kept.get(doc_id="a") == {"name": "a", "failures": 0}


def test_the_headlines_section_is_not_read_before_it_is_needed(db: TinyDB, tmp_path: Path) -> None:
    filled(db, "headlines")
    filled(db, "due")
    db.close()
    with TinyDB(tmp_path, storage=JournalStorage) as opened:
        storage = storage_of(opened)
        assert set(storage.documents("due")) == {"a", "b", "c"}
        opened.table_class = JournalTable
        table_of(opened, "headlines").put({"d": {"name": "d"}, "a": None})
        commit(opened)
        assert not storage.headlines_read
        assert set(storage.documents("headlines")) == {"b", "c", "d"}
        assert storage.headlines_read


def test_places_stay_right_when_a_generation_begins_and_old_files_cannot_be_deleted(
    db: TinyDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = filled(db, "headlines")
    storage = storage_of(db)
    monkeypatch.setattr("os.unlink", _refuse)
    storage.adopt(*storage.snapshot())
    table_of(db, "headlines").put({"d": {"name": "d"}, "b": None})
    commit(db)

    assert [each["name"] for each in kept] == ["a", "c", "d"]


def test_a_large_table_is_written_in_pieces(db: TinyDB, tmp_path: Path) -> None:
    long = "x" * 40_000
    table_of(db, "headlines").put({id_: {"name": id_ + long} for id_ in "abcd"})
    commit(db)
    storage = storage_of(db)
    storage.adopt(*storage.snapshot())

    assert [storage.documents("headlines")[id_]["name"] for id_ in "abcd"] == [id_ + long for id_ in "abcd"]
    db.close()
    journal, opened = Journal.open(tmp_path)
    journal.close()
    assert len(opened.headlines) == 2


def _refuse(*_: object) -> None:
    raise OSError(30, "Read-only file system")
