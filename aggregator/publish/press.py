"""Topic → Documents: every story is written once, however many topics, formats and passes it goes through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Final

from markupsafe import Markup

from aggregator.document import Document, story_path
from aggregator.incident import Incident
from aggregator.month import Month
from aggregator.part import PART_ITEMS, Part
from aggregator.publish import jsonfeed, opml, syndication
from aggregator.publish.bulletins import STATUS, Bulletin, bulletin_of
from aggregator.publish.changes import SETTLED, changes_of, max_age
from aggregator.publish.forms import outline_of
from aggregator.publish.head import Head, head_of
from aggregator.publish.icon import ICON_PATH, LARGE_ICON_PATH, PNG_TYPE, icon
from aggregator.publish.item import Item, item_of
from aggregator.publish.kept import item_json, to_item
from aggregator.publish.page import MISSING_PATH, PAGE_TYPE, STYLE_TYPE, Pages
from aggregator.publish.script import SCRIPT_PATH, SCRIPT_TYPE, script
from aggregator.publish.words import words
from aggregator.report import Status
from aggregator.site import Site
from aggregator.source import Source
from aggregator.story import Dissolved, Story
from aggregator.topic import Topic

_MOST_LATEST: Final = 20  # lines of UPDATE on the front page; the topic's own page has them all
_MOST_RANKED: Final = 10
_MOST_DISSOLVED: Final = 100  # in one feed: of more, a reader that was away for long is not told
_TYPES: Final = {"rss": syndication.RSS_TYPE, "atom": syndication.ATOM_TYPE, "json": jsonfeed.JSON_TYPE}
_GROWING: Final = timedelta(minutes=1)  # for which an archive that may still change is fresh
_FOREVER: Final = timedelta(days=365)  # the most that RFC 9111 §1.2.2 lets a cache take at its word


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """One story in every format.

    Attributes:
        item: What it says.
        rss: Its `<item>`.
        atom: Its `<entry>`.
        json: Its object.
        lines: Its lines in pages, as far as a page with one of that kind was written.
    """

    item: Item
    rss: bytes
    atom: bytes
    json: bytes
    lines: dict[str, Markup] = field(default_factory=dict)


class Press:
    """Renders topics, and keeps what it wrote: a topic of 50 items of which one is new costs the writing of one.

    The same stories give the same bytes, whatever was rendered before: what is kept only saves work.
    Not to be shared between threads (see syndication.py).

    Args:
        site: Who publishes.
        base_url: The site's address without a trailing slash; every link to ourselves begins with it.
        topics: In the order in which the front page lists them.
        names: Source id → name.
        sources: What we read, in the order of feeds.yaml.
    """

    def __init__(
        self,
        site: Site,
        base_url: str,
        topics: Sequence[Topic],
        names: Mapping[str, str],
        sources: Sequence[Source] = (),
    ) -> None:
        self._site = site
        self._base_url = base_url
        self._topics = tuple(topics)
        self._names = dict(names)
        self._sources = tuple(sources)
        # Twice what all the feeds can hold: whatever is still in one of them was used more recently than the rest.
        self._room = 2 * sum(topic.limit for topic in self._topics)
        self._written: dict[Story, _Written] = {}
        self._bulletins: dict[Bulletin, bytes] = {}
        self._told: dict[str, tuple[Story, Document]] = {}  # by the story's id: its page, and of what it tells
        self._pages = Pages(site, base_url, topics)
        # The same, and what the last part of each archive holds besides: by language and hash of the JSON.
        self._printed: dict[tuple[str, bytes], _Written] = {}

    def feeds(
        self,
        topic: Topic,
        stories: Sequence[Story],
        dissolved: Sequence[Dissolved] = (),
        *,
        newest_archive: str | None = None,
    ) -> tuple[Document, ...]:
        """Give the topic as RSS, Atom and JSON Feed, in this order: "TOPIC.rss", "TOPIC.atom", "TOPIC.json".

        Args:
            topic: Any, also one that the front page does not list.
            stories: Ordered, capped and limited.
            dissolved: Stories of any topic that are part of others now, the first first.
            newest_archive: The name of the last part of its archive. None: it has none.
        """
        written = [self._write(story) for story in stories]
        head = head_of(topic, self._site, self._base_url, _changed_at(written))
        head = replace(head, prev_archive_url=_beside(head, newest_archive))
        gone = _gone(topic, stories, dissolved)
        changes = changes_of(stories, gone)
        return tuple(
            _dated(f"{topic.slug}.{ending}", _TYPES[ending], body, changes)
            for ending, body in _in_every_format(head, written, gone)
        )

    def archive(self, topic: Topic, part: Part) -> tuple[Document, ...]:
        """Give one part of a topic's archive in the same formats: "TOPIC/NAME.rss", …; what was told last is first.

        That is, what is of the latest date; and among equals, what was first told last.
        """
        cover = part.cover
        site = replace(self._site, title=cover.site_title, language=cover.site_language)
        written = [self._print(item, site.language) for item in reversed(part.items)]
        written.sort(key=lambda each: each.item.published_at, reverse=True)
        named = replace(topic, title=cover.title, languages=cover.languages)
        head = head_of(named, site, self._base_url, _changed_at(written))
        head = replace(
            head,
            url=f"{head.url}/{part.name}",
            stylesheet=f"../{head.stylesheet}",
            prev_archive_url=_beside(head, part.prev),
            next_archive_url=_beside(head, part.next),
            current_url=head.url,
            is_archive=True,
        )
        return tuple(
            archived(f"{topic.slug}/{part.name}.{ending}", body, closed_at=part.closed_at)
            for ending, body in _in_every_format(head, written, ())
        )

    def pages(
        self, topic: Topic, stories: Sequence[Story], wholes: Iterable[Story], months: Mapping[Month, int] | None = None
    ) -> tuple[Document, ...]:
        """Give the pages of stories, "story/UUID/index.html", and the one of the topic that links to them.

        Args:
            topic: Whose page is "TOPIC/index.html".
            stories: As for `feeds`.
            wholes: Those of several headlines, each with all that it has, whatever their topics.
            months: Those of the topic's archive, the first one first, with their numbers of parts. None: it has none.
        """
        told = [self._story_page(story) for story in wholes]
        body = self._pages.topic_page(topic, [self._line(story, self._pages.line) for story in stories], months or {})
        return (*told, _dated(f"{topic.slug}/index.html", PAGE_TYPE, body, changes_of(stories)))

    def moved(self, story: str, where: str) -> Document:
        """Give what stands in the place of a story's page: to `where`, below the site's root, its readers are sent."""
        body = self._pages.moved_page(where)
        return replace(_settled(story_path(story), PAGE_TYPE, body), location=f"../../{where}")

    def front(self, update: Sequence[Story], popular: Sequence[Story]) -> tuple[Document, ...]:
        """Give what belongs to no topic: "index.html" with what it needs, and the lists of what we publish and read.

        Args:
            update: Newest first.
            popular: Hottest first.
        """
        return (*self._fixed, self.front_page(update, popular))

    @cached_property
    def _fixed(self) -> tuple[Document, ...]:
        """What changes with feeds.yaml or our version only."""
        feeds = opml.feeds_opml(self._site, self._base_url, self._topics)
        sources = opml.sources_opml(self._site, self._base_url, self._sources, self._topics)  # without our secrets
        return (
            _settled("style.css", STYLE_TYPE, self._pages.stylesheet()),
            _settled("feed.css", STYLE_TYPE, self._pages.feed_stylesheet()),
            _settled(MISSING_PATH, PAGE_TYPE, self._pages.missing_page()),
            _settled(ICON_PATH, PNG_TYPE, icon(9)),
            _settled(LARGE_ICON_PATH, PNG_TYPE, icon(32)),
            _settled(SCRIPT_PATH, SCRIPT_TYPE, script()),
            _settled(opml.FEEDS_PATH, opml.OPML_TYPE, feeds),
            _settled(opml.SOURCES_PATH, opml.OPML_TYPE, sources),
        )

    def front_page(self, update: Sequence[Story], popular: Sequence[Story]) -> Document:
        """Give "index.html": the two lists of a news page and the topics to subscribe to."""
        latest, ranked = update[:_MOST_LATEST], popular[:_MOST_RANKED]
        lists = ([self._line(story, self._pages.brief) for story in stories] for stories in (latest, ranked))
        return _dated("index.html", PAGE_TYPE, self._pages.front_page(*lists), changes_of([*latest, *ranked]))

    def _line(self, story: Story, write: Callable[[Item], Markup]) -> Markup:
        written = self._write(story)
        kept = written.lines.get(write.__name__)
        if kept is None:
            kept = written.lines[write.__name__] = write(written.item)
        return kept

    def _story_page(self, story: Story) -> Document:
        kept = self._told.pop(story.id, None)
        if kept is None or kept[0].headlines != story.headlines or kept[0].lead.id != story.lead.id:
            item = item_of(story, self._names)
            slugs = {slug for headline in story.headlines for slug in headline.topics}
            body = self._pages.story_page(item, slugs)
            kept = story, _dated(story_path(story.id), PAGE_TYPE, body, changes_of([story]))
        self._told[story.id] = kept
        if len(self._told) > self._room // 2:
            del self._told[next(iter(self._told))]
        return kept[1]

    def status(self, incidents: Sequence[Incident]) -> tuple[Document, ...]:
        """Give "status.atom": what happened to the sources, for the operator; the latest first."""
        bulletins = [bulletin_of(incident, self._site, self._base_url) for incident in incidents]
        self._bulletins = {each: self._bulletins.get(each) or syndication.status_entry(each) for each in bulletins}
        changed_at = max((each.updated_at for each in bulletins), default=None)
        head = head_of(STATUS, self._site, self._base_url, changed_at)
        # It has no page among the documents, and nobody subscribes to it by way of a hub.
        head = replace(head, home_url=f"{self._base_url}/", hub_url=None)
        body = syndication.atom_feed(head, self._bulletins.values())
        changes = tuple(sorted({incident.at for incident in incidents}))
        return (_dated(f"{STATUS.slug}.atom", syndication.ATOM_TYPE, body, changes),)

    def status_page(self, status: Status) -> bytes:
        """Write what "/status" answers; it is no document, for it is another one every second."""
        return self._pages.status_page(status)

    def _write(self, story: Story) -> _Written:
        written = self._written.pop(story, None)
        if written is None:
            written = self._print(item_json(item_of(story, self._names)), self._site.language)
        self._written[story] = written  # now the last of the dict: the first is the one unused for longest
        if len(self._written) > self._room:
            del self._written[next(iter(self._written))]
        return written

    def _print(self, kept: bytes, language: str) -> _Written:
        """Write an item from its JSON, in a site of this language: fresh or from an archive, it comes out the same."""
        key = (language, blake2b(kept, digest_size=16).digest())
        written = self._printed.pop(key, None)
        if written is None:
            item = to_item(kept)
            ours = words(item.language, language)
            outline = outline_of(item, ours)
            rss, atom = syndication.rss_item(outline), syndication.atom_entry(outline)
            written = _Written(item=item, rss=rss, atom=atom, json=jsonfeed.json_item(item, ours))
        self._printed[key] = written
        if len(self._printed) > self._room + PART_ITEMS * len(self._topics):
            del self._printed[next(iter(self._printed))]
        return written


def archived(path: str, body: bytes, *, closed_at: datetime | None) -> Document:
    """Make a document of an archive: one that is closed will never change."""
    return Document(
        path=path,
        content_type=_TYPES[path.rpartition(".")[2]],
        body=body,
        modified_at=closed_at,
        max_age=_GROWING if closed_at is None else _FOREVER,
        immutable=closed_at is not None,
    )


def _in_every_format(
    head: Head, written: Sequence[_Written], gone: Iterable[Dissolved]
) -> tuple[tuple[str, bytes], ...]:
    """Give (ending, body) of each."""
    return (
        ("rss", syndication.rss_feed(head, (each.rss for each in written))),
        ("atom", syndication.atom_feed(head, (each.atom for each in written), gone)),
        ("json", jsonfeed.json_feed(head, (each.json for each in written))),
    )


def _changed_at(written: Iterable[_Written]) -> datetime | None:
    return max((each.item.updated_at for each in written), default=None)


def _beside(head: Head, name: str | None) -> str | None:
    return None if name is None else f"{head.url}/{name}"


def _dated(path: str, content_type: str, body: bytes, changes: Sequence[datetime]) -> Document:
    newest = changes[-1].replace(microsecond=0) if changes else None
    return Document(path=path, content_type=content_type, body=body, modified_at=newest, max_age=max_age(changes))


def _settled(path: str, content_type: str, body: bytes) -> Document:
    return Document(path=path, content_type=content_type, body=body, modified_at=None, max_age=SETTLED)


def _gone(topic: Topic, stories: Sequence[Story], dissolved: Sequence[Dissolved]) -> list[Dissolved]:
    """Choose those that had an item here, and have none; in a topic of one item per headline no item ever goes."""
    if topic.one_per == "headline":
        return []
    shown = {story.id for story in stories}
    return [each for each in dissolved if topic.slug in each.topics and each.story not in shown][-_MOST_DISSOLVED:]
