"""What readers find of what has left the feeds."""

import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from aggregator.archive import Archive
from aggregator.book import Book
from aggregator.commit import Commit
from aggregator.desk import Desk, Trace
from aggregator.errors import StateDamagedError, StateError
from aggregator.headline import Headline, Revision
from aggregator.store.ledger import Ledger
from aggregator.story import Dissolved
from aggregator.topic import Topic
from tests.archives import BASE, JAKARTA, SITE, SLUGS, TOPICS, Runs, news, titles, urn
from tests.long.census import held
from tests.newsroom import NOON
from tests.publish.judge.editions import judged
from tests.publish.judge.judging import Published
from tests.store.faults import CrashError, Disk

HOUR = timedelta(hours=1)
LAST_OF_OCTOBER = datetime(2026, 10, 31, 23, 59, tzinfo=JAKARTA)
FIRST_OF_NOVEMBER = datetime(2026, 11, 1, 0, 0, tzinfo=JAKARTA)
SEALING = datetime(2026, 11, 2, 0, 0, tzinfo=JAKARTA)


@pytest_asyncio.fixture
async def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runs]:
    """A run over an empty state/, in which three items make a document."""
    monkeypatch.setattr("aggregator.book.PART_ITEMS", 3)
    fresh = Runs(tmp_path)
    await fresh.begin()
    yield fresh


async def close(runs: Runs, at: datetime = SEALING) -> None:
    await runs.edition.close_months(oldest="2024-01", now=at.astimezone(UTC))


def sealed(runs: Runs) -> set[str]:
    """Give the names of the parts that may be kept for ever."""
    return {name for name in runs.names() if runs.shelf[f"update/{name}.atom"].immutable}


def revised(number: int, at: datetime, title: str) -> Headline:
    line = news(number, at)
    return replace(line, title=title, updated_at=at + HOUR, revisions=(Revision(title=line.title, until=at + HOUR),))


async def test_a_burst_that_no_feed_has_room_for_is_whole_in_the_archive(runs: Runs) -> None:
    lines = [news(20 - number, NOON + number * timedelta(minutes=1)) for number in range(20)]
    await runs.tell(*lines)

    for slug in ("update", "popular", "each"):
        assert runs.archived(slug) == [urn(line) for line in reversed(lines)]
    assert runs.names() == ["2026-11-7", "2026-11-6", "2026-11-5", "2026-11-4", "2026-11-3", "2026-11-2", "2026-11"]
    assert [len(items) for _, items in runs.chain("update")] == [2, 3, 3, 3, 3, 3, 3]


async def test_a_flood_keeps_other_news_waiting_no_longer_than_a_part_of_it(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.edition._LOOKED_AT", 2)
    await runs.bring(*(news(number, NOON + number * HOUR, topics=("update",)) for number in range(20)))
    counts = []
    while runs.edition.is_pending:
        await runs.edition.publish(runs.desk.news, beside=4)
        counts.append(len(runs.archived()))
        shown = [item["id"] for item in json.loads(runs.files()["update.json"])["items"]]
        assert set(shown) <= set(runs.archived())
        assert runs.edition.is_current(runs.desk.news) == (counts[-1] == 20)

    assert counts == [7, 11, 15, 19, 20]


async def test_what_leaves_the_feed_was_in_the_archive_before(runs: Runs) -> None:
    for number in range(9):
        line = news(number, NOON + number * HOUR)
        await runs.tell(line)

        assert runs.archived()[0] == urn(line)
        assert len(runs.archived()) == number + 1


async def test_only_the_documents_that_news_touched_are_written(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(7)))
    before = {path: (runs.public / path).stat().st_ino for path in runs.files("*/2*")}
    await runs.tell(news(7, NOON + 7 * HOUR))
    changed = {path for path, inode in before.items() if (runs.public / path).stat().st_ino != inode}

    assert {path for path in changed if path.endswith(".atom")} == {
        f"{slug}/2026-11-3.atom" for slug in ("update", "popular", "each")
    }


