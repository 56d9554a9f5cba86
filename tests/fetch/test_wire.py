"""Talk that is neither head nor body: a publisher who never comes to the document is hung up on."""

import asyncio
from asyncio import StreamWriter

import pytest

from aggregator.fetch.answer import Failed, Fetched
from aggregator.fetch.http import Fetcher
from aggregator.source import Validators
from tests.fetch.origin import Origin, polling, response, source

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FEED = b"<rss>" + b" " * 3_000_000 + b"</rss>"
PATIENCE = 20  # seconds; an unbounded connection goes on for 60


@pytest.mark.parametrize(
    ("head", "piece", "most_bytes"),
    [
        pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 1_000, 2**20, id="answers 1xx"),
        pytest.param(CHUNKED + b"1;", b"x" * 65_536, 2**20, id="a chunk extension"),
        pytest.param(CHUNKED, b"1\r\nx\r\n" * 10_000, 3 * 2**20, id="chunks of one byte"),
    ],
)
async def test_talk_without_a_document_is_hung_up_on(head: bytes, piece: bytes, most_bytes: int) -> None:
    sent = 0

    async def talk(writer: StreamWriter) -> None:
        nonlocal sent
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    async with asyncio.timeout(PATIENCE), Origin(lambda _: talk) as origin, Fetcher(polling()) as fetcher:
        answer = await fetcher.fetch(source(origin.url()), origin.url(), Validators())

    assert isinstance(answer, Failed)
    assert 0 < sent < most_bytes + 16 * 2**20  # what lies in the kernel's buffers was sent, too


async def test_a_long_document_in_honest_chunks_is_read_again_and_again() -> None:
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(piece), piece)
        for piece in (FEED[start : start + 1_000] for start in range(0, len(FEED), 1_000))
    )
    async with (
        asyncio.timeout(PATIENCE),
        Origin(lambda _: CHUNKED + chunks + b"0\r\n\r\n") as origin,
        Fetcher(polling()) as fetcher,
    ):
        answers = [await fetcher.fetch(source(origin.url()), origin.url(), Validators()) for _ in range(3)]

    assert [isinstance(answer, Fetched) and answer.body == FEED for answer in answers] == [True] * 3
    assert origin.accepted == 1  # the bound does not cost the connection


async def test_many_documents_over_one_connection_are_not_counted_together() -> None:
    async with (
        asyncio.timeout(PATIENCE),
        Origin(lambda _: response("304 Not Modified", X="y" * 6_000)) as origin,
        Fetcher(polling()) as fetcher,
    ):
        for _ in range(250):
            await fetcher.fetch(source(origin.url()), origin.url(), Validators(etag='"a"'))

    assert origin.accepted == 1
