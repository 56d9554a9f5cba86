import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.commit import Commit
from aggregator.desk import Desk
from aggregator.document import Document
from aggregator.edition import Edition
from aggregator.errors import StateError
from aggregator.headline import Headline
from aggregator.incident import Incident
from aggregator.site import Site
from aggregator.store.whole import put_whole
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, NOON, POPULAR, UPDATE, MemoryStore, headline

SITE = Site(title="Warta", url=None, language="id", zone=ZoneInfo("Asia/Jakarta"))
EKONOMI = Topic(slug="ekonomi", title="Ekonomi", match=lambda line, _: "nomor 2" in line.title, match_text="2")
TOPICS = (UPDATE, POPULAR, EKONOMI)
ENDINGS = (".rss", ".atom", ".json", "/index.html")
LINES = tuple(headline(number, (DUNIA, KABAR)[number % 2], topics=("update", "popular")) for number in range(1, 6))

BROKE = Incident(source=DUNIA.id, kind="broke", at=NOON, name="Dunia", url=DUNIA.urls[0], text="failed 3 times.")


async def edition(directory: Path, *headlines: Headline, **changes: Any) -> Edition:
    """An edition of these headlines, over a desk that has read them; nothing is published."""
    topics: Sequence[Topic] = changes.pop("topics", TOPICS)
    store = MemoryStore(*headlines)
    desk = Desk(store, topics=topics, sources=(DUNIA, KABAR))
    await desk.load()
    shelf: dict[str, Document] = changes.pop("shelf", {})
    plain = {"site": SITE, "base_url": "https://warta.example", "sources": (DUNIA, KABAR), "topics": topics}
    return Edition(directory, shelf, desk, **{**plain, **changes})


async def published(directory: Path, *headlines: Headline, **changes: Any) -> Edition:
    whole = await edition(directory, *headlines, **changes)
    whole.touch_all()
    await whole.publish(1)
    return whole


def files(directory: Path) -> dict[str, bytes]:
    public = directory / "public"
    return {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("*") if path.is_file()}


