"""Bytes off the wire → the document, decoded under a cap: a bomb never grows beyond what is allowed."""

import zlib
from typing import Final, Protocol

import brotli

from aggregator.fetch.answer import Failed

RATIO_APPLIES_ABOVE: Final = 2**20
"""Decoded bytes below which any compression ratio is fine: small documents may well be very regular."""

_MEMBERS: Final = 64  # of one gzip file (RFC 1952 §2.2); real ones have one
_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_DEFLATE_METHOD: Final = 8  # the low four bits of a zlib header (RFC 1950 §2.2)


class BodyError(Exception):
    """The body cannot be used.

    Attributes:
        failed: What to answer.
    """

    def __init__(self, kind: str, detail: str) -> None:
        """Make the answer."""
        self.failed = Failed(kind=kind, detail=detail)
        super().__init__(detail)


class Decoder(Protocol):
    """One content coding (RFC 9110 §8.4.1). Each raises zlib.error or brotli.error for bytes that are not of it."""

    def decode(self, chunk: bytes, limit_bytes: int) -> bytes:
        """Decode; once `limit_bytes` or more come back, the rest is lost and no further call is allowed.

        A little more than `limit_bytes` may come back: brotli's output grows in blocks.
        """

    def at_end(self) -> bool:
        """Tell whether the coded stream is complete."""


class Body:
    """Collects one response body. Feed chunks as they come, then finish.

    Attributes:
        wire_bytes: Taken so far.
        decoded_bytes: What they became.
    """

    def __init__(self, coding: str, *, limit_bytes: int, ratio: int) -> None:
        """Take the Content-Encoding as received, in any case, and raise BodyError where it is none of ours.

        Args:
            coding: "" where there was none. Chained codings are refused: no honest publisher needs them.
            limit_bytes: Of the wire bytes, and of the decoded ones.
            ratio: Of decoded to wire bytes, once RATIO_APPLIES_ABOVE is passed.
        """
        self.wire_bytes = 0
        self._limit_bytes = limit_bytes
        self._ratio = ratio
        self._decoder = _decoder(coding.strip().lower())
        self._decoded: list[bytes] = []
        self.decoded_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes off the wire, and raise BodyError where they are too many or not of the coding."""
        self.wire_bytes += len(chunk)
        if self.wire_bytes > self._limit_bytes:
            raise too_large(self._limit_bytes)
        allowed = min(self._limit_bytes, max(RATIO_APPLIES_ABOVE, self._ratio * self.wire_bytes))
        try:
            piece = self._decoder.decode(chunk, allowed - self.decoded_bytes + 1)
        except (zlib.error, brotli.error) as error:
            raise BodyError("protocol", "the body is not coded as its Content-Encoding says; we try again") from error
        self._decoded.append(piece)
        self.decoded_bytes += len(piece)
        if self.decoded_bytes > self._limit_bytes:
            raise too_large(self._limit_bytes)
        if self.decoded_bytes > allowed:
            raise BodyError("bomb", f"the body grows more than {self._ratio}-fold when decoded; it was not read")

    def finish(self) -> bytes:
        """Give the document, and raise BodyError where the coded stream broke off."""
        if self.wire_bytes and not self._decoder.at_end():
            raise BodyError("protocol", "the compressed body broke off; we try again")
        return b"".join(self._decoded)


def too_large(limit_bytes: int) -> BodyError:
    """Make the error of a document that is over its limit."""
    return BodyError("too large", f"the document is larger than {limit_bytes:,} bytes; ask for a shorter one")


def _decoder(coding: str) -> Decoder:
    match coding:
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case _:
            raise BodyError("protocol", "Content-Encoding is none that we asked for (gzip, deflate, br)")


class _Identity:
    def decode(self, chunk: bytes, limit_bytes: int) -> bytes:
        return chunk[:limit_bytes]

    def at_end(self) -> bool:
        return True  # aiohttp compares with Content-Length, and watches for the last chunk


class _Gzip:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_BITS)
        self._members = 1

    def decode(self, chunk: bytes, limit_bytes: int) -> bytes:
        decoded = b""
        while chunk and len(decoded) < limit_bytes:
            if self._member.eof and not self._next_member(chunk):
                break
            decoded += self._member.decompress(chunk, limit_bytes - len(decoded))
            chunk = self._member.unused_data
        return decoded

    def at_end(self) -> bool:
        return self._member.eof

    def _next_member(self, chunk: bytes) -> bool:
        """Begin the member that `chunk` starts with. False: it is padding, which gzip(1) ignores too."""
        if not chunk.startswith(b"\x1f"):
            return False
        self._members += 1
        if self._members > _MEMBERS:  # each costs a copy of all that follows it in the chunk
            raise zlib.error("too many members")
        self._member = zlib.decompressobj(_GZIP_BITS)
        return True


class _Deflate:
    """The zlib format (RFC 9110 §8.4.1.2), or the bare deflate stream that some servers send instead."""

    def __init__(self) -> None:
        self._stream: zlib._Decompress | None = None

    def decode(self, chunk: bytes, limit_bytes: int) -> bytes:
        if self._stream is None:
            bare = chunk[:1] and chunk[0] & 0x0F != _DEFLATE_METHOD
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
        return self._stream.decompress(chunk, limit_bytes)

    def at_end(self) -> bool:
        return self._stream is not None and self._stream.eof


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def decode(self, chunk: bytes, limit_bytes: int) -> bytes:
        return bytes(self._stream.process(chunk, output_buffer_limit=limit_bytes))

    def at_end(self) -> bool:
        return bool(self._stream.is_finished())
