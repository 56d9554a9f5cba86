"""kill -9 at random, again and again. `KILLS=1000 pytest tests/e2e/test_kills.py` does it a thousand times."""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from aggregator.headline import Headline
from aggregator.store.embedded import EmbeddedStore
from tests.e2e.hasty import address, hasty
from tests.e2e.running import Origin, Page, Running, aggregator, command, eventually, write_feeds

KILLS: Final = int(os.environ.get("KILLS", "50"))
SOURCES: Final = 100
EVERY: Final = "5m"  # 5 s of the hasty daemon: longer than any machine takes from a claim to its request


class Ledger(Origin):
    """Publishers that print, and revise, with nearly every request, and remember all of it.

    Attributes:
        printed: Path → guid → title, everything still listed.
        documents: ETag → (path, the guids it listed).
        moments: Path → the instants it was asked.
        goes_on: Print more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.printed: dict[str, dict[str, str]] = {f"/{number}.xml": {} for number in range(SOURCES)}
        self.documents: dict[str, tuple[str, frozenset[str]]] = {}
        self.moments: defaultdict[str, list[datetime]] = defaultdict(list)
        self.goes_on = True
        self._dice = random.Random(7)
        self._lock = threading.Lock()

    def answer(self, path: str, if_none_match: str | None) -> Page:
        with self._lock:
            self.moments[path].append(datetime.now(UTC))
            if self.goes_on:
                self._print_more(path, self.printed[path])
            self.pages[path] = page = _rss(path, self.printed[path])
            self.documents[page.etag] = (path, frozenset(self.printed[path]))
            pause = self._dice.uniform(0, 0.03)
        time.sleep(pause)  # killed while it is being answered
        return super().answer(path, if_none_match)

    def _print_more(self, path: str, printed: dict[str, str]) -> None:
        chance = self._dice.random()
        if chance < 0.1 and printed:
            guid = self._dice.choice(list(printed))
            printed[guid] += " kini"
        elif chance < 0.8 or not printed:
            guid = f"{path}#{len(printed)}"
            printed[guid] = f"Berita {self._dice.getrandbits(40)} dari {path.strip('/')}"


def _rss(path: str, printed: Mapping[str, str]) -> Page:
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    items = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>https://x.example{path}/{guid.partition('#')[2]}</link></item>"
        for guid, title in reversed([*printed.items()])
    )
    return Page(body=f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode())


@dataclass(slots=True)
class Memory:
    """What every life showed, and what must therefore hold in all later ones.

    Attributes:
        ids: (path, guid) → headline id, of all that was ever kept.
        shown: Ids that a reader of /update.json saw.
    """

    ids: dict[tuple[str, str], str]
    shown: set[str]

    def check(self, folder: Path, origin: Ledger) -> dict[str, datetime]:
        """Compare a dead daemon's state/ with the ledger and with what was shown; give path → due time."""
        origin.settle()
        if not (folder / "state" / "lock").exists():
            return {}
        with EmbeddedStore(folder / "state", read_only=True) as store:
            kept: list[Headline] = list(store.headlines())
            ids = {(_path_of(each.source), each.guid or ""): each.id for each in kept}
            assert len(ids) == len(kept) == len({each.id for each in kept}), "kept twice"
            assert ids.items() >= self.ids.items(), "lost, or another id"
            assert self.shown <= set(ids.values()), "shown, and lost"
            for source in store.sources():
                standing = store.standing(source)
                assert standing is not None
                for _, validators in standing.validators:
                    path, guids = origin.documents[validators.etag or ""]
                    assert {(path, guid) for guid in guids} <= ids.keys(), "validators ahead of their headlines"
            self.ids = ids
            return {_path_of(id_): due.at for id_, due in store.dues().items()}


def _path_of(source: str) -> str:
    return "/" + source.rpartition("/")[2]


def watch(process: subprocess.Popen[bytes], folder: Path, memory: Memory, *, until: float) -> None:
    """Read what is shown until it is time to kill."""
    while time.monotonic() < until:
        look(process, folder, memory)
        time.sleep(min(0.1, max(0.0, until - time.monotonic())))


def look(process: subprocess.Popen[bytes], folder: Path, memory: Memory) -> bool:
    """Read what is shown; say whether any of it is new."""
    if (url := address(folder, process)) is None:
        return False
    before = len(memory.shown)
    running = Running(url=url, process=process, log=folder / "daemon.log")
    items = json.loads(running.read("/update.json"))["items"]
    memory.shown.update(item["id"].removeprefix("urn:uuid:") for item in items)
    return len(memory.shown) > before


