import errno
from ipaddress import ip_address
from ssl import SSLError
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from aggregator.fetch.decoding import BodyError
from aggregator.fetch.failures import CONNECTION_ERRORS, explain, is_ours
from aggregator.fetch.guard import BlockedAddressError

KEY: Any = SimpleNamespace(host="news.example", port=80, ssl=True, is_ssl=False)
REFUSED = OSError(errno.ECONNREFUSED, "Connect call failed ('192.0.2.1', 80)")
REQUEST = cast("Any", None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(BodyError("bomb", "it grows"), "bomb", id="body"),
        pytest.param(aiohttp.ConnectionTimeoutError("x"), "timeout", id="connect-timeout"),
        pytest.param(aiohttp.SocketTimeoutError("x"), "timeout", id="read-timeout"),
        pytest.param(TimeoutError(), "timeout", id="total-timeout"),
        pytest.param(aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name unknown")), "dns", id="dns"),
        pytest.param(aiohttp.ClientConnectorSSLError(KEY, SSLError(1, "wrong version")), "tls", id="tls"),
        pytest.param(aiohttp.ClientConnectorError(KEY, REFUSED), "connect", id="refused"),
        pytest.param(aiohttp.ClientProxyConnectionError(KEY, REFUSED), "connect", id="proxy-away"),
        pytest.param(aiohttp.ClientHttpProxyError(REQUEST, (), status=407), "connect", id="proxy-refuses"),
        pytest.param(
            aiohttp.ClientConnectorError(KEY, BlockedAddressError(ip_address("10.0.0.1"))),
            "blocked address",
            id="blocked",
        ),
        pytest.param(aiohttp.ServerDisconnectedError(), "reset", id="disconnected"),
        pytest.param(aiohttp.ClientOSError(errno.ECONNRESET, "reset"), "reset", id="reset-before-headers"),
        pytest.param(ConnectionResetError(errno.ECONNRESET, "reset"), "reset", id="reset"),
        pytest.param(aiohttp.ClientPayloadError("\x1b[2J"), "protocol", id="payload"),
        pytest.param(aiohttp.ClientResponseError(REQUEST, (), status=400, message="\x1b"), "protocol", id="not-http"),
        pytest.param(aiohttp.InvalidURL("http://me:canary@x"), "bad url", id="url"),
        pytest.param(ValueError("canary"), "bad url", id="header"),
        pytest.param(UnicodeError("canary"), "bad url", id="label"),
        pytest.param(aiohttp.ClientError("canary"), "protocol", id="anything-else"),
    ],
)
def test_every_error_has_its_kind_and_a_clean_text(error: Exception, kind: str) -> None:
    assert isinstance(error, CONNECTION_ERRORS)
    failed = explain(error, "news.example")
    assert failed.kind == kind
    assert failed.detail.isprintable()
    assert "canary" not in failed.detail


def test_a_refused_connection_is_told_in_the_systems_words() -> None:
    failed = explain(aiohttp.ClientConnectorError(KEY, REFUSED), "news.example")
    assert failed.detail == "news.example: no connection; we try again (Connection refused)"


def test_a_blocked_address_is_named_with_what_would_allow_it() -> None:
    error = aiohttp.ClientConnectorError(KEY, BlockedAddressError(ip_address("fd00::1")))
    assert "fd00::1" in explain(error, "x").detail
    assert "allow_private" in explain(error, "x").detail


@pytest.mark.parametrize(("number", "ours"), [(errno.EMFILE, True), (errno.ENFILE, True), (errno.ECONNREFUSED, False)])
def test_that_we_have_no_descriptor_left_says_nothing_of_the_publisher(number: int, ours: bool) -> None:
    assert is_ours(no_connection(number)) is ours


def no_connection(number: int) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(KEY, OSError(number, "x"))
