"""Readers' programs, as they come from Debian, PyPI and npm: each asks for feeds, and tells what it holds then."""

import csv
import json
import os
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

Line: TypeAlias = tuple[str, str, str, int]
"""Title, link or "", id, seconds since 1970."""

Held: TypeAlias = Mapping[str, Sequence[Line]]
"""By the URL of the feed."""

_RSS_PARSER: Final = Path(__file__).with_name("by_rss_parser.js")
_SFEEDRC: Final = """\
sfeedpath={home}/feeds
mkdir -p $sfeedpath
# By its own rule, a new title makes a new item; by ours, what has the id of an item is that item.
merge() {{ sort -s -t '\t' -u -k6,6 "$3" "$2"; }}
feeds() {{
{feeds}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A reader's program.

    Attributes:
        formats: The endings of the feeds it knows.
        is_here: Says whether it is installed.
        read: Given a folder of its own and URLs, asks for each once, and gives all it holds, today's and earlier.
        revalidates: It sends validators.
    """

    formats: tuple[str, ...]
    is_here: Callable[[], bool]
    read: Callable[[Path, Sequence[str]], Held]
    revalidates: bool = True


def _by_newsboat(home: Path, urls: Sequence[str]) -> Held:
    return {url: _newsboat_lines(home / f"{number}", url) for number, url in enumerate(urls)}


def _newsboat_lines(home: Path, url: str) -> list[Line]:
    # A cache for each feed: what has the same id in two feeds, newsboat keeps in the one that it asked last.
    home.mkdir(exist_ok=True)
    (home / "urls").write_text(f"{url}\n", encoding="utf-8")
    _run("newsboat", "-u", home / "urls", "-c", home / "cache.db", "-C", "/dev/null", "-x", "reload", home=home)
    with closing(sqlite3.connect(home / "cache.db")) as database:
        return database.execute("SELECT title, url, guid, pubDate FROM rss_item").fetchall()


def _by_reader(home: Path, urls: Sequence[str]) -> Held:
    # Its own copy of feedparser wants sgmllib3k, which it does not bring, and which has to be built.
    os.environ.setdefault("READER_NO_VENDORED_FEEDPARSER", "1")
    from reader import make_reader  # noqa: PLC0415  not everybody has it

    with closing(make_reader(str(home / "reader.db"))) as reader:
        for url in urls:
            reader.add_feed(url, exist_ok=True)
        reader.update_feeds(scheduled=False)
        return {
            url: [
                (entry.title or "", entry.link or "", entry.id, _seconds(entry.published))
                for entry in reader.get_entries(feed=url)
            ]
            for url in urls
        }


def _by_rss_parser(home: Path, urls: Sequence[str]) -> Held:
    _run("node", _RSS_PARSER, home / "state.json", *urls, home=home)
    feeds = json.loads((home / "state.json").read_bytes())
    return {
        url: [
            (title, link, id_, _seconds(datetime.fromisoformat(date)))
            for title, link, id_, date in feeds[url]["items"].values()
        ]
        for url in urls
    }


def _by_sfeed(home: Path, urls: Sequence[str]) -> Held:
    names = {url: str(number) for number, url in enumerate(urls)}
    feeds = "\n".join(f"feed {name} {shlex.quote(url)}" for url, name in names.items())
    (home / "sfeedrc").write_text(_SFEEDRC.format(home=shlex.quote(str(home)), feeds=feeds), encoding="utf-8")
    _run("sfeed_update", home / "sfeedrc", home=home)
    return {url: _sfeed_lines(home / "feeds" / name) for url, name in names.items()}


def _sfeed_lines(file: Path) -> list[Line]:
    with file.open(encoding="utf-8", newline="") as rows:
        fields = csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(title, link, id_, int(date)) for date, title, link, _, _, id_, *_ in fields]


def _seconds(instant: datetime | None) -> int:
    assert instant is not None
    return int(instant.timestamp())


def _run(*line: str | Path, home: Path) -> None:
    ended = subprocess.run(
        line,
        env={**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _are_here(*programs: str) -> bool:
    return all(map(shutil.which, programs))


@cache
def _node_has_rss_parser() -> bool:
    if not _are_here("node"):
        return False
    return subprocess.run(["node", "-e", "require('rss-parser')"], capture_output=True, check=False).returncode == 0


CLIENTS: Final = {
    "newsboat": Client(formats=("rss", "atom"), is_here=lambda: _are_here("newsboat"), read=_by_newsboat),
    "reader": Client(formats=("rss", "atom", "json"), is_here=lambda: find_spec("reader") is not None, read=_by_reader),
    "rss-parser": Client(formats=("rss", "atom"), is_here=_node_has_rss_parser, read=_by_rss_parser),
    "sfeed": Client(
        formats=("rss", "atom"),
        is_here=lambda: _are_here("sfeed_update", "curl"),
        read=_by_sfeed,
        revalidates=False,
    ),
}
