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
from aggregator.incident import Incident
from aggregator.report import Status
from aggregator.site import Site
from aggregator.source import Source
from aggregator.story import Dissolved, Story
from aggregator.topic import POPULAR, UPDATE, Topic

if TYPE_CHECKING:
    from aggregator.publish.press import Press

_STAMP: Final = "edition"
_SITE: Final = ""  # what owns the documents that belong to no topic
_STATUS: Final = "status"  # what owns the operator's feed: no topic may be called that


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
        self._news = 0  # the store's count, as of what is published
        self._told: int | None = None  # likewise, as of what the operator is told. None: that has to be told again
        self._incidents: Sequence[Incident] | None = None  # not published yet. None: they are

    @property
    def is_pending(self) -> bool:
        """Say whether something is not published yet."""
        return self.is_touched or self._incidents is not None

    @property
    def is_touched(self) -> bool:
        """Say whether something that was touched is not published yet: it takes the desk to tell it."""
        return bool(self._touched)

    def tells(self, told: int) -> bool:
        """Say whether the operator is told all up to this count of the store."""
        return self._told == told

    def tell(self, incidents: Sequence[Incident], *, told: int) -> None:
        """Have the next publishing tell the operator of these, the latest first; `told`: as the store counts them."""
        self._incidents, self._told = incidents, told

    def touch(self, slugs: Iterable[str]) -> None:
        """Note that these topics' feeds may have changed."""
        self._touched.update(slugs)

    def touch_all(self) -> None:
        """Note that anything may have changed."""
        self._touched.update(self._topics)
        self._told = None

    def is_current(self, news: int) -> bool:
        """Say whether state/public/ shows these settings and the news up to this count, as an earlier run left it."""
        try:
            stamp = orjson.loads(self._stamp.read_bytes())
            paths, told = stamp["paths"], stamp["told"]
            if (stamp["settings"], stamp["news"]) != (self._settings, news) or not _are_files(self._public, paths):
                return False
        except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is an older version's
            return False
        self._paths, self._news, self._told = paths, news, told
        self._is_swept = True
        return True

    async def publish(self, news: int) -> tuple[str, ...]:
        """Render what was touched, and what the operator is to be told.

        Args:
            news: The store's count of commits that brought news, as of what the desk shows. Of no account where nothing
                was touched.

        Returns:
            The paths of the documents whose bytes changed.

        Raises:
            StateError: The files could not be written; readers of `shelf` have the new ones, and the next call tries
                again.
        """
        slugs, self._touched = self._touched, set()
        incidents, self._incidents = self._incidents, None
        self._news = news if slugs else self._news
        told = [(topic, self._desk.stories(topic)) for slug, topic in self._topics.items() if slug in slugs]
        feeds = [(topic, stories, self._wholes(stories)) for topic, stories in told]
        dissolved = self._desk.dissolved() if slugs else ()
        lists = (self._desk.stories(self._topics[UPDATE]), self._desk.stories(self._topics[POPULAR]))
        try:
            documents = await asyncio.to_thread(self._render, feeds, dissolved, lists, incidents)
            gone = self._put_on_shelf(documents)
            once = {document.path: document for document in chain(*documents.values())}  # topics share stories' pages
            return await asyncio.to_thread(self._write, tuple(once.values()), gone)
        except BaseException:
            self._touched |= slugs
            self._told = None
            raise

    def _wholes(self, stories: Iterable[Story]) -> tuple[Story, ...]:
        """Give those that have a page of their own."""
        return tuple(self._desk.whole(story) for story in stories if len(story.headlines) > 1)

    def _render(
        self,
        feeds: Sequence[tuple[Topic, tuple[Story, ...], tuple[Story, ...]]],
        dissolved: Sequence[Dissolved],
        lists: tuple[tuple[Story, ...], tuple[Story, ...]],
        incidents: Sequence[Incident] | None,
    ) -> dict[str, tuple[Document, ...]]:
        """Give the site's own documents, and those of each topic: whatever of theirs is not among them is gone.

        Of the site, and of the operator's feed, nothing where nothing is new there.
        """
        press = self._at_hand()
        documents = {
            topic.slug: (*press.feeds(topic, stories, dissolved), *press.pages(topic, stories, wholes))
            for topic, stories, wholes in feeds
        }
        if feeds:
            documents[_SITE] = press.front(*lists)
        if incidents is not None:
            documents[_STATUS] = press.status(incidents)
        return documents

    def status_page(self, status: Status) -> bytes:
        """Write how the newsroom stands, for people who look now."""
        return self._at_hand().status_page(status)

    def _at_hand(self) -> "Press":
        from aggregator.publish.press import Press

        if self._press is None:
            self._press = Press(self._site, self._base_url, tuple(self._topics.values()), self._names, self._sources)
        return self._press

    def _put_on_shelf(self, documents: Mapping[str, Sequence[Document]]) -> set[str]:
        """Hand the documents out; give the paths that are published no longer."""
        before = {*self._shelf, *chain(*self._paths.values())}
        for owner in self._paths.keys() - self._topics.keys() - {_SITE, _STATUS}:
            del self._paths[owner]  # a topic that feeds.yaml has no longer
        self._paths |= {owner: [document.path for document in owned] for owner, owned in documents.items()}
        # One that is the same stays the one it is: its codings have been made.
        self._shelf.update((it.path, it) for it in chain(*documents.values()) if self._shelf.get(it.path) != it)
        gone = before.difference(*self._paths.values())
        for path in gone & self._shelf.keys():
            del self._shelf[path]
        return gone

    def _write(self, documents: Sequence[Document], gone: set[str]) -> tuple[str, ...]:
        from aggregator.publish.files import remove_documents, stale_files, write_documents

        changed = write_documents(self._public, documents)
        if self._touched:
            remove_documents(self._public, gone)
            return changed
        if not self._is_swept:
            gone = gone.union(stale_files(self._public, set(chain(*self._paths.values()))))
        remove_documents(self._public, gone)
        self._is_swept = True
        self._put_stamp()
        return changed

    def _put_stamp(self) -> None:
        """Note what stands in state/public/ now, so that the next run need not look."""
        shown = {"settings": self._settings, "news": self._news, "told": self._told, "paths": self._paths}
        stamp = orjson.dumps(shown)
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
