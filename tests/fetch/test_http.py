"""Whole requests over loopback sockets: every answer, and every mischief, comes out as a value."""

import asyncio
import errno
import gzip
import itertools
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email.utils import formatdate
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brotli
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.fetch.answer import Answer, Failed, Fetched, Gone, Held, NotModified, Refused
from aggregator.fetch.conditional import USER_AGENT
from aggregator.fetch.http import Fetcher, Limits
from aggregator.fetch.pace import Pace
from aggregator.site import PaceBy
from aggregator.source import Source, Validators
from aggregator.unread import SMALL_BYTES, Unread
from tests.fetch.origin import LOOPBACK, Asked, Origin, Reply, polling, redirect, response, source

FEED = b"<rss><channel><title>Dunia</title></channel></rss>"
NEVER = Validators()
TAG = Validators(etag='W/"a,b\\c"', last_modified="Mon, 5 jan 2026 1:02:03 +0700")
HOME = (ip_network("127.0.0.1/32"),)
CONSTANTS = {name: getattr(socket, name) for name in ("SOL_SOCKET", "SO_RCVBUF")}
PATIENCE = 15  # seconds; every test is far below it unless something hangs


async def ask(url: str, validators: Validators = NEVER, *, limits: Limits | None = None, **settings: Any) -> Answer:
    async with asyncio.timeout(PATIENCE), Fetcher(polling(), limits=limits or Limits()) as fetcher:
        return await fetcher.fetch(source(url, **settings), url, validators)


def always(reply: Reply) -> Callable[[Asked], Reply]:
    return lambda _: reply


def failed(answer: Answer) -> Failed:
    assert isinstance(answer, Failed), answer
    return answer


class TestAnswers:
    async def test_200_is_fetched_with_its_validators(self) -> None:
        reply = response(body=FEED, etag=TAG.etag or "", last_modified=TAG.last_modified or "", content_type="text/xml")
        async with Origin(always(reply)) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Fetched)
        assert (answer.body, answer.validators, answer.content_type) == (FEED, TAG, "text/xml")
        assert (answer.url, answer.moved_to, answer.wire_bytes) == (origin.url(), None, len(FEED))

    async def test_validators_are_sent_back_byte_for_byte(self) -> None:
        async with Origin(always(response("304 Not Modified", etag='"next"'))) as origin:
            answer = await ask(origin.url(), TAG)
        assert isinstance(answer, NotModified)
        assert (answer.validators, answer.oddities) == (Validators(etag='"next"'), ())
        assert b'If-None-Match: W/"a,b\\c"\r\n' in origin.asked[0].head
        assert b"If-Modified-Since: Mon, 5 jan 2026 1:02:03 +0700\r\n" in origin.asked[0].head

    async def test_a_validator_in_utf_8_comes_and_goes_unchanged(self) -> None:
        reply = b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "\xc3\xa9"\r\n\r\n'
        async with Origin(always(reply)) as origin:
            first = await ask(origin.url())
            assert isinstance(first, Fetched)
            await ask(origin.url(), first.validators)
        assert b'If-None-Match: "\xc3\xa9"\r\n' in origin.asked[1].head

    async def test_a_first_request_has_no_conditions_no_cookies_no_referer(self) -> None:
        reply = response(body=FEED, set_cookie="a=b; Path=/")
        async with Origin(always(reply)) as origin, Fetcher(polling()) as fetcher:
            for _ in range(2):
                await fetcher.fetch(source(origin.url()), origin.url(), NEVER)
        assert len(origin.asked) == 2
        for asked in origin.asked:
            assert set(asked.headers) == {"host", "user-agent", "accept", "accept-encoding"}
            assert asked.headers["user-agent"] == USER_AGENT
            assert asked.headers["accept-encoding"] == "gzip, deflate, br"

    async def test_304_to_an_unconditional_request_is_refused(self) -> None:
        async with Origin(always(response("304 Not Modified"))) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Refused)
        assert "without conditions" in answer.detail

    async def test_410_is_gone(self) -> None:
        async with Origin(always(response("410 Gone", b"bye"))) as origin:
            assert await ask(origin.url()) == Gone()

    async def test_226_is_read_as_a_part(self) -> None:
        async with Origin(always(response("226 IM Used", FEED, im="feed"))) as origin:
            answer = await ask(origin.url(), TAG)
        assert isinstance(answer, Fetched)
        assert (answer.body, answer.is_partial) == (FEED, True)
        assert origin.asked[0].headers["a-im"] == "feed"

    @pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "403 Forbidden"])
    async def test_a_retry_date_is_read_by_our_clock_where_the_answer_has_no_date(self, status: str) -> None:
        async with Origin(always(response(status, retry_after=formatdate(time.time() + 600, usegmt=True)))) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Refused)
        assert answer.hints.retry_after is not None
        assert 540 < answer.hints.retry_after.total_seconds() <= 600

    async def test_a_retry_after_on_a_redirect_does_no_harm(self) -> None:
        def answer(asked: Asked) -> Reply:
            return redirect("/end", retry_after="86400") if asked.path == "/feed" else response(body=FEED)

        async with Origin(answer) as origin:
            got = await ask(origin.url())
        assert isinstance(got, Fetched)
        assert got.hints.retry_after is None

    @pytest.mark.parametrize("status", [101, 201, 204, 206, 300, 400, 403, 404, 429, 500, 503, 599, 999])
    async def test_any_other_status_is_refused(self, status: int) -> None:
        head = f"HTTP/1.1 {status} \x1b[2J\r\nRetry-After: 120\r\nConnection: close\r\n\r\n".encode()
        async with Origin(always(head)) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Refused)
        assert answer.status == status
        assert answer.hints.retry_after is not None
        assert answer.detail.startswith(str(status))
        assert answer.detail.isprintable()

    async def test_a_cloudflare_challenge_is_named(self) -> None:
        async with Origin(always(response("403 Forbidden", b"<html>", cf_mitigated="challenge"))) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Refused)
        assert "Cloudflare" in answer.detail

    async def test_http_1_0_without_a_length_is_read_to_its_end(self) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.0 200 OK\r\nETag: x\r\n\r\n" + FEED)

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Fetched)
        assert (answer.body, answer.validators.etag) == (FEED, "x")

    async def test_a_connection_is_used_again(self) -> None:
        replies = itertools.cycle([response(body=FEED), response("304 Not Modified")])
        async with Origin(lambda _: next(replies)) as origin, Fetcher(polling()) as fetcher:
            for _ in range(4):
                await fetcher.fetch(source(origin.url()), origin.url(), TAG)
        assert len(origin.asked) == 4
        assert origin.accepted == 1