async def test_a_revision_shows_in_its_place_while_the_month_runs(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(5)))
    order = runs.archived()
    await runs.tell(revised(1, NOON + HOUR, "Judul baru"))

    assert runs.archived() == order
    assert titles(runs.chain("update")[-1][1])[1] == "Judul baru"


async def test_what_is_told_again_unchanged_adds_no_line(runs: Runs) -> None:
    await runs.tell(news(1, NOON))
    ledger = runs.directory / "archive" / "update" / "2026-11.jsonl"
    size = ledger.stat().st_size
    await runs.tell(news(1, NOON))

    assert ledger.stat().st_size == size


async def test_the_month_is_that_of_the_finding_by_the_clock_of_the_site(runs: Runs) -> None:
    await runs.tell(
        news(1, LAST_OF_OCTOBER),
        news(2, FIRST_OF_NOVEMBER, published_at=LAST_OF_OCTOBER - 40 * timedelta(days=1)),
    )

    assert FIRST_OF_NOVEMBER.astimezone(UTC).month == 10
    assert runs.names() == ["2026-11", "2026-10"]
    assert runs.archived() == [urn(news(2, NOON)), urn(news(1, NOON))]


async def test_a_month_is_open_for_a_day_and_then_never_changes(runs: Runs) -> None:
    await runs.tell(*(news(number, LAST_OF_OCTOBER - number * HOUR) for number in range(4)))
    await runs.tell(news(9, FIRST_OF_NOVEMBER + HOUR))
    await close(runs, SEALING - timedelta(seconds=1))
    assert not runs.shelf["update/2026-10-2.atom"].immutable
    await runs.tell(news(10, LAST_OF_OCTOBER))  # read before midnight, committed later
    await close(runs)
    final, document = runs.files("*/2026-10*"), runs.shelf["update/2026-10-2.atom"]
    await runs.tell(revised(0, LAST_OF_OCTOBER, "Judul baru"))

    assert (document.immutable, document.max_age) == (True, timedelta(days=365))
    assert runs.files("*/2026-10*") == final
    assert len(runs.archived()) == len(set(runs.archived())) == 6


