"""Body → the bytes of one content coding, with their name (RFC 9110 §8.4.1, §8.8.3).

A body is coded when it is first asked for: of a hundred topics that change at once, few are read before they change
again.
"""

import gzip
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import brotli

PLAIN: Final = "identity"
CODINGS: Final = ("br", "gzip")
"""The one to be preferred first."""

_GZIP: Final = 6
_BROTLI: Final = 5  # a fifth quicker than gzip's 6, and 6 % smaller; 11 is 16 % smaller, and takes 50 times as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A body in one content coding.

    Attributes:
        coding: "identity", "gzip" or "br".
        body: The bytes as they are sent.
        etag: Strong, quoted, of `body`: each coding has its own. The same bytes give the same on every machine.
    """

    coding: str
    body: bytes
    etag: str


def coded(body: bytes, coding: str) -> Coded:
    """Code a body; `coding` is one of CODINGS, or PLAIN."""
    if coding == "br":
        body = brotli.compress(body, quality=_BROTLI)
    elif coding == "gzip":
        body = gzip.compress(body, compresslevel=_GZIP, mtime=0)
    return Coded(coding=coding, body=body, etag=f'"{blake2b(body, digest_size=16).hexdigest()}"')
