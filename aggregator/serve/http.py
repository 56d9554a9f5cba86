"""Published bytes → readers, over HTTP.

Nothing of a request ever becomes the path of a file: a path is looked up among the documents, and is there or not.
"""

import asyncio
import contextlib
import errno
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from email.utils import formatdate
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import Final, Self, TypeAlias

from aiohttp import hdrs
from aiohttp.http import RawRequestMessage
from yarl import URL

from aggregator.descriptors import for_readers
from aggregator.document import Document
from aggregator.errors import ListenError
from aggregator.serve.access import knows
from aggregator.serve.answer import (
    ALLOW,
    Answer,
    Coding,
    Prepared,
    live_answer,
    moved,
    private,
    refusal,
    unknown,
    without_body,
)
from aggregator.serve.events import EVENTS_PATH, Events
from aggregator.serve.reader import Endless, Patience, Reader, Readers
from aggregator.serve.turns import Turns
from aggregator.site import Token

LiveAnswer: TypeAlias = Callable[[], Awaitable[tuple[int, str, bytes]]]
"""What to answer at this moment: (status, content type with its charset, body)."""

Live: TypeAlias = Mapping[str, LiveAnswer]
"""By path."""

Found: TypeAlias = Answer | Endless | Coroutine[None, None, Answer]
"""An answer, now or when it has been worked out."""

_MISSING: Final = "404.html"  # as static hosts call it, too
_LAST_PORT: Final = 65_535
_SAME_SECONDS: Final = 1.0
_TIMES_AS_LONG: Final = 9
_LONGEST_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 0.5
_LOOK_SECONDS: Final = 0.5  # between two looks at the clock and at who is past his time
_METHODS: Final = frozenset(ALLOW.split(", "))
_LISTENERS: Final = 4  # one of so many readers may be one who listens
_SELDOM: Final = 32  # documents that the shelf gives and does not hold: their answers are kept for a while
_BACKLOG: Final = 256  # that many may come in one turn of the loop, each in the place of another: 30 ms of work


