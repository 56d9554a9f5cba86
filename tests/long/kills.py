"""kill -9 at random, again and again, while publishers print: `python -m tests.long.kills 1000 [SOURCES]`.

A daemon in a hurry (tests/e2e/hasty.py) is killed while it starts, polls, commits, begins generations and publishes.
After each of its lives its state, its documents and all that readers saw are compared with what the publishers printed:
no headline that was committed is lost, kept twice or told under another id; none comes back into a feed that it left,
and all that was shown is in the archives; nobody was asked before the time that was written down.
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from aggregator.headline import Headline
from aggregator.store.embedded import EmbeddedStore
from tests.e2e.hasty import address, hasty
from tests.e2e.running import Origin, Page, Running, eventually, write_feeds

A_SECOND: Final = 20  # sources asked a second, whatever their number: a minute is a second of the hasty daemon
LISTED: Final = 60  # lines of a document: the older ones are listed no longer
TOPICS: Final = ("ganjil", "genap")  # each source is in one of these, and all are in the two that always exist
FEEDS: Final = ("update", "popular", *TOPICS)
_PATIENCE_SECONDS: Final = 300.0  # with a machine that has other work, too
REVISED: Final = " kini"  # ends each title that was revised
_ITEM: Final = re.compile(rb"<item>|<entry>")
_ID: Final = re.compile(rb"<(?:id|guid[^>]*)>urn:uuid:([0-9a-f-]{36})<")


class Ledger(Origin):
    """Publishers that print, and revise, with nearly every request, and remember all of it.

    Now and then one lists nothing, or what it listed earlier, as one of several servers does that lags behind.

    Attributes:
        printed: Path → guid → title, everything that was ever listed.
        documents: ETag → the (path, guid) of all it listed.
        moments: Path → the instants it was asked.
        goes_on: Print more.
    """

    def __init__(self, sources: int) -> None:
        super().__init__()
        self.printed: dict[str, dict[str, str]] = {f"/{number}.xml": {} for number in range(sources)}
        self.documents: dict[str, tuple[tuple[str, str], ...]] = {}
        self.moments: defaultdict[str, list[datetime]] = defaultdict(list)
        self.goes_on = True
        self._dice = random.Random(7)
        self._lock = threading.Lock()

    def answer(self, path: str, if_none_match: str | None) -> Page:
        with self._lock:
            self.moments[path].append(datetime.now(UTC))
            listed = [*self.printed[path].items()][-LISTED:]
            if self.goes_on:
                self._print_more(path, self.printed[path])
                listed = self._listed(path)
            self.pages[path] = page = _rss(path, listed)
            self.documents[page.etag] = tuple((path, guid) for guid, _ in listed)
            pause = self._dice.uniform(0, 0.03)
        time.sleep(pause)  # killed while it is being answered
        return super().answer(path, if_none_match)

    def feeds(self, folder: Path, *, every: str | None = None, **poll: object) -> Path:
        every = every or f"{len(self.printed) // A_SECOND}m"  # longer than any machine takes from a claim to a request
        sources = [
            {"name": f"S{path}", "url": self.url(path), "every": every, "topics": [TOPICS[number % len(TOPICS)]]}
            for number, path in enumerate(self.printed)
        ]
        return write_feeds(folder, sources, topics=[{"slug": slug, "title": slug.title()} for slug in TOPICS], **poll)

    def _listed(self, path: str) -> list[tuple[str, str]]:
        printed, chance = [*self.printed[path].items()], self._dice.random()
        if chance < 0.02:
            return []
        return printed[-LISTED:] if chance < 0.95 else printed[-LISTED - 3 : -3]

    def _print_more(self, path: str, printed: dict[str, str]) -> None:
        chance = self._dice.random()
        if chance < 0.1 and printed:
            guid = self._dice.choice([*printed][-LISTED:])
            printed[guid] += REVISED
        elif chance < 0.8 or not printed:
            guid = f"{path}#{len(printed)}"
            printed[guid] = f"Berita {self._dice.getrandbits(40)} dari {path.strip('/')}"


def _rss(path: str, printed: Iterable[tuple[str, str]]) -> Page:
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    items = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>https://x.example{path}/{guid.partition('#')[2]}</link></item>"
        for guid, title in reversed([*printed])
    )
    return Page(body=f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode())


@dataclass(slots=True)
class Feed:
    """A feed, as one who reads it again and again sees it.

    Attributes:
        items: Ids that it holds now.
        gone: Ids that it held once.
    """

    items: frozenset[str] = frozenset()
    gone: set[str] = field(default_factory=set)

    def read(self, body: bytes, *, with_revised: bool) -> None:
        """Take note of what it holds; `with_revised`: what was revised may come back, for it is talked of again."""
        ids = items_in(body)
        now = frozenset(ids)
        back = {id_ for id_ in now & self.gone if not (with_revised and ids[id_])}
        assert not back, f"back in a feed that they had left: {back}"
        self.gone |= self.items - now
        self.items = now


@dataclass(slots=True)
class Memory:
    """What every life showed, and what must therefore hold in all later ones.

    Attributes:
        ids: (path, guid) → headline id, of all that was ever kept.
        feeds: Path of a document, or of a file → what was read there.
        opening_seconds: Of each state that was left.
    """

    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    feeds: defaultdict[str, Feed] = field(default_factory=lambda: defaultdict(Feed))
    opening_seconds: list[float] = field(default_factory=list)

    def shown(self, slug: str) -> frozenset[str]:
        """Give the ids of all that a feed ever held, in any form."""
        feeds = [feed for path, feed in self.feeds.items() if path.rpartition("/")[2].startswith(f"{slug}.")]
        return frozenset().union(*(feed.items | feed.gone for feed in feeds))

    def check(self, folder: Path, origin: Ledger) -> dict[str, datetime]:
        """Compare a dead daemon's state/ with the ledger and with what was shown; give path → due time."""
        origin.settle()
        if not (folder / "state" / "lock").exists():
            return {}
        began = time.perf_counter()
        with EmbeddedStore(folder / "state", read_only=True) as store:
            self.opening_seconds.append(time.perf_counter() - began)
            kept: list[Headline] = list(store.headlines())
            ids = {(_path_of(each.source), each.guid or ""): each.id for each in kept}
            assert len(ids) == len(kept) == len({each.id for each in kept}), "kept twice"
            assert ids.items() >= self.ids.items(), "lost, or another id"
            assert set().union(*map(self.shown, FEEDS)) <= set(ids.values()), "shown, and lost"
            for source in store.sources():
                standing = store.standing(source)
                assert standing is not None
                for _, validators in standing.validators:
                    assert ids.keys() >= set(origin.documents[validators.etag or ""]), "validators ahead of headlines"
            self.ids = ids
            return {_path_of(id_): due.at for id_, due in store.dues().items()}

    def look(self, process: subprocess.Popen[bytes], folder: Path) -> bool:
        """Read what is served; say whether any of it is new."""
        if (url := address(folder, process)) is None:
            return False
        before = len(self.shown("update"))
        running = Running(url=url, process=process, log=folder / "daemon.log")
        for slug in FEEDS:
            body = running.read(f"/{slug}.json").encode()
            self.feeds[f"/{slug}.json"].read(body, with_revised=slug == "popular")
        return len(self.shown("update")) > before

    def look_at_files(self, folder: Path) -> bool:
        """Read what lies there to be served by others; say whether anything does."""
        public = folder / "state" / "public"
        for slug in FEEDS:
            for ending, end in (("json", b"}"), ("rss", b"</rss>"), ("atom", b"</feed>")):
                path = public / f"{slug}.{ending}"
                if path.exists():
                    body = path.read_bytes()
                    assert body.rstrip().endswith(end), f"{path} is cut off"
                    self.feeds[f"{path}"].read(body, with_revised=slug == "popular")
        return public.exists()


