"""Bytes off a connection → aiohttp's parser, as long as they are about the document. Shell: it hangs up."""

import asyncio
from functools import partial
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler

_IDLE_BYTES: Final = 2**20
"""Taken of one response without any of the document among them: a head has 64 KiB at most, and aiohttp reads 384 KiB
ahead."""
_PER_BYTE: Final = 2  # of the document: what chunked coding (RFC 9112 §7.1) costs honest servers is far less


class BoundedConnector(aiohttp.TCPConnector):
    """aiohttp's, whose connections hang up on talk that never comes to the document.

    1xx answers, chunk extensions and chunks of one byte count neither as headers nor as body: without an end, they
    would keep the event loop busy for as long as a request may last.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  aiohttp's own
        super().__init__(**settings)
        # aiohttp has no public way to give it, and partial's type is invariant.
        self._factory = partial(_BoundedHandler, asyncio.get_running_loop())  # type: ignore[assignment]


class _BoundedHandler(ResponseHandler):
    """One connection."""

    __slots__ = ("_left_bytes",)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._left_bytes = _IDLE_BYTES

    def set_response_params(self, **params: Any) -> None:  # noqa: ANN401  aiohttp's own
        """Begin the next request."""
        self._left_bytes = _IDLE_BYTES
        super().set_response_params(**params)

    def allow(self, document_bytes: int) -> None:
        """Go on: so many bytes of the document have come."""
        self._left_bytes = min(self._left_bytes + _PER_BYTE * document_bytes, _IDLE_BYTES)

    def data_received(self, data: bytes) -> None:
        """Take what came, or hang up."""
        self._left_bytes -= len(data)
        if self._left_bytes >= 0:
            super().data_received(data)
        elif self.transport is not None:
            self.transport.abort()


def note_progress(response: aiohttp.ClientResponse, document_bytes: int) -> None:
    """Tell the response's connection that so many bytes of the document have come."""
    connection = response.connection  # None: all of the response has come
    if connection is not None and isinstance(connection.protocol, _BoundedHandler):
        connection.protocol.allow(document_bytes)
