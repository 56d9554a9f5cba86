"""An HTML page → the entries of one list of headlines on it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aggregator.entry import Entry, Origin, Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.blocks import Line, best_line, largest_block, lines_under
from aggregator.parse.charset import decode_page
from aggregator.parse.clean import clean_line, clean_link
from aggregator.parse.dates import Printed, find_date, read_date
from aggregator.parse.job import Job
from aggregator.parse.outline import outline
from aggregator.source import PageList

_LINES: Final = 2_000
_DEEPEST: Final = 5_000
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)[^<>]*?(/?)>")
_DIGITS: Final = re.compile(r"[0-9]+")
_YEAR: Final = re.compile(r"[0-9]{4}")
_ENDLESS: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "a"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A headline as printed.

    Attributes:
        title: Not cleaned yet.
        link: href as written.
        date: What was read.
        printed: What it was read from; "" for a relative date, which reads differently at each poll.
    """

    title: str
    link: str | None
    date: Printed | None
    printed: str


def read_page(job: Job) -> Reading:
    """Read the list of headlines that `job.page` describes.

    Args:
        job: Its `page` tells how the list is found; None is read as `PageList()`.

    Returns:
        Entries in the order of the page, 2,000 at most, none twice; without guids. A line without a link is legal
        where it has a date.

    Raises:
        NotAFeedError: No headline is found: the page changed its shape, or it never had that list. It is never
            "empty", because a page is no promise.
    """
    page = job.page or PageList()
    text = decode_page(job.body, job.content_type)
    if _is_too_deep(text):
        raise NotAFeedError(
            f"{job.url}: more than {_DEEPEST} elements inside one another; this is no list of headlines"
        )
    tree = LexborHTMLParser(text)
    entries = tuple(_entries(_found(tree, page, job), job))
    if not entries:
        raise NotAFeedError(f"{job.url}: {_missing(page)}")
    title = tree.css_first("title")
    return Reading(
        kind="page",
        origin=Origin(id=job.url, title=clean_line(title.text()) if title else "", link=clean_link(job.url, job.url)),
        language=None,
        listing=tuple(entry.fingerprint for entry in entries),
        entries=tuple(entry for entry in entries if entry.fingerprint not in job.known),
    )


def _missing(page: PageList) -> str:
    if page.item:
        return f'nothing on the page matches item: "{page.item}" with a title in it; look at the page\'s source again'
    if page.heading:
        return f'no list below a heading that reads "{page.heading}"; write the heading as printed, or give selectors'
    return "no list of at least 5 headlines with links; name the heading above the list, or give selectors"


def _found(tree: LexborHTMLParser, page: PageList, job: Job) -> Iterator[_Found]:
    dates = _Dates(job)
    if tree.root is None:
        return
    if page.item:
        yield from _selected(tree, page, dates)
        return
    whole = outline(tree.root, dates.read, dates.find)
    for line in lines_under(whole, page.heading) if page.heading else largest_block(whole):
        yield _printed(line)


def _selected(tree: LexborHTMLParser, page: PageList, dates: "_Dates") -> Iterator[_Found]:
    """Read the items that the selectors name."""
    for item in _select(tree, page.item or "")[:_LINES]:
        line = best_line(outline(item, dates.read, dates.find))
        found = _printed(line) if line else _Found(title="", link=None, date=None, printed="")
        if page.title:
            found = replace(found, title=_first_text(item, page.title))
        if page.link:
            found = replace(found, link=_first_text(item, page.link))
        if page.date:
            text = _first_text(item, page.date)
            found = replace(found, date=dates.read(text) or dates.find(text), printed=text)
        yield found


def _printed(line: Line) -> _Found:
    date = line.date.date if line.date else None
    return _Found(
        title=line.title.text, link=line.title.element.link, date=date, printed=line.date.text if line.date else ""
    )


def _select(node: LexborHTMLParser | LexborNode, selector: str) -> list[LexborNode]:
    try:
        return node.css(selector)
    except SelectolaxError as error:
        raise NotAFeedError(f'"{selector}" is no CSS selector; correct it in feeds.yaml') from error


def _first_text(item: LexborNode, path: str) -> str:
    """Give the text of the first match of "h3 a", or the attribute of "a@href"; "" where there is none.

    "@href" alone is an attribute of the item itself.
    """
    selector, at, attribute = path.partition("@")
    found = _select(item, selector)[:1] if selector.strip() else [item]
    if not found:
        return ""
    return " ".join(((found[0].attributes.get(attribute.strip()) if at else found[0].text()) or "").split())


def _entries(found: Iterator[_Found], job: Job) -> Iterator[Entry]:
    """Clean what was found; nothing without a title, nothing twice."""
    seen: set[tuple[str, str | None]] = set()
    for line in found:
        title, link = clean_line(line.title), clean_link(line.link, job.url)
        if not title or (title, link) in seen or (link is None and line.date is None):
            continue
        seen.add((title, link))
        yield Entry(
            fingerprint=_fingerprint(title, link, line),
            index=len(seen) - 1,
            title=title,
            link=link,
            published_at=line.date.at if line.date else None,
        )


def _fingerprint(title: str, link: str | None, line: _Found) -> str:
    # "2 jam yang lalu" is left out: it would make every line new at every poll.
    printed = line.printed if line.date and not line.date.relative else ""
    return blake2b("\0".join((title, link or "", printed)).encode(), digest_size=8).hexdigest()


def _is_too_deep(text: str) -> bool:
    """Tell whether elements lie so deep in one another that lexbor, quadratic in depth, would take minutes."""
    depth = 0
    for closing, name, closed in _TAG.findall(text):
        if closed or name.lower() in _ENDLESS:
            continue
        depth = max(depth - 1, 0) if closing else depth + 1
        if depth > _DEEPEST:
            return True
    return False


class _Dates:
    """Reads the dates of one page. It remembers what kind of text was no date: "74 komentar" is asked about once."""

    def __init__(self, job: Job) -> None:
        self._read = partial(read_date, zone=job.zone, language=job.language, now=job.now)
        self._find = partial(find_date, zone=job.zone, language=job.language)
        self._no_dates: set[str] = set()

    def read(self, text: str) -> Printed | None:
        """Read a text that is a date and nothing else."""
        kind = _DIGITS.sub("0", text)
        if kind in self._no_dates:
            return None
        printed = self._read(text)
        # What holds a year may be an impossible date beside possible ones.
        if printed is None and not _YEAR.search(text):
            self._no_dates.add(kind)
        return printed

    def find(self, text: str) -> Printed | None:
        """Find the date in a longer line."""
        return self._find(text)
