"""Those who listen: what they are told, how many there may be, and that nobody else pays for them."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.http import RawRequestMessage

from aggregator.serve.events import Events
from aggregator.serve.http import Server
from aggregator.serve.reader import Endless, Reader, Readers
from aggregator.site import Token
from tests.serve.test_http import BODY, FEED, ask
from tests.serve.test_reader import DATE, PATIENCE, REQUEST, AtOnce, Wire, send

SHELF = {FEED.path: FEED}
BEGINNING = b"retry: 5000\nid: 7\n\n"
PUBLISHED = b'event: published\nid: 8\ndata: ["update.rss","dunia/index.html"]\n\n'
MISSED = b'event: published\nid: 7\ndata: ["*"]\n\n'


class Listener:
    """Somebody who listens, once the server has said that he may."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = ""

    async def begin(self) -> None:
        self.head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        assert await self.hear() == BEGINNING

    async def hear(self) -> bytes:
        async with asyncio.timeout(10):
            return await self.reader.readuntil(b"\n\n")


@pytest.fixture
def events() -> Events:
    events = Events()
    events.tell(7, ())
    return events


@pytest.fixture
async def server(events: Events) -> AsyncIterator[Server]:
    async with Server(SHELF, live={}, events=events, readers=20) as server:
        yield server


@pytest.fixture
async def port(server: Server) -> int:
    return int((await server.start("127.0.0.1", 0)).rpartition(":")[2])


@asynccontextmanager
async def listening(port: int, path: str = "/events", version: str = "1.1") -> AsyncIterator[Listener]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
    listener = Listener(reader, writer)
    await listener.begin()
    try:
        yield listener
    finally:
        writer.close()


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("still not so")


async def test_an_edition_is_told_to_whoever_listens(port: int, events: Events) -> None:
    async with listening(port) as one, listening(port, "/events?x=1") as other:
        events.tell(8, ["update.rss", "dunia/index.html"])
        events.tell(9, [])
        events.beat(1e12)
        for listener in (one, other):
            assert [await listener.hear(), await listener.hear()] == [PUBLISHED, b":\n\n"]

    status, *fields = one.head.strip().split("\r\n")
    assert status == "HTTP/1.1 200 OK"
    assert {"Content-Type: text/event-stream", "Cache-Control: no-store", "X-Accel-Buffering: no"} <= set(fields)
    assert "Connection: close" in fields
    assert "Content-Length" not in one.head


async def test_a_client_of_http_1_0_may_listen(port: int, events: Events) -> None:
    async with listening(port, version="1.0") as listener:
        events.tell(8, ["update.rss", "dunia/index.html"])
        assert await listener.hear() == PUBLISHED


async def test_what_an_edition_changed_is_named_up_to_a_bound(port: int, events: Events) -> None:
    paths = [f"{number}.rss" for number in range(201)]
    async with listening(port) as listener:
        events.tell(8, paths[:200])
        events.tell(9, paths)
        few, many = [(await listener.hear()).decode().partition("data: ")[2] for _ in range(2)]
    assert (json.loads(few), json.loads(many)) == (paths[:200], ["*"])


@pytest.mark.parametrize(("last", "told"), [("7", BEGINNING), ("6", BEGINNING + MISSED), ("\xff;", BEGINNING + MISSED)])
async def test_whoever_comes_again_is_told_at_once_if_there_was_something(
    server: Server, port: int, events: Events, last: str, told: bytes
) -> None:
    asked = asyncio.create_task(ask(port, "/events", Last_Event_ID=last))
    await until(lambda: len(events.listeners) == 1)
    await server.stop()
    assert (await asked).body == told


async def test_the_head_of_the_stream_is_answered_at_once(port: int) -> None:
    answer = await ask(port, "/events", "HEAD")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/event-stream", b"")


async def test_a_quarter_may_listen_and_one_more_comes_later(port: int, events: Events) -> None:
    async with AsyncExitStack() as all_of_them:
        for _ in range(5):
            await all_of_them.enter_async_context(listening(port))
        answer = await ask(port, "/events")
        assert (answer.status, answer.headers["retry-after"]) == (503, "300")
    await until(lambda: not events.listeners)
    async with listening(port) as late:
        events.tell(8, ["update.rss", "dunia/index.html"])
        assert await late.hear() == PUBLISHED


async def test_who_listens_is_not_the_one_who_was_silent_for_longest(server: Server, port: int, events: Events) -> None:
    async with listening(port) as listener:
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        assert (await ask(port, "/update.rss")).body == BODY
        events.tell(8, ["update.rss", "dunia/index.html"])
        assert await listener.hear() == PUBLISHED
        assert len(server._connected()) <= 20
    for _, writer in crowd:
        writer.close()


