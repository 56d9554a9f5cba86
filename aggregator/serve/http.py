"""Published bytes → readers, over HTTP.

Nothing of a request ever becomes the path of a file: a path is looked up among the documents, and is there or not.
"""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self, TypeAlias

from aiohttp import web

from aggregator.document import Document
from aggregator.errors import ListenError
from aggregator.serve.conditional import accepts_gzip, is_current

LiveAnswer: TypeAlias = Callable[[], Awaitable[tuple[int, str, bytes]]]
"""What to answer at this moment: (status, content type with its charset, body)."""

Live: TypeAlias = Mapping[str, LiveAnswer]
"""By path."""

_log = logging.getLogger(__name__)

_LAST_PORT: Final = 65_535
_SAME_SECONDS: Final = 1.0
_CLOSE_SECONDS: Final = 0.5  # aiohttp waits up to twice as long

_ALWAYS: Final = {
    "Server": "aggregator",  # unset, aiohttp tells its version and Python's
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


class Server:
    """Serves a shelf of documents until it is stopped. `async with` stops it, too.

    Args:
        shelf: Path → document. Looked up anew for each request: whoever owns it may exchange its documents, each at
            once, at any time.
        live: Paths that are answered anew each time, before the shelf is looked at.
        readers: Connections at the same time; the next one is answered 503.
        head_seconds: For sending a whole request head, counted from connecting or from the last answer; then we hang
            up. So long may a connection idle, too.
        body_seconds: For taking an answer: by default, a megabyte at 9 KB/s.
    """

    def __init__(
        self,
        shelf: Mapping[str, Document],
        *,
        live: Live,
        readers: int = 1_000,
        head_seconds: float = 15,
        body_seconds: float = 120,
    ) -> None:
        self._shelf = shelf
        self._live = live
        self._readers = readers
        self._head_seconds = head_seconds
        self._body_seconds = body_seconds
        self._listener: asyncio.Server | None = None
        self._http: web.Server | None = None

    async def __aenter__(self) -> Self:
        """Nothing yet: `start` says where to listen."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def start(self, host: str, port: int) -> str:
        """Listen.

        Args:
            host: A name or an address; an IPv6 address without brackets.
            port: 0 takes any that is free.

        Returns:
            The URL it listens on, without a trailing slash, with the true port.

        Raises:
            ListenError: The address is in use, is not ours, or needs rights that we lack.
        """
        if not 0 <= port <= _LAST_PORT:  # asyncio raises OverflowError, uvloop counts on from 0
            raise ListenError(f"{port} is no port; add --listen {_authority(host, 8080)}")
        loop = asyncio.get_running_loop()
        self._http = web.Server(self._answer)
        try:
            self._listener = await loop.create_server(self._admit, host, port)
        except OSError as error:
            raise ListenError(_cannot_listen(host, port, error)) from error
        return f"http://{_authority(host, self._listener.sockets[0].getsockname()[1])}"

    async def stop(self) -> None:
        """Hang up on every reader, within 2 s. Idempotent."""
        if self._listener is None or self._http is None:
            return
        self._listener.close()
        transports = [reader.transport for reader in self._http.connections]
        self._http.pre_shutdown()
        await self._http.shutdown(_CLOSE_SECONDS)
        for transport in filter(None, transports):
            transport.abort()  # closing alone would wait for a reader that does not read
        self._listener = self._http = None

    def _admit(self) -> asyncio.Protocol:
        if self._http is None or len(self._http.connections) >= self._readers:
            return _Full()
        return _Connection(
            self._http,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._head_seconds,
            lingering_time=1,
            auto_decompress=False,
            access_log=None,  # type: ignore[arg-type]  # None is none, whatever the annotation says
        )

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = await self._find(request)
        try:
            async with asyncio.timeout(self._body_seconds):
                await answer.prepare(request)
                await answer.write_eof()
        except (TimeoutError, ConnectionError):  # a reader that does not read, or has left
            if request.transport is not None:
                request.transport.abort()
        return answer

    async def _find(self, request: web.BaseRequest) -> web.Response:
        if request.method not in {"GET", "HEAD"}:
            return _refusal(405, {"Allow": "GET, HEAD"})
        path = request.path.removeprefix("/") or "index.html"
        if path in self._live:
            return _live_answer(*await self._live[path]())
        document = self._shelf.get(path)
        return _refusal(404, {}) if document is None else _document_answer(document, request.headers)


class OnceASecond:
    """An answer that costs much to work out: for a second, whoever asks is told the same.

    Args:
        work: Works it out.
    """

    def __init__(self, work: LiveAnswer) -> None:
        self._work = work
        self._alone = asyncio.Lock()
        self._until = -1.0
        self._answer = (0, "", b"")

    async def __call__(self) -> tuple[int, str, bytes]:
        """Give the answer of this second."""
        async with self._alone:
            clock = asyncio.get_running_loop().time
            if clock() >= self._until:
                self._answer = await self._work()
                self._until = clock() + _SAME_SECONDS
            return self._answer


class _Connection(web.RequestHandler):
    """aiohttp's, but what it answers to garbage repeats nothing of it, and is no news for the log."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  aiohttp's words; they quote the request
    ) -> web.StreamResponse:
        if status >= 500:  # noqa: PLR2004  ours, then: a bug, and must be seen
            _log.error("answering %s failed", request.method, exc_info=exc)
        answer = _refusal(status, {})
        answer.force_close()
        return answer


class _Full(asyncio.Protocol):
    """Turns a reader away when there are too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 15\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
        transport.close()


def _document_answer(document: Document, headers: Mapping[str, str]) -> web.Response:
    gzipped = accepts_gzip(headers.get("Accept-Encoding", ""))
    etag = document.etag_gzipped if gzipped else document.etag
    answer = {
        **_ALWAYS,
        "ETag": etag,
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",  # it is public: let pages elsewhere read it
    }
    if document.modified_at is not None:
        answer["Last-Modified"] = format_datetime(document.modified_at, usegmt=True)
    if is_current(document, etag, headers):
        return web.Response(status=304, headers=answer)
    answer["Content-Type"] = document.content_type
    if gzipped:
        answer["Content-Encoding"] = "gzip"
    return web.Response(body=document.gzipped if gzipped else document.body, headers=answer)


def _live_answer(status: int, content_type: str, body: bytes) -> web.Response:
    headers = {**_ALWAYS, "Content-Type": content_type, "Cache-Control": "no-store"}
    return web.Response(status=status, body=body, headers=headers)


def _refusal(status: int, more: Mapping[str, str]) -> web.Response:
    body = f"{status} {HTTPStatus(status).phrase}\n".encode()
    answer = _live_answer(status, "text/plain; charset=utf-8", body)
    answer.headers.update(more)
    return answer


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    where = _authority(host, port)
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where} is in use; stop what listens there, or add --listen {_authority(host, port + 1)}"
        case errno.EACCES:
            return f"{where} needs rights we do not have; add --listen {_authority(host, 8080)}"
        case _:
            return f"{where} is no address of this machine; add --listen 127.0.0.1:8080"