async def test_a_later_revision_shows_in_the_feed_alone(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await close(runs)
    await runs.tell(revised(1, LAST_OF_OCTOBER, "Judul baru"))

    assert titles(json.loads(runs.files()["update.json"])["items"]) == ["Judul baru"]
    assert titles(runs.chain("update")[0][1]) == [news(1, NOON).title]
    before = runs.files()
    assert await runs.rebuilt() == before


async def test_of_the_months_that_ended_one_at_most_is_in_memory(runs: Runs) -> None:
    months = [datetime(2026, month, 15, tzinfo=JAKARTA) for month in range(3, 11)]
    for number, at in enumerate(months):
        await runs.tell(news(number, at))
    await close(runs)
    for number, at in enumerate(months):
        await runs.tell(revised(number, at, "Judul baru"))
        runs.edition.archive.where(urn(news(number, at)))

    assert len(runs.archived()) == len(months)
    assert held(runs.edition.archive)["Ledger._starts"] <= len(SLUGS)


async def test_a_run_that_slept_over_the_end_files_first_and_seals_then(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await runs.bring(news(2, LAST_OF_OCTOBER))
    await close(runs, SEALING + 72 * HOUR)
    assert sealed(runs) == set()
    await runs.publish()
    await close(runs, SEALING + 72 * HOUR)

    assert sealed(runs) == {"2026-10"}
    assert len(runs.archived()) == 2


async def test_a_month_ends_though_there_is_never_a_moment_without_news(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await runs.bring(news(2, LAST_OF_OCTOBER), news(3, FIRST_OF_NOVEMBER))
    await close(runs)
    assert sealed(runs) == set()  # one of them may belong to it
    await runs.publish()
    await runs.bring(news(4, SEALING))
    await close(runs, SEALING + HOUR)

    assert sealed(runs) == {"2026-10"}
    await runs.publish()
    final = runs.files("*/2026-10*")
    assert await runs.rebuilt() == runs.files()
    assert runs.files("*/2026-10*") == final
    assert len(runs.archived()) == len(set(runs.archived())) == 4


async def test_no_month_is_sealed_as_of_a_clock_that_was_ahead_and_has_been_set_back(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await runs.bring(news(2, LAST_OF_OCTOBER))
    await close(runs, SEALING)
    await runs.publish()
    await runs.bring(news(3, LAST_OF_OCTOBER))
    await close(runs, LAST_OF_OCTOBER)
    await runs.publish()

    assert sealed(runs) == set()


async def test_many_items_of_one_ended_month_have_it_read_once(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    months = [datetime(2026, month, 15, tzinfo=JAKARTA) for month in range(3, 11)]
    for month in months:
        await runs.tell(*(news(month.month * 10 + number, month) for number in range(5)))
    await close(runs)
    await runs.begin()
    await runs.desk.load()
    read = list[str]()

    def opened(path: Path) -> Ledger:
        read.append(path.stem)
        return Ledger(path)

    monkeypatch.setattr("aggregator.book.Ledger", opened)
    traces = [runs.desk.trace(TOPICS[0], news(number, months[0]).id) for number in range(30, 35)]

    assert len(list(filter(None, traces))) == 5
    assert not runs.edition.archive.wanted(TOPICS[0], filter(None, traces))
    assert read == ["2026-03"]


async def test_a_part_that_could_not_be_read_is_written_by_the_next_publishing(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = Book.part

    def failing(*_: object) -> object:
        raise StateError("no descriptor is left")

    await runs.tell(*(news(number, LAST_OF_OCTOBER) for number in range(7)))
    monkeypatch.setattr("aggregator.book.Book.part", failing)
    with pytest.raises(StateError):
        await runs.tell(*(revised(number, LAST_OF_OCTOBER, f"Judul {number}") for number in range(7)))
    monkeypatch.setattr("aggregator.book.Book.part", part)
    assert not runs.edition.archive.is_written  # or the month could be sealed
    await runs.publish()

    shown = [item["title"] for _, items in runs.chain("update") for item in items]
    assert sorted(shown) == [f"Judul {number}" for number in range(7)]


async def test_what_comes_for_a_sealed_month_is_told_in_the_running_one(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await close(runs)
    await runs.tell(news(2, LAST_OF_OCTOBER))
    await runs.tell(news(2, LAST_OF_OCTOBER), news(3, FIRST_OF_NOVEMBER))

    assert [(path, len(items)) for path, items in runs.chain("update")] == [
        ("update/2026-11.json", 2),
        ("update/2026-10.json", 1),
    ]


async def test_neighbours_link_to_each_other_and_a_sealed_last_one_to_what_there_was(runs: Runs) -> None:
    await runs.tell(*(news(number, LAST_OF_OCTOBER) for number in range(4)))
    quiet = runs.names()
    await runs.tell(news(9, FIRST_OF_NOVEMBER))
    await close(runs)
    heads = {path: body.partition(b"<entry")[0].decode() for path, body in runs.files("update/*.atom").items()}

    assert quiet == ["2026-10-2", "2026-10"]
    assert f'href="{BASE}/update/2026-10-2.atom" rel="next-archive"' in heads["update/2026-10.atom"]
    assert f'href="{BASE}/update/2026-11.atom" rel="next-archive"' in heads["update/2026-10-2.atom"]
    assert f'href="{BASE}/update/2026-10-2.atom" rel="prev-archive"' in heads["update/2026-11.atom"]
    assert "next-archive" not in heads["update/2026-11.atom"]
    assert "prev-archive" not in heads["update/2026-10.atom"]
    assert all("<fh:archive/>" in head and 'rel="current"' in head for head in heads.values())


async def test_a_month_sealed_in_silence_stays_as_it_is_when_news_comes(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await close(runs)
    final = runs.files("*/2026-10*")
    await runs.tell(news(2, FIRST_OF_NOVEMBER + 90 * HOUR))

    assert runs.files("*/2026-10*") == final
    assert runs.names() == ["2026-11", "2026-10"]


async def test_a_deleted_folder_comes_back_with_the_same_bytes(runs: Runs) -> None:
    await runs.tell(*(news(number, LAST_OF_OCTOBER - number * HOUR) for number in range(5)))
    await runs.tell(news(9, FIRST_OF_NOVEMBER + HOUR))
    await close(runs)
    await runs.tell(*(news(number, FIRST_OF_NOVEMBER + number * HOUR) for number in range(10, 15)))
    before = runs.files()

    assert len([path for path in before if path.startswith("update/2")]) == 3 * 4
    assert await runs.rebuilt() == before


async def test_a_sealed_month_keeps_its_titles_whatever_feeds_yaml_says_later(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await close(runs)
    final = runs.files("*/2026-10*")
    renamed = tuple(replace(topic, title=f"{topic.title}!") for topic in TOPICS)
    changes: dict[str, Any] = {"site": replace(SITE, title="Gema", language="en"), "topics": renamed}
    await runs.begin(**changes)
    await runs.tell(news(2, FIRST_OF_NOVEMBER))

    assert b"Gema" in runs.files()["update/2026-11.atom"]
    assert runs.files("*/2026-10*") == final
    rebuilt = await runs.rebuilt(**changes)
    assert {path: body for path, body in rebuilt.items() if "2026-10" in path} == final


async def test_the_running_month_follows_feeds_yaml(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON) for number in range(5)))
    await runs.begin(site=replace(SITE, title="Gema"))
    await runs.publish()

    assert all(b"Gema" in body for body in runs.files("update/2*").values())


async def test_a_site_that_moves_takes_its_archives_along(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER))
    await close(runs)
    await runs.begin(base_url="https://baru.example")
    await runs.publish()

    assert b"https://baru.example/update/2026-10.rss" in runs.files()["update/2026-10.rss"]


async def test_what_was_committed_and_not_told_is_in_the_archive_after_a_restart(runs: Runs) -> None:
    await runs.tell(news(1, NOON))
    await runs.bring(*(news(number, NOON + HOUR) for number in range(2, 12)))
    await runs.bring(revised(1, NOON, "Judul baru"))
    await runs.begin()
    await runs.publish()

    assert len(runs.archived()) == 11
    assert titles(runs.chain("update")[-1][1])[-1] == "Judul baru"


async def test_after_a_clean_end_only_news_is_looked_at(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    await runs.tell(*(news(number, NOON) for number in range(5)))
    await runs.begin()
    looked_at: list[str] = []
    trace = Desk.trace

    def watched(self: Desk, topic: Topic, name: str) -> Trace | None:
        looked_at.append(name)
        return trace(self, topic, name)

    monkeypatch.setattr(Desk, "trace", watched)
    await runs.tell(news(9, NOON + HOUR))

    assert looked_at == [news(9, NOON).id] * 3
    assert len(runs.archived()) == 6


async def test_lines_that_were_written_and_not_shown_are_shown_by_the_next_run(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON) for number in range(4)))
    stamp = (runs.directory / "edition").read_bytes()
    old = runs.files("*/2*")
    await runs.tell(*(news(number, NOON + HOUR) for number in range(4, 8)))
    whole = runs.files()
    (runs.directory / "edition").write_bytes(stamp)
    for path, body in old.items():
        (runs.public / path).write_bytes(body)
    await runs.begin()
    await runs.publish()

    assert runs.files() == whole


async def test_a_deleted_document_is_missed_when_it_is_asked_for_and_made_again(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(7)))
    body = runs.shelf["update/2026-11.rss"].body
    shutil.rmtree(runs.public / "update")
    assert "update/2026-11.rss" not in runs.shelf
    runs.edition.archive.look_after(runs.shelf.lost)
    assert runs.edition.is_pending
    await runs.publish()

    assert runs.shelf["update/2026-11.rss"].body == body
    assert len(runs.archived()) == 7


async def test_a_run_finds_what_somebody_deleted(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(7)))
    before = runs.files()
    shutil.rmtree(runs.public / "each")
    await runs.begin()
    assert runs.edition.is_pending
    await runs.publish()

    assert runs.files() == before


@pytest.mark.parametrize(
    "path", ["update/2026-12.atom", "update/2026-11-3.atom", "update/2026-11-1.atom", "x/2026-11.atom"]
)
async def test_no_path_of_a_request_is_looked_for_on_the_disk(runs: Runs, path: str) -> None:
    await runs.tell(*(news(number, NOON) for number in range(4)))
    target = runs.public / path
    target.parent.mkdir(exist_ok=True)
    target.write_text("not ours")

    assert path not in runs.shelf
    assert runs.shelf.lost == set()


async def test_archives_lie_on_the_disk_and_a_few_in_memory(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.shelf._READ", 2)
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(15)))
    paths = [f"update/{name}.json" for name in runs.names()]

    assert not [path for path in runs.shelf if "/2" in path]
    assert [runs.shelf[path].body for path in paths] == [(runs.public / path).read_bytes() for path in paths]
    assert runs.shelf[paths[-1]] is runs.shelf[paths[-1]]
    assert len(runs.shelf._read) == 2


async def test_months_that_are_too_old_go_with_their_documents(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER), news(2, FIRST_OF_NOVEMBER))
    await close(runs)
    (runs.directory / "archive" / "gone").mkdir()
    (runs.directory / "archive" / "gone" / "2026-10.jsonl").write_bytes(b"")
    await runs.edition.close_months(oldest="2026-11", now=SEALING)

    assert {path.name for path in (runs.directory / "archive").rglob("*.jsonl")} == {"2026-11.jsonl"}
    assert not (runs.directory / "archive" / "gone").exists()
    assert not runs.files("*/2026-10*")
    assert runs.names() == ["2026-11"]
    await runs.publish()
    assert runs.edition.is_current(runs.desk.news)
    await runs.tell(revised(1, LAST_OF_OCTOBER, "Judul baru"))
    assert runs.names() == ["2026-11"]
    before = runs.files()
    assert await runs.rebuilt(oldest="2026-11") == before


async def test_what_was_told_in_a_month_that_is_gone_is_not_told_anew(runs: Runs) -> None:
    december = datetime(2026, 12, 5, tzinfo=JAKARTA)
    await runs.tell(news(1, LAST_OF_OCTOBER), news(2, FIRST_OF_NOVEMBER))
    await close(runs, december)
    await runs.edition.close_months(oldest="2026-11", now=december)
    await runs.publish()
    await runs.bring(news(3, december))
    await runs.begin(oldest="2026-11")  # it does not know what was told, and looks at all that is kept
    await runs.publish()

    assert {line["id"] for path in runs.files("update/*.json") for line in json.loads(runs.files()[path])["items"]} == {
        urn(news(2, NOON)),
        urn(news(3, NOON)),
    }


async def test_without_archives_there_are_no_links_and_no_files(runs: Runs) -> None:
    await runs.tell(news(1, NOON))
    await runs.begin(oldest=None)
    await runs.publish()
    await runs.edition.close_months(oldest=None, now=NOON)

    assert runs.chain("update") == []
    assert not runs.files("*/2*")
    assert not list((runs.directory / "archive").rglob("*.jsonl"))


async def test_a_topic_that_goes_leaves_its_truth_and_comes_back_with_it(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON) for number in range(5)))
    before = runs.files("each/*")
    await runs.begin(topics=TOPICS[:2])
    await runs.publish()
    assert not runs.files("each/*")
    await runs.begin()
    await runs.publish()

    assert runs.files("each/*") == before


