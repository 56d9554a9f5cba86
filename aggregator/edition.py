"""Topics → documents: renders what news touched, and nothing else."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from aggregator.archive import Archive, Earlier, earlier_of
from aggregator.desk import Desk, Trace, unhurried
from aggregator.document import Document, story_path
from aggregator.incident import Incident
from aggregator.month import Month
from aggregator.moved import Moved
from aggregator.report import Status
from aggregator.site import Site
from aggregator.source import Source
from aggregator.stamp import settings_of, spoil_stamp, write_stamp
from aggregator.store.whole import whole
from aggregator.story import Dissolved, Story
from aggregator.topic import POPULAR, UPDATE, Topic

if TYPE_CHECKING:
    from aggregator.publish.press import Press

_Told: TypeAlias = tuple[Topic, tuple[Story, ...], tuple[Story, ...]]
"""A topic, what its feed holds, and of that, whole, what has a page of its own."""

_STAMP: Final = "edition"
_SITE: Final = ""  # what owns the documents that belong to no topic
_STATUS: Final = "status"  # what owns the operator's feed: no topic may be called that
_MOVED: Final = "story"  # likewise: what owns the pages that only send readers on
_LOOKED_AT: Final = 100  # items at once, a thread and the loop in turns
FILED_BESIDE: Final = 300
"""Items that no feed shows, filed with one publishing: a fifth of a second of work, for other news waits."""

FILED_AT_ONCE: Final = 2_000
"""The same, where nobody waits."""


class Edition:
    """What is published now, in memory and in state/public/.

    What writes feeds is imported with the first news: a run without any does not pay for it.
    """

    def __init__(
        self,
        directory: Path,
        shelf: MutableMapping[str, Document],
        desk: Desk,
        *,
        site: Site,
        base_url: str,
        topics: Sequence[Topic],
        sources: Sequence[Source],
        oldest: Month | None = None,
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
            oldest: The first month of which archives are kept. None: there are no archives.
        """
        self._shelf, self._desk = shelf, desk
        self._public, self._stamp = directory / "public", directory / _STAMP
        self._topics = {topic.slug: topic for topic in topics}
        self._names = {source.id: source.name for source in sources}
        self._sources = tuple(sources)
        self._site, self._base_url = site, base_url
        self._press: Press | None = None
        self._settings = settings_of(site, base_url, topics, sources, has_archives=oldest is not None)
        self._filed, earlier, self._moved = _read_stamp(self._stamp)
        self.archive = Archive(
            directory,
            site=site,
            base_url=base_url,
            topics=self._topics,
            names=self._names,
            oldest=oldest,
            settings=self._settings,
            earlier=earlier,
        )
        self._unfiled: dict[str, dict[str, None]] = {}  # names of the items that changed, by slug
        self._unwritten: list[Document] = []  # of archives: on the shelf until they are on the disk
        # Of all that is published: the site's own under "", a topic's under its slug.
        self._paths = {_MOVED: self._moved.paths}
        self._is_swept = False  # nothing of an earlier run is left that is not ours
        self._touched: set[str] = set()
        self._news = 0  # the store's count, as of what is published
        self._told: int | None = None  # likewise, as of what the operator is told. None: that has to be told again
        self._incidents: Sequence[Incident] | None = None  # not published yet. None: they are
        self._to_close_at: datetime | None = None  # when months were to be closed last
        self._whole_at: datetime | None = None  # when that was, of what is now in the archives as a whole

    @property
    def is_pending(self) -> bool:
        """Say whether something is not published yet, or something that was published is missing."""
        return self.is_touched or self._incidents is not None or not self.archive.is_whole

    @property
    def is_touched(self) -> bool:
        """Say whether something that was touched is not published yet: it takes the desk to tell it."""
        return bool(self._touched) or bool(self._unfiled)

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
            stamp = orjson.loads(whole(self._stamp) or b"")
            paths, told = stamp["paths"], stamp["told"]
            is_ours = (stamp["settings"], stamp["news"]) == (self._settings, news)
            are_there = ((self._public / path).is_file() for path in chain(*paths.values()))
            if not (is_ours and all(are_there) and self.archive.is_there(stamp["archive"])):
                return False
        except (ValueError, KeyError, TypeError):  # there is none, or it is an older version's
            return False
        self._paths, self._news, self._told = paths, news, told
        self._is_swept = True
        return True

    async def publish(self, news: int, *, beside: int = FILED_BESIDE) -> tuple[str, ...]:
        """Render what was touched, what the operator is to be told, and some of what is missing of the archives.

        Args:
            news: The store's count of commits that brought news, as of what the desk shows. Of no account where nothing
                was touched.
            beside: How many items that no feed shows may be filed in the archives this time.

        Returns:
            The paths of the documents whose bytes changed.

        Raises:
            StateError: The files could not be written; readers of `shelf` have the new ones, and the next call tries
                again. Where the archive could not be written down, they have the old ones.
        """
        slugs, self._touched = self._touched, set()
        incidents, self._incidents, to_close_at = self._incidents, None, self._to_close_at
        try:
            changed = await self._publish(slugs, incidents, news, beside)
            self._whole_at = self._whole_at if self._unfiled else to_close_at
            if not self.archive.is_whole:
                changed += await asyncio.to_thread(self.archive.mend, self._at_hand())
            if not self.is_pending:
                await asyncio.to_thread(self._finish)
        except BaseException:
            self._touched |= slugs
            self._told = None
            self._is_swept = False  # what is gone may still lie there, and what lies there is not sure to stay
            raise
        return changed

    async def close_months(self, *, oldest: Month | None, now: datetime) -> None:
        """Seal the months of the archives that are over; remove those before `oldest`.

        What waits to be published may belong to them. Then those are sealed that were over at an earlier call, if all
        that waited then was published since: there may never be a moment in which nothing waits.

        Raises:
            StateError: state/ cannot be written. The next call tries again.
        """
        self._to_close_at, self._whole_at = now, self._whole_at if self.is_pending else now
        is_written = self.archive.is_written and not (self._unfiled or self._unwritten or self._filed is None)
        if not is_written or self._whole_at is None:
            return
        gone = await asyncio.to_thread(self._close_months, oldest, min(self._whole_at, now))  # `now` may be set back
        if gone:  # pages link to them
            self.touch_all()

    def _close_months(self, oldest: Month | None, now: datetime) -> list[str]:
        from aggregator.publish.files import remove_documents

        self.archive.seal(now=now)
        gone = self.archive.over(oldest)
        for path in self._moved.forget(set(gone)):
            self._shelf.pop(path, None)
            gone.append(path)
        self._paths[_MOVED] = self._moved.paths
        remove_documents(self._public, gone)  # first: a run that ends here is followed by one that finds them missing
        self.archive.prune(oldest)
        return gone

    async def _publish(
        self, touched: Collection[str], incidents: Sequence[Incident] | None, news: int, beside: int
    ) -> tuple[str, ...]:
        if touched:
            self._note_changes()
        slugs = {*touched, *self._unfiled}
        self._news = news if slugs else self._news
        while (feeds := await self._tell(slugs)) is None:
            await self._desk.load()
        board = self._desk.board
        dissolved = self._desk.dissolved() if slugs else ()
        lists = (self._desk.stories(self._topics[UPDATE]), self._desk.stories(self._topics[POPULAR]))
        await self._file({topic.slug: stories for topic, stories, _ in feeds}, news, beside)
        if self._desk.board is not board:  # it is being read anew: what was not found may be there again
            self._filed = None
            self._touched |= slugs
        if not self._is_swept:
            await asyncio.to_thread(spoil_stamp, self._stamp, settings=self._settings, base_url=self._base_url)
        archived = await asyncio.to_thread(self._archive, slugs) if slugs else ()
        documents = await asyncio.to_thread(self._render, feeds, dissolved, lists, incidents)
        gone = self._put_on_shelf(documents)
        moved = await asyncio.to_thread(self._send_on, gone, {each.story: each.into for each in dissolved})
        once = {document.path: document for document in chain(*documents.values())}  # topics share stories' pages
        return archived + await asyncio.to_thread(self._write, [*self._unwritten, *once.values(), *moved], gone)

    async def _tell(self, slugs: Collection[str]) -> list[_Told] | None:
        """Give what these topics' feeds hold, and which of it has pages; None: the desk was read anew meanwhile."""
        board, feeds = self._desk.board, list[_Told]()
        async for topic in unhurried(topic for slug, topic in self._topics.items() if slug in slugs):
            stories = self._desk.stories(topic)
            feeds.append((topic, stories, self._wholes(stories)))
        return feeds if self._desk.board is board else None

    def _note_changes(self) -> None:
        """Note which items changed since the archives were written; all that there are, where nobody knows."""
        read_at, changes = self._desk.take_changes()
        for slug in self._topics if self.archive.is_kept else ():
            names = list(changes.get(slug, ()))
            if read_at is not None and (read_at != self._filed or self.archive.unfiled(slug)):
                names = self._desk.board.names(slug)
            if names:
                self._unfiled.setdefault(slug, {}).update(dict.fromkeys(names))

    async def _file(self, shown: Mapping[str, Sequence[Story]], news: int, beside: int) -> None:
        """Write down in the archives what changed: all that feeds show, and of what they have no room for, some."""
        room = beside // max(1, len(self._unfiled))  # each its share: what several tell alike is put into words once
        for slug, names in list(self._unfiled.items()):
            first = {story.id: None for story in shown[slug] if story.id in names}
            left, wanted = await self._look([*(first | names)], slug, len(first), room)
            told = [(each, self._desk.story(self._topics[slug], each.name)) async for each in unhurried(wanted)]
            filed = [(trace, story) for trace, story in told if story is not None]
            await asyncio.to_thread(self.archive.file, self._topics[slug], filed)
            self._unfiled[slug] = dict.fromkeys(left)
            if not self._unfiled[slug]:
                del self._unfiled[slug]
        if shown and not self._unfiled:
            self._filed = news

    async def _look(self, names: list[str], slug: str, first: int, room: int) -> tuple[list[str], list[Trace]]:
        """Find what there is to write down of the first names, and some more; give the names not looked at, too."""
        wanted: list[Trace] = []
        at = 0
        while at < first or (at < len(names) and len(wanted) < first + room):
            some = names[at : at + (first if at < first else _LOOKED_AT)]
            traces = [self._desk.trace(self._topics[slug], name) for name in some]
            wanted += await asyncio.to_thread(self.archive.wanted, self._topics[slug], list(filter(None, traces)))
            at += len(some)
        return names[at:], wanted

    def _archive(self, slugs: Iterable[str]) -> tuple[str, ...]:
        """Write the parts of the archives that changed; what cannot be written is handed out all the same."""
        before = self._unwritten
        changed, self._unwritten = self.archive.write(slugs, self._at_hand())
        for document in before:
            self._shelf.pop(document.path, None)
        for document in self._unwritten:
            self._shelf[document.path] = document
        return tuple(changed)

    def _wholes(self, stories: Iterable[Story]) -> tuple[Story, ...]:
        """Give those that have a page of their own."""
        return tuple(self._desk.whole(story) for story in stories if len(story.headlines) > 1)

    def _render(
        self,
        feeds: Sequence[_Told],
        dissolved: Sequence[Dissolved],
        lists: tuple[tuple[Story, ...], tuple[Story, ...]],
        incidents: Sequence[Incident] | None,
    ) -> dict[str, tuple[Document, ...]]:
        """Give the site's own documents, and those of each topic: whatever of theirs is not among them is gone.

        Of the site, and of the operator's feed, nothing where nothing is new there.
        """
        press, newest = self._at_hand(), self.archive.newest
        documents = {
            topic.slug: (
                *press.feeds(topic, stories, dissolved, newest_archive=newest(topic.slug)),
                *press.pages(topic, stories, wholes, self.archive.months(topic.slug)),
            )
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
        for owner in self._paths.keys() - self._topics.keys() - {_SITE, _STATUS, _MOVED}:
            del self._paths[owner]  # a topic that feeds.yaml has no longer
        self._paths |= {owner: [document.path for document in owned] for owner, owned in documents.items()}
        # One that is the same stays the one it is: its codings have been made.
        self._shelf.update((it.path, it) for it in chain(*documents.values()) if self._shelf.get(it.path) != it)
        gone = before.difference(*self._paths.values(), (document.path for document in self._unwritten))
        for path in gone & self._shelf.keys():
            del self._shelf[path]
        return gone

    def _send_on(self, gone: set[str], dissolved: Mapping[str, str]) -> list[Document]:
        """Have whoever comes to a story's page that is gone sent to where it is told now; give what is new for that.

        Args:
            gone: Paths. Those that send readers on are taken out, those that do so no longer come in.
            dissolved: Story → the one that it became part of.
        """
        published = {path for owner, paths in self._paths.items() if owner != _MOVED for path in paths}
        for path in self._moved.follow(gone, published, lambda id_: self._where_now(id_, dissolved, published)):
            self._shelf.pop(path, None)
            gone.add(path)
        self._paths[_MOVED] = self._moved.paths
        gone.difference_update(self._moved.paths)
        known: Collection[str] = self._shelf if self._is_swept else ()  # else it may be outdated, or not on the disk
        missing = [(id_, at) for id_, at in self._moved.plain.items() if story_path(id_) not in known]
        new = [self._at_hand().moved(id_, at) for id_, at in missing]
        for document in new:
            self._shelf[document.path] = document
        return new

    def _where_now(self, id_: str, dissolved: Mapping[str, str], published: Collection[str]) -> str | None:
        from aggregator.publish.item import story_urn

        while id_ in dissolved:
            id_ = dissolved[id_]
        return f"story/{id_}/" if story_path(id_) in published else self.archive.where(story_urn(id_))

    def _write(self, documents: Sequence[Document], gone: set[str]) -> tuple[str, ...]:
        from aggregator.publish.files import remove_documents, write_documents

        changed = write_documents(self._public, documents)
        remove_documents(self._public, gone)
        return changed

    def _finish(self) -> None:
        """Leave nothing in state/public/ that is not ours, and note that all of it is there."""
        from aggregator.publish.files import remove_documents, stale_files

        if not self._is_swept:
            keep = {*chain(*self._paths.values()), *self.archive.paths()}
            remove_documents(self._public, stale_files(self._public, keep))
        self._is_swept = True
        self._put_stamp()

    def _put_stamp(self) -> None:
        """Note what stands in state/public/ now, so that the next run need not look."""
        shown = {"settings": self._settings, "news": self._news, "told": self._told, "paths": self._paths}
        write_stamp(self._stamp, {**shown, "moved": self._moved.plain, "archive": self.archive.stamp()})


def _read_stamp(path: Path) -> tuple[int | None, Earlier, Moved]:
    """Give up to which news the last run had filed everything, what it had written then, and where it sent readers on.

    None: nobody knows.
    """
    try:
        stamp = orjson.loads(whole(path) or b"")
        return int(stamp["news"]), earlier_of(stamp), Moved(stamp["moved"])
    except (ValueError, KeyError, TypeError):
        return None, Earlier(), Moved({})