class TestBodies:
    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            pytest.param("gzip", gzip.compress(FEED), id="gzip"),
            pytest.param("x-gzip", gzip.compress(FEED), id="x-gzip"),
            pytest.param("GZIP", gzip.compress(FEED[:9]) + gzip.compress(FEED[9:]), id="two-members"),
            pytest.param("deflate", zlib.compress(FEED), id="deflate"),
            pytest.param("deflate", zlib.compress(FEED, wbits=-15), id="bare-deflate"),
            pytest.param("br", brotli.compress(FEED), id="br"),
            pytest.param("identity", FEED, id="identity"),
        ],
    )
    async def test_a_coded_body_is_decoded(self, coding: str, body: bytes) -> None:
        async with Origin(always(response(body=body, content_encoding=coding))) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Fetched)
        assert (answer.body, answer.wire_bytes) == (FEED, len(body))

    @pytest.mark.parametrize(
        ("coding", "body", "kind"),
        [
            pytest.param("gzip", gzip.compress(bytes(300 * 2**20), 1), "too large", id="gzip-bomb"),
            pytest.param("br", brotli.compress(bytes(100 * 2**20), quality=1), "bomb", id="brotli-bomb"),
            pytest.param("deflate", zlib.compress(bytes(100 * 2**20), 1), "too large", id="deflate-bomb"),
            pytest.param("gzip", gzip.compress(FEED)[:-9], "protocol", id="truncated-gzip"),
            pytest.param("br", brotli.compress(FEED * 9)[:-3], "protocol", id="truncated-br"),
            pytest.param("gzip", FEED, "protocol", id="lying-gzip"),
            pytest.param("br", FEED, "protocol", id="lying-br"),
            pytest.param("gzip, gzip", gzip.compress(gzip.compress(FEED)), "protocol", id="chained"),
            pytest.param("zstd", FEED, "protocol", id="zstd"),
        ],
    )
    async def test_a_body_that_cannot_be_used_is_a_failure(self, coding: str, body: bytes, kind: str) -> None:
        async with Origin(always(response(body=body, content_encoding=coding))) as origin:
            answer = await ask(origin.url())
        assert failed(answer).kind == kind

    async def test_a_bomb_on_a_redirect_is_not_even_read(self) -> None:
        bomb = gzip.compress(bytes(50 * 2**20), 1)

        def answer(asked: Asked) -> bytes:
            return redirect("/feed", body=bomb, content_encoding="gzip") if asked.path == "/" else response(body=FEED)

        async with Origin(answer) as origin:
            got = await ask(origin.url("/"))
        assert isinstance(got, Fetched)
        assert got.body == FEED

    async def test_an_announced_length_over_the_limit_is_not_read(self) -> None:
        async with Origin(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")) as origin:
            answer = await ask(origin.url(), limits=Limits(body_bytes=1000))
        assert failed(answer).kind == "too large"

    async def test_an_endless_chunked_body_is_cut(self) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"2710\r\n" + bytes(10_000) + b"\r\n")
                await writer.drain()

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url(), limits=Limits(body_bytes=200_000))
        assert failed(answer).kind == "too large"

    @pytest.mark.parametrize(
        "raw",
        [
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", id="lying-length"),
            pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="bad-chunk"),
            pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", id="cut-chunk"),
            pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n\r\n", id="not-http"),
            pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", id="long-header"),
            pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 9_000 + b"\r\n", id="many-headers"),
            pytest.param(b"HTTP/1.1 200 OK\r\nX: \x00\r\n\r\n", id="nul"),
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", id="huge-length"),
        ],
    )
    async def test_broken_http_is_a_failure(self, raw: bytes) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(raw)

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url())
        assert failed(answer).kind == "protocol"
        assert failed(answer).detail.isprintable()

    async def test_headers_are_limited_together(self) -> None:
        headers = "".join(f"X-{number}: {'a' * 8000}\r\n" for number in range(9))
        async with Origin(always(f"HTTP/1.1 304 Not Modified\r\n{headers}\r\n".encode())) as origin:
            answer = await ask(origin.url(), TAG)
        assert failed(answer).kind == "too large"