async def test_a_new_topic_is_told_all_that_is_kept(runs: Runs) -> None:
    await runs.tell(news(1, LAST_OF_OCTOBER, topics=("update", "dunia")), news(2, NOON, topics=("update", "dunia")))
    await close(runs)
    await runs.begin(topics=(*TOPICS, Topic(slug="dunia", title="Dunia")))
    await runs.publish()

    assert runs.names("dunia") == ["2026-11", "2026-10"]


async def test_a_story_that_became_part_of_another_stays_as_it_was_told(runs: Runs) -> None:
    older, younger = news(1, NOON), news(2, NOON + HOUR)
    await runs.tell(older, younger)
    gone = Dissolved(story=younger.id, into=older.id, at=NOON + 2 * HOUR, topics=younger.topics)
    await runs.bring(replace(younger, story=older.id), dissolved=(gone,))
    await runs.publish()

    assert runs.archived() == [urn(younger), urn(older)]
    assert [len(item["_aggregator"]["headlines"]) for item in runs.chain("update")[0][1]] == [1, 2]
    assert b"deleted-entry" in runs.files()["update.atom"]


async def test_a_story_whose_first_headline_leaves_the_topic_is_told_once(runs: Runs) -> None:
    first, second = news(1, LAST_OF_OCTOBER), news(2, NOON, story=news(1, NOON).id)
    await runs.tell(first)
    await runs.tell(second)
    await close(runs)
    await runs.tell(replace(first, topics=("popular", "each")))

    assert runs.archived() == [urn(first)]


