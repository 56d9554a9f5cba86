import asyncio
import gzip
import socket
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import feedparser
import pytest
import pytest_asyncio
import yaml

from aggregator.demo.layout import CONTENT_TYPES
from aggregator.demo.newsroom import Newsroom, Publication
from aggregator.demo.outlets import OUTLETS

OPENED = datetime(2025, 12, 29, 3, 12, 0, 400_000, tzinfo=UTC)
AGENCY = OUTLETS[0]
SLOW = next(outlet for outlet in OUTLETS if outlet.slow_seconds)
SHAKY = next(outlet for outlet in OUTLETS if outlet.fails_every)
QUICK = [outlet for outlet in OUTLETS if not outlet.slow_seconds]
PLAIN = {"Accept-Encoding": "identity"}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = OPENED

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def newsroom(clock: Clock) -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(speed=60, clock=clock)
    await newsroom.start()
    yield newsroom
    await newsroom.stop()


@pytest_asyncio.fixture
async def reader(newsroom: Newsroom) -> AsyncIterator[aiohttp.ClientSession]:
    base = yaml.safe_load(newsroom.feeds_yaml())["sources"][0]["url"].removesuffix(AGENCY.path)
    async with aiohttp.ClientSession(base, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def test_every_outlet_answers_with_its_type_and_validators(reader: aiohttp.ClientSession) -> None:
    for outlet in QUICK:
        async with reader.get(outlet.path, headers=PLAIN) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == f"{CONTENT_TYPES[outlet.format]}; charset=utf-8"
            assert answer.headers["ETag"].startswith('"')
            assert answer.headers["Last-Modified"].endswith("GMT")
            assert answer.headers["Vary"] == "Accept-Encoding"


async def test_the_validators_of_a_document_bring_304_until_there_is_news(
    reader: aiohttp.ClientSession, clock: Clock
) -> None:
    async with reader.get(AGENCY.path, headers=PLAIN) as first:
        body, etag, modified = await first.read(), first.headers["ETag"], first.headers["Last-Modified"]
    clock.move(0.5)  # no whole second has passed
    async with reader.get(AGENCY.path, headers={**PLAIN, "If-None-Match": etag}) as same:
        assert (same.status, await same.read()) == (304, b"")
        assert (same.headers["ETag"], same.headers["Last-Modified"]) == (etag, modified)
    async with reader.get(AGENCY.path, headers={**PLAIN, "If-Modified-Since": modified}) as same:
        assert same.status == 304
    clock.move(30)
    for header, value in (("If-None-Match", etag), ("If-Modified-Since", modified)):
        async with reader.get(AGENCY.path, headers={**PLAIN, header: value}) as changed:
            assert changed.status == 200
            assert await changed.read() != body
            assert changed.headers["ETag"] != etag
            assert changed.headers["Last-Modified"] != modified


async def test_an_etag_beats_a_date_and_lists_and_weak_tags_count(reader: aiohttp.ClientSession) -> None:
    async with reader.get(AGENCY.path, headers=PLAIN) as first:
        etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    told = {
        '"other"': 200,
        f'"other", {etag}': 304,
        f"W/{etag}": 304,
        "*": 304,
    }
    for tags, status in told.items():
        headers = {**PLAIN, "If-None-Match": tags, "If-Modified-Since": modified}
        async with reader.get(AGENCY.path, headers=headers) as answer:
            assert (tags, answer.status) == (tags, status)


async def test_gzip_is_given_to_those_who_ask_with_an_etag_of_its_own(reader: aiohttp.ClientSession) -> None:
    async with (
        reader.get(AGENCY.path, headers=PLAIN) as plain,
        reader.get(AGENCY.path, headers={"Accept-Encoding": "gzip"}) as coded,
    ):
        assert "Content-Encoding" not in plain.headers
        assert coded.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(await coded.read()) == await plain.read()
        assert coded.headers["ETag"] != plain.headers["ETag"]


async def test_a_document_and_its_last_modified_change_together(reader: aiohttp.ClientSession, clock: Clock) -> None:
    for outlet in (AGENCY, next(outlet for outlet in OUTLETS if outlet.format == "page")):
        seen: dict[str, str] = {}
        for _ in range(60):
            clock.move(1)
            async with reader.head(outlet.path, headers=PLAIN) as answer:
                modified, etag = answer.headers["Last-Modified"], answer.headers["ETag"]
            assert seen.setdefault(modified, etag) == etag
        assert len(set(seen.values())) == len(seen) > 5


async def test_the_outlets_that_misbehave_do(reader: aiohttp.ClientSession, clock: Clock) -> None:
    statuses = []
    for _ in range(5):
        async with reader.get(SHAKY.path) as answer:
            statuses.append(answer.status)
    assert statuses == [200, 200, 200, 200, 500]

    async with reader.get("/meridian-world/backend.php", allow_redirects=False) as moved:
        assert (moved.status, moved.headers["Location"]) == (301, "/meridian-world/rss.xml")

    clock.move(180)
    async with reader.get("/tabloid-senja/rss.xml") as gone:
        assert gone.status == 410


async def test_the_slow_outlet_answers_in_the_end(reader: aiohttp.ClientSession) -> None:
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    async with reader.get(SLOW.path, headers=PLAIN) as answer:
        assert answer.status == 200
        assert feedparser.parse(await answer.read()).entries
    assert loop.time() - asked_at >= SLOW.slow_seconds - 0.05


async def test_the_ledger_holds_what_was_listed_and_nothing_twice(
    reader: aiohttp.ClientSession, newsroom: Newsroom, clock: Clock
) -> None:
    listed: dict[tuple[str, str], str] = {}
    for _ in range(10):
        clock.move(20)
        async with reader.get(AGENCY.path, headers=PLAIN) as answer:
            for entry in feedparser.parse(await answer.read()).entries:
                listed[entry.id, entry.title] = entry.link

    written = [(one.guid, one.title) for one in newsroom.published]
    assert len(written) == len(set(written))
    assert {(one.guid, one.title): one.link for one in newsroom.published} == listed
    assert len(listed) > AGENCY.size
    assert all(one.source == AGENCY.name and one.published_at <= one.listed_at for one in newsroom.published)


async def test_a_304_and_a_500_publish_nothing(reader: aiohttp.ClientSession, newsroom: Newsroom, clock: Clock) -> None:
    async with reader.get(AGENCY.path, headers={"If-None-Match": "*"}) as answer:
        assert answer.status == 304
    assert newsroom.published == []

    for _ in range(4):
        async with reader.get(SHAKY.path):
            pass
    before = tuple(newsroom.published)
    clock.move(60)
    async with reader.get(SHAKY.path) as answer:
        assert answer.status == 500
    assert tuple(newsroom.published) == before
    assert len(before) == SHAKY.size


async def test_a_listener_hears_each_publication_in_order(clock: Clock) -> None:
    heard: list[Publication] = []
    newsroom = Newsroom(clock=clock, on_published=heard.append)
    base = await newsroom.start()
    async with aiohttp.ClientSession(base) as reader, reader.get(AGENCY.path) as answer:
        assert answer.status == 200
    await newsroom.stop()

    assert heard == newsroom.published
    assert len(heard) == AGENCY.size
    assert [one.published_at for one in heard] == sorted(one.published_at for one in heard)


async def test_requests_are_counted_by_route_and_status(reader: aiohttp.ClientSession, newsroom: Newsroom) -> None:
    for path in (AGENCY.path, AGENCY.path, "/meridian-world/backend.php", "/nowhere", "/elsewhere"):
        async with reader.get(path, allow_redirects=False):
            pass
    async with reader.get(AGENCY.path, headers={"If-None-Match": "*"}):
        pass

    assert newsroom.requests == Counter(
        {(AGENCY.path, 200): 2, (AGENCY.path, 304): 1, ("/meridian-world/backend.php", 301): 1, ("unknown", 404): 2}
    )


async def test_links_lead_to_articles_once_they_are_sent(reader: aiohttp.ClientSession, newsroom: Newsroom) -> None:
    async with reader.get(AGENCY.path):
        pass
    newest = newsroom.published[-1]
    async with reader.get(newest.link, headers=PLAIN) as answer:
        assert answer.status == 200
        assert newest.title in await answer.text()
    async with reader.get(f"/{AGENCY.slug}/baca/{newest.event + 40}-later") as unsent:
        assert unsent.status == 404


async def test_feeds_yaml_names_every_outlet_and_only_addresses_of_ours(newsroom: Newsroom) -> None:
    feeds = yaml.safe_load(newsroom.feeds_yaml())

    assert feeds["site"] == {"title": "Kabar Demo", "language": "id", "timezone": "Asia/Jakarta"}
    assert feeds["poll"]["allow_private"] == ["127.0.0.1/32"]
    assert [source["name"] for source in feeds["sources"]] == [outlet.name for outlet in OUTLETS]
    assert all(source["url"].startswith("http://127.0.0.1:") for source in feeds["sources"])
    assert [source["page"] for source in feeds["sources"] if "page" in source] == [{"list": "UPDATE"}]
    assert {topic["slug"] for topic in feeds["topics"]} == {"bencana", "english"}


async def test_two_newsrooms_with_one_seed_publish_the_same_bytes() -> None:
    bodies = []
    for _ in range(2):
        newsroom = Newsroom(speed=60, clock=Clock())
        base = await newsroom.start()
        async with aiohttp.ClientSession(base) as reader, reader.get("/bitwise-courier/rss.xml") as answer:
            bodies.append((await answer.text()).replace(base, ""))
        await newsroom.stop()

    assert bodies[0] == bodies[1]


async def test_a_taken_port_is_said_so(clock: Clock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        second = Newsroom(clock=clock)
        with pytest.raises(OSError, match="address already in use"):
            await second.start(taken.getsockname()[1])
        await second.stop()


async def test_closing_twice_changes_nothing_and_frees_the_port(clock: Clock) -> None:
    newsroom = Newsroom(clock=clock)
    port = int((await newsroom.start()).rpartition(":")[2])
    await newsroom.stop()
    await newsroom.stop()

    assert await newsroom.start(port) == f"http://127.0.0.1:{port}"
    await newsroom.stop()
