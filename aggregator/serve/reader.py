"""One reader's connection: bytes → requests → answers, in their order, as fast as the reader takes them and no faster.

aiohttp's parser reads the requests. Its request handler is not used: a task, a request and a response object for each
request cost several times what an answer out of a dict does (docs/decisions/0031). Nobody who only reads sends a body:
a connection on which one comes ends with its answer.

What a connection costs us is bounded: what was read in one go and not yet understood, one request, one answer.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias, cast

from aiohttp import EMPTY_PAYLOAD, HttpVersion11, StreamReader, hdrs
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpRequestParser, RawRequestMessage

from aggregator.serve.answer import Answer, refusal
from aggregator.serve.turns import READ_BYTES, Turns

Readers: TypeAlias = OrderedDict["Reader", None]
"""All that are connected; who has been silent for longest is the first."""

_MOST_UNREAD: Final = 8 * 1024
_END: Final = b"\r\n\r\n"  # of a head: the parser knows no other
_LONGEST_HEAD: Final = 32 * 1024
_LAST_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a reader may take.

    Attributes:
        head_seconds: For a whole request head, counted from connecting or from the last answer. So long may a
            connection idle, too.
        body_seconds: For taking an answer; and that long we may take to work one out.
    """

    head_seconds: float
    body_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Endless:
    """An answer that goes on for as long as both like: whoever gets it is asked for nothing more, and only told.

    Attributes:
        answer: What it begins with.
        listeners: Where the reader goes, from among those who ask: whoever owns these has more to tell, now and then.
    """

    answer: Answer
    listeners: Readers


Find: TypeAlias = Callable[[RawRequestMessage], Answer | Endless | Coroutine[None, None, Answer]]
"""What to answer: now, or when it has been worked out."""


