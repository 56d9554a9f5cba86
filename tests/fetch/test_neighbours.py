import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from aggregator.fetch.neighbours import Neighbours, registrable_domain
from aggregator.site import PaceBy

ADDRESSES = {"a.example": ["192.0.2.9", "192.0.2.1"], "b.example": ["192.0.2.1", "192.0.2.9"], "c.example": []}


class Names(AbstractResolver):
    """Knows the names above; "silent.example" is never found, any other is none."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        del family
        if host == "silent.example":
            await asyncio.Event().wait()
        if host not in ADDRESSES:
            raise OSError("no such name")
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in ADDRESSES[host]
        ]

    async def close(self) -> None:
        pass


async def name(url: str, pace_by: PaceBy) -> str:
    return await Neighbours(pace_by, Names(), at_once=2, seconds=0.01).name(URL(url))


@pytest.mark.parametrize(
    ("pace_by", "url", "named"),
    [
        pytest.param("host", "https://a.example/x", "https://a.example", id="host"),
        pytest.param("host", "http://a.example:80/x", "http://a.example", id="its-own-port"),
        pytest.param("ip", "https://a.example/x", "192.0.2.1", id="ip"),
        pytest.param("ip", "http://b.example:8080/y", "192.0.2.1", id="the-same-ip-in-another-order"),
        pytest.param("ip", "http://192.0.2.1/", "192.0.2.1", id="ip-as-written"),
        pytest.param("ip", "http://[2001:db8::1]/", "2001:db8::1", id="ip6-as-written"),
        pytest.param("ip", "https://c.example/x", "https://c.example", id="no-address"),
        pytest.param("ip", "https://unknown.example/x", "https://unknown.example", id="no-such-name"),
        pytest.param("ip", "https://silent.example/x", "https://silent.example", id="a-silent-name-server"),
        pytest.param("domain", "https://rss.news.example.co.uk/x", "example.co.uk", id="domain"),
        pytest.param("domain", "http://example.co.uk:8080/", "example.co.uk", id="domain-itself"),
        pytest.param("domain", "http://192.0.2.1/", "192.0.2.1", id="an-address-has-no-domain"),
        pytest.param("domain", "http://localhost:81/", "http://localhost:81", id="a-name-without-a-domain"),
    ],
)
async def test_turns_are_named_as_configured(pace_by: PaceBy, url: str, named: str) -> None:
    assert await name(url, pace_by) == named


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.antaranews.com", "antaranews.com"),
        ("setkab.go.id", "setkab.go.id"),
        ("a.b.go.id.", "b.go.id"),
        ("x.github.io", "x.github.io"),
        ("go.id", None),
    ],
)
def test_a_domain_is_what_somebody_registered(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain
