"""An HTML page → what it offers to be subscribed to: the feeds that its <head> names, and its lists of headlines."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from aggregator.parse.blocks import lines_under
from aggregator.parse.clean import clean_line, clean_link
from aggregator.parse.job import Job
from aggregator.parse.outline import Outline
from aggregator.parse.page import base_url, outline_of, read_html
from aggregator.subscription import Offers

LIMIT_FEEDS: Final = 10
LIMIT_HEADINGS: Final = 5

_TRIED: Final = 30
_LARGE: Final = 5
_HEADING_CHARACTERS: Final = 60
_FEED_TYPES: Final = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
# Of feeds too, but WordPress says application/json of its own interface, and text/xml may be anything.
_VAGUE_TYPES: Final = frozenset(
    {"application/json", "application/rdf+xml", "application/x-rss+xml", "application/xml", "text/xml"}
)
_LIKE_A_FEED: Final = re.compile(r"feed|rss|atom|rdf", re.IGNORECASE)


def look_around(job: Job) -> Offers:
    """Look a page over.

    Links in <body> are not taken: whoever may write a comment could put them there (WebSub §8.1).

    Raises:
        NotAFeedError: Its elements lie too deep in one another.
    """
    tree = read_html(job)
    title, lines = tree.css_first("title"), outline_of(tree, job)
    return Offers(
        title=clean_line(title.text()) if title else "",
        feeds=tuple(islice(dict.fromkeys(_feeds(tree, base_url(tree, job.url))), LIMIT_FEEDS)),
        headings=tuple(islice(_headings(lines), LIMIT_HEADINGS)) if lines else (),
    )


def _feeds(tree: LexborHTMLParser, base: str) -> Iterator[str]:
    for link in tree.head.css("link[href]") if tree.head else ():
        attributes = link.attributes
        rel = (attributes.get("rel") or "").lower().split()
        kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
        address = clean_link(attributes["href"], base)
        if address is None or "alternate" not in rel or "stylesheet" in rel:
            continue
        if kind in _FEED_TYPES or (kind in _VAGUE_TYPES and _LIKE_A_FEED.search(address)):
            yield address


def _headings(page: Outline) -> Iterator[str]:
    """Find the headings of lists, and each list once: the first heading that leads to it names it."""
    texts = dict.fromkeys(
        piece.text for piece in page.pieces if piece.element.level and not piece.element.link and piece.has_words
    )
    seen: set[int] = set()
    for text in islice((text for text in texts if len(text) <= _HEADING_CHARACTERS), _TRIED):
        lines = lines_under(page, text)
        linked = [line.place for line in lines if line.title.element.link]
        if len(linked) >= _LARGE and linked[0] not in seen:
            seen.update(linked)
            yield clean_line(text)
