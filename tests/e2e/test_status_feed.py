"""What happens to sources comes out of `/status.atom`: over real HTTP, with the real parser, by a clock of ours."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from aggregator.house import House, open_house
from aggregator.load.feeds_yaml import FeedsFile
from aggregator.site import Site
from aggregator.source import PageList, Source
from aggregator.store.embedded import EmbeddedStore
from tests.e2e.hasty import address, hasty
from tests.e2e.running import Origin, Page, Running, eventually, write_feeds
from tests.newsroom import NOON, POLLING, POPULAR, UPDATE

ATOM = "{http://www.w3.org/2005/Atom}"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TITLES = ("Banjir surut di Semarang", "Kabut asap di Riau", "Harga beras naik", "Gempa di Maluku", "Panen di Demak")
DOWN, GONE = Page(status=503), Page(status=410)


def feed(*titles: str, ids: str = "a") -> Page:
    items = "".join(f"<item><guid>{ids}{title}</guid><title>{title}</title></item>" for title in titles)
    return Page(body=f"<rss version='2.0'><channel><title>Kabar</title>{items}</channel></rss>".encode())


def page(heading: str, *, dated: bool = True) -> Page:
    date = "<span>Senin, 23 November 2026 | 10:1{} WIB</span>" if dated else "<span>oleh Redaksi</span>"
    lines = "".join(f"<li><a href='/{n}'>{title} hari ini</a>{date.format(n)}</li>" for n, title in enumerate(TITLES))
    body = f"<html><body><h2>{heading}</h2><ul>{lines}</ul></body></html>"
    return Page(body=body.encode(), content_type="text/html")


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as publishers:
        yield publishers


class Watch:
    """A house over real publishers, asked when we say; then what the operator reads."""

    def __init__(self, house: House, origin: Origin) -> None:
        self.house = house
        self._origin = origin

    async def ask(self, name: str, answer: Page, *, at: datetime, times: int = 1) -> None:
        (source,) = (each for each in self.house.sources.values() if each.name == name)
        self._origin.clock_at = at
        for _ in range(times):
            self._origin.pages[f"/{name}"] = answer
            await self.house.poll(source, now=at)

    async def told(self) -> list[tuple[str, str]]:
        """Give (source, kind) of each entry, the latest first."""
        await self.house.publish()
        entries = etree.fromstring(self.house.shelf["status.atom"].body).findall(f"{ATOM}entry")
        return [
            (entry.findtext(f"{ATOM}title", "").partition(":")[0], entry.findall(f"{ATOM}category")[0].get("term", ""))
            for entry in entries
        ]

    async def text(self) -> str:
        """Give what the latest entry says."""
        await self.house.publish()
        entry = etree.fromstring(self.house.shelf["status.atom"].body).find(f"{ATOM}entry")
        return "" if entry is None else entry.findtext(f"{ATOM}summary", "")


@asynccontextmanager
async def watch(directory: Path, origin: Origin, *names: str, **settings: PageList) -> AsyncIterator[Watch]:
    sources = [Source(id=origin.url(f"/{name}"), name=name, urls=(origin.url(f"/{name}"),)) for name in names]
    feeds = FeedsFile(
        path=Path("feeds.yaml"),
        site=Site(title="Warta", url="https://warta.example", language="id", zone=ZoneInfo("Asia/Jakarta")),
        polling=replace(POLLING, allow_private=(ip_network("127.0.0.1/32"),)),
        keep=30 * DAY,
        sources=tuple(replace(each, page=settings.get(each.name)) for each in sources),
        topics=(UPDATE, POPULAR),
    )
    async with open_house(feeds, directory, base_url="http://here", now=NOON) as house:
        yield Watch(house, origin)


async def test_each_kind_of_trouble_is_told_once_and_its_end_too(tmp_path: Path, origin: Origin) -> None:
    names, layout = ("Kompas", "Rusak", "Pindah", "Laman", "Nomor", "Hilang"), PageList(heading="UPDATE")
    async with watch(tmp_path, origin, *names, Laman=layout) as here:
        moved = Page(status=301, headers={"Location": origin.url("/baru")})
        origin.pages["/baru"] = feed(*TITLES[:2])
        await here.ask("Kompas", feed(*TITLES[:2]), at=NOON)
        await here.ask("Pindah", moved, at=NOON)
        await here.ask("Laman", page("UPDATE"), at=NOON)
        await here.ask("Nomor", feed(*TITLES), at=NOON)
        await here.ask("Rusak", DOWN, at=NOON, times=2)
        assert await here.told() == []

        await here.ask("Rusak", DOWN, at=NOON + HOUR, times=3)
        assert await here.told() == [("Rusak", "broke")]
        assert "Rusak: failed 3 times in a row: 503 Service Unavailable" in await here.text()
        await here.ask("Rusak", feed("Ada lagi"), at=NOON + 2 * HOUR, times=2)
        await here.ask("Hilang", Page(status=404), at=NOON + 3 * HOUR, times=4)
        await here.ask("Kompas", GONE, at=NOON + 4 * HOUR, times=2)
        assert "it is no longer asked. Remove it from feeds.yaml" in await here.text()
        await here.ask("Laman", page("TERKINI"), at=NOON + 5 * HOUR, times=4)
        assert 'no list below a heading that reads "UPDATE"' in await here.text()
        await here.ask("Laman", page("UPDATE"), at=NOON + 6 * HOUR)
        await here.ask("Laman", page("UPDATE", dated=False), at=NOON + 7 * HOUR)
        assert "none of its lines has a date" in await here.text()
        await here.ask("Nomor", feed(*TITLES, ids="b"), at=NOON + 8 * HOUR)
        assert "all of its 5 lines are new at once" in await here.text()
        await here.ask("Pindah", moved, at=NOON + 8 * DAY, times=3)
        assert f"moved for good to {origin.url('/baru')}" in await here.text()

        expected = [
            ("Pindah", "moved"),
            ("Nomor", "ids"),
            ("Laman", "page"),
            ("Laman", "back"),
            ("Laman", "page"),
            ("Kompas", "gone"),
            ("Hilang", "broke"),
            ("Rusak", "back"),
            ("Rusak", "broke"),
        ]
        assert await here.told() == expected
        before = (tmp_path / "public" / "status.atom").read_bytes()
        published = b"".join(document.body for path, document in here.house.shelf.items() if path != "status.atom")
        assert b"no longer asked" not in published
        assert b"at once" not in published

    async with watch(tmp_path, origin, *names, Laman=layout) as here:
        assert await here.house.publish() == ()  # it stands there already
        here.house.edition.touch_all()
        await here.house.publish()
        assert here.house.shelf["status.atom"].body == before
        await here.ask("Kompas", GONE, at=NOON + 9 * DAY)
        await here.ask("Hilang", Page(status=404), at=NOON + 9 * DAY)
        assert await here.told() == expected


def test_a_daemon_that_is_killed_tells_nothing_twice_and_loses_nothing_it_told(tmp_path: Path, origin: Origin) -> None:
    feeds = write_feeds(tmp_path, [{"name": "Rusak", "url": origin.url("/Rusak"), "every": "1m"}])
    told, kept = [], []
    for failures in (1, 2):
        with hasty(tmp_path, feeds) as process:
            url = eventually(partial(address, tmp_path, process))
            here = Running(url=url, process=process, log=tmp_path / "daemon.log")
            eventually(partial(_has_failed, here, failures))
            told.append(eventually(partial(_entries, here)))
            assert "failing (404)" in here.read("/status")
        with EmbeddedStore(tmp_path / "state", read_only=True) as store:
            kept.append(list(store.incidents()))

    assert told[0] == told[1]
    assert kept[0] == kept[1]
    assert [incident.kind for incident in kept[0]] == ["broke"]


def _has_failed(here: Running, times: int) -> bool:
    (source,) = json.loads(here.read("/status.json"))["sources"]
    return int(source["failures"]) >= times


def _entries(here: Running) -> str:
    return "".join(here.read("/status.atom").partition("<entry>")[1:])
