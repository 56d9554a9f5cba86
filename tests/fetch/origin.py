"""Publishers on loopback that answer what they are told, and remember what they were asked."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from ssl import SSLContext
from typing import Self, TypeAlias

from aggregator.site import Network, Polling
from aggregator.source import Source

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def polling(allow: tuple[Network, ...] = LOOPBACK) -> Polling:
    return Polling(every=timedelta(minutes=15), at_once=32, per_host=4, host_gap=timedelta(0), allow_private=allow)


def source(url: str, **settings: object) -> Source:
    return Source(id=url, name="Dunia", urls=(url,), **settings)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, as it arrived."""

    path: str
    head: bytes
    headers: dict[str, str]
    connection: int


Talk: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]
Reply: TypeAlias = bytes | Talk | Awaitable[bytes]


class Origin:
    """A server on 127.0.0.1, or another `host`.

    `answer` gives the bytes to send, now or later, or a coroutine that sends and then closes. `greeting` is sent before
    anything is asked.
    """

    def __init__(
        self,
        answer: Callable[[Asked], Reply],
        *,
        tls: SSLContext | None = None,
        greeting: bytes = b"",
        host: str = "127.0.0.1",
    ) -> None:
        self.asked: list[Asked] = []
        self.accepted = 0
        self._answer = answer
        self._tls = tls
        self._greeting = greeting
        self._host = host
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls, backlog=1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/feed", host: str = "127.0.0.1", userinfo: str = "") -> str:
        return f"http://{userinfo}{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer, self.accepted)
        writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        writer.write(self._greeting)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            asked = Asked(path=first.split(" ")[1], head=head, headers=headers, connection=connection)
            self.asked.append(asked)
            reply = self._answer(asked)
            if isinstance(reply, Awaitable):
                reply = await reply
            if not isinstance(reply, bytes):
                await reply(writer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
                return
            writer.write(reply)
            await writer.drain()


def response(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole response; `content_type="text/xml"` becomes a Content-Type header."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


def redirect(location: str, status: str = "302 Found", body: bytes = b"", **headers: str) -> bytes:
    return response(status, body, location=location, **headers)
