"""Topic → Documents: every story is written once, however many topics, formats and passes it goes through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from markupsafe import Markup

from aggregator.document import Document
from aggregator.incident import Incident
from aggregator.publish import jsonfeed, opml, syndication
from aggregator.publish.bulletins import STATUS, Bulletin, bulletin_of
from aggregator.publish.changes import SETTLED, changes_of, max_age
from aggregator.publish.head import head_of
from aggregator.publish.icon import ICON_PATH, LARGE_ICON_PATH, PNG_TYPE, icon
from aggregator.publish.item import Item, item_of
from aggregator.publish.page import MISSING_PATH, PAGE_TYPE, STYLE_TYPE, Pages, story_path
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

    def feeds(
        self, topic: Topic, stories: Sequence[Story], dissolved: Sequence[Dissolved] = ()
    ) -> tuple[Document, ...]:
        """Give the topic as RSS, Atom and JSON Feed, in this order: "TOPIC.rss", "TOPIC.atom", "TOPIC.json".

        Args:
            topic: Any, also one that the front page does not list.
            stories: Ordered, capped and limited.
            dissolved: Stories of any topic that are part of others now, the first first.
        """
        written = [self._write(story) for story in stories]
        changed_at = max((each.item.updated_at for each in written), default=None)
        head = head_of(topic, self._site, self._base_url, changed_at)
        rss = syndication.rss_feed(head, (each.rss for each in written))
        gone = _gone(topic, stories, dissolved)
        atom = syndication.atom_feed(head, (each.atom for each in written), gone)
        json = jsonfeed.json_feed(head, (each.json for each in written))
        changes = changes_of(stories, gone)
        return (
            _dated(f"{topic.slug}.rss", syndication.RSS_TYPE, rss, changes),
            _dated(f"{topic.slug}.atom", syndication.ATOM_TYPE, atom, changes),
            _dated(f"{topic.slug}.json", jsonfeed.JSON_TYPE, json, changes),
        )

    def pages(self, topic: Topic, stories: Sequence[Story], wholes: Iterable[Story]) -> tuple[Document, ...]:
        """Give the pages of stories, "story/UUID/index.html", and the one of the topic that links to them.

        Args:
            topic: Whose page is "TOPIC/index.html".
            stories: As for `feeds`.
            wholes: Those of several headlines, each with all that it has, whatever their topics.
        """
        told = [self._story_page(story) for story in wholes]
        body = self._pages.topic_page(topic, [self._line(story, self._pages.line) for story in stories])
        return (*told, _dated(f"{topic.slug}/index.html", PAGE_TYPE, body, changes_of(stories)))

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
            kept = story, _dated(story_path(item), PAGE_TYPE, body, changes_of([story]))
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
        head = replace(head, home_url=f"{self._base_url}/")  # it has no page among the documents
        body = syndication.atom_feed(head, self._bulletins.values())
        changes = tuple(sorted({incident.at for incident in incidents}))
        return (_dated(f"{STATUS.slug}.atom", syndication.ATOM_TYPE, body, changes),)

    def status_page(self, status: Status) -> bytes:
        """Write what "/status" answers; it is no document, for it is another one every second."""
        return self._pages.status_page(status)

    def _write(self, story: Story) -> _Written:
        written = self._written.pop(story, None)
        if written is None:
            item = item_of(story, self._names)
            ours = words(item.language, self._site.language)
            rss, atom = syndication.rss_item(item, ours), syndication.atom_entry(item, ours)
            written = _Written(item=item, rss=rss, atom=atom, json=jsonfeed.json_item(item, ours))
        self._written[story] = written  # now the last of the dict: the first is the one unused for longest
        if len(self._written) > self._room:
            del self._written[next(iter(self._written))]
        return written


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