class TestOurOwnShortage:
    @pytest.mark.parametrize(("path", "soon"), [("/feed", True), ("/moved", False)], ids=["at once", "redirected"])
    async def test_without_a_descriptor_left_nobody_is_blamed(
        self, path: str, soon: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = list[socket.socket]()

        def few(family: int, kind: int, protocol: int) -> socket.socket:
            if len(made) == (not soon):
                raise OSError(errno.EMFILE, "Too many open files")
            made.append(socket.socket(family, kind, protocol))
            return made[-1]

        async with Origin(always(redirect("/feed", connection="close"))) as origin:
            with monkeypatch.context() as full:
                full.setattr("aggregator.fetch.http.socket", SimpleNamespace(socket=few, **CONSTANTS))
                answer = await ask(origin.url(path))
        assert isinstance(answer, Held)
        assert answer.soon is soon
        assert len(origin.asked) == (not soon)


class TestSlowness:
    async def test_a_large_document_waits_for_room_and_a_small_one_passes_it(self) -> None:
        unread, large, small = Unread(), response(body=b" " * 2 * SMALL_BYTES), response(body=FEED)
        async with (
            Origin(lambda asked: large if asked.path == "/large" else small) as origin,
            Fetcher(polling(), unread=unread) as fetcher,
        ):
            with ExitStack() as held:
                for _ in range(100):
                    held.enter_context(unread.holding(2 * SMALL_BYTES))
                url = origin.url("/large")
                waiting = asyncio.ensure_future(fetcher.fetch(source(url), url, NEVER))
                while not origin.asked:  # noqa: ASYNC110  it tells of no event
                    await asyncio.sleep(0.01)
                for _ in range(3):
                    assert isinstance(await fetcher.fetch(source(origin.url()), origin.url(), NEVER), Fetched)
                assert not waiting.done()
            answer = await waiting
        assert isinstance(answer, Fetched)
        assert len(answer.body) == 2 * SMALL_BYTES

    @pytest.mark.parametrize(
        "limits",
        [
            pytest.param(Limits(slow_after_seconds=0.1), id="rate"),
            pytest.param(Limits(total_seconds=0.4), id="total"),
        ],
    )
    async def test_waiting_for_room_is_not_the_publishers_time(self, limits: Limits) -> None:
        unread, large = Unread(), response(body=gzip.compress(b" " * 2 * SMALL_BYTES), content_encoding="gzip")
        async with Origin(always(large)) as origin, Fetcher(polling(), unread=unread, limits=limits) as fetcher:
            with ExitStack() as held:
                for _ in range(100):
                    held.enter_context(unread.holding(2 * SMALL_BYTES))
                waiting = asyncio.ensure_future(fetcher.fetch(source(origin.url()), origin.url(), NEVER))
                await asyncio.sleep(0.8)
            answer = await waiting
        assert isinstance(answer, Fetched)

    async def test_that_there_was_no_room_is_no_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("aggregator.fetch.http._ROOM_SECONDS", 0.1)
        unread, large = Unread(), response(body=b" " * 2 * SMALL_BYTES)
        with ExitStack() as held:
            for _ in range(100):
                held.enter_context(unread.holding(2 * SMALL_BYTES))
            async with (
                Origin(always(large)) as origin,
                Fetcher(polling(), unread=unread, limits=Limits(total_seconds=2)) as fetcher,
            ):
                answer = await fetcher.fetch(source(origin.url()), origin.url(), NEVER)
        assert isinstance(answer, Held)
        assert "too many large documents" in answer.why

    async def test_a_burst_buys_no_place_for_a_drip(self) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b" " * 2 * SMALL_BYTES)
            while True:
                await asyncio.sleep(0.02)
                writer.write(b"x")

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url(), limits=Limits(slow_after_seconds=0.2, total_seconds=2))
        assert failed(answer).kind == "slow"

    @pytest.mark.parametrize(
        ("limits", "kind"),
        [
            pytest.param(Limits(slow_after_seconds=0.05), "slow", id="rate"),
            pytest.param(Limits(total_seconds=0.1), "timeout", id="total"),
        ],
    )
    async def test_a_drip_is_ended(self, limits: Limits, kind: str) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.01)

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url(), limits=limits)
        assert failed(answer).kind == kind

    @pytest.mark.parametrize(
        ("limits", "first"),
        [
            pytest.param(Limits(first_byte_seconds=0.1), b"", id="first-byte"),
            pytest.param(Limits(first_byte_seconds=0.1), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", id="body"),
            pytest.param(Limits(total_seconds=0.1), b"HTTP/1.1 200 OK\r\nX: y", id="total"),
        ],
    )
    async def test_silence_is_a_timeout(self, limits: Limits, first: bytes) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(first)
            await asyncio.Event().wait()

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url(), limits=limits)
        assert failed(answer).kind == "timeout"

    async def test_silent_publishers_do_not_keep_the_good_ones_waiting(self) -> None:
        async def silence(_: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        def answer(asked: Asked) -> Reply:
            return silence if "silent" in asked.headers["host"] else response(body=FEED)

        async def fetch(host: str) -> None:
            url = origin.url(host=host)
            await fetcher.fetch(source(url), url, NEVER)
            ended.append(host)

        ended: list[str] = []
        hosts = [
            *(f"silent{number}.example" for number in range(40)),
            *(f"good{number}.example" for number in range(9)),
        ]
        fetcher = Fetcher(
            replace(polling(), at_once=4),
            limits=Limits(place_seconds=0.02),
            resolver=FakeResolver(*[["127.0.0.1"] for _ in hosts]),
        )
        async with Origin(answer) as origin, fetcher:
            tasks = [asyncio.create_task(fetch(host)) for host in hosts]
            async with asyncio.timeout(PATIENCE):  # four of the silent at a time would take 200 s
                while len(ended) < 9:  # noqa: ASYNC110  nobody tells
                    await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert sorted(ended) == sorted(hosts[40:])

    async def test_the_total_covers_redirects(self) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.08)
            writer.write(redirect("/again"))

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url(), limits=Limits(total_seconds=0.2))
        assert failed(answer).kind == "timeout"
        assert len(origin.asked) <= 3

    @pytest.mark.parametrize(("pace_by", "most"), [("host", 3), ("domain", 1), ("ip", 1)])
    async def test_turns_are_counted_as_configured(self, pace_by: PaceBy, most: int) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            under_way.append(len(under_way) + 1 - ended[0])
            await asyncio.sleep(0.1)
            ended[0] += 1
            writer.write(response(body=FEED, connection="close"))

        under_way: list[int] = []
        ended = [0]
        hosts = ["a.example.co.uk", "b.example.co.uk", "c.example.co.uk"]
        settings = replace(polling(), per_host=1, pace_by=pace_by)
        fetcher = Fetcher(settings, resolver=FakeResolver(*[["127.0.0.1"] for _ in range(6)]))
        async with Origin(always(talk)) as origin, fetcher:
            urls = [origin.url(host=host) for host in hosts]
            await asyncio.gather(*(fetcher.fetch(source(url), url, NEVER) for url in urls))
        assert len(under_way) == 3
        assert max(under_way) == most if most == 1 else max(under_way) > 1

    async def test_cancelling_a_fetch_cancels_it(self) -> None:
        talking = asyncio.Event()

        async def talk(_: asyncio.StreamWriter) -> None:
            talking.set()
            await asyncio.Event().wait()

        async with Origin(always(talk)) as origin:
            task = asyncio.create_task(ask(origin.url()))
            await talking.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def test_a_reset_is_a_failure(self) -> None:
        async def talk(writer: asyncio.StreamWriter) -> None:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

        async with Origin(always(talk)) as origin:
            answer = await ask(origin.url())
        assert failed(answer).kind == "reset"

    async def test_a_closed_port_is_a_failure(self) -> None:
        async with Origin(always(b"")) as origin:
            url = origin.url()
        assert failed(await ask(url)).kind == "connect"


