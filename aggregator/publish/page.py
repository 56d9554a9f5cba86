"""Item → pages: the front page, one for each topic, one for each story of several headlines, one for what is missing.

The one home of jinja2. All text is escaped where it enters a template; none of it comes as markup but what a template
wrote before: the lines of a list, each written once for all the pages that show it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property, partial
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aggregator.month import Month
from aggregator.publish.bulletins import harmless, site_of
from aggregator.publish.item import Item
from aggregator.publish.outgoing import UNTITLED, language_tag, one_line, rfc3339
from aggregator.publish.printed import is_right_to_left, printed_date, printed_month
from aggregator.publish.words import words
from aggregator.report import SourceStatus, State, Status
from aggregator.site import Site
from aggregator.topic import POPULAR, UPDATE, Topic

PAGE_TYPE: Final = "text/html; charset=utf-8"
STYLE_TYPE: Final = "text/css; charset=utf-8"
MISSING_PATH: Final = "404.html"
"""What static hosts send where there is nothing."""

_WORST_FIRST: Final[tuple[State, ...]] = ("failing", "parked", "new", "ok")
_MOST_SOURCES: Final = 1_000  # on the status page
_MOST_PARTS: Final = 30  # of a month's archive, the last: a browser cannot go from one to the next
_MOST_NAMED: Final = 6  # outlets in one line; how many there are stands beside them


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feed:
    """A format that topics are published in."""

    name: str
    ending: str
    type: str


_FEEDS: Final = (
    _Feed(name="RSS", ending="rss", type="application/rss+xml"),
    _Feed(name="Atom", ending="atom", type="application/atom+xml"),
    _Feed(name="JSON Feed", ending="json", type="application/feed+json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A source on the status page; `link` and `error` without secrets."""

    status: SourceStatus
    link: str | None
    error: str | None


