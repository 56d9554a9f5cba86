"""What readers' programs make of our feeds, subscribed to a running daemon while news comes in.

Each asks three times: when the first news is there, when there is more, and when nothing has changed since.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.clients import CLIENTS, Client, Held, Line
from tests.e2e.hasty import address, hasty
from tests.e2e.relay import Relay
from tests.e2e.running import Asked, Origin, Page, Running, eventually, write_feeds

RSS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Harian Selat</title><link>https://selat.example/</link><description/>
{more}<item><title>Ikan &amp;amp; garam: harga &amp;lt; kemarin</title><link>https://selat.example/1?a=1&amp;b=2</link>
<guid>s1</guid><pubDate>{today}</pubDate>
<description>Pasar &lt;b&gt;ramai&lt;/b&gt;.</description></item>
<item><title>“Kabut” menipis – jum’at pagi</title><link>https://selat.example/2#komentar</link>
<guid>s2</guid><pubDate>Mon, 29 Dec 2025 09:59:59 +0700</pubDate></item>
<item><title>Снег в Москве, 東京の雪, שלג</title><link>https://selat.example/berita/salju%20tebal</link>
<guid isPermaLink="false">s3</guid><pubDate>Thu, 29 Feb 2024 23:30:00 GMT</pubDate></item>
<item><title>Tanpa tautan, tetap berita</title><guid isPermaLink="false">s4</guid>
<pubDate>Sun, 28 Dec 2025 00:00:01 +0900</pubDate></item>
<item><title>Tanpa tanggal</title><link>https://selat.example/5</link><guid>s5</guid></item>
</channel></rss>"""

MORE: Final = """<item><title>🌋 Merapi "tenang" &amp;amp; 'sepi' 🌋</title><link>https://selat.example/6</link>
<guid>s6</guid><pubDate>{today}</pubDate></item>
<item><title>هزة أرضية خفيفة في عمّان ]]&gt; مساء</title><link>https://selat.example/7?q=%D9%87&amp;c=a+b</link>
<guid>s7</guid><pubDate>{today}</pubDate></item>
<item><title>Cara menulis &amp;lt;b&amp;gt; dan &amp;amp;amp; di HTML</title>
<guid isPermaLink="false">s8</guid></item>
"""

