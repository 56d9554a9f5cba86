import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from aggregator.document import Document
from aggregator.errors import ListenError
from aggregator.serve.answer import Answer as Sent
from aggregator.serve.answer import Coding, Prepared
from aggregator.serve.coding import Coded, coded
from aggregator.serve.http import LiveAnswer, OnceASecond, Server
from aggregator.shelf import Shelf
from tests.serve.test_conditional import DOCUMENT
from tests.serve.test_reader import turns

BODY = b"<rss>Banjir surut</rss>" * 9
PLAIN, BROTLI, GZIP = (coded(BODY, coding) for coding in ("identity", "br", "gzip"))
FEED = replace(DOCUMENT, body=BODY)
PAGE = replace(FEED, path="index.html", content_type="text/html; charset=utf-8", modified_at=None)
BIG = replace(FEED, path="big.json", body=b"x" * 30_000_000)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def unwell() -> tuple[int, str, bytes]:
    raise LookupError("a bug")


def answering(status: int, content_type: str, body: bytes) -> LiveAnswer:
    async def answer() -> tuple[int, str, bytes]:
        return status, content_type, body

    return answer


@pytest.fixture
def shelf() -> dict[str, Document]:
    return {each.path: each for each in (FEED, PAGE, BIG)}


@pytest.fixture
async def server(shelf: dict[str, Document]) -> AsyncIterator[Server]:
    live = {
        "status.json": answering(200, "application/json", b"{}"),
        "healthz": answering(503, "text/plain; charset=utf-8", b"degraded"),
        "unwell": unwell,
    }
    async with Server(shelf, live=live, readers=20) as server:
        yield server


@pytest.fixture
async def port(server: Server) -> int:
    url = await server.start("127.0.0.1", 0)
    assert url.startswith("http://127.0.0.1:")
    return int(url.rpartition(":")[2])


async def send(port: int, raw: bytes) -> bytes:
    """Everything the server says until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: warta.example", "Connection: close", *lines, "", ""])
    return read(await send(port, head.encode("latin-1")))


async def until_empty(server: Server) -> None:
    for _ in range(1_000):
        if not server._readers:
            return
        await asyncio.sleep(0.005)
    pytest.fail("readers are still there")


def read(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return Answer(int(first.split()[1]), {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}, body)


async def test_a_feed_comes_with_its_type_its_validators_and_its_manners(port: int) -> None:
    answer = await ask(port, "/update.rss")

    assert (answer.status, answer.body) == (200, BODY)
    expected = {
        "content-type": "application/rss+xml; charset=utf-8",
        "content-length": str(len(BODY)),
        "etag": PLAIN.etag,
        "last-modified": "Mon, 29 Dec 2025 03:12:30 GMT",
        "cache-control": "public, max-age=300",
        "vary": "Accept-Encoding, Accept",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag",
        "server": "aggregator",
    }
    assert expected.items() <= answer.headers.items()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'")


CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("coding", ["identity", "br"])
async def test_a_browser_that_opens_a_feed_gets_what_it_can_show(port: int, coding: str) -> None:
    """Chromium shows the source of whatever is of a feed's own type, stylesheet or not."""
    for_browser = await ask(port, "/update.rss", Accept=CHROMIUM, Accept_Encoding=coding)
    for_reader = await ask(port, "/update.rss", Accept="application/rss+xml, */*;q=0.1", Accept_Encoding=coding)
    headed = await ask(port, "/update.rss", "HEAD", Accept=CHROMIUM, Accept_Encoding=coding)

    assert for_browser.headers == headed.headers
    etag = f'{for_reader.headers["etag"][:-1]}-xml"'
    assert for_browser.headers == {
        **for_reader.headers,
        "content-type": "application/xml; charset=utf-8",
        "etag": etag,
    }
    assert for_browser.body == for_reader.body
    for known, status in ((etag, 304), (for_reader.headers["etag"], 200)):
        again = await ask(port, "/update.rss", Accept=CHROMIUM, Accept_Encoding=coding, If_None_Match=known)
        assert (again.status, again.headers["etag"], again.headers["vary"]) == (status, etag, "Accept-Encoding, Accept")