class Pages:
    """Writes the pages of one site. Links to ourselves are relative: they hold below whatever address it goes by.

    Args:
        site: Its zone is the one dates are shown in, its language the one of weekdays and months.
        base_url: The site's address without a trailing slash, for whoever copies a feed's address.
        topics: In the order they are listed.
    """

    def __init__(self, site: Site, base_url: str, topics: Sequence[Topic]) -> None:
        self._base_url = base_url
        self._canonical = site.url
        self._title = one_line(site.title) or UNTITLED
        self._topics = {topic.slug: _shown(topic) for topic in topics}
        self._links: dict[str, dict[str, Markup]] = {}  # to the topics, from wherever a page lies
        self._words = words(site.language)
        self._common = {
            "base_url": base_url,
            "feeds": _FEEDS,
            "is_right_to_left": is_right_to_left(site.language),
            "language": language_tag(site.language) or "und",
            "printed": partial(printed_date, site=site),
            "printed_month": partial(printed_month, site=site),
            "site": self._title,
            "told_by": self._told_by,
            "topics": self._topics.values(),
            "words": self._words,
        }

    def brief(self, item: Item) -> Markup:
        """Write an item's line on the front page."""
        return self._line(item, root="", is_brief=True)

    def line(self, item: Item) -> Markup:
        """Write an item's line on the page of a topic."""
        return self._line(item, root="../", is_brief=False)

    def front_page(self, update: Sequence[Markup], popular: Sequence[Markup]) -> bytes:
        """Write "index.html".

        Args:
            update: Lines, newest first.
            popular: Lines, hottest first.
        """
        return self._page(
            "front.html",
            "",
            title=self._title,
            alternates=self._alternates,
            update=self._topics[UPDATE],
            latest=_joined(update),
            popular=self._topics[POPULAR],
            ranked=_joined(popular),
            subscribe=self._subscribe,
        )

    def topic_page(self, topic: Topic, lines: Sequence[Markup], months: Mapping[Month, int]) -> bytes:
        """Write "TOPIC/index.html".

        Args:
            topic: Any.
            lines: In the topic's order.
            months: Those of its archive, the first one first, with the number of their parts.
        """
        shown = self._topics.get(topic.slug) or _shown(topic)
        return self._page(
            "topic.html",
            f"{topic.slug}/",
            title=f"{shown.title} – {self._title}",
            description=f"{self._title}: {shown.title}",
            here=shown.slug,
            topic=shown,
            lines=_joined(lines),
            months=list(months.items())[::-1],
            most_parts=_MOST_PARTS,
        )

    def story_page(self, item: Item, slugs: Collection[str]) -> bytes:
        """Write "story/UUID/index.html". Of the item's instants only those of its headlines are told.

        Args:
            item: Of all the headlines of the story.
            slugs: The topics it is in. Those that take everything, and those that are not listed, are left out.
        """
        return self._page(
            "story.html",
            _folder(item),
            title=f"{item.title} – {self._title}",
            description=item.summary or item.title,
            item=item,
            since=min(telling.published_at for telling in item.tellings),
            filed=[each for each in self._topics.values() if each.slug in slugs and not each.everything],
        )

    def moved_page(self, where: str) -> bytes:
        """Write what stands in the place of a story's page that is gone: whom a static host serves is sent on by it.

        Args:
            where: Below the site's root: "update/2026-10.atom", "story/UUID/".
        """
        canonical = f"{self._canonical}/{where}" if self._canonical else None
        return _render("moved.html", self._common, location=f"../../{where}", canonical=canonical).encode()

    def missing_page(self) -> bytes:
        """Write what is sent where there is nothing, under whatever path: only links from the root hold there."""
        root = urlsplit(self._base_url).path + "/"
        return self._page("404.html", MISSING_PATH, root=root, title=f"{self._words.missing} – {self._title}")

    def status_page(self, status: Status) -> bytes:
        """Write what "/status" answers at this moment: in English, as it is for operators, and without secrets."""
        shown = sorted(status.sources, key=lambda source: _WORST_FIRST.index(source.state))[:_MOST_SOURCES]
        return self._page(
            "status.html",
            "status.html",
            canonical=None,
            root="./",  # it lies beside the front page, and is not that
            title=f"Status – {self._title}",
            status=status,
            sources=[_Row(status=it, link=site_of(it.url), error=it.error and harmless(it.error)) for it in shown],
            printed=partial(_briefly, zone=ZoneInfo(status.zone)),  # many, and the other way takes 20 times as long
        )

    def stylesheet(self) -> bytes:
        """Write "style.css": a document of its own, because the pages' policy forbids styles inside them."""
        return _render("style.css", {}).encode()

    def feed_stylesheet(self) -> bytes:
        """Write "feed.css", by which a browser shows a feed."""
        return _render("feed.css", self._common).encode()

    @cached_property
    def _alternates(self) -> Markup:
        return _render("alternates.html", self._common)

    @cached_property
    def _subscribe(self) -> Markup:
        return _render("subscribe.html", self._common)

    def _line(self, item: Item, *, root: str, is_brief: bool) -> Markup:
        shown = item.outlets[: 1 if is_brief else _MOST_NAMED]
        told_at = _folder(item) if len(item.tellings) > 1 else None
        return _render("line.html", self._common, item=item, root=root, shown=shown, is_brief=is_brief, told_at=told_at)

    def _page(self, template: str, folder: str, *, here: str | None = None, **more: object) -> bytes:
        path = folder if folder.endswith(".html") else f"{folder}index.html"
        canonical = f"{self._canonical}/{folder}" if self._canonical and path != MISSING_PATH else None
        shown = {
            "canonical": canonical,
            "description": self._title,
            "path": path,
            "root": "../" * path.count("/"),
            **more,
        }
        links = self._links_from(f"{shown['root']}", here)
        return _render(template, self._common, links_to_topics=links, **shown).encode()

    def _links_from(self, root: str, here: str | None) -> Markup:
        """Link to every topic: a hundred of them would cost as much as the rest of a page."""
        if root not in self._links:
            self._links[root] = {slug: _link(topic, root) for slug, topic in self._topics.items()}
        links = self._links[root]
        if here in links:
            links = {**links, here: _link(self._topics[here], root, is_here=True)}
        return _joined(links.values())

    def _told_by(self, item: Item) -> str:
        """Say by how many a story is told."""
        outlets, tellings = len(item.outlets), len(item.tellings)
        return self._words.outlets.format(outlets) if outlets > 1 else self._words.versions.format(tellings)


def _folder(item: Item) -> str:
    return f"story/{item.id.rpartition(':')[2]}/"


def _link(topic: Topic, root: str, *, is_here: bool = False) -> Markup:
    return _render("link.html", {}, topic=topic, root=root, is_here=is_here)


def _joined(lines: Iterable[Markup]) -> Markup:
    return Markup("\n".join(lines))  # noqa: S704  each of them is


def _shown(topic: Topic) -> Topic:
    return replace(topic, title=one_line(topic.title) or topic.slug)


def _briefly(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("aggregator.publish"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["machine"] = rfc3339
    return environment


def _render(name: str, common: Mapping[str, object], **more: object) -> Markup:
    return Markup(_environment().get_template(name).render(common, **more))  # noqa: S704  what a template wrote
