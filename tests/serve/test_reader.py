"""A connection with a transport of ours: what is written, and when."""

import asyncio
from collections import OrderedDict

import pytest
from aiohttp.http import RawRequestMessage

from aggregator.serve.answer import Answer
from aggregator.serve.reader import Find, Patience, Reader
from aggregator.serve.turns import Step, Turns

PATIENCE = Patience(head_seconds=15, body_seconds=120)
DATE = b"Date: Mon, 29 Dec 2025 03:12:30 GMT\r\n"
REQUEST = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"news" * 10_000


class Wire(asyncio.Transport):
    """A transport that takes what it is given, or, while `is_slow`, tells that the reader does not."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_slow = self.is_paused = self.has_ended = self.is_aborted = False
        self.reader: Reader | None = None

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert (high, low) == (0, None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        if self.is_slow and self.reader is not None:
            self.reader.pause_writing()

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def write_eof(self) -> None:
        self.has_ended = True

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


class AtOnce(Turns):
    """Everybody's turn is now."""

    def take(self, step: Step) -> None:
        while step():
            pass


def answer(request: RawRequestMessage) -> Answer:
    return Answer(head=b"HTTP/1.1 200 OK\r\n", body=b"" if request.method == "HEAD" else BODY)


def connected(shared: Turns, find: Find = answer) -> Wire:
    wire = Wire()
    wire.reader = Reader(find, lambda: DATE, OrderedDict(), PATIENCE, shared)
    wire.reader.connection_made(wire)
    return wire


@pytest.fixture
async def wire() -> Wire:
    return connected(AtOnce())


def send(wire: Wire, data: bytes) -> None:
    assert wire.reader is not None
    wire.reader.take_in(data)


async def turns(number: int = 1_000) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_request_that_comes_in_pieces_is_answered_once(wire: Wire) -> None:
    for byte in range(len(REQUEST)):
        send(wire, REQUEST[byte : byte + 1])
    assert wire.written == [b"HTTP/1.1 200 OK\r\n" + DATE + b"\r\n" + BODY]


async def test_ten_thousand_requests_in_one_go_are_answered_a_few_a_turn_of_the_loop() -> None:
    shared = Turns()
    wire = connected(shared)
    send(wire, REQUEST * 10_000)
    assert wire.written == []
    await turns(1)
    at_once = len(wire.written)
    assert 0 < at_once < 5_000

    await turns()
    assert len(wire.written) == 10_000
    assert not wire.is_paused
    assert not shared._is_called  # who has nothing to do does nothing


async def test_who_asks_much_is_answered_in_turn_with_who_asks_one_thing() -> None:
    shared = Turns()
    greedy, modest = connected(shared), connected(shared)
    send(greedy, REQUEST * 10_000)
    send(modest, REQUEST)
    await turns(1)
    assert len(modest.written) == 1
    assert len(greedy.written) < 5_000


async def test_a_bug_in_an_answer_costs_nobody_else_his_turn(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: RawRequestMessage) -> Answer:
        raise LookupError(request)

    shared = Turns()
    bad, good = connected(shared, fail), connected(shared)
    send(bad, REQUEST)
    send(good, REQUEST)
    await turns(3)
    assert (len(bad.written), len(good.written)) == (0, 1)
    assert "LookupError" in caplog.text


async def test_who_does_not_take_an_answer_gets_no_other_and_is_not_read_from(wire: Wire) -> None:
    wire.is_slow = True
    send(wire, REQUEST * 1_000)
    assert len(wire.written) == 1
    assert wire.is_paused
    assert wire.reader is not None
    assert len(wire.reader._requests) == 0  # what is parsed is ten times what was sent

    for taken in range(1, 1_000):
        assert len(wire.written) == taken
        wire.reader.resume_writing()
    assert not wire.is_paused


async def test_what_came_before_garbage_is_answered(wire: Wire) -> None:
    send(wire, REQUEST * 2 + b"\x00canary\r\n\r\n" + REQUEST)
    assert [text.partition(b"\r\n")[0] for text in wire.written] == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 400 Bad Request",
    ]
    assert wire.has_ended


