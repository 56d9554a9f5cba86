"""Networks and publishers that fail in their own ways, on loopback, each with the word that the status has for it.

with Networks(QUICK) as networks, daemon(folder, write_feeds(folder, networks.sources), env=networks.env) as running:
    eventually(lambda: not networks.untold(running))
"""

import asyncio
import json
import random
import ssl
import threading
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from tests.e2e.running import Running

Talk: TypeAlias = Callable[[StreamWriter], Awaitable[None]]

# Their keys are known to everybody who reads this; `ca.pem` signed all but tests/fetch/self_signed.pem.
CERTIFICATES: Final = Path(__file__).parents[1] / "fetch" / "certificates"
SELF_SIGNED: Final = CERTIFICATES.with_name("self_signed.pem")
PRIVATE: Final = "127.0.0.2"  # no network that write_feeds allows

_ITEMS: Final = "".join(f"<item><guid>{each}</guid><title>Kabar nomor {each}</title></item>" for each in range(60))
FEED: Final = f'<rss version="2.0"><channel><title>Kabar</title>{_ITEMS}</channel></rss>'.encode()
_LOGIN: Final = b"<!DOCTYPE html><html><head><title>Hotel</title></head><body><form>Room</form></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A way to fail, or not to.

    Attributes:
        name: The source's.
        answer: The word of the status; that of `/status.json`.
        says: Part of the error that the operator reads. "": there is none.
        talk: What is sent, after the head of a request was read. None: nothing listens there.
        certificate: PEM, of a server that speaks TLS. None: it does not.
        host: Of its address.
    """

    name: str
    answer: str
    says: str = ""
    talk: Talk | None = None
    certificate: Path | None = None
    host: str = "127.0.0.1"


def sends(status: str = "200 OK", body: bytes = b"", *headers: str, before: bytes = b"", version: str = "1.1") -> Talk:
    lines = [f"HTTP/{version} {status}", *headers, *([] if version == "1.0" else [f"Content-Length: {len(body)}"])]
    head = before + "\r\n".join([*lines, "", ""]).encode()

    async def talk(writer: StreamWriter) -> None:
        writer.write(head + body)

    return talk


def feeds_in(chunk: int, seconds: Callable[[], float], first: float = 0.0, body: bytes = FEED) -> Talk:
    """Send a document in pieces, each after a pause."""

    async def talk(writer: StreamWriter) -> None:
        await asyncio.sleep(first)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), chunk):
            await asyncio.sleep(seconds())
            writer.write(body[start : start + chunk])
            await writer.drain()

    return talk


async def resets(writer: StreamWriter) -> None:
    writer.transport.abort()


async def says_nothing(_: StreamWriter) -> None:
    await asyncio.sleep(600)


async def breaks_off(writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FEED) + FEED[:1000])
    await writer.drain()
    writer.transport.abort()


_luck: Final = random.Random(14)  # the same losses in each run


def _lost() -> float:
    """Three packets of ten come only when they are sent again, later and later."""
    wait, again = 0.0, 0.2
    while _luck.random() < 0.3:
        wait, again = wait + again, again * 2
    return wait


XML: Final = "Content-Type: text/xml"
QUICK: Final = (
    Condition(name="good", answer="200", talk=sends("200 OK", FEED, XML)),
    Condition(name="tls", answer="200", talk=sends("200 OK", FEED, XML), certificate=CERTIFICATES / "good.pem"),
    Condition(name="expired", answer="tls", says="certificate has expired", certificate=CERTIFICATES / "expired.pem"),
    Condition(
        name="another-host", answer="tls", says="not valid for '127.0.0.1'", certificate=CERTIFICATES / "elsewhere.pem"
    ),
    Condition(name="self-signed", answer="tls", says="self-signed certificate", certificate=SELF_SIGNED),
    Condition(name="refuses", answer="connect", says="Connection refused"),
    Condition(name="resets", answer="reset", says="closed the connection before it answered", talk=resets),
    Condition(name="breaks-off", answer="protocol", says="broke off", talk=breaks_off),
    Condition(name="http-1.0", answer="200", talk=sends("200 OK", FEED, XML, version="1.0")),
    Condition(
        name="100-continue",
        answer="200",
        talk=sends("200 OK", FEED, XML, before=b"HTTP/1.1 100 Continue\r\n\r\n"),
    ),
    Condition(name="204", answer="204", says="there is no document", talk=sends("204 No Content")),
    Condition(name="206", answer="206", says="only part of the document", talk=sends("206 Partial Content", FEED)),
    Condition(name="226", answer="226", talk=sends("226 IM Used", FEED, XML, "IM: feed")),
    Condition(name="304", answer="304", says="304 to a request without conditions", talk=sends("304 Not Modified")),
    Condition(name="captcha", answer="unreadable", says="", talk=sends("200 OK", _LOGIN, "Content-Type: text/html")),
    Condition(name="portal", answer="unreadable", talk=sends("302 Found", b"", "Location: /login")),
)
"""Those that tell at once."""

SLOW: Final = (
    Condition(name="latency-5s", answer="200", talk=feeds_in(len(FEED), lambda: 0.0, first=5.0)),
    Condition(name="jitter", answer="200", talk=feeds_in(1000, lambda: _luck.uniform(0, 2))),
    Condition(name="1-kB-a-second", answer="200", talk=feeds_in(1100, lambda: 1.0)),
    Condition(
        name="less-than-that",
        answer="slow",
        says="less than 1024 bytes",
        talk=feeds_in(500, lambda: 1.0, body=FEED * 9),
    ),
    Condition(name="loses-30-percent", answer="200", talk=feeds_in(300, _lost)),
    Condition(name="half-open", answer="timeout", says="no answer in time", talk=says_nothing),
)
"""Those that take their time."""


class Networks:
    """Servers of these conditions on 127.0.0.1, and a private one on 127.0.0.2 that a chain of redirects leads to.

    Attributes:
        sources: For feeds.yaml.
        env: For a daemon that trusts our certificates.
        connections: How many each server has accepted, by its source's name; "private" is the private one.
    """

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.connections: Counter[str] = Counter()
        self.env: Mapping[str, str] = {"SSL_CERT_FILE": str(CERTIFICATES / "ca.pem")}
        self.sources: list[dict[str, object]] = []
        self._conditions = {each.name: each for each in conditions}
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def untold(self, running: Running) -> dict[str, tuple[str, str | None]]:
        """Give what the status says of each source that is not what it should: its answer and its error."""
        told: list[dict[str, Any]] = json.loads(running.read("/status.json"))["sources"]
        says = {each["name"]: (each["answer"], each["error"]) for each in told}
        wanted = {**self._conditions, "chain": CHAIN}
        return {name: says[name] for name, each in wanted.items() if not _fits(each, *says[name])}

    async def _begin(self) -> None:
        for each in self._conditions.values():
            self._add(each, await self._serve(each.name, each.talk or says_nothing, each.certificate))
            if each.talk is None and each.certificate is None:
                self._servers.pop().close()
        private = await self._serve("private", sends("200 OK", FEED), None, host=PRIVATE)
        inwards = sends("302 Found", b"", f"Location: http://{PRIVATE}:{private}/secret")
        middle = await self._serve("middle", inwards, CERTIFICATES / "good.pem")
        self._add(
            CHAIN, await self._serve("chain", sends("302 Found", b"", f"Location: https://127.0.0.1:{middle}/"), None)
        )

    def _add(self, each: Condition, port: int) -> None:
        scheme = "https" if each.certificate else "http"
        self.sources.append({"name": each.name, "url": f"{scheme}://{each.host}:{port}/"})

    async def _serve(self, name: str, talk: Talk, certificate: Path | None, host: str = "127.0.0.1") -> int:
        async def answer(reader: StreamReader, writer: StreamWriter) -> None:
            self.connections[name] += 1
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                head = await reader.readuntil(b"\r\n\r\n")
                await (sends("200 OK", _LOGIN, "Content-Type: text/html") if b" /login " in head else talk)(writer)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, host, 0, ssl=_speaking(certificate))
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


CHAIN: Final = Condition(name="chain", answer="blocked address", says=f"{PRIVATE} is not a public address")
"""http → https → http, inwards."""


def _fits(condition: Condition, answer: str, error: str | None) -> bool:
    return answer == condition.answer and condition.says in (error or "")


def _speaking(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