class TestTurns:
    @pytest.mark.parametrize(("gap_seconds", "waited_seconds"), [(30.2, [31, 61]), (0.4, [0, 0])])
    async def test_an_answer_tells_how_long_its_request_had_to_wait_for_its_turns(
        self, gap_seconds: float, waited_seconds: list[int]
    ) -> None:
        """The first asks at /0 and, a pause later, at /1; so does the second, after all of that."""

        def answer(asked: Asked) -> bytes:
            return redirect("/1") if asked.path == "/0" else response(body=FEED)

        async with Origin(answer) as origin, Fetcher(polling()) as fetcher:
            now = 0.0

            async def sleep(seconds: float) -> None:
                nonlocal now
                now += seconds

            settings = replace(polling(), per_host=1, host_gap=timedelta(seconds=gap_seconds))
            fetcher._pace = Pace(settings, clock=lambda: now, sleep=sleep)
            url = origin.url("/0")
            answers = [await fetcher.fetch(source(url), url, NEVER) for _ in range(2)]

        after = [answer.asked_after for answer in answers if isinstance(answer, Fetched)]
        assert after == [timedelta(seconds=seconds) for seconds in waited_seconds]

    async def test_who_waits_for_a_host_that_wants_to_be_left_alone_meanwhile_is_not_asked(self) -> None:
        def answer(asked: Asked) -> bytes:
            held.add(origin.url())
            return redirect("/1") if asked.path == "/feed" else response(body=FEED)

        held: set[str] = set()
        one_by_one = replace(polling(), per_host=1)
        async with Origin(answer) as origin, Fetcher(one_by_one, is_held=held.__contains__) as fetcher:
            url = origin.url()
            first, second = await asyncio.gather(*(fetcher.fetch(source(url), url, NEVER) for _ in range(2)))

        assert (type(first), type(second)) == (Fetched, Held)  # the first is under way: its redirect is followed
        assert [asked.path for asked in origin.asked] == ["/feed", "/1"]

    async def test_retry_after_counts_from_the_answer_and_freshness_from_the_question(self) -> None:
        def late(status: str) -> Reply:
            async def write(writer: asyncio.StreamWriter) -> None:
                await asyncio.sleep(1)
                writer.write(response(status, body=FEED))

            return write

        waits = []
        for status in ("200 OK", "503 Service Unavailable"):
            async with Origin(always(late(status))) as origin, Fetcher(polling()) as fetcher:
                answer = await fetcher.fetch(source(origin.url()), origin.url(), NEVER)
                assert isinstance(answer, Fetched | Refused)
                waits.append(answer.asked_after > timedelta(0))

        assert waits == [False, True]

    async def test_a_failure_tells_it_too(self) -> None:
        async def hang_up(writer: asyncio.StreamWriter) -> None:
            writer.close()

        async with Origin(always(hang_up)) as origin, Fetcher(polling()) as fetcher:
            now = 0.0

            async def sleep(seconds: float) -> None:
                nonlocal now
                now += seconds

            settings = replace(polling(), per_host=1, host_gap=timedelta(seconds=30))
            fetcher._pace = Pace(settings, clock=lambda: now, sleep=sleep)
            answers = [await fetcher.fetch(source(origin.url()), origin.url(), NEVER) for _ in range(2)]

        assert [failed(answer).asked_after for answer in answers] == [timedelta(0), timedelta(seconds=30)]


