import socket
from ipaddress import ip_network

import pytest
from aiohttp.abc import ResolveResult

from aggregator.commands.parse import _named_by_hand
from aggregator.fetch.names import Names


@pytest.mark.parametrize(
    ("found", "allowed"),
    [
        pytest.param(["192.168.1.5", "fe80::1%eth0"], ["192.168.1.5", "fe80::1"], id="at home"),
        pytest.param(["93.184.215.14"], [], id="public"),
        pytest.param(["93.184.215.14", "169.254.169.254"], [], id="public, with a neighbour of ours added"),
        pytest.param([], [], id="unknown"),
    ],
)
async def test_a_public_name_opens_no_private_address(
    found: list[str], allowed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(_: Names, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0) for each in found]

    monkeypatch.setattr(Names, "resolve", resolve)
    assert await _named_by_hand("http://news.example/rss") == tuple(map(ip_network, allowed))
