"""An HTML page → the entries of one list of headlines on it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aggregator.entry import Entry, Origin, Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.blocks import Line, best_line, largest_block, lines_under
from aggregator.parse.charset import decode_page
from aggregator.parse.clean import clean_line, clean_link
from aggregator.parse.dates import Printed, find_date, read_date
from aggregator.parse.job import Job
from aggregator.parse.outline import Outline, outline
from aggregator.source import PageList

_LINES: Final = 2_000
_DEEPEST: Final = 5_000
# Possessive, because "<aaaa…" without an end must not be tried from every letter on.
_TAG: Final = re.compile(r"<(?P<closing>/?)(?P<name>[a-zA-Z][^\s/<>]*+)[^<>]*+>")
_DATE_CHARACTERS: Final = 200
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
        printed: The text it was read from; "" where there was none.
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
    page, tree = job.page or PageList(), read_html(job)
    entries = tuple(islice(_entries(_found(tree, page, _Dates(job)), base_url(tree, job.url)), _LINES))
    if not entries:
        raise NotAFeedError(_missing(page))
    title = tree.css_first("title")
    return Reading(
        kind="page",
        origin=Origin(id=job.url, title=clean_line(title.text()) if title else "", link=clean_link(job.url, job.url)),
        language=None,
        listing=tuple(entry.fingerprint for entry in entries),
        entries=tuple(entry for entry in entries if entry.fingerprint not in job.known),
    )


def read_html(job: Job) -> LexborHTMLParser:
    """Read the elements of a page.

    Raises:
        NotAFeedError: They lie too deep in one another for a page that people read.
    """
    text = decode_page(job.body, job.content_type)
    if _is_too_deep(text):
        raise NotAFeedError(f"more than {_DEEPEST} elements inside one another; this is no list of headlines")
    return LexborHTMLParser(text)


def outline_of(tree: LexborHTMLParser, job: Job) -> Outline | None:
    """Give the printed lines of a page, their dates read; None where it has no element at all."""
    dates = _Dates(job)
    return outline(tree.root, dates.read, dates.find) if tree.root else None


def base_url(tree: LexborHTMLParser, url: str) -> str:
    """Give what relative links are relative to (HTML §4.2.3)."""
    base = tree.css_first("base[href]")
    return (clean_link(base.attributes["href"], url) if base else None) or url


def _missing(page: PageList) -> str:
    if page.item:
        return f'nothing on the page matches item: "{page.item}" with a title in it; look at the page\'s source again'
    if page.heading:
        return f'no list below a heading that reads "{page.heading}"; write the heading as printed, or give selectors'
    return "no list of at least 5 headlines with links; name the heading above the list, or give selectors"


def _found(tree: LexborHTMLParser, page: PageList, dates: "_Dates") -> Iterator[_Found]:
    if tree.root is None:
        return iter(())
    if page.item:
        return _selected(tree, page, dates)
    whole = outline(tree.root, dates.read, dates.find)
    return map(_printed, lines_under(whole, page.heading) if page.heading else largest_block(whole))


def _selected(tree: LexborHTMLParser, page: PageList, dates: "_Dates") -> Iterator[_Found]:
    """Read the items that the selectors name."""
    for item in _select(tree, page.item or "")[:_LINES]:
        line = best_line(outline(item, dates.read, dates.find))
        found = _printed(line) if line else _Found(title="", link=None, date=None, printed="")
        if page.title:
            found = replace(found, title=_first_text(item, page.title))
        if page.link:
            found = replace(found, link=_first_text(item, page.link) or None)
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


def _entries(found: Iterator[_Found], base: str) -> Iterator[Entry]:
    """Clean what was found; nothing without a title, nothing twice."""
    seen: set[tuple[str, str | None]] = set()
    for line in found:
        title, link = clean_line(line.title), clean_link(line.link, base)
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
    for tag in _TAG.finditer(text):
        if tag[0].endswith("/>") or tag["name"].lower() in _ENDLESS:
            continue
        depth = max(depth - 1, 0) if tag["closing"] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


class _Dates:
    """Reads the dates of one page, and each text once.

    It remembers what kind of text was no date, too: of "74 komentar" and "75 komentar" only one is asked about.
    """

    def __init__(self, job: Job) -> None:
        self._read = partial(read_date, zone=job.zone, language=job.language, now=job.now)
        self.find = partial(find_date, zone=job.zone, language=job.language)
        self._dates: dict[str, Printed] = {}
        self._no_dates: set[str] = set()

    def read(self, text: str) -> Printed | None:
        """Read a text that is a date and nothing else."""
        if len(text) > _DATE_CHARACTERS:
            return None
        kind = _DIGITS.sub("0", text)
        if text in self._dates or kind in self._no_dates:
            return self._dates.get(text)
        printed = self._read(text)
        if printed:
            self._dates[text] = printed
        elif not _YEAR.search(text):  # with a year, it may be an impossible date among possible ones
            self._no_dates.add(kind)
        return printed