async def test_a_slow_reader_has_time_for_its_body_and_then_for_its_next_request(wire: Wire) -> None:
    assert wire.reader is not None
    connected = wire.reader.deadline
    wire.is_slow = True
    send(wire, REQUEST)
    assert connected + 100 < wire.reader.deadline
    wire.reader.resume_writing()
    assert connected <= wire.reader.deadline < connected + 100


async def test_a_head_that_goes_on_and_on_is_refused(wire: Wire) -> None:
    send(wire, b"GET /a HTTP/1.1\r\nHost: x\r\n")
    for number in range(1_000):
        send(wire, b"X-%d: %s\r\n" % (number, b"x" * 1_000))
        if wire.written:
            break
    assert number < 40
    assert wire.written[0].startswith(b"HTTP/1.1 400 ")
    assert wire.has_ended


async def test_dripping_bytes_do_not_buy_time(wire: Wire) -> None:
    assert wire.reader is not None
    connected = wire.reader.deadline
    send(wire, b"GET /a HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    send(wire, b"x")
    assert wire.reader.deadline == connected


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_without_a_host_it_is_no_request(wire: Wire, method: bytes) -> None:
    send(wire, method + b" /a HTTP/1.1\r\n\r\n")
    assert wire.written[0].startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close\r\n\r\n" in wire.written[0]
    assert wire.has_ended


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /a HTTP/1.0\r\n\r\n",
        b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        b"GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    ids=["1.0", "1.0 keep-alive", "close", "upgrade", "body", "chunks"],
)
async def test_after_some_requests_the_connection_ends(wire: Wire, request_: bytes) -> None:
    send(wire, request_)
    send(wire, REQUEST)
    assert wire.written == [b"HTTP/1.1 200 OK\r\n" + DATE + b"Connection: close\r\n\r\n" + BODY]
    assert wire.has_ended


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 0\r\n\r\n",
        b"Content-Length: 3, 3\r\n\r\n",
        b"Content-Length: +0\r\n\r\n",
        b"Content-Length: 0x0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n",
        b"Transfer-Encoding: identity\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n\r\n",
        b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n",
        b"X: a\nTransfer-Encoding: chunked\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\n\n",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        b"Content-Length: 41\r\n\r\n",
        b"Host: other\r\n\r\n",
    ],
)
async def test_nothing_that_may_be_a_body_to_somebody_in_between_is_a_request_to_us(wire: Wire, framing: bytes) -> None:
    """One answer, and the end: what is smuggled after it is nobody's request."""
    send(wire, b"POST /a HTTP/1.1\r\nHost: x\r\n" + framing + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(wire.written) == 1
    assert b"Connection: close\r\n\r\n" in wire.written[0]
    assert wire.has_ended


async def test_what_is_worked_out_holds_up_what_was_asked_after_it() -> None:
    worked = asyncio.Event()

    async def work() -> Answer:
        await worked.wait()
        return Answer(head=b"live\r\n")

    wire = Wire()
    wire.reader = Reader(
        lambda request: work() if request.path == "/live" else answer(request),
        lambda: DATE,
        OrderedDict(),
        PATIENCE,
        AtOnce(),
    )
    wire.reader.connection_made(wire)
    send(wire, b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n" + REQUEST)
    await turns(5)
    assert wire.written == []
    worked.set()
    await turns(5)
    assert [text.partition(b"\r\n")[0] for text in wire.written] == [b"live", b"HTTP/1.1 200 OK"]


async def test_whoever_leaves_is_worked_for_no_longer() -> None:
    ended: list[str] = []

    async def work() -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")
        raise AssertionError

    readers: OrderedDict[Reader, None] = OrderedDict()
    wire = Wire()
    wire.reader = Reader(lambda _: work(), lambda: DATE, readers, PATIENCE, AtOnce())
    wire.reader.connection_made(wire)
    assert list(readers) == [wire.reader]
    send(wire, REQUEST)
    await turns(2)
    wire.reader.connection_lost(None)
    await turns(2)
    assert (ended, list(readers), wire.written) == (["work"], [], [])