ATOM: Final = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Kantor Berita Ufuk</title><id>tag:ufuk.example,2025:f</id>
<updated>2025-12-29T03:00:00Z</updated>
<entry><title type="html">{title}</title><id>tag:ufuk.example,2025:1</id>
<link href="https://ufuk.example/waduk"/><published>2025-12-29T02:30:00Z</published><updated>2025-12-29T02:45:00Z</updated>
<summary>Air naik sejak subuh.</summary></entry>
<entry><title>Ikan &amp; garam: harga &lt; kemarin</title><id>tag:ufuk.example,2025:2</id>
<link href="https://ufuk.example/ikan"/><updated>{today}</updated></entry>
</feed>"""

FIRST: Final = "Waduk &lt;em&gt;Wening&lt;/em&gt; penuh"
REVISED: Final = "Waduk &lt;em&gt;Wening&lt;/em&gt; meluap, “siaga” &amp;amp; waspada"

TOPICS: Final = {"update": (6, 9), "kilat": (7, 10)}
"""How many items each has at first, and when there is more: one for a story, and one for a headline."""

CASES: Final = [
    (name, f"/{topic}.{ending}") for name, client in CLIENTS.items() for ending in client.formats for topic in TOPICS
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A client, with a folder of its own and a way to the daemon of its own."""

    client: Client
    home: Path
    relay: Relay

    def read(self) -> tuple[Held, Sequence[Asked]]:
        """Have it ask; give what it holds, by path, and what it asked."""
        self.relay.asked.clear()
        paths = [f"/{topic}.{ending}" for topic in TOPICS for ending in self.client.formats]
        held = self.client.read(self.home, [self.relay.url + path for path in paths])
        return {path: held[self.relay.url + path] for path in paths}, tuple(self.relay.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One time that all asked.

    Attributes:
        said: Topic → what its JSON Feed said.
        held: Client → what it held afterwards, by path.
        asked: Client → its requests, and how they were answered.
    """

    said: Mapping[str, Sequence[Line]]
    held: Mapping[str, Held]
    asked: Mapping[str, Sequence[Asked]]


@pytest.fixture(scope="module")
def passes(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Pass]:
    folder = tmp_path_factory.mktemp("clients")
    with Origin(printed("", FIRST)) as origin, serving(folder, origin) as running, ExitStack() as relays:
        clients = {}
        for name, client in CLIENTS.items():
            if client.is_here():
                (folder / name).mkdir()
                relay = relays.enter_context(Relay(running.url))
                clients[name] = Subscribed(client=client, home=folder / name, relay=relay)
        first = ask(running, clients, step=0)
        origin.pages |= printed(MORE, REVISED)
        return [first, ask(running, clients, step=1), ask(running, clients, step=1)]


def printed(more: str, title: str) -> Mapping[str, Page]:
    """Give what both publishers list. Today's news is dated anew, and told once all the same."""
    today = datetime.now(UTC)
    rfc822 = format_datetime(today)
    rss = RSS.format(more=more.format(today=rfc822), today=rfc822)
    return {
        "/selat.xml": Page(body=rss.encode()),
        "/ufuk.xml": Page(body=ATOM.format(title=title, today=today.isoformat()).encode()),
    }


@contextmanager
def serving(folder: Path, origin: Origin) -> Iterator[Running]:
    """Run a daemon that asks both publishers every second."""
    sources = [
        {"name": "Harian Selat", "url": origin.url("/selat.xml"), "timezone": "Asia/Jakarta"},
        {"name": "Ufuk", "url": origin.url("/ufuk.xml")},
    ]
    topics = [{"slug": "kilat", "title": "Kilat", "one_per": "headline"}]
    feeds = write_feeds(folder, [{**each, "every": "1m", "topics": ["kilat"]} for each in sources], topics=topics)
    with hasty(folder, feeds) as process:
        url = eventually(lambda: address(folder, process))
        yield Running(url=url, process=process, log=folder / "daemon.log")


def ask(running: Running, clients: Mapping[str, Subscribed], *, step: int) -> Pass:
    """Wait until the daemon shows what was printed by then, and have all clients ask it."""
    said = eventually(lambda: shown(running, step))
    with ThreadPoolExecutor() as side_by_side:
        read = dict(zip(clients, side_by_side.map(Subscribed.read, clients.values()), strict=True))
    return Pass(
        said=said,
        held={name: held for name, (held, _) in read.items()},
        asked={name: asked for name, (_, asked) in read.items()},
    )


def shown(running: Running, step: int) -> Mapping[str, Sequence[Line]] | None:
    said = {topic: [line(item) for item in items(running, topic)] for topic in TOPICS}
    is_complete = all(len(said[topic]) == counts[step] for topic, counts in TOPICS.items())
    is_revised = all("penuh" not in title for lines in said.values() for title, *_ in lines)
    return said if is_complete and is_revised == bool(step) else None


def items(running: Running, topic: str) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = json.loads(running.read(f"/{topic}.json"))["items"]
    return listed


def line(item: dict[str, str]) -> Line:
    date = int(datetime.fromisoformat(item["date_published"]).timestamp())
    return item["title"], item.get("url", ""), item["id"], date


def topic_of(path: str) -> str:
    return path[1:].partition(".")[0]


def unlinked(said: Sequence[Line], held: Sequence[Line]) -> list[Line]:
    """Take off the links of items that have none: in Atom, reader makes one of the id, sfeed one of the outlet's."""
    linked = {id_ for _, link, id_, _ in said if link}
    return [(title, link if id_ in linked else "", id_, date) for title, link, id_, date in held]


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not CLIENTS[name].is_here():
        pytest.skip(f"{name} is not on this machine")
    return name


@pytest.mark.parametrize(("name", "path"), CASES, indirect=["name"])
def test_every_item_is_held_once_as_it_was_said(name: str, path: str, passes: Sequence[Pass]) -> None:
    for each in passes:
        said, held = each.said[topic_of(path)], each.held[name][path]
        assert sorted(unlinked(said, held) if path.endswith(".atom") else held) == sorted(said)


@pytest.mark.parametrize(("name", "path"), CASES, indirect=["name"])
def test_whoever_sends_validators_gets_news_whole_and_304_where_there_is_none(
    name: str, path: str, passes: Sequence[Pass]
) -> None:
    answers = [
        [(asked.status, bool(asked.if_none_match)) for asked in each.asked[name] if asked.path == path]
        for each in passes
    ]
    assert [status for [(status, _)] in answers] == [200, 200, 304 if CLIENTS[name].revalidates else 200]
    assert answers[-1][0][1] == CLIENTS[name].revalidates


def test_the_news_was_as_ugly_as_it_should_be(passes: Sequence[Pass]) -> None:
    titles = {title for title, *_ in passes[-1].said["kilat"]}
    assert titles >= {
        "“Kabut” menipis – jum’at pagi",
        "Ikan & garam: harga < kemarin",
        "🌋 Merapi \"tenang\" & 'sepi' 🌋",
        "هزة أرضية خفيفة في عمّان ]]> مساء",
        "Waduk Wening meluap, “siaga” & waspada",
    }
