"""Readers that come and go, and some who listen."""

import asyncio
import os
import signal
from typing import Any, Final

import aiohttp

LISTENERS: Final = 20
PATHS: Final = (
    "/update.json",
    "/popular.rss",
    "/beat-3.atom",
    "/word-1.rss",
    "/",
    "/update/",
    "/status.json",
    "/metrics",
    "/status",
    "/status.atom",
    "/healthz",
    "/nothing-here",
)


async def ask(url: str) -> Any:
    """Read JSON."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.json(content_type=None)


class Audience:
    """Some who read all day.

    Attributes:
        figures: What they did.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.figures = {"asked": 0, "304": 0, "failed": 0, "heard": 0, "joined": 0}

    async def read(self) -> None:
        """Ask for each document every few seconds, over a connection of its own, with the validator of the last."""
        etags: dict[str, str] = {}
        while True:
            for path in PATHS:
                headers = {"If-None-Match": etags[path]} if path in etags else {}
                try:
                    async with aiohttp.ClientSession() as session, session.get(self._url + path, headers=headers) as it:
                        await it.read()
                        self.figures["asked"] += 1
                        self.figures["304"] += it.status == 304
                        if "ETag" in it.headers:
                            etags[path] = it.headers["ETag"]
                except (aiohttp.ClientError, TimeoutError):
                    self.figures["failed"] += 1
                await asyncio.sleep(0.25)

    async def listen(self) -> None:
        """Have some listen to /events; each leaves after a while, and another one comes."""
        async with asyncio.TaskGroup() as group:
            for number in range(LISTENERS):
                group.create_task(self._listen(10 + number))

    async def _listen(self, seconds: float) -> None:
        host, _, port = self._url.removeprefix("http://").partition(":")
        while True:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            self.figures["joined"] += 1
            try:
                async with asyncio.timeout(seconds):
                    while line := await reader.readline():
                        self.figures["heard"] += line.startswith(b"event: published")
            except TimeoutError:
                pass
            finally:
                writer.close()

    @staticmethod
    def reload(pid: int) -> None:
        """Have a daemon read its feeds.yaml again."""
        os.kill(pid, signal.SIGHUP)