class TestRedirects:
    @pytest.mark.parametrize(
        ("statuses", "moved"),
        [
            pytest.param(["301 Moved"], True, id="301"),
            pytest.param(["308 Moved", "301 Moved"], True, id="308-301"),
            pytest.param(["302 Found"], False, id="302"),
            pytest.param(["301 Moved", "307 For now"], False, id="301-307"),
            pytest.param(["303 See other"], False, id="303"),
        ],
    )
    async def test_a_move_is_told_if_every_hop_is_permanent(self, statuses: list[str], moved: bool) -> None:
        def answer(asked: Asked) -> bytes:
            hop = int(asked.path[1:])
            return redirect(str(hop + 1), statuses[hop]) if hop < len(statuses) else response(body=FEED)

        async with Origin(answer) as origin:
            got = await ask(origin.url("/0"), TAG)
        assert isinstance(got, Fetched)
        assert got.url == origin.url(f"/{len(statuses)}")
        assert got.moved_to == (got.url if moved else None)
        assert {asked.headers["if-none-match"] for asked in origin.asked} == {TAG.etag}

    @pytest.mark.parametrize(
        "location",
        [
            pytest.param("/feed", id="itself"),
            pytest.param("longer/", id="ever-longer"),
        ],
    )
    async def test_a_loop_ends_after_five(self, location: str) -> None:
        async with Origin(always(redirect(location))) as origin:
            answer = await ask(origin.url())
        assert failed(answer).kind == "redirects"
        assert len(origin.asked) == 6

    @pytest.mark.parametrize(
        "location",
        [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "gopher://x/_y",
            "http://[x",
            "http://[]@/x",
            "ftp://127.0.0.1/",
            "//x:99999/",
            "//%zz\xff/",
        ],
        ids=["file", "javascript", "gopher", "bracket", "brackets", "ftp", "port", "host"],
    )
    async def test_only_http_is_followed(self, location: str) -> None:
        async with Origin(always(redirect(location))) as origin:
            answer = await ask(origin.url())
        assert failed(answer).kind == "redirects"
        assert len(origin.asked) == 1

    @pytest.mark.parametrize("path", ["/a%2Cb%7E?key=x%2Fy%3D&n=a+b%20c&s='", "/%E6%97%A5?q=(1)", "/?a=%2c&&b"])
    async def test_an_address_is_asked_as_it_is_written(self, path: str) -> None:
        """Whoever signs addresses counts "%2C" and "," as two."""
        async with Origin(lambda asked: redirect(path) if asked.path == "/feed" else response(body=FEED)) as origin:
            for url in (origin.url(path), origin.url()):
                answer = await ask(url)
                assert isinstance(answer, Fetched)
                assert answer.url == origin.url(path)
        assert [asked.path for asked in origin.asked] == [path, "/feed", path]

    @pytest.mark.parametrize(("written", "sent"), [("/ä ö?ü", "/%C3%A4%20%C3%B6?%C3%BC"), ("/a/../b%2C", "/b,")])
    async def test_an_address_that_cannot_be_sent_is_made_one_that_can(self, written: str, sent: str) -> None:
        async with Origin(always(response(body=FEED))) as origin:
            assert isinstance(await ask(origin.url(written)), Fetched)
        assert [asked.path for asked in origin.asked] == [sent]

    async def test_a_redirect_without_a_location_is_refused(self) -> None:
        async with Origin(always(response("302 Found"))) as origin:
            assert isinstance(await ask(origin.url()), Refused)

    async def test_a_meta_refresh_is_a_document(self) -> None:
        page = b'<meta http-equiv="refresh" content="0; url=/other">'
        async with Origin(always(response(body=page, content_type="text/html"))) as origin:
            answer = await ask(origin.url())
        assert isinstance(answer, Fetched)
        assert len(origin.asked) == 1

    @pytest.mark.parametrize("here", ["127.0.0.1", "127.0.0.2"], ids=["same", "other"])
    async def test_what_is_the_operators_stays_at_the_first_origin(self, here: str) -> None:
        async with Origin(always(response(body=FEED))) as target:
            home: list[Origin] = []

            def answer(asked: Asked) -> bytes:
                port = home[0].port if here == "127.0.0.1" else target.port
                return redirect(f"//127.0.0.1:{port}/end") if asked.path == "/feed" else response(body=FEED)

            async with Origin(answer) as origin:
                home.append(origin)
                headers = (("X-Key", "canary"), ("Cookie", "canary"), ("Host", "evil"), ("If-None-Match", "canary"))
                url = origin.url(userinfo="me:canary@")
                got = await ask(url, headers=headers, user_agent="canary/1")
        assert isinstance(got, Fetched)
        assert "canary" not in got.url
        first = origin.asked[0]
        assert first.headers["x-key"] == first.headers["cookie"] == "canary"
        assert first.headers["user-agent"] == "canary/1"
        assert first.headers["host"] == f"127.0.0.1:{origin.port}"
        assert first.headers["authorization"] == "Basic bWU6Y2FuYXJ5"
        assert "if-none-match" not in first.headers
        last = (origin.asked if here == "127.0.0.1" else target.asked)[-1]
        assert last.path == "/end"
        assert (b"canary" in last.head, "authorization" in last.headers) == (here == "127.0.0.1",) * 2

    async def test_a_way_home_over_another_origin_does_not_bring_credentials_back(self) -> None:
        async with Origin(lambda _: redirect(home[0])) as other:

            def answer(asked: Asked) -> bytes:
                return redirect(other.url()) if asked.path == "/feed" else response(body=FEED)

            async with Origin(answer) as origin:
                home = [origin.url("/end")]
                await ask(origin.url(userinfo="me:canary@"))
        assert [(asked.path, "authorization" in asked.headers) for asked in origin.asked] == [
            ("/feed", True),
            ("/end", False),
        ]

    async def test_credentials_in_a_location_are_not_sent(self) -> None:
        def answer(asked: Asked) -> bytes:
            there = f"http://me:pw@127.0.0.1:{origin.port}/end"
            return redirect(there) if asked.path == "/feed" else response(body=FEED)

        async with Origin(answer) as origin:
            got = await ask(origin.url())
        assert isinstance(got, Fetched)
        assert got.url == origin.url("/end")
        assert "authorization" not in origin.asked[1].headers

    async def test_an_adopted_address_of_the_same_origin_is_asked_with_the_credentials_of_the_configured_url(
        self,
    ) -> None:
        async with Origin(always(response(body=FEED))) as origin, Fetcher(polling()) as fetcher:
            written = origin.url("/old", userinfo="me:canary@")
            configured = replace(source(written), urls=(written, origin.url("/open")))
            for path in ("/new", "/open"):
                await fetcher.fetch(configured, origin.url(path), NEVER)
        assert [(asked.path, asked.headers.get("authorization")) for asked in origin.asked] == [
            ("/new", "Basic bWU6Y2FuYXJ5"),
            ("/open", None),
        ]

    async def test_an_adopted_address_elsewhere_is_not_told_what_is_the_operators(self) -> None:
        async with Origin(always(response(body=FEED))) as origin, Fetcher(polling()) as fetcher:
            configured = source("http://127.0.0.1:1/feed", headers=(("X-Key", "canary"),), user_agent="ours/1")
            await fetcher.fetch(configured, origin.url(), NEVER)
            await fetcher.fetch(replace(configured, urls=(origin.url("/other"),)), origin.url(), NEVER)
        assert [asked.headers.get("x-key") for asked in origin.asked] == [None, "canary"]
        assert [asked.headers["user-agent"] for asked in origin.asked] == [USER_AGENT, "ours/1"]