class Server:
    """Serves a shelf of documents until it is stopped. `async with` stops it, too.

    Args:
        shelf: Path → document. Looked up anew for each request: whoever owns it may exchange its documents, each at
            once, at any time.
        live: Paths that are answered anew each time, unless the shelf has them.
        events: What is told under "/events", to a quarter of the readers at most. None: nothing ever is.
        readers: Connections at the same time, and never more than half of the files that we may open: the other half
            is for polling. One more takes the place of the one that has been silent for longest, and is no listener.
        head_seconds: For sending a whole request head, counted from connecting or from the last answer; then we hang
            up. So long may a connection idle, too.
        body_seconds: For taking an answer: by default, a megabyte at 9 KB/s.
        token: Gives what a reader has to know at this moment; None: nothing.
        for_strangers: What is answered even to whoever does not know it.
    """

    def __init__(
        self,
        shelf: Mapping[str, Document],
        *,
        live: Live,
        events: Events | None = None,
        readers: int = 4_000,
        head_seconds: float = 15,
        body_seconds: float = 120,
        token: Callable[[], Token | None] = lambda: None,
        for_strangers: Live = MappingProxyType({}),
    ) -> None:
        self._shelf = shelf
        self._live = live
        self._events = events or Events()
        self._token = token
        self._for_strangers = for_strangers
        self._most = readers
        self._patience = Patience(head_seconds=head_seconds, body_seconds=body_seconds)
        self._prepared: dict[str, Prepared] = {}
        self._readers: Readers = OrderedDict()  # those who ask
        self._turns = Turns()
        self._coding = Coding()
        self._known = token()  # what those who listen have shown
        self._listener: asyncio.Server | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._date = b""

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
        self._most = min(self._most, for_readers())
        try:
            self._listener = await asyncio.get_running_loop().create_server(self._admit, host, port, backlog=_BACKLOG)
        except OSError as error:
            raise ListenError(_cannot_listen(host, port, error)) from error
        self._look()
        return f"http://{_authority(host, self._listener.sockets[0].getsockname()[1])}"

    async def stop(self) -> None:
        """Hang up on every reader, within 2 s. Idempotent."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        for reader in self._connected():
            reader.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                while self._connected():  # noqa: ASYNC110  they take themselves out, one by one
                    await asyncio.sleep(0.01)
        for reader in self._connected():
            reader.abort()  # closing alone would wait for a reader that does not read
        if self._looking is not None:
            self._looking.cancel()

    def _connected(self) -> list[Reader]:
        return [*self._readers, *self._events.listeners]

    def _admit(self) -> asyncio.BaseProtocol:
        while self._readers and len(self._readers) + len(self._events.listeners) >= self._most:
            self._readers.popitem(last=False)[0].abort()
        return Reader(self._admitted, self._date_line, self._readers, self._patience, self._turns)

    def _look(self) -> None:
        """Note the time of day, and hang up on who is past his time; and again after a moment."""
        self._date = f"Date: {formatdate(usegmt=True)}\r\n".encode()
        loop = asyncio.get_running_loop()
        now = loop.time()
        for reader in [reader for reader in self._readers if reader.deadline < now]:
            reader.abort()
        self._let_go_of_strangers()
        self._events.beat(now)
        moment = min(_LOOK_SECONDS, self._patience.head_seconds, self._patience.body_seconds)
        self._looking = loop.call_later(moment, self._look)

    def _date_line(self) -> bytes:
        return self._date

    def _let_go_of_strangers(self) -> None:
        """Once the token is another, end what was begun with the earlier one: whoever asks again has to show it."""
        if (token := self._token()) != self._known:
            self._known = token
            for listener in tuple(self._events.listeners):
                listener.close()

    def _admitted(self, request: RawRequestMessage) -> Found:
        """Answer whoever may be answered; strangers, where there is a token, are told little."""
        token = self._token()
        if token is None:
            return self._find(request)
        if knows(token, request.headers, request.url.raw_query_string):
            return _private(self._find(request))
        path, method = _plain_path(request.url), request.method
        if path in self._for_strangers and method != "OPTIONS":
            return self._live_answer(self._for_strangers[path], method)
        answer = unknown(path=path, accept=request.headers.get(hdrs.ACCEPT, ""))
        return without_body(answer) if method == "HEAD" else answer

    def _find(self, request: RawRequestMessage) -> Found:
        method, headers = request.method, request.headers
        path = request.path[1:]
        document = self._shelf.get(path)
        if document is None:  # most write it as we do; whoever does not is understood, too
            path = _plain_path(request.url)
            document = self._shelf.get(path)
        if method not in _METHODS:
            return refusal(HTTPStatus.METHOD_NOT_ALLOWED, path=path)
        if document is not None:
            return self._prepare(document).answer(method, headers)
        if f"{path}/index.html" in self._shelf:
            return moved(f"{path.rpartition('/')[2]}/")
        if path == EVENTS_PATH and method != "OPTIONS":
            return self._events.answer(method, headers, most=self._most // _LISTENERS)
        if path in self._live and method != "OPTIONS":
            return self._live_answer(self._live[path], method)
        accept, page = headers.get(hdrs.ACCEPT, ""), self._shelf.get(_MISSING)
        answer = refusal(HTTPStatus.NOT_FOUND, path=path, accept=accept, page=page)
        return without_body(answer) if method == "HEAD" else answer

    def _prepare(self, document: Document) -> Prepared:
        prepared = self._prepared.pop(document.path, None)
        if prepared is None or prepared.document is not document:
            prepared = Prepared(document, self._coding)
        self._prepared[document.path] = prepared  # now the last of the dict: the first is the one unasked for longest
        if len(self._prepared) > len(self._shelf) + _SELDOM:
            del self._prepared[next(iter(self._prepared))]
        return prepared

    async def _live_answer(self, live: LiveAnswer, method: str) -> Answer:
        answer = live_answer(*await live())
        return without_body(answer) if method == "HEAD" else answer


class OnceASecond:
    """An answer that costs much to work out: for a second, whoever asks is told the same.

    One that takes long is told for longer, up to ten seconds: however many ask, little of our time goes into it. It is
    worked out to its end, though all who asked hang up: else each that comes and goes would have it begun anew.

    Args:
        work: Works it out.
    """

    def __init__(self, work: LiveAnswer) -> None:
        self._work = work
        self._working: asyncio.Task[tuple[int, str, bytes]] | None = None
        self._until = -1.0

    async def __call__(self) -> tuple[int, str, bytes]:
        """Give the answer of this second."""
        clock = asyncio.get_running_loop().time
        if self._working is None or (self._working.done() and (clock() >= self._until or self._working.exception())):
            self._working = asyncio.create_task(self._work_out(clock))
        return await asyncio.shield(self._working)

    async def _work_out(self, clock: Callable[[], float]) -> tuple[int, str, bytes]:
        began = clock()
        answer = await self._work()
        self._until = clock() + min(max(_SAME_SECONDS, (clock() - began) * _TIMES_AS_LONG), _LONGEST_SECONDS)
        return answer


def _private(found: Found) -> Found:
    if isinstance(found, Answer):
        return private(found)
    return found if isinstance(found, Endless) else _private_soon(found)


async def _private_soon(found: Coroutine[None, None, Answer]) -> Answer:
    return private(await found)


def _plain_path(url: URL) -> str:
    path = url.path.removeprefix("/")
    return f"{path}index.html" if not path or path.endswith("/") else path


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