class Reader(asyncio.BufferedProtocol):
    """A connection. Whoever owns `readers` looks at each `deadline` now and then, and aborts what is past it.

    Args:
        find: Answers.
        turns: Say when it is this reader's turn to be answered.
        date: Gives the line "Date: …", with its end.
        readers: Where it enters itself, and leaves.
        patience: As it says.
    """

    def __init__(
        self,
        find: Find,
        date: Callable[[], bytes],
        readers: Readers,
        patience: Patience,
        turns: Turns,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._find, self._date, self._turns = find, date, turns
        self._readers, self._patience = readers, patience
        # The protocol is for pausing a body that comes too fast: of a body, nothing is read.
        self._parser = HttpRequestParser(BaseProtocol(self._loop), self._loop, READ_BYTES, auto_decompress=False)
        self._unread = b""
        self._head_bytes = 0
        self._waits = False  # for its turn
        self._requests: deque[tuple[RawRequestMessage, StreamReader] | None] = deque()  # None: what is no request
        self._work: asyncio.Task[Answer] | None = None
        self._is_busy = False  # the reader has not taken its answer, or we have not worked it out
        self._is_held = False
        self._is_last = False
        self._is_leaving = False
        self._has_ended = False  # the reader asks for nothing more
        self.deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request."""
        self._transport = cast("asyncio.Transport", transport)
        # 0: we are told of every byte that the reader has not taken at once.
        self._transport.set_write_buffer_limits(high=0)
        self._readers[self] = None
        self._wait(self._patience.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  whoever hung up
        """Leave no work behind."""
        self._readers.pop(self, None)
        self._forget()
        if self._work is not None:
            self._work.cancel()

    def abort(self) -> None:
        """Hang up at once, whatever was still to be sent."""
        self._forget()
        self._transport.abort()

    def close(self) -> None:
        """Hang up once the reader has taken what lies ready for it."""
        self._forget()
        self._transport.close()

    def tell(self, text: bytes) -> None:
        """Send a listener more. One that has not taken what it was sent before is hung up on: nothing piles up."""
        if self._is_busy:
            self.abort()
        elif not self._transport.is_closing():
            self._transport.write(text)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  a kernel would fill 256 KiB, for each of thousands
        """Lend the loop what it is to read into."""
        return self._turns.scratch

    def buffer_updated(self, nbytes: int) -> None:
        """Take out what it has read, and get in line."""
        self.take_in(bytes(self._turns.scratch[:nbytes]))

    def take_in(self, data: bytes) -> None:
        """Answer, in turn, what can be answered of it."""
        if not self._is_leaving:
            self._unread += data
            if len(self._unread) > _MOST_UNREAD:
                self._is_held = True
                self._transport.pause_reading()
            self._get_in_line()

    def eof_received(self) -> bool:
        """Answer all that was asked before; whoever says that this was all may still read."""
        self._has_ended = True
        return not self._is_leaving and (self._is_busy or bool(self._unread or self._requests))

    def pause_writing(self) -> None:
        """Wait until the reader has taken everything."""
        self._is_busy = True
        self._wait(self._patience.body_seconds)

    def resume_writing(self) -> None:
        """Go on: it has."""
        self._is_busy = False
        self._wait(_LAST_SECONDS if self._is_leaving else self._patience.head_seconds)
        self._get_in_line()

    def _get_in_line(self) -> None:
        """Wait for our turn, if there is anything to be done with it.

        What is left stays unread, in the end by the kernel: nobody piles up answers that he does not take.
        """
        if self._waits or self._is_busy:
            return
        if self._unread or self._requests:
            self._waits = True
            self._turns.take(self._step)
        elif self._has_ended:
            self._transport.close()

    def _step(self) -> bool:
        try:
            return self._go_on()
        except BaseException:  # a bug, which the loop tells: nobody waits for an answer that does not come
            self.abort()
            raise

    def _go_on(self) -> bool:
        """Understand what has come, up to the end of one request, and answer that."""
        if not self._requests and self._unread:
            self._read_on()
        if self._requests and not self._is_busy:
            self._answer(self._requests.popleft())
        if self._is_held and not self._unread and not self._transport.is_closing():
            self._is_held = False
            self._transport.resume_reading()
        self._waits = not self._is_busy and bool(self._unread or self._requests)
        if not self._waits:
            self._get_in_line()  # or go, if that was all
        return self._waits

    def _read_on(self) -> None:
        """Have the parser read a request, or what there is of it: of each that is parsed, much is kept."""
        head, end, self._unread = self._unread.partition(_END)
        piece = head + end
        try:
            requests = self._parser.feed_data(piece)[0]
        except (HttpProcessingError, IndexError):  # IndexError: yarl 1.25 on "GET http://[]@ HTTP/1.1"
            self._requests.append(None)
            return
        if requests:
            self._head_bytes = 0
            self._requests.extend(requests)
            return
        self._head_bytes += len(piece)
        if self._head_bytes > _LONGEST_HEAD:
            self._requests.append(None)

    def _answer(self, request: tuple[RawRequestMessage, StreamReader] | None) -> None:
        self._readers.move_to_end(self)
        if request is None or (hdrs.HOST not in request[0].headers and request[0].version == HttpVersion11):
            self._is_last = True  # RFC 9112 §3.2, for one
            self._send(refusal(HTTPStatus.BAD_REQUEST))
            return
        message, body = request
        self._is_last = (
            message.should_close or message.upgrade or body is not EMPTY_PAYLOAD or message.version != HttpVersion11
        )
        found = self._find(message)
        if isinstance(found, Answer):
            self._send(found)
            return
        if isinstance(found, Endless):
            self._listen(found)
            return
        self._wait(self._patience.body_seconds)
        self._is_busy = True
        self._work = self._loop.create_task(found)
        self._work.add_done_callback(self._worked_out)

    def _worked_out(self, work: asyncio.Task[Answer]) -> None:
        self._work, self._is_busy = None, False
        if work.cancelled() or self._transport.is_closing():
            return
        error = work.exception()
        if error is None:
            self._send(work.result())
        else:  # a bug, and must be seen
            _log.error("an answer could not be worked out", exc_info=error)
            self._is_last = True
            self._send(refusal(HTTPStatus.INTERNAL_SERVER_ERROR))
        self._get_in_line()

    def _listen(self, endless: Endless) -> None:
        self._forget()
        self._readers.pop(self, None)
        self._readers = endless.listeners
        self._readers[self] = None
        self._is_last = True
        self._write(endless.answer)

    def _send(self, answer: Answer) -> None:
        self._wait(self._patience.head_seconds)
        self._write(answer)
        if self._is_last:
            self._leave()

    def _write(self, answer: Answer) -> None:
        head = answer.head + self._date() + (b"Connection: close\r\n\r\n" if self._is_last else b"\r\n")
        if answer.body:
            self._transport.writelines((head, answer.body))
        else:
            self._transport.write(head)

    def _leave(self) -> None:
        """Say that this was all, and let the reader hang up: if we do while it still sends, it may lose the answer."""
        self._forget()
        if not self._transport.is_closing():
            if self._is_held:  # what still comes is read, and thrown away
                self._is_held = False
                self._transport.resume_reading()
            self._transport.write_eof()
        if not self._is_busy:
            self._wait(_LAST_SECONDS)

    def _forget(self) -> None:
        self._is_leaving = True
        self._unread = b""
        self._requests.clear()

    def _wait(self, seconds: float) -> None:
        self.deadline = self._loop.time() + seconds