def items_in(body: bytes) -> dict[str, bool]:
    """Give the ids of a feed's items, whatever its format, and whether each was revised."""
    if body.startswith(b"{"):
        items = json.loads(body)["items"]
        found = {item["id"].removeprefix("urn:uuid:"): item["title"].endswith(REVISED) for item in items}
    else:
        items = [(_ID.search(item), REVISED.encode() in item) for item in _ITEM.split(body)[1:]]
        found = {id_[1].decode(): is_revised for id_, is_revised in items if id_ is not None}
    assert len(found) == len(items), "in a feed twice"
    return found


def archived(public: Path, slug: str) -> list[str]:
    """Walk back through the archives of a topic; give the ids of the items."""
    feed, found = json.loads((public / f"{slug}.json").read_bytes()), list[str]()
    while "next_url" in feed:
        feed = json.loads((public / slug / feed["next_url"].rpartition("/")[2]).read_bytes())
        found += [item["id"].removeprefix("urn:uuid:") for item in feed["items"]]
    assert len(found) == len(set(found)), "archived twice"
    return found


def _path_of(source: str) -> str:
    return "/" + source.rpartition("/")[2]


def kept(folder: Path) -> set[tuple[str, str]]:
    """Give (path, guid) of what is kept, read beside the running daemon."""
    if not (folder / "state").exists():
        return set()
    with EmbeddedStore(folder / "state", read_only=True) as store:
        return {(_path_of(each.source), each.guid or "") for each in store.headlines()}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def is_over(group: int) -> bool:
    """Say whether no process of a session is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def run(kills: int, sources: int, folder: Path, *, tell: Callable[[str], object] = print) -> Counter[str]:
    """Kill a daemon so many times; give how much was looked at. Raises AssertionError where a promise is broken."""
    dice, memory, looked = random.Random(11), Memory(), Counter[str](kills=kills)
    groups, port = list[int](), free_port()
    with Ledger(sources) as origin:
        feeds = origin.feeds(folder)
        for number in range(kills):
            dues = memory.check(folder, origin)
            never = datetime.min.replace(tzinfo=UTC)
            hurried = [path for path, them in origin.moments.items() if them and them[-1] >= dues.get(path, never)]
            assert not hurried, "asked, and not put off before that"
            asked = {path: len(origin.moments[path]) for path in dues}
            # At another address, all that is published is written anew.
            with hasty(folder, feeds, port=port if number % 8 else 0) as process:
                groups.append(process.pid)
                _watch(process, folder, memory, number, dice)
            looked["published"] += memory.look_at_files(folder)
            for path, due in dues.items():
                for at in origin.moments[path][asked[path] :][:1]:
                    assert at >= due, (path, at, due)
                    looked["first requests after a kill, none early"] += 1
            if number % 50 == 49:
                tell(f"{number + 1:,} kills: {len(memory.ids):,} headlines kept, {len(memory.shown('update')):,} shown")
        origin.goes_on = False
        memory.check(folder, origin)
        everything = {(path, guid) for path, printed in origin.printed.items() for guid in printed}
        with hasty(folder, feeds) as process:
            groups.append(process.pid)
            eventually(lambda: kept(folder) == everything, seconds=_PATIENCE_SECONDS)
            # What is filed is written into the archives by and by.
            eventually(lambda: all(_is_archived(folder, slug, memory) for slug in FEEDS), seconds=_PATIENCE_SECONDS)
        memory.check(folder, origin)
        memory.look_at_files(folder)
        assert memory.ids.keys() == everything, "lost"
    assert eventually(lambda: all(map(is_over, groups))), "a child outlived its daemon"
    looked["headlines"] = len(everything)
    looked["shown"] = len(memory.shown("update"))
    looked["left a feed, none came back"] = sum(len(feed.gone) for feed in memory.feeds.values())
    looked["generations"] = max(int(path.suffix[1:]) for path in (folder / "state").glob("snapshot.*"))
    slowest = max(memory.opening_seconds, default=0.0)
    tell(f"{len(memory.opening_seconds):,} states opened, the slowest in {1000 * slowest:.0f} ms")
    return looked


def _watch(process: subprocess.Popen[bytes], folder: Path, memory: Memory, number: int, dice: random.Random) -> None:
    """Read what is shown until it is time to kill."""
    if number % 2:  # else it is killed while it starts, or soon after
        eventually(partial(address, folder, process), seconds=_PATIENCE_SECONDS)
    is_waited_for = number % 4 == 3  # so that some show news, however slow the machine is
    if is_waited_for:
        eventually(partial(memory.look, process, folder), seconds=_PATIENCE_SECONDS)
    until = time.monotonic() + dice.uniform(0, 0.2 if is_waited_for else 0.9)
    while time.monotonic() < until:
        memory.look(process, folder)
        time.sleep(min(0.1, max(0.0, until - time.monotonic())))


def _is_archived(folder: Path, slug: str, memory: Memory) -> bool:
    return memory.shown(slug) <= set(archived(folder / "state" / "public", slug))


def main() -> None:
    """Read the command line."""
    kills = int(sys.argv[1])
    sources = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        looked = run(kills, sources, Path(folder), tell=partial(print, flush=True))
    told = ", ".join(f"{count:,} {what}" for what, count in looked.items())
    print(f"0 lost, 0 twice, 0 resurfaced, 0 early in {time.monotonic() - began:.0f} s: {told}")  # noqa: T201


if __name__ == "__main__":
    main()
