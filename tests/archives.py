"""Runs that come and go over one state/, with its archives."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aggregator.commit import Commit
from aggregator.desk import Desk
from aggregator.edition import Edition
from aggregator.headline import Headline
from aggregator.shelf import Shelf
from aggregator.site import Site
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR, POPULAR, UPDATE, MemoryStore, headline

BASE: Final = "https://warta.example"
JAKARTA: Final = ZoneInfo("Asia/Jakarta")
SITE: Final = Site(title="Warta", url=None, language="id", zone=JAKARTA)
EACH: Final = Topic(slug="each", title="Each", everything=True, one_per="headline", limit=2)
TOPICS: Final = (replace(UPDATE, limit=3), replace(POPULAR, limit=2), EACH)
SLUGS: Final = tuple(topic.slug for topic in TOPICS)


def news(number: int, at: datetime, **changes: Any) -> Headline:
    """A headline that we found at an instant, and that was published a while before, in all topics."""
    plain = {"published_at": at, "first_seen_at": at, "updated_at": at, "topics": SLUGS}
    return headline(number, (DUNIA, KABAR)[number % 2], **{**plain, **changes})


def urn(line: Headline) -> str:
    return f"urn:uuid:{line.id}"


class Runs:
    """One state/, and the run that has it open.

    Attributes:
        store: What is committed: it outlives every run.
        shelf: What readers get.
        edition: Of the present run.
    """

    shelf: Shelf
    edition: Edition
    desk: Desk

    def __init__(self, directory: Path, *committed: Headline) -> None:
        self.directory = directory
        self.public = directory / "public"
        self.store = MemoryStore(*committed)

    async def begin(self, *, oldest: str | None = "2024-01", **changes: Any) -> None:
        """Begin a run, as `House` does; nothing is published yet."""
        topics = changes.pop("topics", TOPICS)
        plain = {"site": SITE, "base_url": BASE, "sources": (DUNIA, KABAR), "topics": topics}
        self.desk = Desk(self.store, topics=topics, sources=())
        self.shelf = Shelf(self.public)
        self.edition = Edition(self.directory, self.shelf, self.desk, oldest=oldest, **{**plain, **changes})
        self.shelf.stored = self.edition.archive.blank
        if not self.edition.is_current(self.store.news):
            self.edition.touch_all()

    async def bring(self, *lines: Headline, **also: Any) -> None:
        """Commit headlines, and post them."""
        await self.desk.load()
        count = await self.store.commit(Commit(headlines=lines, **also))
        self.edition.touch(await self.desk.post(lines, news=count))

    async def publish(self) -> None:
        """Publish until nothing is left to do."""
        await self.desk.load()
        await self.edition.publish(self.desk.news)
        while self.edition.is_pending:
            await self.desk.load()
            await self.edition.publish(self.desk.news)

    async def tell(self, *lines: Headline) -> None:
        """Bring and publish."""
        await self.bring(*lines)
        await self.publish()

    async def rebuilt(self, **changes: Any) -> dict[str, bytes]:
        """Delete what is published, begin a run, and give what is published then."""
        shutil.rmtree(self.public)
        await self.begin(**changes)
        await self.publish()
        return self.files()

    def files(self, pattern: str = "**/*") -> dict[str, bytes]:
        found = (path for path in self.public.glob(pattern) if path.is_file())
        return {path.relative_to(self.public).as_posix(): path.read_bytes() for path in found}

    def chain(self, slug: str) -> list[tuple[str, list[dict[str, Any]]]]:
        """Walk back from the feed of a topic: (path, items) of each document of its archive, the newest first."""
        feed, walked = json.loads((self.public / f"{slug}.json").read_bytes()), []
        while "next_url" in feed and (self.public / feed["next_url"].removeprefix(f"{BASE}/")).exists():
            path = feed["next_url"].removeprefix(f"{BASE}/")
            feed = json.loads((self.public / path).read_bytes())
            walked.append((path, feed["items"]))
        return walked

    def check_links(self) -> None:
        """Follow every link of every JSON Feed that lies in the folder to another that does."""
        for body in self.files("**/*.json").values():
            link = json.loads(body).get("next_url", f"{BASE}/update.json")
            assert (self.public / link.removeprefix(f"{BASE}/")).exists(), link

    def archived(self, slug: str = "update") -> list[str]:
        """Give the ids of a whole archive, the one told last first."""
        return [item["id"] for _, items in self.chain(slug) for item in items]

    def names(self, slug: str = "update") -> list[str]:
        return [path.removeprefix(f"{slug}/").removesuffix(".json") for path, _ in self.chain(slug)]


def titles(items: Iterable[dict[str, Any]]) -> list[str]:
    return [item["title"] for item in items]
