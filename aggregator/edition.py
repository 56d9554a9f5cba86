"""Topics → documents: renders what news touched, and nothing else."""

import asyncio
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aggregator import VERSION
from aggregator.desk import Desk
from aggregator.document import Document
from aggregator.errors import StateError
from aggregator.site import Site
from aggregator.source import Source
from aggregator.story import Dissolved, Story
from aggregator.topic import POPULAR, UPDATE, Topic

if TYPE_CHECKING:
    from aggregator.publish.press import Press

_STAMP: Final = "edition"


class Edition:
    """What is published now, in memory and in state/public/.

    What writes feeds is imported with the first news: a run without any does not pay for it.
    """

    def __init__(
        self,
        directory: Path,
        shelf: dict[str, Document],
        desk: Desk,
        *,
        site: Site,
        base_url: str,
        topics: Sequence[Topic],
        sources: Sequence[Source],
    ) -> None:
        """Begin with nothing published.

        Args:
            directory: state/: the documents go to its folder `public`.
            shelf: Path → document; what serve/ hands out. Changed in place.
            desk: Where the stories are.
            site: Who publishes.
            base_url: What links to ourselves begin with; no trailing slash.
            topics: As feeds.yaml has them.
            sources: Likewise.
        """
        self._shelf = shelf
        self._public = directory / "public"
        self._stamp = directory / _STAMP
        self._desk = desk
        self._topics = {topic.slug: topic for topic in topics}
        self._names = {source.id: source.name for source in sources}
        self._sources = tuple(sources)
        self._lists: tuple[Document, ...] = ()
        self._site, self._base_url = site, base_url
        self._press: Press | None = None
        self._settings = _settings(site, base_url, topics, sources)
        self._touched: set[str] = set()

    @property
    def is_pending(self) -> bool:
        """Say whether something that was touched is not published yet."""
        return bool(self._touched)

    def touch(self, slugs: Iterable[str]) -> None:
        """Note that these topics' feeds may have changed."""
        self._touched.update(slugs)

    def touch_all(self) -> None:
        """Note that anything may have changed."""
        self._touched.update(self._topics)

    def is_current(self, news: int) -> bool:
        """Say whether state/public/ shows these settings and the news up to this count, as an earlier run left it."""
        try:
            return self._stamp.read_text() == self._stamped(news) and all(map(Path.is_file, self._files()))
        except OSError:
            return False

    async def publish(self, news: int) -> tuple[str, ...]:
        """Render what was touched.

        Args:
            news: The store's count of commits that brought news, as of what the desk shows.

        Returns:
            The paths of the documents whose bytes changed.

        Raises:
            StateError: The files could not be written; readers of `shelf` have the new ones, and the next call tries
                again.
        """
        slugs, self._touched = self._touched, set()
        feeds = [(topic, self._desk.stories(topic)) for slug, topic in self._topics.items() if slug in slugs]
        dissolved = self._desk.dissolved()
        lists = (self._desk.stories(self._topics[UPDATE]), self._desk.stories(self._topics[POPULAR]))
        try:
            documents = await asyncio.to_thread(self._render, feeds, dissolved, lists)
            self._put_on_shelf(documents)
            return await asyncio.to_thread(self._write, documents, news)
        except BaseException:
            self._touched |= slugs
            raise

    def _render(
        self,
        feeds: Iterable[tuple[Topic, tuple[Story, ...]]],
        dissolved: Sequence[Dissolved],
        lists: tuple[tuple[Story, ...], tuple[Story, ...]],
    ) -> list[Document]:
        from aggregator.publish.press import Press

        if self._press is None:
            topics = tuple(self._topics.values())
            self._press = Press(self._site, self._base_url, topics, self._names)
            self._lists = (self._press.feeds_list(), self._press.sources_list(self._sources))
        documents = [document for topic, stories in feeds for document in self._press.feeds(topic, stories, dissolved)]
        return [*documents, self._press.front_page(*lists), self._press.stylesheet(), *self._lists]

    def _put_on_shelf(self, documents: Iterable[Document]) -> None:
        self._shelf.update((document.path, document) for document in documents)
        for path in self._shelf.keys() - {path.name for path in self._files()}:
            del self._shelf[path]  # of a topic that feeds.yaml has no longer

    def _write(self, documents: Sequence[Document], news: int) -> tuple[str, ...]:
        from aggregator.publish.files import remove_stale, write_documents

        changed = write_documents(self._public, documents)
        remove_stale(self._public, {path.name for path in self._files()})
        if not self._touched:
            self._put_stamp(self._stamped(news))
        return changed

    def _put_stamp(self, text: str) -> None:
        try:
            self._stamp.write_text(text)
        except OSError as error:
            raise StateError(f"{self._stamp}: cannot be written: {error.strerror}; free disk space") from error

    def _stamped(self, news: int) -> str:
        return f"{self._settings} {news}\n"

    def _files(self) -> list[Path]:
        feeds = [f"{slug}.{ending}" for slug in self._topics for ending in ("rss", "atom", "json")]
        return [self._public / name for name in (*feeds, "index.html", "style.css", "feeds.opml", "sources.opml")]


def _settings(site: Site, base_url: str, topics: Sequence[Topic], sources: Sequence[Source]) -> str:
    """Name everything but the news that decides the bytes."""
    shown = [
        (it.slug, it.title, it.one_per, it.order, it.retell, it.half_life, it.limit, it.per_source) for it in topics
    ]
    names = [(source.id, source.name, source.weight) for source in sources]
    listed = [(source.urls, source.topics, source.page, source.language) for source in sources]
    rhythms = [(source.zone.key, source.every, source.cron) for source in sources]
    return blake2b(repr((VERSION, site, base_url, shown, names, listed, rhythms)).encode(), digest_size=16).hexdigest()
