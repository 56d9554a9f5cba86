"""Editions → those who listen: an event for each, as a stream that goes on (WHATWG HTML §9.2)."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from aggregator.serve.answer import Answer, live_answer
from aggregator.serve.reader import Endless, Reader, Readers

EVENTS_PATH: Final = "events"

_ANYTHING: Final = ("*",)  # instead of paths: too many to name, or too long ago to tell which
_MOST_PATHS: Final = 200  # in one event
_PIECE: Final = 100  # listeners told in one turn of the loop: a thousand take 25 ms
_BEAT_SECONDS: Final = 20.0  # proxies take a connection on which nothing came for 60 s, or 30, for a dead one
_RETRY_MS: Final = 5_000
_BEAT: Final = b":\n\n"  # a comment
_HEAD: Final = live_answer(HTTPStatus.OK, "text/event-stream", None, {"X-Accel-Buffering": "no"}).head
_FULL: Final = live_answer(
    HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", b"too many listen already\n", {"Retry-After": "300"}
)


class Events:
    """Who listens, and what they are told."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.listeners: Readers = OrderedDict()
        self._news = 0
        self._beaten_at = 0.0

    def tell(self, news: int, paths: Sequence[str]) -> None:
        """Tell all that an edition is out.

        Args:
            news: What distinguishes it from any other: the store's count of commits that brought news.
            paths: Of the documents whose bytes changed. Where none did, nobody is told.
        """
        self._news = news
        if paths:
            self._send(_event(news, paths))

    def beat(self, now: float) -> None:
        """Tell all that we are still here, unless that was done a moment ago.

        Args:
            now: In seconds, by any clock that does not jump.
        """
        if now >= self._beaten_at + _BEAT_SECONDS:
            self._beaten_at = now
            self._send(_BEAT)

    def answer(self, method: str, headers: Mapping[str, str], *, most: int) -> Answer | Endless:
        """Let somebody listen, or say that `most` do already.

        Whoever comes again and has missed something is told so at once, but not what.
        """
        if method == "HEAD":
            return Answer(head=_HEAD)
        if len(self.listeners) >= most:
            return _FULL
        begin = f"retry: {_RETRY_MS}\nid: {self._news}\n\n".encode()
        if headers.get("Last-Event-ID", str(self._news)) != str(self._news):
            begin += _event(self._news, _ANYTHING)
        return Endless(answer=Answer(head=_HEAD, body=begin), listeners=self.listeners)

    def _send(self, text: bytes) -> None:
        self._send_piece(text, tuple(self.listeners))

    def _send_piece(self, text: bytes, listeners: Sequence[Reader]) -> None:
        for listener in listeners[:_PIECE]:
            listener.tell(text)
        if rest := listeners[_PIECE:]:
            asyncio.get_running_loop().call_soon(self._send_piece, text, rest)


def _event(news: int, paths: Sequence[str]) -> bytes:
    named = paths if len(paths) <= _MOST_PATHS else _ANYTHING
    return f"event: published\nid: {news}\ndata: {json.dumps(named, separators=(',', ':'))}\n\n".encode()