class FakeResolver(AbstractResolver):
    """Names → addresses as told, another list each time it is asked."""

    def __init__(self, *lists: list[str]) -> None:
        self._lists = iter(lists)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in next(self._lists)
        ]

    async def close(self) -> None:
        pass


LOOPBACK_WRITTEN = (
    *(
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0177.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "localhost",
        "localhost.",
    ),
    *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "0.0.0.0", "\uff11\uff12\uff17.0.0.1"),
)


class TestGuard:
    @pytest.mark.parametrize("host", LOOPBACK_WRITTEN)
    async def test_no_redirect_leads_to_loopback_however_it_is_written(self, host: str) -> None:
        outside = replace(polling(), allow_private=(ip_network("127.0.0.5/32"),))
        async with Origin(always(response(body=FEED))) as inside:
            leads_inside = always(redirect(inside.url(host=host).encode("utf-8").decode("latin-1")))
            async with Origin(leads_inside, host="127.0.0.5") as origin, Fetcher(outside) as fetcher:
                url = origin.url(host="127.0.0.5")
                answer = await fetcher.fetch(source(url), url, NEVER)
        assert failed(answer).kind in {"blocked address", "redirects", "bad url", "dns"}
        assert (len(origin.asked), inside.accepted) == (1, 0)

    @pytest.mark.parametrize("host", LOOPBACK_WRITTEN)
    async def test_loopback_sees_no_connection_however_it_is_written(self, host: str) -> None:
        async with Origin(always(response(body=FEED))) as origin, Fetcher(polling(allow=())) as fetcher:
            url = origin.url(host=host)
            answer = await fetcher.fetch(source(url), url, NEVER)
        assert failed(answer).kind in {
            "blocked address",
            "bad url",
            "dns",
        }  # dns: "localhost." is not in every hosts file
        assert origin.accepted == 0

    @pytest.mark.parametrize(
        "address",
        ["10.0.0.1", "100.64.0.1", "169.254.169.254", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"],
    )
    async def test_private_literals_are_blocked_without_trying(self, address: str) -> None:
        async with Fetcher(polling(allow=())) as fetcher:
            answer = await fetcher.fetch(source(f"http://{address}/"), f"http://{address}/", NEVER)
        assert failed(answer).kind == "blocked address"
        assert address.strip("[]") in failed(answer).detail

    @pytest.mark.parametrize(
        "addresses",
        [
            pytest.param(["127.0.0.1"], id="one"),
            pytest.param(["127.0.0.1", "::1", "169.254.169.254", "::ffff:7f00:1"], id="several"),
        ],
    )
    async def test_a_name_that_leads_to_loopback_is_blocked(self, addresses: list[str]) -> None:
        fetcher = Fetcher(polling(allow=()), resolver=FakeResolver(addresses))
        async with Origin(always(response(body=FEED))) as origin, fetcher:
            url = origin.url(host="news.example")
            answer = await fetcher.fetch(source(url), url, NEVER)
        assert failed(answer).kind == "blocked address"
        assert origin.accepted == 0

    async def test_a_names_other_addresses_are_still_tried(self) -> None:
        fetcher = Fetcher(polling(HOME), resolver=FakeResolver(["10.0.0.1", "127.0.0.1"]))
        async with Origin(always(response(body=FEED))) as origin, fetcher:
            url = origin.url(host="news.example")
            answer = await fetcher.fetch(source(url), url, NEVER)
        assert isinstance(answer, Fetched)
        assert origin.accepted == 1

    async def test_a_name_that_changes_between_two_connections_is_checked_again(self) -> None:
        fetcher = Fetcher(polling(HOME), resolver=FakeResolver(["127.0.0.1"], ["127.0.0.2"]))
        async with Origin(lambda _: redirect(there[0], connection="close")) as origin, fetcher:
            # Written with its final dot, the name misses aiohttp's memory and is resolved a second time.
            there = [origin.url(host="news.example.")]
            url = origin.url(host="news.example")
            answer = await fetcher.fetch(source(url), url, NEVER)
        assert failed(answer).kind == "blocked address"
        assert origin.accepted == 1

    @pytest.mark.parametrize("location", ["http://127.0.0.2:{}/", "//127.0.0.2:{}/"])
    async def test_a_redirect_is_checked_too(self, location: str) -> None:
        async with (
            Origin(always(response(body=FEED))) as inside,
            Origin(always(redirect(location.format(inside.port)))) as origin,
            Fetcher(polling(HOME)) as fetcher,
        ):
            answer = await fetcher.fetch(source(origin.url()), origin.url(), NEVER)
        assert failed(answer).kind == "blocked address"
        assert (origin.accepted, inside.accepted) == (1, 0)

    async def test_one_sources_permission_is_not_anothers(self) -> None:
        async with Origin(always(response(body=FEED))) as origin, Fetcher(polling(allow=())) as fetcher:
            plain = source(origin.url())
            allowed = replace(plain, allow_private=LOOPBACK)
            first = await fetcher.fetch(allowed, origin.url(), NEVER)  # leaves a pooled connection
            second = await fetcher.fetch(plain, origin.url(), NEVER)
        assert isinstance(first, Fetched)
        assert failed(second).kind == "blocked address"
        assert len(origin.asked) == 1


class TestTls:
    async def test_a_certificate_that_nobody_signed_is_a_failure(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
        async with Origin(always(response(body=FEED)), tls=context) as origin:
            answer = await ask(origin.url().replace("http:", "https:"))
        assert failed(answer).kind == "tls"
        assert "self-signed certificate" in failed(answer).detail
        assert not origin.asked

    async def test_a_server_without_tls_is_a_failure(self) -> None:
        async with Origin(always(b""), greeting=response("400 Bad Request")) as origin:
            answer = await ask(origin.url().replace("http:", "https:"))
        assert failed(answer).kind == "tls"


class TestSettings:
    async def test_credentials_come_from_the_file_when_asked(self, tmp_path: Path) -> None:
        path = tmp_path / "auth"
        path.write_text("me:pässword\nnot this\n", encoding="utf-8")
        async with Origin(always(response(body=FEED))) as origin:
            await ask(origin.url(), auth_file=path)
        assert origin.asked[0].headers["authorization"] == "Basic bWU6cMOkc3N3b3Jk"

    @pytest.mark.parametrize("content", [None, b"no colon", b"\xff:\xff"], ids=["missing", "no-colon", "not-utf-8"])
    async def test_an_unreadable_auth_file_is_a_failure(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "auth"
        if content is not None:
            path.write_bytes(content)
        async with Origin(always(response(body=FEED))) as origin:
            answer = await ask(origin.url(), auth_file=path)
        assert failed(answer).kind == "auth file"
        assert not origin.asked

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "news",
            "ftp://x/",
            "http://",
            "http://[x",
            "http://x:99999/",
            f"http://{'a' * 70}.example/",
            "http://\ud800/",
        ],
    )
    async def test_a_url_that_cannot_be_asked_is_a_failure(self, url: str) -> None:
        answer = await ask(url)
        assert failed(answer).kind in {"bad url", "dns"}

    async def test_a_header_with_a_line_break_is_never_sent(self) -> None:
        async with Origin(always(response(body=FEED))) as origin:
            answer = await ask(origin.url(), headers=(("X", "a\r\nInjected: yes"),))
        assert failed(answer).kind == "bad url"
        assert not origin.asked

    async def test_a_proxy_is_asked_in_the_sources_stead(self) -> None:
        async with Origin(always(response(body=FEED))) as proxy, Fetcher(polling(allow=())) as fetcher:
            asker: Source = source("http://news.example/feed", proxy=proxy.url("/"))
            answer = await fetcher.fetch(asker, "http://news.example/feed", NEVER)
        assert isinstance(answer, Fetched)
        assert proxy.asked[0].path == "http://news.example/feed"

    async def test_a_proxy_is_not_asked_for_private_addresses(self) -> None:
        async with Origin(always(response(body=FEED))) as proxy, Fetcher(polling(allow=())) as fetcher:
            asker = source("http://169.254.169.254/", proxy=proxy.url("/"))
            answer = await fetcher.fetch(asker, "http://169.254.169.254/", NEVER)
        assert failed(answer).kind == "blocked address"
        assert proxy.accepted == 0