async def test_a_page_is_a_page_for_everybody(port: int) -> None:
    answer = await ask(port, "/index.html", Accept="application/xml")
    assert (answer.headers["content-type"], answer.headers["vary"]) == ("text/html; charset=utf-8", "Accept-Encoding")


async def test_what_is_missing_is_told_in_the_sites_own_words(port: int, shelf: dict[str, Document]) -> None:
    shelf["404.html"] = replace(PAGE, path="404.html", body=b"Halaman tidak ditemukan")
    for path, accept in (("/dunia/", "*/*"), ("/story/x/", "*/*"), ("/x", CHROMIUM), ("/x.html", "*/*")):
        answer = await ask(port, path, Accept=accept)
        assert (answer.status, answer.body) == (404, b"Halaman tidak ditemukan")
        assert answer.headers["cache-control"] == "no-store"
    assert (await ask(port, "/x", Accept="*/*")).body == b"404 Not Found\n"
    assert (await ask(port, "/dunia/", "HEAD")).body == b""


async def test_the_front_page_is_at_the_root(port: int) -> None:
    answer = await ask(port, "/?utm_source=x")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, BODY, "text/html; charset=utf-8")
    assert "last-modified" not in answer.headers


async def test_a_folder_is_told_from_a_file_by_a_redirect(port: int, shelf: dict[str, Document]) -> None:
    shelf["dunia/index.html"] = replace(PAGE, path="dunia/index.html")
    assert (await ask(port, "/dunia/")).body == BODY
    for method in ("GET", "HEAD"):
        moved = await ask(port, "/dunia?utm_source=x", method)
        assert (moved.status, moved.headers["location"], moved.body) == (301, "dunia/", b"")
    assert (await ask(port, "/dunia.")).status == 404


async def test_who_comes_to_what_is_told_elsewhere_is_sent_there(port: int, shelf: dict[str, Document]) -> None:
    shelf["story/x/index.html"] = replace(PAGE, path="story/x/index.html", location="../../update/2026-10.atom")
    for method in ("GET", "HEAD"):
        answer = await ask(port, "/story/x/", method)
        assert (answer.status, answer.headers["location"], answer.body) == (301, "../../update/2026-10.atom", b"")
        assert answer.headers["cache-control"] == "public, max-age=3600"  # it may be in a list again


async def test_what_never_changes_says_so(port: int, shelf: dict[str, Document]) -> None:
    shelf["dunia/2026-10.atom"] = replace(FEED, path="dunia/2026-10.atom", immutable=True)
    assert (await ask(port, "/dunia/2026-10.atom")).headers["cache-control"] == "public, max-age=300, immutable"
    assert "immutable" not in (await ask(port, "/update.rss")).headers["cache-control"]


async def test_many_first_readers_have_a_body_coded_once() -> None:
    prepared = Prepared(FEED, Coding())
    found = [prepared.answer("GET", {"Accept-Encoding": "br"}) for _ in range(9)]
    answers = await asyncio.gather(*(each for each in found if not isinstance(each, Sent)))
    assert len(answers) == 9
    assert len({id(each) for each in answers}) == 1
    assert prepared.answer("GET", {"Accept-Encoding": "br"}) is answers[0]


async def test_a_coding_is_made_to_its_end_though_whoever_wanted_it_hangs_up() -> None:
    prepared = Prepared(FEED, Coding())
    wanted = prepared.answer("GET", {"Accept-Encoding": "br"})
    assert not isinstance(wanted, Sent)
    asking = asyncio.create_task(wanted)
    await asyncio.sleep(0)
    asking.cancel()

    async with asyncio.timeout(10):
        while not isinstance(found := prepared.answer("GET", {"Accept-Encoding": "br"}), Sent):
            found.close()
            await asyncio.sleep(0)
    assert found.body == BROTLI.body


async def test_bodies_are_coded_one_after_the_other(server: Server, port: int) -> None:
    """The loop has few threads, and commits want one."""
    async with server._coding._alone:  # somebody else's is under way
        waiting = [asyncio.create_task(ask(port, "/update.rss", Accept_Encoding=coding)) for coding in ("br", "gzip")]
        for _ in range(9):
            assert (await ask(port, "/update.rss")).body == BODY
            await asyncio.to_thread(coded, BODY, "br")
        assert not any(each.done() for each in waiting)
    assert [(await each).body for each in waiting] == [BROTLI.body, GZIP.body]


