"""aiohttp's exceptions → Failed: a short kind, and what to do. No secret and no publisher's bytes get into a text."""

import errno
import os
import ssl
from typing import Final

import aiohttp

from aggregator.fetch.answer import Failed
from aggregator.fetch.conditional import printable
from aggregator.fetch.decoding import BodyError
from aggregator.fetch.guard import BlockedAddressError

CONNECTION_ERRORS: Final = (aiohttp.ClientError, OSError, ValueError, BodyError)
"""All that a publisher, a resolver or an unsendable URL can make a request raise (TimeoutError is an OSError).

ValueError: a label of over 63 characters (UnicodeError), or a control character in a header.
"""

# The first that fits counts: narrow ones stand above those they derive from.
_MEANINGS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (aiohttp.ConnectionTimeoutError, "timeout", "no connection in time; we try again"),
    (TimeoutError, "timeout", "no answer in time; we try again"),
    (aiohttp.ClientConnectorDNSError, "dns", "the name cannot be looked up; check the url in feeds.yaml"),
    (aiohttp.ClientProxyConnectionError, "connect", "its proxy cannot be reached; check proxy in feeds.yaml"),
    (aiohttp.ClientHttpProxyError, "connect", "its proxy refused; check proxy in feeds.yaml"),
    (aiohttp.ClientConnectorError, "connect", "no connection; we try again"),
    (aiohttp.ServerDisconnectedError, "reset", "closed the connection before it answered; we try again"),
    (aiohttp.ClientPayloadError, "protocol", "the document broke off; we try again"),
    (aiohttp.ClientResponseError, "protocol", "what it answers is not HTTP, or its headers are too long"),
    (OSError, "reset", "broke the connection; we try again"),
    (ValueError, "bad url", "the url, or a header of the source, cannot be sent; check feeds.yaml"),
)


def explain(error: Exception, host: str) -> Failed:
    """Tell what one of CONNECTION_ERRORS means.

    Args:
        error: As raised.
        host: The name that was asked, for the text.
    """
    match error:
        case BodyError():
            return error.failed
        case aiohttp.ClientConnectorCertificateError():
            return _tls(host, error.certificate_error)
        case aiohttp.ClientConnectorSSLError():
            return _tls(host, error.os_error)
        case aiohttp.ClientConnectorError(os_error=BlockedAddressError() as cause):
            return blocked(host, str(cause.address))
        case _:
            meanings = ((kind, detail) for type_, kind, detail in _MEANINGS if isinstance(error, type_))
            kind, detail = next(meanings, ("protocol", "what it answers is not HTTP"))
            return Failed(kind=kind, detail=f"{host}: {detail}{_system_words(error)}")


def is_ours(error: Exception) -> bool:
    """Say whether one of CONNECTION_ERRORS is no word on the publisher: we, or the system, have no descriptor left."""
    return isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}


def blocked(host: str, address: str) -> Failed:
    """Say that the guard refused an address, and how to allow it."""
    return Failed(
        kind="blocked address",
        detail=f"{host}: {address} is not a public address; if you mean it, name it in allow_private in feeds.yaml",
    )


def _tls(host: str, error: Exception) -> Failed:
    reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else "no TLS that we can speak"
    return Failed(kind="tls", detail=f"{host}: {printable(reason)}; tell the publisher")


def _system_words(error: Exception) -> str:
    """Add the system's own words to a connection that was not had, as in "Connection refused"."""
    # The number tells it: asyncio's text is "Connect call failed ('192.0.2.1', 80)".
    number = error.errno if type(error) is aiohttp.ClientConnectorError else None
    return f" ({printable(os.strerror(number))})" if number else ""
