"""Item → the front page: UPDATE, Populer, and where to subscribe."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

from aggregator.publish.item import Item
from aggregator.publish.opml import FEEDS_PATH, SOURCES_PATH
from aggregator.publish.outgoing import UNTITLED, language_tag, one_line
from aggregator.publish.words import Words, words
from aggregator.site import Site
from aggregator.topic import POPULAR, UPDATE, Topic

PAGE_TYPE: Final = "text/html; charset=utf-8"
STYLE_TYPE: Final = "text/css; charset=utf-8"

_OPML_TYPE: Final = "text/x-opml"
_FEEDS: Final = (
    ("RSS", "rss", "application/rss+xml"),
    ("Atom", "atom", "application/atom+xml"),
    ("JSON", "json", "application/feed+json"),
)


def front_page(site: Site, topics: Sequence[Topic], update: Sequence[Item], popular: Sequence[Item]) -> bytes:
    """Write index.html. Its links to the feeds are relative, so it holds under any name the site goes by.

    Args:
        site: Its zone is the one dates are shown in, its language the one of weekdays and months.
        topics: In the order they are listed.
        update: Newest first.
        popular: Hottest first.
    """
    ours = words(site.language)
    titles = {topic.slug: one_line(topic.title) or topic.slug for topic in topics}
    lists = [
        _list(titles.get(UPDATE, UPDATE), "latest", update, site, ours),
        _list(titles.get(POPULAR, POPULAR), "ranked", popular, site, ours),
        _topics(topics, ours),
    ]
    return "\n".join([_head(site, topics), *lists, "</main>", _footer(ours), "</body>", "</html>", ""]).encode()


def printed_date(instant: datetime, site: Site) -> str:
    """Write an instant as a newsroom does: "Senin, 29 Desember 2025 | 10:12", in the site's language and zone."""
    try:
        locale = Locale.parse(site.language, sep="-")
    except (UnknownLocaleError, ValueError):  # a language that CLDR does not know still has news
        locale = Locale("en")
    return format_datetime(instant, "EEEE, d MMMM y | HH:mm", tzinfo=site.zone, locale=locale)


def _head(site: Site, topics: Sequence[Topic]) -> str:
    title = escape(one_line(site.title) or UNTITLED)
    alternates = [
        f'<link rel="alternate" type="{kind}" title="{_text(topic.title)} ({name})" href="{topic.slug}.{ending}">'
        for topic in topics
        for name, ending, kind in _FEEDS
    ]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{language_tag(site.language) or "und"}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            '<link rel="stylesheet" href="style.css">',
            *alternates,
            f'<link rel="outline" type="{_OPML_TYPE}" title="{title}" href="{FEEDS_PATH}">',
            f'<link rel="blogroll" type="{_OPML_TYPE}" title="{title}" href="{SOURCES_PATH}">',
            "</head>",
            "<body>",
            f"<header><h1>{title}</h1></header>",
            "<main>",
        ]
    )


def _list(heading: str, kind: str, items: Sequence[Item], site: Site, ours: Words) -> str:
    lines = [_line(item, site, ours) for item in items]
    body = "\n".join(["<ol>", *lines, "</ol>"] if lines else [f"<p>{escape(ours.nothing)}</p>"])
    return f'<section class="{kind}">\n<h2>{escape(heading)}</h2>\n{body}\n</section>'


def _line(item: Item, site: Site, ours: Words) -> str:
    title = _text(item.title)
    language = f' lang="{item.language}"' if item.language else ""
    named = (
        f'<a class="title" dir="auto"{language} href="{escape(item.url)}">{title}</a>'
        if item.url
        else f'<span class="title" dir="auto"{language}>{title}</span>'
    )
    instant = item.published_at.isoformat().replace("+00:00", "Z")
    shown = f'<time datetime="{instant}">{escape(printed_date(item.published_at, site))}</time>'
    return f"<li>{named}\n<small>{shown} · {_outlets(item, ours)}</small></li>"


def _outlets(item: Item, ours: Words) -> str:
    name = f"<bdi>{_text(item.outlets[0])}</bdi>"
    if len(item.outlets) == 1:
        return name
    others = escape(", ".join(item.outlets[1:]))
    count = escape(ours.outlets.format(len(item.outlets)))
    return f'{name} · <span title="{escape(ours.also)}: {others}">{count}</span>'


def _topics(topics: Sequence[Topic], ours: Words) -> str:
    lines = [f"<li>{_feeds(topic)} {_text(topic.title)}</li>" for topic in topics]
    heading = f"<h2>{escape(ours.topics)} · {escape(ours.subscribe)}</h2>"
    return "\n".join(['<section class="topics">', heading, "<ul>", *lines, "</ul>", "</section>"])


def _feeds(topic: Topic) -> str:
    links = " · ".join(f'<a type="{kind}" href="{topic.slug}.{ending}">{name}</a>' for name, ending, kind in _FEEDS)
    return f'<span class="feeds">{links}</span>'


def _footer(ours: Words) -> str:
    links = ((ours.subscribe, FEEDS_PATH), (ours.sources, SOURCES_PATH))
    listed = " · ".join(f'<a type="{_OPML_TYPE}" href="{path}">{escape(name)} (OPML)</a>' for name, path in links)
    return f"<footer>{listed}</footer>"


def _text(text: str) -> str:
    return escape(one_line(text))
