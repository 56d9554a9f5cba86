"""The archives of all topics → documents, which lie in state/public/ alone: no memory could hold them.

What was told is written down first (book.py); then the parts that changed are written anew, and only then may a feed
leave an item out.
"""

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aggregator.book import Book, Told, prune_folder
from aggregator.desk import Trace
from aggregator.document import Document
from aggregator.errors import StateDamagedError, StateError
from aggregator.month import Month
from aggregator.part import Cover
from aggregator.site import Site
from aggregator.story import Story
from aggregator.topic import Topic

if TYPE_CHECKING:
    from aggregator.publish.item import Item
    from aggregator.publish.press import Press

_PATH: Final = re.compile(r"([a-z0-9-]{1,64})/([0-9-]{7,16})\.(rss|atom|json)")
_ENDINGS: Final = ("rss", "atom", "json")
_NEVER: Final = "9999-12"  # the first month that a book takes which takes nothing
_MENDED_AT_ONCE: Final = 10  # parts: others wait for as long as that takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an earlier run had written when it last wrote all of it.

    Attributes:
        settings: By which, named.
        base_url: With which.
        filed: Topic's slug → what made one item of it.
        sizes: Topic's slug → month → how much of its file was shown.
        parts: Topic's slug → how many it had.
    """

    settings: str = ""
    base_url: str = ""
    filed: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, Mapping[Month, int]] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)


class Archive:
    """What was told in every topic. Used by one thread at a time, but for `blank`.

    Args:
        directory: state/.
        site: Who publishes.
        base_url: What links to ourselves begin with.
        topics: By slug.
        names: Source id → name.
        oldest: The first month that is kept. None: nothing is archived.
        settings: Names everything but the news that decides the bytes.
        earlier: What the last run left.
    """

    def __init__(
        self,
        directory: Path,
        *,
        site: Site,
        base_url: str,
        topics: Mapping[str, Topic],
        names: Mapping[str, str],
        oldest: Month | None,
        settings: str,
        earlier: Earlier,
    ) -> None:
        self._folder, self._public = directory / "archive", directory / "public"
        self._site, self._base_url, self._topics, self._names = site, base_url, topics, names
        self._oldest = oldest
        self._settings, self._earlier = settings, earlier
        self._books: dict[str, Book] = {}
        self._damage: dict[str, StateDamagedError] = {}  # by topic's slug
        self._told_alike: dict[Story, bytes] = {}  # since the last writing: several topics tell one story in one way
        self._lost: dict[str, dict[str, None]] = {}  # parts of each topic whose documents are missing, or outdated

    @property
    def is_kept(self) -> bool:
        """Say whether anything is archived."""
        return self._oldest is not None

    @property
    def is_whole(self) -> bool:
        """Say whether every document is there, of the topics looked at so far."""
        return not any(self._lost.values())

    @property
    def is_written(self) -> bool:
        """Say whether every document is there and shows what was filed."""
        return self.is_whole and all(book.is_shown for book in self._books.values())

    def unfiled(self, slug: str) -> bool:
        """Say whether what a topic holds was not all filed by the last run, whatever news there was since."""
        return self.is_kept and self._earlier.filed.get(slug) != self._topics[slug].one_per

    def wanted(self, topic: Topic, traces: Iterable[Trace]) -> list[Trace]:
        """Choose those of which there is something to write down.

        Raises:
            StateError: What is written down cannot be read.
        """
        from aggregator.publish.item import story_urn

        book = self._book(topic.slug)
        try:
            return [
                each
                for each in sorted(traces, key=lambda each: each.since)  # a sealed month is read once for all of it
                if not book.holds(story_urn(each.name), each.mark, since=each.since, first_at=each.first_at)
            ]
        except StateDamagedError as error:  # a month that had ended is read when it is asked for
            self._shut(topic.slug, error)
            return []

    def file(self, topic: Topic, told: Iterable[tuple[Trace, Story]]) -> None:
        """Write down what is told of these stories now.

        Raises:
            StateError: It could not be written.
        """
        self._book(topic.slug).file([self._told(trace, story) for trace, story in told])

    def _told(self, trace: Trace, story: Story) -> Told:
        from aggregator.publish.item import item_of, story_urn
        from aggregator.publish.kept import item_json

        json = self._told_alike.get(story)
        if json is None:
            json = self._told_alike[story] = item_json(item_of(story, self._names))
        return Told(id=story_urn(story.id), mark=trace.mark, json=json, first_at=trace.first_at, since=trace.since)

    def write(self, slugs: Iterable[str], press: "Press") -> tuple[list[str], list[Document]]:
        """Write the parts anew of which an item changed.

        Returns:
            The paths whose bytes changed; and the documents that could not be written, whose parts are tried again.
        """
        changed: list[str] = []
        unwritten: list[Document] = []
        self._told_alike.clear()
        books = {slug: self._book(slug) for slug in {*slugs, *self._books}} if self.is_kept else {}
        # Month by month, not topic by topic: what several topics were told at the same time is put into words once.
        todo = deque(sorted((name, slug) for slug, book in books.items() for name in book.take_stale()))
        try:
            while todo:
                name, slug = todo[0]
                documents = self._documents(slug, name, press)
                try:
                    changed += _write(self._public, documents)
                except StateError:
                    books[slug].mark([name])
                    unwritten += documents
                todo.popleft()
        finally:  # what could not even be read is still to be written
            for name, slug in todo:
                books[slug].mark([name])
        return changed, unwritten

    def mend(self, press: "Press") -> tuple[str, ...]:
        """Make some of the documents that are missing, or outdated; give the paths whose bytes changed.

        Raises:
            StateError: They could not be written.
        """
        changed: tuple[str, ...] = ()
        for slug, name in list(islice(self._all_lost(), _MENDED_AT_ONCE)):
            if self._book(slug).knows(name):
                changed += _write(self._public, self._documents(slug, name, press))
            del self._lost[slug][name]
        return changed

    def look_after(self, paths: Iterable[str]) -> None:
        """Have the documents made again that somebody deleted, where these are some of them."""
        for slug in {path.partition("/")[0] for path in paths} & self._books.keys():
            self._lost[slug].update(dict.fromkeys(self._missing(slug, self._books[slug])))

    def seal(self, *, now: datetime) -> None:
        """End the months that are over. Everything has to be written: it stays as it is.

        Raises:
            StateError: It could not be written down.
        """
        for slug in self._topics if self.is_kept else ():
            self._book(slug).seal(self._cover(slug), now=now)

    def over(self, oldest: Month | None) -> list[str]:
        """Give the paths of the documents of the months before, which have to go before `prune`."""
        if oldest is None or not self.is_kept:
            return []
        slugs = self._topics.keys() - self._damage.keys()
        return [path for slug in slugs for path in documents_of(slug, self._book(slug).names_before(oldest))]

    def prune(self, oldest: Month | None) -> None:
        """Remove the months before, also of topics that feeds.yaml has no longer.

        Raises:
            StateError: A file could not be removed.
        """
        if oldest is not None and self.is_kept:
            self._oldest = oldest
            for slug in self._topics.keys() - self._damage.keys():
                book = self._book(slug)
                is_less = bool(book.names_before(oldest))
                book.prune(oldest)
                if is_less:  # the first that is left linked to them; a sealed one does so for ever
                    self._lost[slug].update(dict.fromkeys(book.growing[:1]))
        for folder in [*self._folder.iterdir()] if self._folder.is_dir() else ():
            prune_folder(folder, oldest)

    def newest(self, slug: str) -> str | None:
        """Give the name of the last part of a topic. None: it has none."""
        return self._book(slug).newest if self.is_kept else None

    def months(self, slug: str) -> dict[Month, int]:
        """Give the months in which something was told in a topic, the first one first, with how many parts each has."""
        return self._book(slug).lengths if self.is_kept else {}

    def where(self, id_: str) -> str | None:
        """Give the path of the document that holds an item, of the latest month in which a topic has it. None: none."""
        books = {slug: self._book(slug) for slug in self._topics} if self.is_kept else {}
        months = sorted({month for book in books.values() for month in book.months}, reverse=True)
        places = ((slug, book.where(id_, month)) for month in months for slug, book in books.items())
        return next((f"{slug}/{name}.atom" for slug, name in places if name is not None), None)

    def names(self, slug: str) -> tuple[str, ...]:
        """Give the names of all parts of a topic, the first told first."""
        return self._book(slug).names if self.is_kept else ()

    def items(self, slug: str, name: str) -> "list[Item]":
        """Give what a part of a topic holds, the first told first.

        Raises:
            StateError: It cannot be read.
        """
        from aggregator.publish.kept import to_item

        return list(map(to_item, self._book(slug).part(name, self._cover(slug)).items))

    def blank(self, path: str) -> Document | None:
        """Give the document of a path, without its body. None: it is none of an archive; nothing is read for this."""
        from aggregator.publish.press import archived

        found = _PATH.fullmatch(path)
        if found is not None and found[1] in self._damage:
            return archived(path, b"", closed_at=None)
        book = self._books.get(found[1]) if found else None
        if found is None or book is None or not book.knows(found[2]):
            return None
        return archived(path, b"", closed_at=book.closed_at(found[2]))

    def paths(self) -> Iterator[str]:
        """Give the paths of all documents."""
        for slug in self._topics:
            yield from documents_of(slug, self.names(slug))
            if slug in self._damage:  # what was published of it stays
                yield from filter(_PATH.fullmatch, (f"{slug}/{name}" for name in _names_in(self._public / slug)))

    def stamp(self) -> dict[str, Any]:
        """Give what the next run is to be told, as plain values: see `earlier_of`."""
        books = [(slug, book) for slug, book in self._books.items() if slug not in self._damage]
        filed = {slug: topic.one_per for slug, topic in self._topics.items() if slug not in self._damage}
        return {
            "base_url": self._base_url,
            "filed": filed if self.is_kept else {},
            "sizes": {**self._earlier.sizes, **{slug: book.sizes for slug, book in books}},
            "parts": {**self._earlier.parts, **{slug: book.parts for slug, book in books}},
        }

    def is_there(self, stamp: Mapping[str, Any]) -> bool:
        """Say whether as many documents lie in state/public/ as there were when the stamp was given."""
        for slug, parts in stamp["parts"].items():
            paths = (f"{slug}/{name}" for name in _names_in(self._public / slug))
            if sum(_PATH.fullmatch(path) is not None for path in paths) != parts * len(_ENDINGS):
                return False
        return True

    def check(self) -> None:
        """Tell of archives that are damaged: their topics are published, and written down again once they are mended.

        Raises:
            StateDamagedError: There is one.
        """
        for error in self._damage.values():
            raise error

    def _shut(self, slug: str, error: StateDamagedError) -> None:
        """Have an archive that is damaged left alone from now on; in its stead, one that is empty and takes nothing."""
        self._damage[slug], self._lost[slug] = error, {}
        self._books[slug] = Book(self._folder / slug / "shut", zone=self._site.zone, oldest=_NEVER)

    def _book(self, slug: str) -> Book:
        """Open it, and find out what of it is not shown as it is."""
        if self._oldest is None:
            raise LookupError(slug)
        if slug not in self._books:
            try:
                book = Book(self._folder / slug, zone=self._site.zone, oldest=self._oldest)
                book.mark_since(self._earlier.sizes.get(slug, {}))
                was_pruned = self._earlier.parts.get(slug, 0) > book.parts  # by a run that did not end that
                linked = book.growing[:1] if was_pruned else ()
                self._lost[slug] = dict.fromkeys([*self._missing(slug, book), *self._outdated(book), *linked])
                self._books[slug] = book
            except StateDamagedError as error:
                self._shut(slug, error)
        return self._books[slug]

    def _missing(self, slug: str, book: Book) -> list[str]:
        """Name the parts of which a document is missing, the newest first: they are asked for first."""
        there = _names_in(self._public / slug)
        names = book.names[::-1]
        return [name for name in names if not there.issuperset(f"{name}.{ending}" for ending in _ENDINGS)]

    def _outdated(self, book: Book) -> tuple[str, ...]:
        """Name the parts that were written by other settings than ours; those that are sealed have their own."""
        if self._earlier.base_url != self._base_url:
            return book.names[::-1]
        return book.growing[::-1] if self._earlier.settings != self._settings else ()

    def _all_lost(self) -> Iterator[tuple[str, str]]:
        return ((slug, name) for slug, names in self._lost.items() for name in names)

    def _documents(self, slug: str, name: str, press: "Press") -> tuple[Document, ...]:
        return press.archive(self._topics[slug], self._book(slug).part(name, self._cover(slug)))

    def _cover(self, slug: str) -> Cover:
        topic, site = self._topics[slug], self._site
        return Cover(title=topic.title, languages=topic.languages, site_title=site.title, site_language=site.language)


def earlier_of(stamp: Mapping[str, Any]) -> Earlier:
    """Read what `Archive.stamp` gave, and what stands beside it in the stamp of the edition.

    Raises:
        KeyError: It is an older version's.
    """
    archive = stamp["archive"]
    return Earlier(settings=stamp["settings"], **archive)


def documents_of(slug: str, names: Iterable[str]) -> Iterator[str]:
    """Give the paths of these parts' documents."""
    return (f"{slug}/{name}.{ending}" for name in names for ending in _ENDINGS)


def _names_in(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def _write(public: Path, documents: Sequence[Document]) -> tuple[str, ...]:
    from aggregator.publish.files import write_documents

    return write_documents(public, documents)
