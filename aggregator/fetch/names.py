"""Names → addresses, each looked up in a thread that nobody waits for.

A silent name server keeps getaddrinfo(3) busy for half a minute, and nothing can stop it. In the event loop's own
threads it would delay every other name (uvloop looks up two at a time), and our end: a loop waits for its threads.
Shell: asks the system's resolver.
"""

import asyncio
import socket  # noqa: TID251  getaddrinfo is in it
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

LookUp: TypeAlias = Callable[[str, int, socket.AddressFamily], list[ResolveResult]]
"""Host, port, family (AF_UNSPEC: any) → addresses. Raises OSError or UnicodeError; may block."""


def look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    """Ask the system: a `LookUp`."""
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=kind,
            proto=protocol,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for kind, _, protocol, _, address in found
    ]


class Names(AbstractResolver):
    """The resolver of aiohttp's connections. As many lookups run at once as requests are under way (see pace.py)."""

    def __init__(self, look_up: LookUp = look_up) -> None:
        """Ask nobody yet."""
        self._look_up = look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the addresses of a host.

        Raises:
            OSError: It has none, or nobody could tell.
            UnicodeError: It is no name, as with a label of 64 letters.
        """
        found: Future[list[ResolveResult]] = Future()
        found.set_running_or_notify_cancel()  # who no longer waits is not told, and that is all

        def find() -> None:
            try:
                found.set_result(self._look_up(host, port, family))
            except (OSError, UnicodeError) as error:
                found.set_exception(error)

        threading.Thread(target=find, name="names", daemon=True).start()
        return await asyncio.wrap_future(found)

    async def close(self) -> None:
        """Nothing is kept: lookups under way end by themselves, or with the process."""
