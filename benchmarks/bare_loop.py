"""The limit: an aiohttp client that asks every URL once and keeps nothing.

    python benchmarks/bare_loop.py REQUESTS.json [--note | --a-second N]

REQUESTS.json is a list of [URL, headers]; with --note the validators of the answers are written into it, for the next
conditional pass. What is measured runs without. With --a-second it asks N at a time and rests
between, as a daemon does.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import uvloop

AT_ONCE: Final = 32

Request: TypeAlias = tuple[str, dict[str, str]]


async def ask_all(requests: list[Request], *, note: bool, a_second: int | None) -> None:
    """Ask every URL; with `note` put its validators into its headers."""
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        step = a_second or len(requests)
        for start in range(0, len(requests), step):
            waiting = iter(requests[start : start + step])
            rest = asyncio.sleep(0 if a_second is None else 1)
            await asyncio.gather(rest, *(_ask(session, waiting, note=note) for _ in range(AT_ONCE)))


async def _ask(session: aiohttp.ClientSession, waiting: Iterator[Request], *, note: bool) -> None:
    for url, headers in waiting:
        async with session.get(url, headers=headers) as response:
            await response.read()
        if note:
            headers["If-None-Match"] = response.headers["ETag"]
            headers["If-Modified-Since"] = response.headers["Last-Modified"]


def main() -> None:
    path = Path(sys.argv[1])
    requests = [(url, headers) for url, headers in json.loads(path.read_bytes())]
    note = "--note" in sys.argv
    a_second = int(sys.argv[3]) if "--a-second" in sys.argv else None
    uvloop.run(ask_all(requests, note=note, a_second=a_second))
    if note:
        path.write_text(json.dumps(requests))


if __name__ == "__main__":
    main()
