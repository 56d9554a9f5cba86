"""Publishing topics in which one item is new, beside feedgen writing all of their items again.

    python -m benchmarks.rendering                   100 topics of 50 items
    python -m benchmarks.rendering --topics 10 --rounds 9

*Rendered* is everything from the board to the finished feeds, by the daemon's own desk and press; *pages* adds a page
for people to each topic. *Files* is what putting them into state/public/ adds, *coded* what the first readers cost
once, if all of them want br and gzip of every feed. *Joined* is the bare limit: all bytes copied once and hashed. CPU
time, medians of the rounds.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from feedgen.feed import FeedGenerator

from aggregator.commit import Commit
from aggregator.desk import Desk
from aggregator.document import Document
from aggregator.entry import Origin
from aggregator.headline import Headline
from aggregator.publish.files import write_documents
from aggregator.publish.press import Press
from aggregator.serve.coding import CODINGS, coded
from aggregator.site import Site
from aggregator.store.embedded import EmbeddedStore
from aggregator.story import Story
from aggregator.topic import Topic

NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
SITE: Final = Site(title="Benchmark", url="https://news.example", language="en", zone=ZoneInfo("UTC"))
SUMMARY: Final = "Sixty words of a summary, as long as those of most feeds. " * 4
ITEMS: Final = 50


def headline(topic: str, number: int) -> Headline:
    """Invent one; the later its number, the newer it is."""
    id_, at = f"{topic}-{number}", NOW + timedelta(seconds=number)
    return Headline(
        id=id_,
        source=f"https://{topic}.example/rss",
        keys=(f"{id_:0>32}",),
        story=id_,
        topics=(topic,),
        guid=id_,
        url=f"https://{topic}.example/2026/11/24/{number}",
        title=f"Headline {number} of {topic}: ferries sail again after the storm",
        summary=SUMMARY,
        authors=("Rina",),
        categories=("Weather",),
        language="en",
        enclosures=(),
        origin=Origin(id=f"https://{topic}.example/", title=topic, link=f"https://{topic}.example/", updated_at=at),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
    )


class Newsroom:
    """A store, a desk and a press; no source is asked."""

    def __init__(self, store: EmbeddedStore, topics: int) -> None:
        """Begin empty."""
        self.topics = tuple(Topic(slug=f"topic-{n}", title=f"Topic {n}", limit=ITEMS) for n in range(topics))
        self._store = store
        self._desk = Desk(store, topics=self.topics, sources=())
        self._press = Press(SITE, "https://news.example", self.topics, {})

    async def bring(self, numbers: Sequence[int]) -> None:
        """Commit these headlines in every topic, and put them on the board."""
        await self._desk.load()
        new = tuple(headline(topic.slug, number) for topic in self.topics for number in numbers)
        await self._desk.post(new, news=await self._store.commit(Commit(headlines=new)))

    def stories(self, topic: Topic) -> tuple[Story, ...]:
        """Give what a topic's feed holds."""
        return self._desk.stories(topic)

    def render(self) -> list[Document]:
        """Give the documents of every topic, its page aside."""
        return [*chain(*(self._press.feeds(topic, self.stories(topic)) for topic in self.topics))]

    def render_pages(self) -> list[Document]:
        """Give the page of every topic."""
        return [*chain(*(self._press.pages(topic, self.stories(topic), ()) for topic in self.topics))]


def feedgen_all(newsroom: Newsroom) -> None:
    """Write RSS and Atom of every topic as any other program that uses feedgen does."""
    for topic in newsroom.topics:
        feed = FeedGenerator()
        feed.id(topic.slug)
        feed.title(topic.title)
        feed.description(topic.title)
        feed.link(href="https://news.example/", rel="alternate")
        for story in newsroom.stories(topic):
            entry = feed.add_entry(order="append")
            entry.id(story.id)
            entry.title(story.lead.title)
            entry.link(href=story.lead.url)
            entry.description(story.lead.summary)
            entry.published(story.published_at)
            entry.updated(story.updated_at)
        feed.rss_str(pretty=True)
        feed.atom_str(pretty=True)


def joined(documents: Iterable[Document]) -> None:
    """Do the least that making these documents can take."""
    for document in documents:
        blake2b(b"".join((document.body[:1_000], document.body[1_000:])), digest_size=16).hexdigest()


def coded_all(documents: Iterable[Document]) -> None:
    """Code everything in every way."""
    for document in documents:
        for coding in CODINGS:
            coded(document.body, coding)


async def measure(topics: int, rounds: int, folder: Path) -> dict[str, float]:
    """Give what was measured → CPU seconds, the median of the rounds."""
    seconds: dict[str, list[float]] = {}

    def timed(name: str, began: float) -> None:
        seconds.setdefault(name, []).append(time.process_time() - began)

    with EmbeddedStore(folder) as store:
        newsroom = Newsroom(store, topics)
        await newsroom.bring(range(ITEMS))
        documents = newsroom.render()
        for number in range(ITEMS, ITEMS + rounds):
            await newsroom.bring([number])
            began = time.process_time()
            documents = newsroom.render()
            timed("rendered", began)
            began = time.process_time()
            pages = newsroom.render_pages()
            timed("pages", began)
            began = time.process_time()
            joined(documents)
            timed("joined", began)
            began = time.process_time()
            write_documents(folder / "public", [*documents, *pages])
            timed("files", began)
        began = time.process_time()
        feedgen_all(newsroom)
        timed("feedgen, all items", began)
        began = time.process_time()
        coded_all(documents)
        timed("coded", began)
        await store.settle()
    return {name: statistics.median(each) for name, each in seconds.items()}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = asyncio.run(measure(options.topics, options.rounds, Path(folder)))
    print(f"{options.topics} topics of {ITEMS} items, one of them new, three formats (feedgen: two)\n")
    print("| what | CPU ms | ms a topic | × joined |\n|---|---|---|---|")
    for name, taken in seconds.items():
        each = 1_000 * taken / options.topics
        print(f"| {name} | {1_000 * taken:.0f} | {each:.2f} | {taken / seconds['joined']:.1f} |")


if __name__ == "__main__":
    main()
