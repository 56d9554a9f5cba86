"""Topics → documents: renders what news touched, and nothing else."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

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
_SITE: Final = ""  # what owns the documents that belong to no topic


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
        self._site, self._base_url = site, base_url
        self._press: Press | None = None
        self._settings = _settings(site, base_url, topics, sources)
        self._paths: dict[
            str, list[str]
        ] = {}  # of all that is published: the site's own under "", a topic's under its slug
        self._is_swept = False  # nothing of an earlier run is left that is not ours
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
            stamp = orjson.loads(self._stamp.read_bytes())
            paths = stamp["paths"]
            if (stamp["settings"], stamp["news"]) != (self._settings, news) or not _are_files(self._public, paths):
                return False
        except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is an older version's
            return False
        self._paths = paths
        self._is_swept = True
        return True

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
            gone = self._put_on_shelf(documents)
            return await asyncio.to_thread(self._write, [*chain(*documents.values())], gone, news)
        except BaseException:
            self._touched |= slugs
            raise

    def _render(
        self,
        feeds: Iterable[tuple[Topic, tuple[Story, ...]]],
        dissolved: Sequence[Dissolved],
        lists: tuple[tuple[Story, ...], tuple[Story, ...]],
    ) -> dict[str, tuple[Document, ...]]:
        """Give the site's own documents, and those of each topic: whatever of theirs is not among them is gone."""
        from aggregator.publish.press import Press

        if self._press is None:
            self._press = Press(self._site, self._base_url, tuple(self._topics.values()), self._names, self._sources)
        press = self._press
        documents = {topic.slug: press.feeds(topic, stories, dissolved) for topic, stories in feeds}
        return {**documents, _SITE: press.front(*lists)}

    def _put_on_shelf(self, documents: Mapping[str, Sequence[Document]]) -> set[str]:
        """Hand the documents out; give the paths that are published no longer."""
        before = {*self._shelf, *chain(*self._paths.values())}
        for owner in self._paths.keys() - self._topics.keys() - {_SITE}:
            del self._paths[owner]  # a topic that feeds.yaml has no longer
        self._paths |= {owner: [document.path for document in owned] for owner, owned in documents.items()}
        # One that is the same stays the one it is: its codings have been made.
        self._shelf.update((it.path, it) for it in chain(*documents.values()) if self._shelf.get(it.path) != it)
        gone = before.difference(*self._paths.values())
        for path in gone & self._shelf.keys():
            del self._shelf[path]
        return gone

    def _write(self, documents: Sequence[Document], gone: set[str], news: int) -> tuple[str, ...]:
        from aggregator.publish.files import remove_documents, stale_files, write_documents

        changed = write_documents(self._public, documents)
        if self._touched:
            remove_documents(self._public, gone)
            return changed
        if not self._is_swept:
            gone = gone.union(stale_files(self._public, set(chain(*self._paths.values()))))
        remove_documents(self._public, gone)
        self._is_swept = True
        self._put_stamp(news)
        return changed

    def _put_stamp(self, news: int) -> None:
        """Note what stands in state/public/ now, so that the next run need not look."""
        stamp = orjson.dumps({"settings": self._settings, "news": news, "paths": self._paths})
        aside = self._stamp.with_suffix(".tmp")
        try:
            aside.write_bytes(stamp)
            aside.replace(self._stamp)
        except OSError as error:
            raise StateError(f"{self._stamp}: cannot be written: {error.strerror}; free disk space") from error


def _are_files(public: Path, paths: Mapping[str, Iterable[str]]) -> bool:
    return all((public / path).is_file() for path in chain(*paths.values()))


def _settings(site: Site, base_url: str, topics: Sequence[Topic], sources: Sequence[Source]) -> str:
    """Name everything but the news that decides the bytes."""
    shown = [
        (it.slug, it.title, it.one_per, it.order, it.retell, it.half_life, it.limit, it.per_source) for it in topics
    ]
    names = [(source.id, source.name, source.weight) for source in sources]
    listed = [(source.urls, source.topics, source.page, source.language) for source in sources]
    rhythms = [(source.zone.key, source.every, source.cron) for source in sources]
    return blake2b(repr((VERSION, site, base_url, shown, names, listed, rhythms)).encode(), digest_size=16).hexdigest()
