"""Laws of store/: whatever happens to the files, what is read is a prefix of what was committed, or is refused."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aggregator.commit import Commit
from aggregator.errors import StateDamagedError, StateError
from aggregator.headline import Headline
from aggregator.incident import Incident
from aggregator.source import Due, Hints, Standing, Validators
from aggregator.store.embedded import EmbeddedStore
from aggregator.store.journal import Journal
from aggregator.store.record import (
    Change,
    decode,
    encode,
    read_lines,
    to_due,
    to_headline,
    to_json,
    to_standing,
)
from aggregator.story import Dissolved
from tests.newsroom import NOON, MemoryStore, headline

PRINTABLE = st.text(st.characters(exclude_categories=["Cs"]))
IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
RECORDS = st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=60)), max_size=6)
NUMBERS = st.integers(0, 7)


def commits() -> st.SearchStrategy[Commit]:
    """Commits about the same eight headlines and sources, so that they meet."""
    due = NUMBERS.map(lambda number: Due(source=f"{number}", at=NOON, reason=f"{number}"))
    several = st.lists(NUMBERS, max_size=3, unique=True)
    return st.builds(
        Commit,
        dues=st.lists(due, max_size=2).map(tuple),
        headlines=st.lists(st.builds(_headline, NUMBERS, PRINTABLE), max_size=3, unique_by=lambda it: it.id).map(tuple),
        unlisted=several.map(lambda numbers: tuple((headline(number).id, NOON) for number in numbers)),
        relisted=several.map(lambda numbers: tuple(headline(number).id for number in numbers)),
        dissolved=st.lists(NUMBERS.map(_dissolved), max_size=2).map(tuple),
        untold=st.lists(NUMBERS.map(_dissolved), max_size=2).map(tuple),
        incidents=st.lists(NUMBERS.map(_incident), max_size=2).map(tuple),
        incidents_over=several.map(lambda numbers: tuple(_incident(number).id for number in numbers)),
        dropped_sources=several.map(lambda numbers: tuple(map(str, numbers))),
        meta=st.lists(st.tuples(IDS.filter(lambda name: name not in {"news", "told"}), PRINTABLE), max_size=2).map(
            tuple
        ),
    )


def _dissolved(number: int) -> Dissolved:
    return Dissolved(story=f"{number}", into=f"{number + 1}", at=NOON, topics=("update",))


def _incident(number: int) -> Incident:
    return Incident(source=f"{number}", kind="broke", at=NOON, name="x", url="x", text="x")


def _headline(number: int, title: str) -> Headline:
    return headline(number, title=title)


def told(store: MemoryStore | EmbeddedStore) -> dict[str, Any]:
    """Tell everything that a store holds."""
    return {
        "dues": dict(store.dues()),
        "sources": set(store.sources()),
        "headlines": {each.id: each for each in store.headlines()},
        "known": store.known([key for number in range(8) for key in headline(number).keys]),
        "unlisted": dict(store.unlisted()),
        "keys": dict(store.keys_until()),
        "dissolved": {each.story: each for each in store.dissolved()},
        "incidents": {each.id: each for each in store.incidents()},
        "counts": (store.news, store.told),
    }


@given(st.lists(commits(), max_size=8), st.booleans())
def test_disk_and_memory_hold_the_same_and_so_does_the_next_opening(written: list[Commit], snapshots: bool) -> None:
    async def write(directory: Path) -> None:
        memory = MemoryStore()
        with EmbeddedStore(directory) as disk:
            for commit in written:
                assert await disk.commit(commit) == await memory.commit(commit)
                if snapshots:
                    await disk._replace()
                assert told(disk) == told(memory)
        with EmbeddedStore(directory) as disk:
            assert told(disk) == told(memory)

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(write(Path(directory)))


@given(RECORDS, RECORDS, st.sampled_from(["snapshot.2", "journal.2"]), st.data())
def test_a_flipped_byte_is_refused_or_costs_the_last_record_and_is_told(
    kept: list[tuple[bytes, bytes]], came: list[tuple[bytes, bytes]], file: str, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        whole = _write(Path(directory), kept, came, file)
        at = data.draw(st.integers(0, len(whole) - 1))
        flipped = bytes([whole[at] ^ 1 << data.draw(st.integers(0, 7))])
        (Path(directory) / file).write_bytes(whole[:at] + flipped + whole[at + 1 :])

        _holds_a_prefix_or_is_refused(Path(directory), kept, came, told=True)


@given(RECORDS, RECORDS, st.sampled_from(["snapshot.2", "journal.2"]), st.data())
def test_a_file_cut_anywhere_is_refused_or_holds_a_prefix(
    kept: list[tuple[bytes, bytes]], came: list[tuple[bytes, bytes]], file: str, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        whole = _write(Path(directory), kept, came, file)
        (Path(directory) / file).write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])

        _holds_a_prefix_or_is_refused(Path(directory), kept, came, told=False)


def _write(directory: Path, kept: list[tuple[bytes, bytes]], came: list[tuple[bytes, bytes]], file: str) -> bytes:
    journal, _ = Journal.open(directory)
    journal.adopt(journal.begin(kept))
    for record in came:
        journal.append(*record)
    journal.close()
    return (directory / file).read_bytes()


def _holds_a_prefix_or_is_refused(
    directory: Path, kept: list[tuple[bytes, bytes]], came: list[tuple[bytes, bytes]], *, told: bool
) -> None:
    """Open it. Where `told`, an opening that lost a record must have said so."""
    try:
        journal, opened = Journal.open(directory)
    except StateDamagedError as error:
        assert "byte" in str(error)  # noqa: PT017  refusing is one of two right answers
        return
    except StateError as error:
        assert "newer version" in str(error)  # noqa: PT017  a flipped digit of the format
        return
    runs = [journal.read(run.file, run.offset, run.length) for run in opened.headlines]
    journal.close()
    lost = len(kept) + 1 + len(came) - len(opened.schedule)  # 1: the snapshot's last, empty record
    whole = [*kept, *came][: len(kept) + len(came) - lost]
    assert 0 <= lost <= len(came)
    assert [lines for lines in opened.schedule if lines] == [schedule for schedule, _ in whole if schedule]
    assert runs == [headlines for _, headlines in whole if headlines]
    assert not told or (bool(opened.notes) and lost == 1)


@given(
    st.lists(
        st.builds(
            Change,
            st.sampled_from(["due", "keys"]),
            IDS,
            st.just(b"") | st.dictionaries(PRINTABLE, PRINTABLE).map(encode),
        )
    )
)
def test_lines_give_back_the_changes_they_were_written_from(changes: list[Change]) -> None:
    lines = b"".join(change.line() for change in changes)

    read = list(read_lines(lines))
    assert [Change(line.table, line.id, line.json) for line in read] == changes
    assert all(lines[line.offset :].startswith(line.json) for line in read)


INSTANTS = st.datetimes(timezones=st.just(NOON.tzinfo))


@given(
    st.builds(
        Standing,
        source=IDS,
        name=PRINTABLE,
        urls=st.lists(PRINTABLE, min_size=1, max_size=3).map(tuple),
        validators=st.lists(
            st.tuples(
                PRINTABLE, st.builds(Validators, etag=st.none() | PRINTABLE, last_modified=st.none() | PRINTABLE)
            ),
            max_size=2,
        ).map(tuple),
        hints=st.builds(
            Hints,
            max_age=st.none() | st.timedeltas(NOON - NOON, (NOON - NOON.replace(year=2000))),
            skip_hours=st.lists(st.integers(0, 23)).map(tuple),
        ),
        not_before=st.none() | INSTANTS,
        last_error=st.none() | PRINTABLE,
    )
)
def test_a_standing_survives_whatever_publishers_write(standing: Standing) -> None:
    assert to_standing(decode(to_json(standing))) == standing


@given(
    st.builds(headline, NUMBERS, title=PRINTABLE, summary=PRINTABLE, guid=st.none() | PRINTABLE, updated_at=INSTANTS)
)
def test_a_headline_survives_whatever_publishers_write(kept: Headline) -> None:
    assert to_headline(decode(to_json(kept))) == kept


@given(st.builds(Due, source=IDS, at=INSTANTS, reason=PRINTABLE))
def test_an_appointment_survives(due: Due) -> None:
    assert to_due(decode(to_json(due))) == due
