"""What hostile publishers send, row by row of docs/hazards.md, and the publishers that send it.

python -m tests.long.poisons GOOD        serves poison, and GOOD good sources; says its port, then who was asked
"""

import asyncio
import gzip
import json
import sys
import time
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import brotli

from tests.fetch.origin import Asked, Origin, Reply, Talk, redirect, response

GOOD_ITEMS: Final = 20
"""Listed by a good source."""
NEWS_SECONDS: Final = 15
"""Between two headlines of a good source."""
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
CHUNKED: Final = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE: Final = 1_000_000
LIGATURE: Final = "\ufdfa"  # 18 letters, once it is normalised


def rss(*items: str, before: str = "", root: str = "rss version='2.0'") -> bytes:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f"{before}<{root}><channel><title>Dunia</title>{listed}</channel></{root.split(maxsplit=1)[0]}>".encode()


def item(number: int | str, more: str = "") -> str:
    return f"<guid>{number}</guid><title>Berita nomor {number} hari ini</title>{more}"


def documents(canary: str) -> Iterator[tuple[str, bytes]]:
    """Give the rows of 1.3, of S9 and of S22; `canary` is an address that nobody may ask for."""
    laughs = "".join(
        f"<!ENTITY l{number} '{f'&l{number - 1};' * 10}'>" if number else "<!ENTITY l0 'ha'>" for number in range(10)
    )
    bomb = rss(item(1, "<description>&l9;</description>"), before=f"<!DOCTYPE rss [{laughs}]>")
    outside = "".join(
        f"<!ENTITY {name} SYSTEM '{where}'>" for name, where in (("f", "file:///etc/passwd"), ("c", canary))
    )
    yield "newlines, well-formed", b"<?xml version='1.0'?>" + b"\n" * MEGABYTE + rss(item(1))
    yield "newlines, not well-formed", b"\n" * 30_000 + rss(item(1, "&")) + b"\n" * 300_000 + b"<!DOCTYPE x>"
    yield "newlines, in UTF-16", ("\n" * 200_000 + rss(item(1)).decode()).encode("utf-16")
    yield (
        "one entity 5,000 times",
        rss(f"<title>{'&a;' * 5_000}</title>", before=f'<!DOCTYPE rss [\n<!ENTITY a "{"A" * 50_000}">]>'),
    )
    yield "author of letters", rss(item(1, f"<author>{'a' * 100_000}</author>"))
    yield "author of a.", rss(item(1, f"<author>{'a.' * 50_000}</author>"))
    yield "attributes, 100,000", rss(item(1, f"<x {' '.join(f'a{n}=_' for n in range(100_000))}/>".replace("_", "''")))
    yield "namespaces, 100,000", rss(item(1), root="rss " + " ".join(f"xmlns:n{n}='u:{n}'" for n in range(100_000)))
    yield "comments that never end", rss(item(1, f"<description>{'&lt;!--' * 100_000}</description>"))
    yield "tags that never end", rss(item(1, f"<description>{'&lt;a ' * 100_000}</description>"))
    yield "nesting, a million", b"<a>" * MEGABYTE
    yield "nesting in an item", rss("<x>" * 500_000 + "</x>" * 500_000)
    yield "350,000 items", rss(*["<title>x</title>"] * 350_000)
    yield "100,000 items that differ", rss(*(f"<title>Judul {number} hari ini</title>" for number in range(100_000)))
    yield (
        "2,000 items of long words",
        rss(*(item(n, f"<description>{'kata ' * 800}</description>") for n in range(2_000))),
    )
    yield "2,000 ligatures", rss(*(f"<guid>{n}</guid><title>{LIGATURE * 990}{n}</title>" for n in range(2_000)))
    yield (
        "2,000 hosts in letters",
        rss(*(item(n, f"<link>http://{'é.ß' * 600}.example/{n}</link>") for n in range(2_000))),
    )
    yield "title of 9 MB", rss(f"<title>{'x' * 9 * MEGABYTE}</title>")
    yield "guid of 9 MB", rss(f"<guid>{'x' * 9 * MEGABYTE}</guid><title>Berita berguid panjang</title>")
    yield "billion laughs", bomb
    yield "billion laughs, UTF-16", bomb.decode().encode("utf-16")
    yield (
        "entities from outside",
        rss(item(1, "<description>&f; &c;</description>"), before=f"<!DOCTYPE r [{outside}]>"),
    )
    yield (
        "a DTD from outside",
        rss(item(1), before=f"<?xml-stylesheet href='{canary}'?><!DOCTYPE rss SYSTEM '{canary}'>"),
    )
    yield "digits as a date", rss(item(1, f"<pubDate>{'1' * MEGABYTE}</pubDate>"))
    yield "2000- as a date", rss(item(1, f"<pubDate>{'2000-' * 100_000}</pubDate>"))
    yield "UTF-16 that is UTF-8", b"<?xml version='1.0' encoding='utf-16'?>" + rss(item(1))
    yield "UTF-8 that is not", rss(item(1)).replace(b"hari", b"h\xe4ri")
    yield "nothing", b""
    yield (
        "JSON, a million deep",
        b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","x":' + b"[" * MEGABYTE,
    )
    yield (
        "JSON, an item deep",
        b'{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[%s,%s]}'
        % (
            b'{"id":"1","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b'{"id":"2","title":"Berita di sebelah"}',
        ),
    )
    keys = ",".join(f'"k{number}":1' for number in range(100_000))
    numbers = '"a":1e400,"b":-1e400,"c":' + "9" * 100_000 + ',"title":"x","title":"Berita berkunci","d":0.1e-9999'
    yield (
        "JSON, keys and numbers",
        b'\xef\xbb\xbf{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1",%b}]}'
        % f"{numbers},{keys}".encode(),
    )
    yield "a page, deep", b"<!doctype html><html><body>" + b"<div>" * 300_000


def answers() -> dict[str, bytes]:
    """Give whole answers: the rows of S6 and S20."""
    zeros = bytes(200 * MEGABYTE)
    feed = rss(item(1))
    packed = gzip.compress(feed)
    row: dict[str, bytes] = {
        "gzip bomb": response(body=gzip.compress(zeros, 9), content_encoding="gzip"),
        "brotli bomb": response(body=brotli.compress(zeros, quality=1), content_encoding="br"),
        "deflate bomb": response(body=zlib.compress(zeros), content_encoding="deflate"),
        "bomb on a redirect": redirect("/1", body=gzip.compress(zeros, 1), content_encoding="gzip"),
        "gzip, 200 times": response(body=packed, content_encoding=", ".join(["gzip"] * 200)),
        "gzip cut off": response(body=packed[:-9], content_encoding="gzip"),
        "a length that lies": HEAD + b"Content-Length: 99\r\n\r\n" + feed[:40],
        "a length without end": HEAD + b"Content-Length: 999999999999\r\n\r\n",
        "a chunk that lies": CHUNKED + b"zz\r\n" + feed,
    }
    for wait in ("99999999", "-1", "abc", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"):
        row[f"429, Retry-After: {wait}"] = response("429 Too Many Requests", retry_after=wait)
    row["503, Retry-After: 99999999"] = response("503 Service Unavailable", retry_after="99999999")
    return row


def talks() -> dict[str, Talk]:
    """Give talk that never ends, or ends too soon: the rows of S7."""
    drip = partial(_endless, HEAD + b"Content-Length: 9999\r\n\r\n", b"x", 1.0)
    return {
        "a byte a second": drip,
        "a header a second": partial(_endless, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 1.0),
        "silence": partial(_endless, b"", b"", 1.0),
        "headers without end": partial(_endless, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000, 0.0),
        "a body without end": partial(_endless, HEAD + b"\r\n", b"<rss>" * 10_000, 0.0),
        "chunks without end": partial(_endless, CHUNKED, b"1\r\nx\r\n" * 10_000, 0.0),
        "early hints without end": partial(_endless, b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 1_000, 0.0),
        "a reset": _reset,
    }


async def _endless(head: bytes, piece: bytes, pause: float, writer: asyncio.StreamWriter) -> None:
    writer.write(head)
    while not writer.is_closing():
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause)


async def _reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def good(number: int, now: float) -> bytes:
    """Give the document of a good source as of an instant: its last headlines, the last one first."""
    last = int(now / NEWS_SECONDS)
    listed = (title(number, each) for each in range(last, last - GOOD_ITEMS, -1))
    return rss(*(f"<guid>{name}</guid><title>{name}</title><link>http://baik.example/{name}</link>" for name in listed))


def title(number: int, news: int) -> str:
    """Name a headline of a good source: no two are alike."""
    return f"Kabar {news} dari sumber baik {number}"


async def publishers(count: int) -> None:
    """Serve until standard input ends. The rows are told first, then each request for a good source."""

    def answer(asked: Asked) -> Reply:
        kind, _, rest = asked.path.strip("/").partition("/")
        if kind == "baik":
            now = time.time()
            print(json.dumps({"good": int(rest), "at": now, "last": int(now / NEWS_SECONDS)}), flush=True)  # noqa: T201
            return response(body=good(int(rest), now), content_type="application/xml")
        if kind == "2000":
            now = time.time()
            return response(
                body=rss(*(item(f"{now:.0f}-{n}", f"<description>{'kata ' * 400}</description>") for n in range(2_000)))
            )
        if kind == "0":
            print(json.dumps({"canary": asked.path}), flush=True)  # noqa: T201
        return rows[int(rest)] if kind == "poison" else response("404 Not Found")

    rows: list[Reply] = []
    if not count:  # a server that does nothing
        async with Origin(lambda _: response()) as origin:
            print(json.dumps({"port": origin.port}), flush=True)  # noqa: T201
            await asyncio.to_thread(sys.stdin.read)
        return
    async with Origin(answer, host="0.0.0.0") as origin:
        named: Mapping[str, Reply] = {
            **{name: response(body=body) for name, body in documents(origin.url("/0"))},
            **answers(),
            **talks(),
            "2,000 new items each time": redirect("/2000"),
        }
        rows.extend(named.values())
        print(json.dumps({"port": origin.port, "rows": list(named), "good": count}), flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(publishers(int(sys.argv[1])))