async def test_who_stops_listening_is_forgotten_and_who_talks_on_is_not_answered(port: int, events: Events) -> None:
    async with listening(port) as talker:
        talker.writer.write(b"GET /update.rss HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await ask(port, "/update.rss")).body == BODY
        events.tell(8, ["update.rss", "dunia/index.html"])
        assert await talker.hear() == PUBLISHED
    await until(lambda: not events.listeners)


async def test_all_are_let_go_when_the_server_stops(server: Server, port: int) -> None:
    async with listening(port) as listener:
        await server.stop()
        async with asyncio.timeout(10):
            assert await listener.reader.read() == b""


async def test_when_the_token_is_another_who_listens_has_to_show_it(events: Events) -> None:
    tokens = [
        Token(file=Path("kunci"), secret=secret) for secret in (b"kunci-lama-0123456789", b"kunci-baru-0123456789")
    ]
    now: Token | None = tokens[0]
    async with Server(SHELF, live={}, events=events, token=lambda: now) as server:
        port = int((await server.start("127.0.0.1", 0)).rpartition(":")[2])
        async with listening(port, "/events?token=kunci-lama-0123456789") as before:
            now = tokens[1]
            async with asyncio.timeout(10):
                assert await before.reader.read() == b""
        async with listening(port, "/events?token=kunci-baru-0123456789") as after:
            server._let_go_of_strangers()
            events.tell(8, ["update.rss", "dunia/index.html"])
            assert await after.hear() == PUBLISHED
        assert (await ask(port, "/events?token=kunci-lama-0123456789")).status == 401


@pytest.mark.parametrize("path", ['a"], "b', "a\r\n\r\nevent: x", "a\n\ndata: []", "\u2028\u0085", "\ud800"])
async def test_no_path_ends_its_line(events: Events, path: str) -> None:
    wire = connected(events)
    events.tell(8, [path])
    *_, data = wire.written[1].split(b"\ndata: ")
    assert json.loads(data) == [path]
    assert (wire.written[1].count(b"\n"), data.count(b"\n"), data.count(b"\r")) == (4, 2, 0)


async def test_hearts_beat_every_twenty_seconds_for_all(events: Events) -> None:
    wire = connected(events)
    for now in (100, 119.5, 120, 125, 141):
        events.beat(now)
    assert wire.written[1:] == [b":\n\n"] * 3


async def test_who_does_not_take_what_he_is_told_is_hung_up_on(events: Events) -> None:
    slow, quick = connected(events), connected(events)
    slow.is_slow = True
    for news in (8, 9, 10):
        events.tell(news, ["update.rss"])
    assert (len(slow.written), slow.is_aborted) == (2, True)
    assert (len(quick.written), quick.is_aborted) == (4, False)


async def test_many_are_told_a_few_a_turn_of_the_loop(events: Events) -> None:
    wires = [connected(events, most=250) for _ in range(250)]
    events.tell(8, ["update.rss"])
    told = []
    for _ in range(3):
        told.append(sum(len(wire.written) - 1 for wire in wires))
        await asyncio.sleep(0)
    assert told == [100, 200, 250]


def connected(events: Events, most: int = 10) -> Wire:
    """A connection with a transport of ours, on which somebody listens."""

    def find(request: RawRequestMessage) -> Endless:
        endless = events.answer(request.method, request.headers, most=most)
        assert isinstance(endless, Endless)
        return endless

    wire, readers = Wire(), Readers()
    wire.reader = Reader(find, lambda: DATE, readers, PATIENCE, AtOnce())
    wire.reader.connection_made(wire)
    send(wire, REQUEST)
    assert not readers
    return wire


@pytest.fixture
def many_files() -> Iterator[None]:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < 8_100:
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8_100, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


@pytest.mark.usefixtures("many_files")
async def test_a_thousand_listeners_hear_everything_and_nobody_else_notices(events: Events) -> None:
    async with Server(SHELF, live={}, events=events) as server, AsyncExitStack() as all_of_them:
        port = int((await server.start("127.0.0.1", 0)).rpartition(":")[2])
        listeners = [await all_of_them.enter_async_context(listening(port)) for _ in range(1_000)]
        for news in range(8, 18):
            events.tell(news, ["update.rss"])
            assert [(await ask(port, "/update.rss")).status for _ in range(10)] == [200] * 10
        heard = [[await listener.hear() for _ in range(10)] for listener in listeners]
    told = [b'event: published\nid: %d\ndata: ["update.rss"]\n\n' % news for news in range(8, 18)]
    assert heard == [told] * 1_000
