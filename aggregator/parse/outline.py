"""An HTML page → its printed lines in reading order: which are dates, which are links, and what they lie in.

A list of headlines looks the same here whether it was made of <li>, of <div> cards, of table rows, or of <a> and <br>.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, TypeAlias

from selectolax.lexbor import LexborNode

from aggregator.parse.dates import Printed

ReadDate: TypeAlias = Callable[[str], Printed | None]
"""Reads a text that is a date and nothing else, or finds the date in a longer line."""

_NODES: Final = 200_000
_PIECES: Final = 20_000
_DEEPEST: Final = 200
_LINE_CHARACTERS: Final = 2_000

_UNSEEN: Final = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "select", "textarea", "iframe", "object", "head"}
)
# These do not end a line; every other element does, <a> and <br> among them.
_INLINE: Final = frozenset(
    {"abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "em", "font", "i", "img", "ins", "kbd", "label"}
    | {"mark", "q", "s", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "wbr"}
)
_ITEMS: Final = frozenset({"li", "tr", "td", "dt", "dd", "article"})
_TITLE_CLASS: Final = re.compile(r"title|judul|headline", re.IGNORECASE)
_SEPARATORS: Final = " \t|•·,:;/–—-"
_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(slots=True, kw_only=True, eq=False)
class Element:
    """An element that is not inside a hidden one.

    Attributes:
        tag: In small letters.
        parent: None: the root.
        depth: 0 for the root.
        path: Equal for elements with the same tags from the root down to their own.
        shape: Equal for elements with the same path and tag, and the same first class of theirs or of their parents.
        look: Its classes.
        link: href as written, of it or of an <a> around it. None: it is in no link.
        level: 1 to 6 in h1 to h6, else 0.
        titled: It is in h1 to h6, or its class says title.
        navigation: It is in <nav>.
        start, end: The range of pieces that it holds.
    """

    tag: str
    parent: "Element | None"
    depth: int
    path: int
    shape: int
    look: str
    link: str | None
    level: int
    titled: bool
    navigation: bool
    start: int
    end: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """One printed line, or the part of it that is a date.

    Attributes:
        text: White space collapsed; not empty.
        element: What it lies in.
        date: What it reads as. None: it is no date.
    """

    text: str
    element: Element
    date: Printed | None = None

    @property
    def has_words(self) -> bool:
        """It holds a letter, and is no date: neither a rank, nor a page number, nor a bullet."""
        return self.date is None and _LETTER.search(self.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The lines of a page.

    Attributes:
        pieces: In reading order.
        dates: The indices of those that are dates.
        ids: id attribute → the element that carries it.
    """

    pieces: list[Piece]
    dates: list[int]
    ids: dict[str, Element]

    def shared_depth(self, first: int, second: int) -> int:
        """Give the depth of the deepest element that holds both pieces: the nearer they belong, the greater it is."""
        left: Element | None = self.pieces[first].element
        right: Element | None = self.pieces[second].element
        while left and right and left is not right:
            if left.depth >= right.depth:
                left = left.parent
            else:
                right = right.parent
        return left.depth if left else 0


def outline(root: LexborNode, read: ReadDate, find: ReadDate) -> Outline:
    """Read the lines inside an element.

    Args:
        root: Of a page, or of one item of a list.
        read: Asked about texts that may be a date as a whole.
        find: Asked about lines that are none.

    Returns:
        At most 20,000 pieces of the first 200,000 nodes, none from deeper than 200 elements, none that a browser does
        not show.
    """
    draft = _Draft(read, find)
    draft.enter(root)
    # None stands for the end of the element whose children are done. No recursion: publishers choose the depth.
    todo: list[LexborNode | None] = [root.child]
    visited = 0
    while todo and visited < _NODES and len(draft.pieces) < _PIECES:
        visited += 1
        node = todo.pop()
        if node is None:
            draft.leave()
            continue
        if node.next is not None:
            todo.append(node.next)
        if draft.enter(node):
            todo += [None, node.child] if node.child is not None else [None]
    draft.leave_all()
    dates = [index for index, piece in enumerate(draft.pieces) if piece.date]
    return Outline(pieces=draft.pieces, dates=dates, ids=draft.ids)


