"""A URL → the name under which its turns are counted: many names may lead to one machine, or to one publisher."""

import asyncio
import socket  # noqa: TID251  the kinds of addresses
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver
from yarl import URL

from aggregator.site import PaceBy

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


class Neighbours:
    """Names turns by host, by IP address, or by registrable domain."""

    def __init__(self, pace_by: PaceBy, resolver: AbstractResolver, *, at_once: int, seconds: float) -> None:
        """Look nothing up yet.

        Args:
            pace_by: As in `Polling`.
            resolver: Asked where `pace_by` is "ip".
            at_once: Lookups under way at the same time.
            seconds: Waited for an address, at most; after them the host's own name is taken.
        """
        self._pace_by = pace_by
        self._resolver = resolver
        self._lookups = asyncio.Semaphore(at_once)
        self._seconds = seconds

    async def name(self, at: URL) -> str:
        """Give the name; equal names share their turns. What cannot be told apart otherwise goes by its origin."""
        origin = str(at.origin())  # as text: yarl holds http://x and http://x:80 to be different
        if self._pace_by == "host":
            return origin
        host = at.raw_host or ""
        if _is_address(host):
            return host
        found = await self._address(host) if self._pace_by == "ip" else registrable_domain(host)
        return origin if found is None else found

    async def _address(self, host: str) -> str | None:
        """Give the lowest of a host's addresses: a name server that hands them out in turn changes nothing."""
        try:
            async with self._lookups, asyncio.timeout(self._seconds):
                addresses = await self._resolver.resolve(host, 0, socket.AF_UNSPEC)
        except (OSError, UnicodeError):  # the request will tell
            return None
        return min((address["host"] for address in addresses), default=None)


def registrable_domain(host: str) -> str | None:
    """Give "example.co.uk" for "www.news.example.co.uk" (publicsuffix.org). None: it has none, as "localhost"."""
    return _public_suffixes().privatesuffix(host.rstrip(".").lower())


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _public_suffixes() -> "PublicSuffixList":
    # 40 ms and 3 MB, which nobody pays who does not pace by domain. Its private section stays in: x.github.io and
    # y.github.io are two publishers.
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  see above

    return PublicSuffixList()