async def test_an_archive_that_cannot_be_written_down_leaves_the_feeds_as_they_are(runs: Runs) -> None:
    await runs.tell(news(1, NOON))
    before = runs.shelf["update.rss"]
    shutil.rmtree(runs.directory / "archive" / "update")
    (runs.directory / "archive" / "update").write_bytes(b"in the way")
    await runs.bring(news(2, NOON + HOUR))
    with pytest.raises(StateError, match=r"archive/update"):
        await runs.publish()
    assert runs.edition.is_pending
    assert runs.shelf["update.rss"] is before

    (runs.directory / "archive" / "update").unlink()
    await runs.begin()
    await runs.publish()
    assert len(runs.archived()) == 2


async def test_what_could_not_be_written_down_is_when_there_is_room_again(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await runs.tell(news(1, NOON))
    await runs.bring(news(2, NOON + HOUR))
    disk = Disk("once", 2)
    with monkeypatch.context() as patch:
        disk.install(patch)
        with pytest.raises(StateError, match="No space left"):
            await runs.publish()
    assert runs.archived() == [urn(news(1, NOON))]
    await runs.publish()

    assert runs.archived() == [urn(news(2, NOON)), urn(news(1, NOON))]
    assert runs.archived("each") == runs.archived()


async def test_what_is_read_anew_while_it_is_written_down_is_looked_for_again(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await runs.tell(news(1, NOON))
    await runs.bring(news(2, NOON + HOUR))
    wanted = Archive.wanted

    def unloaded(self: Archive, topic: Topic, traces: list[Trace]) -> list[Trace]:
        if topic.slug == "update":
            runs.desk.unload()  # as after a pass that failed, when the next brings news
        return wanted(self, topic, traces)

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "wanted", unloaded)
        await runs.edition.publish(runs.desk.news)
    assert runs.edition.is_pending
    await runs.publish()

    assert len(runs.archived()) == len(runs.archived("each")) == 2


async def test_documents_that_cannot_be_written_are_handed_out_all_the_same(runs: Runs) -> None:
    await runs.tell(news(1, NOON))
    shutil.rmtree(runs.public)
    runs.public.write_bytes(b"in the way")
    await runs.bring(news(2, NOON + HOUR))
    with pytest.raises(StateError):
        await runs.publish()
    assert news(2, NOON).title.encode() in runs.shelf["update/2026-11.atom"].body

    runs.public.unlink()
    await runs.publish()
    assert not [path for path in runs.shelf if "/2" in path]
    assert len(runs.archived()) == 2


async def test_whichever_write_a_run_ends_at_readers_find_all_that_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.book.PART_ITEMS", 2)
    told, more = (
        [news(number, at, topics=("update",)) for number in numbers]
        for at, numbers in ((LAST_OF_OCTOBER, range(2)), (FIRST_OF_NOVEMBER, range(2, 6)))
    )
    whole: dict[str, bytes] = {}
    for at in (0, *range(1, 100, 3)):  # every third write; at 0 nothing fails
        runs, disk = Runs(tmp_path / f"{at}"), Disk("crash", at)
        await runs.begin(topics=TOPICS[:2])
        await runs.tell(*told)
        await runs.bring(*more)
        with contextlib.suppress(CrashError), monkeypatch.context() as patch:
            disk.install(patch)
            await runs.publish()
            await close(runs)
        disk.bury()

        runs.check_links()
        assert set(runs.archived()) >= {urn(line) for line in told}
        final = {path: body for path, body in runs.files("*/2*").items() if runs.shelf[path].immutable}
        await runs.begin(topics=TOPICS[:2])
        await runs.publish()
        await close(runs)
        assert final.items() <= runs.files().items()
        assert runs.files() == (whole or runs.files())
        whole = whole or runs.files()
        if not disk.hits and at:
            return
    pytest.fail("it never got through")


async def test_pages_are_told_the_documents_and_items_of_a_topic(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(4)))
    archive = runs.edition.archive

    assert archive.names("update") == ("2026-11", "2026-11-2")
    assert [item.id for item in archive.items("update", "2026-11-2")] == [urn(news(3, NOON))]


