"""A loopback publisher of many feeds, cheap enough not to be what a benchmark measures.

    python benchmarks/origin.py --feeds 1000 --entries 30 --port 0

prints its base URL as the first line on stdout, and runs until it is killed.

    GET  /feed/N.rss        N from 0: RSS 2.0, about 730 bytes an entry; strong ETag for each coding, 304, gzip
    POST /advance?pct=10    gives that share of the feeds one or two new entries on top; answers {"advanced": 100, …}
    GET  /stats             requests, 304s, bytes written, connections; as JSON

Answers are rendered whole, headers included, before they are asked for, and a request costs a look into a dict: that is
why this speaks HTTP/1.1 by hand. It is for our own clients on loopback and no example of a server.
"""

import argparse
import asyncio
import gzip
import json
import random
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from typing import Final, cast
from urllib.parse import parse_qs, urlsplit

import uvloop

HEAD_LIMIT_BYTES: Final = 64 * 1024
BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
SPACING: Final = timedelta(minutes=20)

CONSONANTS: Final = "bdfghjklmnprstvz"
VOWELS: Final = "aeiou"
VOCABULARY: Final = 8_000  # words of a day's news; how often one is printed falls with its rank, as in any language


def word(number: int) -> str:
    """Spell a number: five letters, and two more for each further 80."""
    letters, rest = [], number
    for alphabet in (CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS):
        rest, index = divmod(rest, len(alphabet))
        letters.append(alphabet[index])
    while rest:
        rest, index = divmod(rest, len(CONSONANTS) * len(VOWELS))
        letters.append(VOWELS[index % len(VOWELS)] + CONSONANTS[index // len(VOWELS)])
    return "".join(letters)


WORDS: Final = tuple(map(word, random.Random(7).sample(range(100_000), VOCABULARY)))
RANKS: Final = tuple(accumulate(1 / (rank + 20) for rank in range(VOCABULARY)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """One coding of a feed's present version.

    Attributes:
        etag: Lower case, quoted.
        found: The whole answer, status line to body.
        not_modified: The whole 304.
    """

    etag: bytes
    found: bytes
    not_modified: bytes


@dataclass(slots=True, kw_only=True)
class Stats:
    """What was asked and given since the start. `bytes` counts what was written, headers included."""

    requests: int = 0
    not_modified: int = 0
    bytes: int = 0
    connections: int = 0
    open_connections: int = 0


@dataclass(slots=True, kw_only=True)
class Feed:
    """One feed.

    Attributes:
        number: From 0.
        items: Rendered `<item>` elements, newest first.
        told: How many entries it ever had.
        version: Counts from 1.
        last_modified: As sent, lower case.
        plain, coded: The answers without and with gzip.
    """

    number: int
    items: deque[str]
    told: int
    version: int = 0
    last_modified: bytes = b""
    plain: Coding = field(init=False)
    coded: Coding = field(init=False)

    def render(self, at: datetime) -> None:
        """Prepare the answers of the next version."""
        self.version += 1
        modified = format_datetime(at, usegmt=True)
        self.last_modified = modified.lower().encode()
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
            f"<title>Feed {self.number}</title><link>https://feed-{self.number}.example/</link>"
            f"<description>Feed {self.number}</description><language>en</language>\n"
            f"{''.join(self.items)}</channel></rss>\n"
        ).encode()
        tag = f"f{self.number}-v{self.version}"
        self.plain = _coding(f'"{tag}"', modified, body, "")
        self.coded = _coding(f'"{tag}-gz"', modified, gzip.compress(body, 6, mtime=0), "Content-Encoding: gzip\r\n")


def _coding(etag: str, modified: str, body: bytes, encoding: str) -> Coding:
    validators = f"ETag: {etag}\r\nLast-Modified: {modified}\r\nVary: Accept-Encoding\r\n"
    found = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\n{encoding}{validators}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    not_modified = f"HTTP/1.1 304 Not Modified\r\n{validators}\r\n"
    return Coding(etag=etag.encode(), found=found.encode() + body, not_modified=not_modified.encode())


def _item(feed: int, entry: int, at: datetime) -> str:
    """Write an entry, worded as news are: a few common words, rarer ones, and a name of its own."""
    chosen, name = random.Random(f"{feed}:{entry}"), word(feed * 4_096 + entry)
    title = " ".join([*chosen.choices(WORDS, cum_weights=RANKS, k=7), name]).capitalize()
    text = " ".join(chosen.choices(WORDS, cum_weights=RANKS, k=66)).capitalize()
    link = f"https://feed-{feed}.example/{at:%Y/%m/%d}/{entry}-{title.lower().replace(' ', '-')}"
    return (
        f'<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">feed-{feed}:{entry}</guid>'
        f"<pubDate>{format_datetime(at, usegmt=True)}</pubDate><description>{text}.</description></item>\n"
    )


class Origin:
    """All feeds, and what was asked of them."""

    def __init__(self, *, feeds: int, entries: int, latency_seconds: float, opened_at: datetime) -> None:
        """Render everything. Up to 262,144 feeds of 4,096 entries have distinct titles."""
        self.stats = Stats()
        self.latency_seconds = latency_seconds
        self._chance = random.Random(feeds)
        self._feeds = [_feed(number, entries, opened_at) for number in range(feeds)]
        self._by_path = {f"/feed/{feed.number}.rss".encode(): feed for feed in self._feeds}

    def answer(self, head: bytes) -> bytes:
        """Answer a request.

        Args:
            head: Request line and header fields, without the empty line. Bodies are not expected.
        """
        self.stats.requests += 1
        method, target = head.split(b" ", 2)[:2]
        feed = self._by_path.get(target)
        if method == b"GET" and feed is not None:
            response = self._document(feed, head.lower())
        elif method == b"GET" and target == b"/stats":
            response = _json(asdict(self.stats))
        elif method == b"POST" and target.startswith(b"/advance?"):
            response = self._advance(target.decode("latin-1"))
        else:
            response = NOT_FOUND
        self.stats.bytes += len(response)
        return response

    def _document(self, feed: Feed, head: bytes) -> bytes:
        coding = feed.coded if b"gzip" in _field(head, b"accept-encoding") else feed.plain
        tags = _field(head, b"if-none-match")
        known = coding.etag in tags if tags else _field(head, b"if-modified-since") == feed.last_modified
        if not known:
            return coding.found
        self.stats.not_modified += 1
        return coding.not_modified

    def _advance(self, target: str) -> bytes:
        try:
            percent = float(parse_qs(urlsplit(target).query)["pct"][0])
        except (KeyError, ValueError):
            return BAD_REQUEST
        if not 0 <= percent <= 100:
            return BAD_REQUEST
        chosen = self._chance.sample(self._feeds, round(len(self._feeds) * percent / 100))
        now = datetime.now(UTC).replace(microsecond=0)
        added = 0
        for feed in chosen:
            for _ in range(self._chance.randint(1, 2)):
                feed.items.appendleft(_item(feed.number, feed.told, now))
                feed.told += 1
                added += 1
            feed.render(now)
        return _json({"advanced": len(chosen), "entries": added})


def _feed(number: int, entries: int, opened_at: datetime) -> Feed:
    """Start a feed; its newest entry is up to 20 minutes old, the others came at even distances before it."""
    newest_at = opened_at - timedelta(seconds=number * 37 % SPACING.seconds)
    items = (_item(number, entry, newest_at - (entries - 1 - entry) * SPACING) for entry in reversed(range(entries)))
    feed = Feed(number=number, items=deque(items, maxlen=entries), told=entries)
    feed.render(newest_at)
    return feed


def _field(head: bytes, name: bytes) -> bytes:
    """Give a header field's value from a lower-case head; b"" where it is missing."""
    return head.partition(b"\r\n" + name + b":")[2].partition(b"\r\n")[0].strip()


def _json(value: dict[str, int]) -> bytes:
    body = json.dumps(value).encode() + b"\n"
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests may be pipelined."""

    def __init__(self, origin: Origin) -> None:
        """Wait for requests to an origin."""
        self._origin = origin
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self._origin.stats.connections += 1
        self._origin.stats.open_connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it as closed, whatever the reason."""
        del exc
        self._origin.stats.open_connections -= 1

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in heads:
            self._send(self._origin.answer(head))
        if self._transport is not None and len(self._received) > HEAD_LIMIT_BYTES:
            self._transport.abort()

    def _send(self, response: bytes) -> None:
        if self._transport is None:
            return
        if self._origin.latency_seconds:
            asyncio.get_running_loop().call_later(self._origin.latency_seconds, self._transport.write, response)
        else:
            self._transport.write(response)


async def serve(origin: Origin, port: int) -> None:
    """Listen on 127.0.0.1 and print where; port 0 takes a free one."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(origin), "127.0.0.1", port, backlog=1_024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    arguments = argparse.ArgumentParser(description="A loopback publisher of many feeds.")
    arguments.add_argument("--feeds", type=int, default=1_000, help="how many feeds (default: 1000)")
    arguments.add_argument("--entries", type=int, default=30, help="entries in each (default: 30)")
    arguments.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    arguments.add_argument("--latency-ms", type=float, default=0.0, help="before each answer (default: 0)")
    given = arguments.parse_args()
    origin = Origin(
        feeds=given.feeds,
        entries=given.entries,
        latency_seconds=given.latency_ms / 1000,
        opened_at=datetime.now(UTC).replace(microsecond=0),
    )
    with suppress(KeyboardInterrupt):
        uvloop.run(serve(origin, given.port))


if __name__ == "__main__":
    main()
