"""Pages of stories that have left every list: whoever comes there is sent to where the story is told now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from lxml import html

from aggregator import moved
from aggregator.document import story_at, story_path
from aggregator.errors import StateError
from aggregator.headline import Headline
from aggregator.story import Dissolved
from tests.archives import EACH, Runs, news
from tests.newsroom import POPULAR, UPDATE

NOVEMBER: Final = datetime(2026, 11, 3, 5, tzinfo=UTC)
LISTS: Final = (replace(UPDATE, limit=1), replace(POPULAR, limit=1), EACH)


def story(number: int) -> tuple[Headline, Headline]:
    """Two headlines of one event; the greater the number, the later."""
    at = NOVEMBER + timedelta(minutes=number)
    first = news(number * 10, at)
    return first, news(number * 10 + 1, at + timedelta(seconds=1), story=first.id)


async def runs(directory: Path, *stories: tuple[Headline, ...], **changes: object) -> Runs:
    """A site whose lists have room for one story, and that told these, one after the other."""
    begun = Runs(directory)
    await begun.begin(topics=LISTS, **changes)  # type: ignore[arg-type]  # the tests name arguments that exist
    for each in stories:
        await begun.tell(*each)
    return begun


def page_of(lines: tuple[Headline, ...]) -> str:
    return story_path(lines[0].id)


async def test_the_page_of_a_story_that_left_sends_readers_to_its_archive(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1), story(2))
    old, new = site.shelf[page_of(story(1))], site.shelf[page_of(story(2))]

    assert (old.location, new.location) == ("../../update/2026-11.atom", None)
    assert story(1)[0].id in site.files()["update/2026-11.atom"].decode()
    assert site.files()[old.path] == old.body
    page = html.document_fromstring(old.body)
    assert [link.get("href") for link in page.iterfind(".//main//a")] == [old.location]
    assert [each.get("content") for each in page.iterfind(".//meta[@http-equiv]")] == [f"0; url={old.location}"]


async def test_where_readers_are_sent_survives_the_run_and_the_loss_of_the_folder(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1), story(2))
    before = site.files()
    await site.begin(topics=LISTS)
    assert site.edition.is_current(site.store.news)

    assert await site.rebuilt(topics=LISTS) == before
    assert site.shelf[page_of(story(1))].location == "../../update/2026-11.atom"


async def test_a_story_that_comes_back_has_its_page_again(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1), story(2))
    assert site.shelf[page_of(story(1))].location is not None
    (first, _), (second, third) = story(1), story(2)
    site.edition.touch(site.desk.drop([second, third], news=site.store.news))
    await site.publish()

    assert site.shelf[page_of(story(1))].location is None
    assert first.title in site.files()[page_of(story(1))].decode()


async def test_a_story_that_became_part_of_another_is_told_there(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1))
    older, younger = story(2), story(3)
    await site.tell(*older, *younger)
    dissolved = [replace(line, story=older[0].id) for line in younger]
    gone = Dissolved(story=younger[0].id, into=older[0].id, at=NOVEMBER, topics=("update",))
    await site.bring(*dissolved, dissolved=(gone,))
    await site.publish()

    assert site.shelf[page_of(older)].location is None
    assert site.shelf[page_of(younger)].location == f"../../story/{older[0].id}/"


async def test_where_readers_are_sent_reaches_the_disk_after_a_publishing_that_failed(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1))
    full = tmp_path / "public" / ".index.html.tmp"
    full.mkdir()
    with pytest.raises(StateError):
        await site.tell(*story(2))
    full.rmdir()
    await site.publish()

    assert site.shelf[page_of(story(1))].location is not None
    assert site.files()[page_of(story(1))] == site.shelf[page_of(story(1))].body


async def test_without_archives_the_page_just_goes(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1), story(2), oldest=None)

    assert page_of(story(1)) not in site.shelf
    assert page_of(story(1)) not in site.files()


async def test_of_those_that_left_long_ago_nobody_is_sent_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moved, "_MOST", 2)
    site = await runs(tmp_path, *map(story, range(1, 6)))
    left = [page_of(story(number)) in site.shelf for number in range(1, 6)]

    assert left == [False, False, True, True, True]
    assert [page_of(story(number)) in site.files() for number in range(1, 6)] == left
    await site.tell(*story(6))
    assert page_of(story(1)) not in site.files()


async def test_with_the_archive_goes_the_way_to_it(tmp_path: Path) -> None:
    site = await runs(tmp_path, story(1), story(2))
    await site.edition.close_months(oldest="2026-12", now=NOVEMBER + timedelta(days=60))

    assert page_of(story(1)) not in site.shelf
    assert page_of(story(1)) not in site.files()
    assert "2026-11.atom" in site.files()["update/index.html"].decode()
    await site.publish()
    assert "2026-11.atom" not in site.files()["update/index.html"].decode()
    await site.tell(*story(3))
    assert [path for path in site.shelf if path.startswith("story/")] == [page_of(story(3))]


def test_only_the_page_of_a_story_is_one() -> None:
    assert story_at(story_path("7d0f")) == "7d0f"
    assert story_at("story/index.html") is story_at("update/index.html") is story_at("story/../index.html") is None