def published_is_whole(folder: Path) -> bool:
    """Say whether anything is published; fail where a document is cut off."""
    public = folder / "state" / "public"
    for path in public.glob("[a-z]*.json"):
        json.loads(path.read_bytes())
    for path in public.glob("[a-z]*.rss"):
        assert path.read_bytes().rstrip().endswith(b"</rss>")
    return public.exists()


def archived(public: Path) -> list[str]:
    """Walk back through the archives of `update`; give the ids of the items."""
    feed, found = json.loads((public / "update.json").read_bytes()), list[str]()
    while "next_url" in feed:
        feed = json.loads((public / "update" / feed["next_url"].rpartition("/")[2]).read_bytes())
        found += [item["id"].removeprefix("urn:uuid:") for item in feed["items"]]
    assert len(found) == len(set(found)), "archived twice"
    return found


def is_over(group: int) -> bool:
    """Say whether no process of a session is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_daemon_killed_at_random_loses_repeats_and_hurries_nothing(tmp_path: Path) -> None:
    dice, memory = random.Random(11), Memory({}, set())
    groups, checked, published = [], 0, 0
    with Ledger() as origin:
        sources = [{"name": f"S{path}", "url": origin.url(path), "every": EVERY} for path in origin.printed]
        feeds = write_feeds(tmp_path, sources)
        for number in range(KILLS):
            dues = memory.check(tmp_path, origin)
            never = datetime.min.replace(tzinfo=UTC)
            hurried = [path for path, them in origin.moments.items() if them and them[-1] >= dues.get(path, never)]
            assert not hurried, "asked, and not put off before that"
            asked = {path: len(origin.moments[path]) for path in dues}
            with hasty(tmp_path, feeds) as process:
                groups.append(process.pid)
                if number % 2:  # else it is killed while it starts, or soon after
                    eventually(partial(address, tmp_path, process))
                is_waited_for = number % 4 == 3  # so that some show news, however slow the machine is
                if is_waited_for:
                    eventually(partial(look, process, tmp_path, memory))
                seconds = dice.uniform(0, 0.2 if is_waited_for else 0.9)
                watch(process, tmp_path, memory, until=time.monotonic() + seconds)
            published += published_is_whole(tmp_path)
            for path, due in dues.items():
                for at in origin.moments[path][asked[path] :][:1]:
                    assert at >= due, (path, at, due)
                    checked += 1
        origin.goes_on = False
        memory.check(tmp_path, origin)
        with hasty(tmp_path, feeds):
            everything = {(path, guid) for path, printed in origin.printed.items() for guid in printed}
            eventually(lambda: _kept(tmp_path) == everything, seconds=60)
        memory.check(tmp_path, origin)

    assert memory.ids.keys() == everything
    assert memory.shown <= set(archived(tmp_path / "state" / "public"))
    assert len(everything) > 5 * KILLS
    assert len(memory.shown) > 2 * KILLS
    assert checked > KILLS
    assert published > KILLS // 2
    assert not (tmp_path / "state" / "snapshot.1").exists()  # generations began meanwhile
    assert eventually(lambda: all(map(is_over, groups)))


def _kept(folder: Path) -> set[tuple[str, str]]:
    """Read beside the running daemon."""
    if not (folder / "state").exists():
        return set()
    with EmbeddedStore(folder / "state", read_only=True) as store:
        return {(_path_of(each.source), each.guid or "") for each in store.headlines()}


def _is_asked(origin: Origin, before: int) -> bool:
    return len(origin.asked) > before


def test_a_single_run_killed_in_the_middle_is_mended_by_the_next(tmp_path: Path) -> None:
    dice, memory, asked = random.Random(13), Memory({}, set()), 0
    with Ledger() as origin:
        sources = [{"name": f"S{path}", "url": origin.url(path)} for path in origin.printed]
        write_feeds(tmp_path, sources)
        for _ in range(max(8, KILLS // 5)):
            before = len(origin.asked)
            with subprocess.Popen(
                command("once", "--all"), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                if dice.random() < 0.7:
                    eventually(partial(_is_asked, origin, before))
                    time.sleep(dice.uniform(0, 0.2))
                else:
                    time.sleep(dice.uniform(0, 0.6))
                process.send_signal(signal.SIGKILL)
            asked += len(origin.asked) > before
            memory.check(tmp_path, origin)
            published_is_whole(tmp_path)
        origin.goes_on = False
        ended = aggregator("once", "--all", cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        memory.check(tmp_path, origin)

    assert memory.ids.keys() == {(path, guid) for path, printed in origin.printed.items() for guid in printed}
    assert asked >= 5
    published = json.loads((tmp_path / "state" / "public" / "update.json").read_bytes())["items"]
    titles = {title for printed in origin.printed.values() for title in printed.values()}
    assert published
    assert {item["title"] for item in published} <= titles