async def test_an_archive_breaks_no_rule_for_feeds(runs: Runs) -> None:
    late = news(9, NOON + 9 * HOUR, published_at=NOON - 9 * HOUR)
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(4)), late)
    await close(runs, SEALING + 60 * 24 * HOUR)
    bodies = runs.files("update/2*")

    for name in runs.names():
        documents = {
            ending: Published(f"{BASE}/{path}", bodies[path], NOON + 100 * HOUR)
            for ending in ("rss", "atom", "json")
            for path in [f"update/{name}.{ending}"]
        }
        assert judged(documents) == []


async def test_an_archive_that_is_damaged_is_told_and_left_alone_and_costs_its_own_topic_only(runs: Runs) -> None:
    await runs.tell(*(news(number, NOON + number * HOUR) for number in range(6)))
    ledger = runs.directory / "archive" / "update" / "2026-11.jsonl"
    before, content = runs.files("update/2*"), bytearray(ledger.read_bytes())
    content[30] ^= 1
    ledger.write_bytes(content)
    await runs.store.commit(Commit(headlines=(news(6, NOON + 6 * HOUR),)))  # so that the next run sweeps public/
    await runs.begin()
    await runs.tell(news(7, NOON + 7 * HOUR))

    assert news(7, NOON).title in runs.public.joinpath("update.json").read_text()
    assert len(runs.archived("each")) == 8
    assert ledger.read_bytes() == content
    assert runs.files("update/2*") == before
    assert runs.shelf["update/2026-11.rss"].body == before["update/2026-11.rss"]
    with pytest.raises(StateDamagedError, match=r"update/2026-11\.jsonl: damaged at byte 0"):
        runs.edition.archive.check()

    content[30] ^= 1
    ledger.write_bytes(content)
    await runs.begin()
    runs.edition.touch_all()
    await runs.publish()
    runs.edition.archive.check()
    assert len(runs.archived("update")) == 8  # what came meanwhile is written down


async def test_a_month_that_had_ended_and_is_damaged_is_told_when_it_is_looked_into(runs: Runs) -> None:
    await runs.tell(*(news(number, LAST_OF_OCTOBER - number * HOUR) for number in range(4)))
    await close(runs)
    assert sealed(runs) == {"2026-10", "2026-10-2"}
    ledger = runs.directory / "archive" / "update" / "2026-10.jsonl"
    content = bytearray(ledger.read_bytes())
    content[30] ^= 1
    ledger.write_bytes(content)
    await runs.begin()
    runs.edition.archive.check()
    await runs.tell(news(7, FIRST_OF_NOVEMBER + HOUR))

    assert news(7, NOON).title in runs.public.joinpath("update.json").read_text()
    assert len(runs.archived("each")) == 5
    with pytest.raises(StateDamagedError, match=r"update/2026-10\.jsonl: damaged at byte 0"):
        runs.edition.archive.check()
