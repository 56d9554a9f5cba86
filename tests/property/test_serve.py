"""Laws of serving: whatever a request holds, it is answered, and nothing of it comes back."""

import asyncio
from base64 import b64encode
from collections import OrderedDict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aggregator.serve.access import knows
from aggregator.serve.answer import refusal
from aggregator.serve.coding import CODINGS, PLAIN
from aggregator.serve.conditional import coding_for, is_current
from aggregator.serve.http import Server
from aggregator.serve.reader import Reader
from aggregator.site import Token
from tests.serve.test_conditional import DOCUMENT, ETAG
from tests.serve.test_reader import DATE, PATIENCE, AtOnce, Wire

PIECES = st.sampled_from(
    [
        b"GET ",
        b"HEAD ",
        b"/update.rss",
        b" HTTP/1.1\r\n",
        b"Host: x\r\n",
        b"\r\n",
        b"If-None-Match: *\r\n",
        b"Content-Length: 3\r\n",
        b"GET /update.rss HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
)
TAGS = st.text() | st.sampled_from(["gzip", "br;q=0.5", "*;q=0", ETAG, "W/" + ETAG])


async def answered(pieces: list[bytes]) -> None:
    server = Server({DOCUMENT.path: DOCUMENT}, live={})
    wire = Wire()
    wire.reader = Reader(server._find, lambda: DATE, OrderedDict(), PATIENCE, AtOnce())
    wire.reader.connection_made(wire)
    for piece in pieces:
        wire.reader.take_in(piece)
        await asyncio.sleep(0)

    assert all(text.startswith(b"HTTP/1.1 ") and text.count(DATE) == 1 for text in wire.written)
    assert wire.has_ended or not any(text.startswith(b"HTTP/1.1 400") for text in wire.written)


@given(st.lists(PIECES | st.binary(), max_size=20))
async def test_any_bytes_are_answered_with_http_or_waited_on(pieces: list[bytes]) -> None:
    await answered(pieces)


@given(st.lists(TAGS).map(",".join), st.lists(TAGS).map(",".join), st.text())
def test_any_headers_choose_one_of_the_codings(accepted: str, tags: str, since: str) -> None:
    assert coding_for(accepted) in {PLAIN, *CODINGS}
    for headers in ({"If-None-Match": tags}, {"If-Modified-Since": since}, {}):
        assert is_current(DOCUMENT, ETAG, headers) in {True, False}


@given(st.binary(max_size=60), st.binary(max_size=60), st.sampled_from(["Bearer ", "Basic ", ""]))
def test_nothing_but_the_token_is_taken_for_it(credentials: bytes, query: bytes, scheme: str) -> None:
    token = Token(file=Path("kunci"), secret=b"kunci-rahasia-0123456789")
    shown = credentials.decode("utf-8", "surrogateescape")  # as aiohttp reads them
    asked = query.decode("utf-8", "surrogateescape")
    assert not knows(token, {"Authorization": scheme + shown}, asked)
    assert not knows(token, {"Authorization": f"{scheme}{b64encode(credentials).decode()}"}, f"token={asked}")


@given(st.text(), st.text())
def test_a_refusal_repeats_nothing(path: str, accept: str) -> None:
    known = [
        refusal(404, path=each, accept=page) for each in ("", "a.json", "a.rss", "a/") for page in ("", "text/html")
    ]
    assert refusal(404, path=path, accept=accept) in known