async def test_while_many_bodies_wait_to_be_coded_others_are_given_as_they_are(server: Server, port: int) -> None:
    """Each that waits is held in memory, though its reader be gone."""
    async with server._coding._alone:
        server._coding.waiting = 32
        answer = await ask(port, "/update.rss", Accept_Encoding="br")
        server._coding.waiting = 0

    assert (answer.body, answer.headers.get("content-encoding")) == (BODY, None)
    assert (await ask(port, "/update.rss", Accept_Encoding="br")).body == BROTLI.body


async def test_a_page_may_have_scripts_of_ours_and_a_feed_none(port: int) -> None:
    page, feed = [(await ask(port, path)).headers["content-security-policy"] for path in ("/", "/update.rss")]
    assert "; script-src 'self'; connect-src 'self'; " in page
    assert "script-src" not in feed


@pytest.mark.parametrize("sent", [PLAIN, BROTLI, GZIP], ids=["identity", "br", "gzip"])
async def test_each_coding_is_made_when_asked_for_and_has_an_etag_of_its_own(port: int, sent: Coded) -> None:
    answer = await ask(port, "/update.rss", Accept_Encoding=sent.coding)
    assert (answer.body, answer.headers["etag"]) == (sent.body, sent.etag)
    assert answer.headers.get("content-encoding", "identity") == sent.coding
    assert answer.headers["content-length"] == str(len(sent.body))


@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
async def test_a_head_request_gets_the_headers_of_get(port: int, coding: str) -> None:
    got, headed = [await ask(port, "/update.rss", method, Accept_Encoding=coding) for method in ("GET", "HEAD")]
    got.headers.pop("date"), headed.headers.pop("date")
    assert (headed.status, headed.headers, headed.body) == (200, got.headers, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("coding", "etag"), [("identity", PLAIN.etag), ("gzip", GZIP.etag), ("br", BROTLI.etag)])
async def test_a_reader_that_has_it_gets_304(port: int, method: str, coding: str, etag: str) -> None:
    answer = await ask(port, "/update.rss", method, Accept_Encoding=coding, If_None_Match=f'"old", W/{etag}')
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert {"date", "cache-control", "vary", "last-modified"} <= answer.headers.keys()
    assert "content-length" not in answer.headers


async def test_a_date_counts_only_without_an_etag(port: int) -> None:
    date = "Mon, 29 Dec 2025 03:12:30 GMT"
    assert (await ask(port, "/update.rss", If_Modified_Since=date)).status == 304
    assert (await ask(port, "/update.rss", If_Modified_Since=date, If_None_Match='"x"')).status == 200


async def test_a_range_is_ignored(port: int) -> None:
    answer = await ask(port, "/update.rss", Range="bytes=" + ",".join(["0-"] * 1_000))
    assert (answer.status, answer.body) == (200, BODY)


async def test_the_shelf_is_looked_up_anew(port: int, shelf: dict[str, Document]) -> None:
    assert (await ask(port, "/new.atom")).status == 404
    shelf["new.atom"] = replace(FEED, path="new.atom")
    assert (await ask(port, "/new.atom")).body == BODY
    shelf["new.atom"] = replace(FEED, path="new.atom", body=b"newer")
    assert (await ask(port, "/new.atom")).body == b"newer"


async def test_answers_of_what_the_shelf_does_not_hold_are_kept_for_a_while(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("aggregator.serve.http._SELDOM", 2)
    stored, held = Shelf(tmp_path), replace(FEED, path="update.rss")
    stored.stored = lambda path: replace(FEED, path=path, body=b"") if path.startswith("archive") else None
    stored["update.rss"] = held
    for number in range(9):
        (tmp_path / f"archive-{number}.rss").write_bytes(BODY)
    async with Server(stored, live={}) as server:
        port = int((await server.start("127.0.0.1", 0)).rpartition(":")[2])
        found = [await ask(port, path) for number in range(9) for path in (f"/archive-{number}.rss", "/update.rss")]

        assert {(answer.status, answer.body) for answer in found} == {(200, BODY)}
        assert list(server._prepared) == ["archive-7.rss", "archive-8.rss", "update.rss"]


async def test_live_answers_are_never_stored(port: int) -> None:
    status, health = await ask(port, "/status.json"), await ask(port, "/healthz")
    assert (status.status, status.body, status.headers["cache-control"]) == (200, b"{}", "no-store")
    assert (health.status, health.body) == (503, b"degraded")
    assert "etag" not in status.headers


async def test_how_we_do_is_not_for_pages_elsewhere_to_read(port: int) -> None:
    """On the operator's own machine, any page that is open in the browser could."""
    assert "access-control-allow-origin" not in (await ask(port, "/status.json")).headers
    assert (await ask(port, "/none.rss")).headers["access-control-allow-origin"] == "*"


async def test_a_live_answer_has_a_head_too(port: int) -> None:
    got, headed = [await ask(port, "/healthz", method) for method in ("GET", "HEAD")]
    got.headers.pop("date"), headed.headers.pop("date")
    assert (headed.status, headed.headers, headed.body) == (503, got.headers, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "PATCH"])