class _Draft:
    """An outline that is being written: the open elements, and the segments of the line that has not ended yet."""

    def __init__(self, read: ReadDate, find: ReadDate) -> None:
        self.pieces: list[Piece] = []
        self.ids: dict[str, Element] = {}
        self._read, self._find = read, find
        self._open: list[Element] = []
        self._line: list[Piece] = []
        self._numbers: dict[tuple[int, str], int] = {}

    def enter(self, node: LexborNode) -> bool:
        """Take a node in. True: its children are wanted, and `leave` ends it."""
        if node.is_text_node:
            self._line.append(Piece((node.text_content or "")[:_LINE_CHARACTERS], self._open[-1]))
            return False
        tag = node.tag or ""
        if not node.is_element_node or tag in _UNSEEN or len(self._open) > _DEEPEST:
            return False
        if tag not in _INLINE:
            self._end_line()
        attributes = node.attributes
        self._open.append(self._element(tag, attributes))
        identifier = attributes.get("id")
        if identifier:
            self.ids.setdefault(identifier, self._open[-1])
        if tag == "time" and self._take_datetime(attributes.get("datetime")):
            self.leave()
            return False
        return True

    def leave(self) -> None:
        """Close the innermost element."""
        if self._open[-1].tag not in _INLINE:
            self._end_line()
        self._open.pop().end = len(self.pieces)

    def leave_all(self) -> None:
        """Close what is still open."""
        self._end_line()
        while self._open:
            self.leave()

    def _element(self, tag: str, attributes: dict[str, str | None]) -> Element:
        parent = self._open[-1] if self._open else None
        path = self._number(parent.path if parent else 0, tag)
        classes = attributes.get("class") or ""
        # <div class=label><a> is not <div class=judul><a>, but <li class=first><a> is <li><a>.
        look = classes if classes or parent is None or parent.tag in _ITEMS else parent.look
        level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else parent.level if parent else 0
        href = attributes.get("href") if tag == "a" else None
        return Element(
            tag=tag,
            parent=parent,
            depth=len(self._open),
            path=path,
            shape=self._number(path, "." + look.partition(" ")[0]),
            look=classes,
            link=href or (parent.link if parent else None),
            level=level,
            titled=level > 0 or bool(_TITLE_CLASS.search(classes)) or (parent is not None and parent.titled),
            navigation=tag == "nav" or (parent is not None and parent.navigation),
            start=len(self.pieces),
        )

    def _number(self, parent: int, step: str) -> int:
        return self._numbers.setdefault((parent, step), len(self._numbers) + 1)

    def _take_datetime(self, text: str | None) -> bool:
        """Prefer what <time datetime> tells machines: it is exact where "2 jam lalu" is printed."""
        date = self._read(text) if text else None
        if text and date:
            self._line.append(Piece(text, self._open[-1], date))
        return date is not None

    def _end_line(self) -> None:
        line, self._line = self._line, []
        text = _collapsed(" ".join(segment.text for segment in line))
        if not text:
            return
        date = self._read(text)
        if date:
            self.pieces.append(Piece(text, _owner(line), date))
        else:
            self.pieces.extend(self._parts(line))

    def _parts(self, line: list[Piece]) -> Iterator[Piece]:
        """Part "<b>Judul</b> <span>29 Desember 2025</span>" into its dates and the words between them."""
        dated = [replace(part, date=part.date or self._read(part.text)) for part in line] if len(line) > 1 else line
        for is_date, parts in groupby(dated, key=lambda part: part.date is not None):
            if is_date:
                yield from parts
                continue
            words = list(parts)
            if text := _collapsed("".join(part.text for part in words)):
                yield from self._without_date(text, _owner(words))

    def _without_date(self, text: str, element: Element) -> Iterator[Piece]:
        """Part what is one text: "Judul - Senin, 29 Desember 2025 | 10:12". Without the time of day it is a title's."""
        date = self._find(text)
        if date is None or not date.clock:
            yield Piece(text, element)
            return
        before, after = text[: date.start].strip(_SEPARATORS), text[date.end :].strip(_SEPARATORS)
        if before:
            yield Piece(before, element)
        yield Piece(text[date.start : date.end], element, date)
        if after:
            yield Piece(after, element)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _owner(segments: list[Piece]) -> Element:
    """Find what a line lies in: its own <b> or <span> where it has one, but <a> and <p> where markup is inside them."""
    elements = {id(segment.element): segment.element for segment in segments if segment.text.strip()}
    element = next(iter(elements.values()))
    while element.tag in _INLINE and element.parent and (len(elements) > 1 or element.link):
        element = element.parent
    return element