class _Watched(dict[str, Document]):
    """A shelf that notes which topics are put on it, and while that happens, brings news.

    Attributes:
        rendered: The slugs of each publishing.
        news: Topics touched in between.
        edition: That is told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rendered: list[list[str]] = []
        self.news: set[str] = set()
        self.edition: Edition | None = None

    def update(self, documents: Any) -> None:  # type: ignore[override]  # called in one way
        named = dict(documents)
        self.rendered.append([path.removesuffix(".rss") for path in named if path.endswith(".rss")])
        super().update(named)
        if self.edition is not None:
            self.edition.touch(self.news)


async def test_every_topic_is_published_in_every_format_with_a_front_page(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    await published(tmp_path, *LINES, shelf=shelf)
    names = {f"{topic.slug}{ending}" for topic in TOPICS for ending in ENDINGS} | {
        "index.html",
        "404.html",
        "style.css",
        "feed.css",
        "icon.png",
        "icon-512.png",
        "live.js",
        "feeds.opml",
        "sources.opml",
    }

    assert set(files(tmp_path)) == names
    assert {path: document.body for path, document in shelf.items()} == files(tmp_path)
    assert LINES[1].title.encode() in shelf["ekonomi.atom"].body


async def test_only_the_topics_that_news_touched_are_rendered(tmp_path: Path) -> None:
    shelf = _Watched()
    whole = await edition(tmp_path, *LINES, shelf=shelf)
    whole.touch({"ekonomi"})
    await whole.publish(1)
    whole.touch({"update", "popular"})
    whole.touch({"update"})
    await whole.publish(2)

    assert shelf.rendered == [["ekonomi"], ["update", "popular"]]


async def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    whole = await published(tmp_path, *LINES)
    before = {path: path.stat().st_ino for path in (tmp_path / "public").rglob("*.*")}
    whole.touch_all()

    assert await whole.publish(1) == ()
    assert {path: path.stat().st_ino for path in (tmp_path / "public").rglob("*.*")} == before


async def test_the_same_state_gives_the_same_bytes_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    shelves: list[dict[str, Document]] = [{}, {}]
    await published(tmp_path / "one", *LINES, shelf=shelves[0])
    await published(tmp_path / "two", *reversed(LINES), shelf=shelves[1])

    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert shelves[0] == shelves[1]  # with their codings, ETags, Last-Modified and max-age


async def test_a_deleted_folder_is_rebuilt_with_the_same_bytes(tmp_path: Path) -> None:
    await published(tmp_path, *LINES)
    before = files(tmp_path)
    shutil.rmtree(tmp_path / "public")
    rebuilt = await edition(tmp_path, *LINES)
    assert not rebuilt.is_current(1)

    rebuilt.touch_all()
    await rebuilt.publish(1)
    assert files(tmp_path) == before


async def test_the_files_of_a_topic_that_is_gone_go_with_it_from_shelf_and_disk(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    await published(tmp_path, *LINES, shelf=shelf)
    await published(tmp_path, *LINES, shelf=shelf, topics=(UPDATE, POPULAR))

    assert not [path for path in (*shelf, *files(tmp_path)) if path.startswith("ekonomi")]
    assert "update.rss" in shelf


async def test_an_edition_is_current_until_news_or_settings_differ(tmp_path: Path) -> None:
    assert not (await edition(tmp_path, *LINES)).is_current(1)
    await published(tmp_path, *LINES)

    assert (await edition(tmp_path, *LINES)).is_current(1)
    assert not (await edition(tmp_path, *LINES)).is_current(2)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"site": replace(SITE, title="Berita")}, id="title"),
        pytest.param({"site": replace(SITE, zone=ZoneInfo("UTC"))}, id="zone"),
        pytest.param({"base_url": "https://other.example"}, id="url"),
        pytest.param({"topics": (UPDATE, POPULAR)}, id="fewer-topics"),
        pytest.param({"topics": (UPDATE, POPULAR, replace(EKONOMI, limit=3))}, id="limit"),
        pytest.param({"topics": (UPDATE, POPULAR, replace(EKONOMI, retell="outlet"))}, id="retell"),
        pytest.param({"topics": (UPDATE, POPULAR, replace(EKONOMI, half_life=timedelta(hours=1)))}, id="half-life"),
        pytest.param({"sources": (replace(DUNIA, name="Dunia Baru"), KABAR)}, id="name-of-a-source"),
        pytest.param({"sources": (replace(DUNIA, weight=3.0), KABAR)}, id="weight-of-a-source"),
    ],
)
async def test_an_edition_of_other_settings_is_not_current(tmp_path: Path, changes: dict[str, Any]) -> None:
    await published(tmp_path, *LINES)

    assert not (await edition(tmp_path, *LINES, **changes)).is_current(1)


async def test_a_missing_file_makes_the_edition_outdated(tmp_path: Path) -> None:
    whole = await published(tmp_path, *LINES)
    (tmp_path / "public" / "popular.json").unlink()

    assert not whole.is_current(1)


async def test_what_could_not_be_written_is_tried_again(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    whole = await edition(tmp_path, *LINES, shelf=shelf)
    (tmp_path / "public").write_bytes(b"in the way")
    whole.touch({"update", "popular"})
    with pytest.raises(StateError):
        await whole.publish(1)
    assert whole.is_pending
    assert not whole.is_current(1)
    assert LINES[0].title.encode() in shelf["update.rss"].body

    (tmp_path / "public").unlink()
    assert set(await whole.publish(1)) > {"update.rss", "popular.atom", "index.html"}
    assert not whole.is_pending


async def test_a_stamp_that_cannot_be_written_is_trouble_with_the_state(tmp_path: Path) -> None:
    whole = await edition(tmp_path, *LINES)
    (tmp_path / "edition").mkdir()
    whole.touch_all()
    with pytest.raises(StateError, match="edition: cannot be written"):
        await whole.publish(1)
    assert whole.is_pending


async def test_a_topic_touched_while_others_are_written_keeps_the_stamp_back(tmp_path: Path) -> None:
    shelf = _Watched()
    whole = await edition(tmp_path, *LINES, shelf=shelf)
    whole.touch_all()
    shelf.edition, shelf.news = whole, {"ekonomi"}
    await whole.publish(1)
    assert whole.is_pending
    assert not whole.is_current(1)

    shelf.news = set()
    await whole.publish(1)
    assert whole.is_current(1)


async def test_a_source_that_feeds_yaml_no_longer_has_goes_by_its_feeds_title(tmp_path: Path) -> None:
    await published(tmp_path, *LINES, sources=(DUNIA,))

    assert b"Kabar" in files(tmp_path)["update.atom"]


async def test_the_lists_are_written_anew_only_when_the_configuration_changes(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    first = await published(tmp_path, *LINES, shelf=shelf)
    lists = [shelf[path] for path in ("feeds.opml", "sources.opml")]
    first.touch_all()
    await first.publish(2)
    moved = replace(KABAR, urls=("https://kabar.example/atom",))
    second = await edition(tmp_path, *LINES, sources=(DUNIA, moved))

    assert [shelf[path] is each for path, each in zip(("feeds.opml", "sources.opml"), lists, strict=True)] == [True] * 2
    assert first.is_current(2)
    assert not second.is_current(2)
    second.touch_all()
    assert await second.publish(2) == ("sources.opml",)


STORY = headline(70, DUNIA, title="Banjir surut")
JOINED = headline(60, KABAR, title="Banjir reda", story=STORY.id)
PAGE = f"story/{STORY.id}/index.html"


async def test_a_story_of_several_headlines_has_a_page_that_lists_link_to(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    await published(tmp_path, *LINES, STORY, JOINED, shelf=shelf)

    assert [path for path in files(tmp_path) if path.startswith("story/")] == [PAGE]
    assert b"Banjir reda" in shelf[PAGE].body
    assert f'"story/{STORY.id}/"'.encode() in shelf["index.html"].body
    assert f'"../story/{STORY.id}/"'.encode() in shelf["popular/index.html"].body


async def test_the_page_of_a_story_that_no_list_has_any_more_goes(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    one = (replace(UPDATE, limit=1), replace(POPULAR, limit=1))
    store = MemoryStore(STORY, JOINED)
    desk = Desk(store, topics=one, sources=(DUNIA, KABAR))
    await desk.load()
    whole = Edition(tmp_path, shelf, desk, site=SITE, base_url="", topics=one, sources=(DUNIA, KABAR))
    whole.touch_all()
    await whole.publish(1)
    assert PAGE in files(tmp_path)

    third = headline(50, topics=("update",))  # in one of the lists that have the story
    whole.touch(await desk.post([third], news=await store.commit(Commit(headlines=(third,)))))
    await whole.publish(2)
    assert PAGE in files(tmp_path)
    newer = [headline(20, topics=("popular",)), headline(19, KABAR, story=headline(20).id, topics=("popular",))]
    newest = [headline(18, story=headline(20).id, topics=("popular",), source="https://x.example/rss"), *newer]
    whole.touch(await desk.post(newest, news=await store.commit(Commit(headlines=tuple(newest)))))
    await whole.publish(3)
    assert PAGE not in files(tmp_path)
    assert PAGE not in shelf
    assert not (tmp_path / "public" / "story" / STORY.id).exists()


async def test_a_storys_page_survives_a_run_that_renders_another_topic_only(tmp_path: Path) -> None:
    await published(tmp_path, *LINES, STORY, JOINED)
    next_run = await edition(tmp_path, *LINES, STORY, JOINED)
    assert next_run.is_current(1)
    next_run.touch({"ekonomi"})
    await next_run.publish(2)
    assert PAGE in files(tmp_path)


async def test_what_a_crash_left_behind_is_swept_by_the_next_run(tmp_path: Path) -> None:
    await published(tmp_path, *LINES)
    (tmp_path / "edition").unlink()
    gone = tmp_path / "public" / "story" / "gone"
    gone.mkdir(parents=True)
    (gone / "index.html").touch()

    await published(tmp_path, *LINES)
    assert not gone.parent.exists()


async def test_the_stamp_of_an_older_version_counts_for_nothing(tmp_path: Path) -> None:
    whole = await published(tmp_path, *LINES)
    for old in (b"0123 1\n", b"[]", b"{}", b""):
        put_whole(tmp_path / "edition", (old,))
        assert not whole.is_current(1)


async def test_what_the_operator_is_told_is_published_without_the_desk_and_without_the_topics(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    whole = await published(tmp_path, *LINES, shelf=shelf)
    before = files(tmp_path)
    whole._desk.unload()  # the front page would be empty
    whole.tell((BROKE,), told=1)

    assert whole.is_pending
    assert await whole.publish(0) == ("status.atom",)
    assert (whole.is_pending, whole.tells(1), whole.tells(2)) == (False, True, False)
    assert {path: document.body for path, document in shelf.items()} == files(tmp_path)
    assert {path: body for path, body in files(tmp_path).items() if path != "status.atom"} == before
    assert (await edition(tmp_path, *LINES)).is_current(1)


async def test_what_the_operator_was_told_stays_while_topics_are_published(tmp_path: Path) -> None:
    shelf: dict[str, Document] = {}
    whole = await published(tmp_path, *LINES, shelf=shelf)
    whole.tell((BROKE,), told=1)
    await whole.publish(1)
    told = shelf["status.atom"]
    whole.touch({"ekonomi"})
    await whole.publish(2)
    next_run = await edition(tmp_path, *LINES)

    assert shelf["status.atom"] is told
    assert next_run.is_current(2)
    assert next_run.tells(1)
    assert not next_run.tells(2)  # as after a crash between the commit and the publishing


async def test_what_the_operator_could_not_be_told_is_told_the_next_time(tmp_path: Path) -> None:
    whole = await published(tmp_path, *LINES)
    (tmp_path / "public" / "status.atom").mkdir()
    whole.tell((BROKE,), told=1)
    with pytest.raises(StateError):
        await whole.publish(1)

    assert not whole.tells(1)


async def test_what_was_gone_when_a_publishing_failed_goes_with_the_next(tmp_path: Path) -> None:
    store, shelf = MemoryStore(*LINES, STORY, JOINED), dict[str, Document]()
    desk = Desk(store, topics=TOPICS, sources=(DUNIA, KABAR))
    await desk.load()
    whole = Edition(tmp_path, shelf, desk, site=SITE, base_url="", topics=TOPICS, sources=(DUNIA, KABAR))
    whole.touch_all()
    await whole.publish(1)
    assert PAGE in files(tmp_path)

    news = await store.commit(Commit(archived=(STORY, JOINED)))
    whole.touch(desk.drop((STORY, JOINED), news=news))
    full = tmp_path / "public" / ".update.rss.tmp"
    full.mkdir()
    with pytest.raises(StateError):
        await whole.publish(2)
    full.rmdir()
    await whole.publish(2)

    assert PAGE not in files(tmp_path)
    assert set(files(tmp_path)) == set(shelf)


async def test_settings_that_are_back_after_others_were_half_written_do_not_pass_for_current(tmp_path: Path) -> None:
    await published(tmp_path, *LINES)
    full = tmp_path / "public" / ".style.css.tmp"
    full.mkdir()
    (tmp_path / "public" / "style.css").unlink()
    with pytest.raises(StateError):
        await published(tmp_path, *LINES, site=replace(SITE, title="Berita"))
    (tmp_path / "public" / "style.css").touch()

    assert not (await edition(tmp_path, *LINES)).is_current(1)


async def test_lists_that_are_read_anew_while_they_are_told_come_out_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.desk._WORK_SECONDS", -1)  # others have their turn after each topic
    shelf: dict[str, Document] = {}
    whole = await edition(tmp_path, *LINES, shelf=shelf)
    whole.touch_all()
    publishing = asyncio.create_task(whole.publish(1))
    await asyncio.sleep(0)  # it has told the first topic
    whole._desk.unload()
    await publishing

    assert all(LINES[1].title.encode() in shelf[f"{topic.slug}.atom"].body for topic in TOPICS)