@pytest.mark.parametrize("path", ["/update.rss", "/status.json", "/nothing"])
async def test_other_methods_are_not_allowed(port: int, method: str, path: str) -> None:
    answer = await ask(port, path, method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_body_is_not_read_but_its_sender_is_answered(port: int) -> None:
    head = b"POST /update.rss HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
    said = await send(port, head + b"x" * 100_000)
    assert (read(said).status, read(said).headers["connection"]) == (405, "close")


async def test_a_page_elsewhere_may_ask_whether_a_feed_has_changed(port: int) -> None:
    answer = await ask(port, "/update.rss", "OPTIONS", Origin="https://x.example", Access_Control_Request_Method="GET")
    expected = {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "If-None-Match",
        "allow": "GET, HEAD, OPTIONS",
    }
    assert (answer.status, answer.body) == (204, b"")
    assert expected.items() <= answer.headers.items()
    assert "content-length" not in answer.headers
    assert (await ask(port, "/nothing.rss", "OPTIONS")).status == 404


@pytest.mark.parametrize(
    ("path", "accept", "content_type", "body"),
    [
        ("/x.json", "*/*", "application/json", b'{"status":404,"title":"Not Found"}\n'),
        ("/x.rss", "*/*", "application/xml; charset=utf-8", b'<error status="404">Not Found</error>\n'),
        ("/x/2026-10.atom", "*/*", "application/xml; charset=utf-8", b'<error status="404">Not Found</error>\n'),
        ("/x.opml", "text/html", "application/xml; charset=utf-8", b'<error status="404">Not Found</error>\n'),
        ("/x.html", "*/*", "text/html; charset=utf-8", b"</main></html>\n"),
        ("/x/", "*/*", "text/html; charset=utf-8", b"</main></html>\n"),
        ("/x", "text/html,application/xhtml+xml", "text/html; charset=utf-8", b"</main></html>\n"),
        ("/x", "*/*", "text/plain; charset=utf-8", b"404 Not Found\n"),
    ],
)
async def test_what_is_missing_is_missing_in_the_format_asked_for(
    port: int, path: str, accept: str, content_type: str, body: bytes
) -> None:
    got, headed = [await ask(port, path, method, Accept=accept) for method in ("GET", "HEAD")]
    assert (got.status, got.headers["content-type"], got.headers["cache-control"]) == (404, content_type, "no-store")
    assert got.body.endswith(body)
    assert (headed.status, headed.headers["content-length"], headed.body) == (404, str(len(got.body)), b"")


@pytest.mark.parametrize("path", ["/%75pdate.rss", "/update.rss?utm=1", "http://warta.example/update.rss"])
async def test_a_path_is_understood_however_it_is_written(port: int, path: str) -> None:
    assert (await ask(port, path)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/feeds/..%5c..%5cetc",
        "//update.rss",
        "//evil.example/update.rss",
        "/update.rss%00",
        "/update.rss/",
        "/UPDATE.rss",
        "/<script>alert(1)</script>",
        "/%0d%0aSet-Cookie:%20x=1",
        "/etc/passwd",
        "http://evil.example/secret-canary",
    ],
)
async def test_whatever_is_not_on_the_shelf_is_not_there(port: int, path: str) -> None:
    answer = await ask(port, path)
    assert answer.status == 404
    assert not [word for word in (b"canary", b"evil", b"passwd", b"alert", b"root:") if word in answer.body]
    assert answer.headers.keys().isdisjoint({"set-cookie", "location"})


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: canary\r\n" * 10_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"canary" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00canary\r\n\r\n",
        b"canary <script>\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header canary\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"BREW /canary HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[]@/canary HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=[
        "long path",
        "many headers",
        "long header",
        "tls",
        "no http",
        "two lengths",
        "negative",
        "version",
        "no colon",
        "no host",
        "no method",
        "brackets",
    ],
)
async def test_garbage_is_refused_without_repeating_it_or_logging_it(
    port: int, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    said = await send(port, raw)
    # The kernel may take the answer back (RST) where we hang up on more than was read at once.
    if said or len(raw) < 60_000:
        assert (read(said).status, read(said).body) == (400, b"400 Bad Request\n")
        assert b"canary" not in said
        assert b"aiohttp" not in said
    assert not caplog.records
    assert (await ask(port, "/update.rss")).status == 200


async def test_garbage_after_an_answer_ends_the_connection(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HEAD /update.rss HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.write(b"\x00\x01canary\r\n\r\n")
    said = await reader.read()
    writer.close()
    assert (read(said).status, b"canary" in said) == (400, False)


async def test_requests_are_answered_in_their_order(port: int) -> None:
    first, last = (f"{method} /update.rss HTTP/1.1\r\nHost: x\r\n".encode() for method in ("HEAD", "GET"))
    said = await send(port, (first + b"\r\n") * 20 + last + b"Connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 OK") == 21
    assert said.endswith(BODY)


@pytest.mark.parametrize(
    ("request_", "answers"),
    [
        (b"GET /update.rss HTTP/1.1\r\nHost: x\r\n\r\n", 1),
        (b"GET /update.rss HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br\r\n\r\n", 1),
        (b"GET /status.json HTTP/1.1\r\nHost: x\r\n\r\n" * 3, 3),
        (b"GET /update.rss HTTP/1.1\r\nHost: x\r\n\r\nGET /upd", 1),
        (b"", 0),
    ],
    ids=["at hand", "to be coded", "to be worked out", "and half of another", "nothing"],
)
async def test_who_asks_for_nothing_more_is_still_answered(port: int, request_: bytes, answers: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_)
    writer.write_eof()
    async with asyncio.timeout(10):  # and is hung up on: a whole head would have 15 s
        assert (await reader.read()).count(b"HTTP/1.1 200 OK") == answers
    writer.close()


async def test_whoever_sends_on_and_on_still_gets_the_answer_that_was_worked_out(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    length = 6_000_000
    writer.write(b"GET /status.json HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length)
    writer.write(bytes(length))
    await writer.drain()
    assert b"HTTP/1.1 200 OK" in await reader.read()
    writer.close()


async def test_a_foreign_host_changes_nothing(port: int) -> None:
    raw = (
        b"GET /update.rss HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
    )
    assert b"evil" not in await send(port, raw)


async def test_a_bug_answers_500_and_is_seen(port: int, caplog: pytest.LogCaptureFixture) -> None:
    answer = await ask(port, "/unwell", Accept="text/html")
    assert (answer.status, answer.body) == (500, b"500 Internal Server Error\n")
    assert [record.name for record in caplog.records] == ["aggregator.serve.reader"]


async def test_good_requests_are_not_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert (await ask(port, "/update.rss")).status == 200
    assert not caplog.records


async def test_one_reader_too_many_takes_the_place_of_who_was_silent_for_longest(server: Server, port: int) -> None:
    patient = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    for reader, writer in (*patient, patient[0]):  # the first asks again
        writer.write(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")

    assert (await ask(port, "/update.rss")).status == 200
    with contextlib.suppress(ConnectionResetError):
        assert await patient[1][0].read() == b""
    for reader, writer in (patient[0], patient[2], patient[19]):
        writer.write(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    for _, writer in patient:
        writer.close()
    await until_empty(server)


@pytest.mark.parametrize(
    "start", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"]
)
async def test_who_never_ends_its_request_is_hung_up_on(shelf: dict[str, Document], start: bytes) -> None:
    async with Server(shelf, live={}, head_seconds=0.1) as hasty:
        url = await hasty.start("127.0.0.1", 0)
        said = await send(int(url.rpartition(":")[2]), start)
    assert said.startswith(b"HTTP/1.1 200") is start.startswith(b"HEAD")


async def test_who_never_reads_its_answer_is_hung_up_on(shelf: dict[str, Document]) -> None:
    async with Server(shelf, live={}, body_seconds=0.1) as hasty:
        url = await hasty.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]), limit=1_000)
        writer.write(b"GET /big.json HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        await until_empty(hasty)
        writer.close()


async def test_stopping_waits_for_nobody_who_is_still_there(server: Server) -> None:
    url = await server.start("127.0.0.1", 0)
    port = int(url.rpartition(":")[2])
    greedy, idle, slow = [await asyncio.open_connection("127.0.0.1", port, limit=1_000) for _ in range(3)]
    greedy[1].write(b"GET /big.json HTTP/1.1\r\nHost: x\r\n\r\n")
    slow[1].write(b"GET / HTTP/1.1\r\nHost")
    assert await greedy[0].readline() == b"HTTP/1.1 200 OK\r\n"

    async with asyncio.timeout(20):  # in truth one; aiohttp by itself would wait a minute
        await server.stop()
        await server.stop()
        assert await idle[0].read() == await slow[0].read() == b""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    for _, writer in (greedy, idle, slow):
        writer.close()


async def test_an_address_in_use_is_named_with_another_one_to_take(port: int) -> None:
    wanted = rf"127\.0\.0\.1:{port} is in use; .* --listen 127\.0\.0\.1:{port + 1}"
    with pytest.raises(ListenError, match=wanted):
        await Server({}, live={}).start("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "wrong"),
    [("192.0.2.1", 0, "no address of this machine"), ("127.0.0.1", 70_000, "70000 is no port")],
)
async def test_an_address_that_cannot_be_had_is_named(host: str, port: int, wrong: str) -> None:
    with pytest.raises(ListenError, match=wrong):
        await Server({}, live={}).start(host, port)


async def test_an_ipv6_address_is_written_in_brackets(server: Server) -> None:
    try:
        url = await server.start("::1", 0)
    except ListenError:
        pytest.skip("this machine has no IPv6 loopback")
    assert url.startswith("http://[::1]:")


async def test_what_costs_much_is_worked_out_once_a_second_however_many_ask() -> None:
    worked: list[int] = []

    async def work() -> tuple[int, str, bytes]:
        worked.append(len(worked))
        await asyncio.sleep(0.01)
        return 200, "text/plain", str(len(worked)).encode()

    answer = OnceASecond(work)
    at_once = await asyncio.gather(*(answer() for _ in range(50)))

    assert [body for _, _, body in at_once] == [b"1"] * 50
    async with asyncio.timeout(30):
        while (await answer())[2] == b"1":  # noqa: ASYNC110  it is the second that passes
            await asyncio.sleep(0.1)
    assert worked == [0, 1]


@pytest.mark.parametrize(("took", "told_for"), [(1, 9), (30, 10)])
async def test_what_takes_long_to_work_out_is_told_for_longer(
    monkeypatch: pytest.MonkeyPatch, took: int, told_for: int
) -> None:
    worked: list[int] = []
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)

    async def work() -> tuple[int, str, bytes]:
        nonlocal now
        worked.append(1)
        now += took
        return 200, "text/plain", b""

    answer = OnceASecond(work)
    for _ in range(180):
        await answer()
        now += 1
    assert len(worked) == 180 // told_for


async def test_an_answer_is_worked_out_to_its_end_though_whoever_asked_hangs_up() -> None:
    begun, release = 0, asyncio.Event()

    async def work() -> tuple[int, str, bytes]:
        nonlocal begun
        begun += 1
        await release.wait()
        return 200, "text/plain", b"done"

    answer = OnceASecond(work)
    for _ in range(9):
        asking = asyncio.ensure_future(answer())
        await turns(3)
        asking.cancel()
        await turns(3)
    last = asyncio.ensure_future(answer())
    await asyncio.sleep(0)
    release.set()
    assert ((await last)[2], begun) == (b"done", 1)


async def test_an_answer_that_failed_is_worked_out_again() -> None:
    answer = OnceASecond(unwell)

    for _ in range(2):
        with pytest.raises(LookupError):
            await answer()
