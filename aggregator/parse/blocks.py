"""The lines of a page → the block of headlines among them: below a heading, or the largest of the page.

A block is a run of lines of one shape (the same tags around them), each with the date that stands nearest to it.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from aggregator.parse.outline import Outline, Piece

_HEADINGS: Final = 8
_SCOPES: Final = 12
_NEAR: Final = 12
_LARGE: Final = 5
_TITLE_CHARACTERS: Final = 15
_LONG_TITLE: Final = 100
_AROUND_HEADINGS: Final = " \t:»›>|•–—-+"

_NO_HEADLINES: Final = """
    selengkapnya|baca selengkapnya|baca|baca juga|lihat semua|lihat selengkapnya|lainnya|berita lainnya|indeks|
    indeks berita|index|index berita|berikutnya|selanjutnya|sebelumnya|muat lainnya|bagikan|komentar|kembali ke atas|
    more|read more|see more|see all|view all|show more|load more|more news|next|previous|prev|back|share|comments|
    details|mehr|mehr lesen|alle anzeigen|weiter|zurück|weiterlesen|lire la suite|voir plus|voir tout|suivant|
    précédent|partager|ver más|ver todo|leer más|siguiente|anterior|ver mais|leia mais|próximo|leggi tutto|altro|
    lees meer|meer|bekijk alles|volgende|vorige|ещё|еще|далее|подробнее|читать далее|все новости|facebook|twitter|
    whatsapp|telegram
"""
_NOT_TITLES: Final = frozenset(map(str.strip, _NO_HEADLINES.split("|")))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list.

    Attributes:
        place: The index of its title among the pieces of the page.
        title: The piece that is the headline.
        date: The piece that is its date. None: it has none.
    """

    place: int
    title: Piece
    date: Piece | None


@dataclass(frozen=True, slots=True)
class _Block:
    """A list below a heading.

    Attributes:
        lines: In their order.
        rank: The least is the best: without dates, hardly a list, below no h1 to h6, far from the heading.
    """

    lines: list[Line] = field(default_factory=list)
    rank: tuple[bool, bool, bool, int] = (True, True, True, 0)


def lines_under(page: Outline, heading: str) -> list[Line]:
    """Find the nearest list below a heading; it ends where the next one begins.

    Args:
        page: See there.
        heading: The whole text of it; case does not matter. It may be the tab that shows the list.

    Returns:
        Where several headings read so, the list that follows its heading most closely. Empty: there is none.
    """
    wanted = _heading_text(heading)
    found = [index for index, piece in enumerate(page.pieces) if _heading_text(piece.text) == wanted][:_HEADINGS]
    blocks = [block for index in found if (block := _block_after(page, index))]
    return min(blocks, key=lambda block: block.rank, default=_Block()).lines


def largest_block(page: Outline) -> list[Line]:
    """Find the largest list of at least 5 links outside <nav>; a list with dates is larger than one without."""
    whole = range(len(page.pieces))
    blocks = [
        _dated_or_largest(page, titles)
        for titles in _titles(page, whole).values()
        if len(titles) >= _LARGE and page.pieces[titles[0]].element.link
    ]
    return max((lines for lines in blocks if len(lines) >= _LARGE), key=_weight, default=[])


def best_line(page: Outline) -> Line | None:
    """Take one item of a list as a line: its link, or its first words, and its date."""
    titles = [index for index, piece in enumerate(page.pieces) if piece.has_words]
    if not titles:
        return None
    linked = [index for index in titles if page.pieces[index].element.link]
    title = max(linked, key=lambda index: _worth(page.pieces[index])) if linked else titles[0]
    return Line(title, page.pieces[title], next((piece for piece in page.pieces if piece.date), None))


def _heading_text(text: str) -> str:
    return text.casefold().strip(_AROUND_HEADINGS)


def _block_after(page: Outline, heading: int) -> _Block | None:
    """Look in wider and wider elements around the heading until one holds a list."""
    ours = page.pieces[heading].element
    first: _Block | None = None
    for scope in _scopes(page, heading)[:_SCOPES]:
        lines = _best_block(page, _until_next_heading(page, heading, scope))
        # A menu holds the word too: there it is one link among others, and heads nothing.
        if not lines or (ours.link and lines[0].title.element.shape == ours.shape):
            continue
        distance = lines[0].place - scope.start
        if distance > _NEAR:
            break
        block = _Block(lines, (_dates(lines) == 0, not _is_list(lines), ours.level == 0, distance))
        if _is_list(lines):
            return block
        first = first or block
    return first


def _scopes(page: Outline, heading: int) -> list[range]:
    element = page.pieces[heading].element
    if element.link and element.link.startswith("#"):  # a tab: `<a href="#populer">Populer</a>`
        shown = page.ids.get(element.link[1:])
        return [range(shown.start, shown.end)] if shown else []
    ends: list[int] = []
    around = element
    while around.parent:
        ends.append(around.end)
        around = around.parent
    ends.append(around.end)
    return [range(heading + 1, end) for end in dict.fromkeys(ends) if end > heading + 1]


def _until_next_heading(page: Outline, heading: int, scope: range) -> range:
    """Cut a scope before the next piece that looks like our heading, or is a heading of its rank or above."""
    ours = page.pieces[heading].element
    words = [index for index in scope if page.pieces[index].has_words and not _is_no_headline(page.pieces[index])]
    if not words:
        return scope
    # In plain <p>Populer</p><p>Judul</p> the shape tells nothing.
    titles = page.pieces[words[0]].element.shape
    for index in words:
        element = page.pieces[index].element
        ranks = 0 < element.level <= ours.level and not element.link
        if element.shape != titles and (element.shape == ours.shape or ranks):
            return range(scope.start, index)
    return scope


def _best_block(page: Outline, scope: range) -> list[Line]:
    blocks = [_one_list(page, titles, scope) for titles in _titles(page, scope).values()]
    return max(blocks, key=_weight, default=[])


def _titles(page: Outline, scope: range) -> dict[tuple[int, bool], list[int]]:
    """Sort what may be headlines by shape, links apart from plain text."""
    found: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for index in scope:
        piece = page.pieces[index]
        if piece.has_words and not piece.element.navigation and not _is_no_headline(piece):
            found[piece.element.shape, bool(piece.element.link)].append(index)
    return found


def _is_no_headline(piece: Piece) -> bool:
    """Tell "Selengkapnya", tabs and whatever else is linked without being an article."""
    return (piece.element.link or "").startswith(("#", "javascript:")) or _heading_text(piece.text) in _NOT_TITLES


def _one_list(page: Outline, titles: list[int], scope: range) -> list[Line]:
    """Date the titles, and stop where another list begins."""
    nearness = [page.shared_depth(first, second) for first, second in pairwise(titles)]
    dates = _dates_of(page, titles, nearness, scope)
    inside = max(nearness, default=0)
    lines: list[Line] = []
    for number, place in enumerate(titles):
        title, date = page.pieces[place], dates.get(place)
        # Without a link only its date tells a headline from other text: the first line without one ends the list.
        if title.element.link or date is not None:
            lines.append(Line(place, title, None if date is None else page.pieces[date]))
        elif lines:
            break
        if number < len(nearness) and nearness[number] < inside and _heading_between(page, place, titles[number + 1]):
            break
    return lines


def _heading_between(page: Outline, first: int, second: int) -> bool:
    """Tell whether plain words stand between two titles, and in the list of neither: they head another list."""
    near = page.shared_depth(first, second)
    return any(
        page.pieces[place].has_words
        and page.pieces[place].element.link is None
        and max(page.shared_depth(first, place), page.shared_depth(place, second)) <= near
        for place in range(first + 1, second)
    )


def _dates_of(page: Outline, titles: list[int], nearness: list[int], scope: range) -> dict[int, int]:
    """Give each title the date that shares the deepest element with it, before or after it.

    Where both neighbours are as near, as between <a> and <br>, dates stand before titles if one stands before the
    first.
    """
    own: dict[int, int] = {}
    # A date from outside the element that holds the list is the page's own.
    around = [max(pair) for pair in pairwise([0, *nearness, 0])]

    def give(date: int, number: int) -> None:
        if page.shared_depth(date, titles[number]) >= around[number]:
            own.setdefault(titles[number], date)

    for date in _ends(page.dates, scope.start, titles[0])[-1:]:
        give(date, 0)
    before = titles[0] in own
    for number, (title, later) in enumerate(pairwise([*titles, scope.stop])):
        for date in _ends(page.dates, title, later):
            here = page.shared_depth(date, title)
            there = page.shared_depth(date, later) if number + 1 < len(titles) else -1
            give(date, number + 1 if there > here or (there == here and before) else number)
    return own


def _ends(dates: list[int], start: int, stop: int) -> list[int]:
    """Give the first and the last date between two pieces; once, if that is one date."""
    between = range(bisect_left(dates, start), bisect_left(dates, stop))
    return [dates[index] for index in dict.fromkeys((*between[:1], *between[-1:]))]


def _dated_or_largest(page: Outline, titles: list[int]) -> list[Line]:
    """Part titles of one shape into lists; take all that are dated, or else the longest."""
    nearness = [page.shared_depth(first, second) for first, second in pairwise(titles)]
    furthest = max(nearness) - 1
    lists: list[list[int]] = [titles[:1]]
    for near, title in zip(nearness, titles[1:], strict=True):
        # Cards in rows share the grid: one level up. Another list is further away.
        if near < furthest:
            lists.append([])
        lists[-1].append(title)
    whole = range(len(page.pieces))
    blocks = [_one_list(page, block, whole) for block in lists]
    dated = [lines for lines in blocks if _is_dated(lines)]
    return [line for lines in dated for line in lines] if dated else max(blocks, key=_weight)


def _dates(lines: list[Line]) -> int:
    return sum(line.date is not None for line in lines)


def _is_dated(lines: list[Line]) -> bool:
    return _dates(lines) * 2 >= len(lines) > 0


def _is_list(lines: list[Line]) -> bool:
    long = sum(len(line.title.text) >= _TITLE_CHARACTERS for line in lines)
    return _dates(lines) > 0 or long > 1


def _weight(lines: list[Line]) -> tuple[int, bool, int]:
    """Order blocks: by dates, links before text, then by the length of their texts, each text counted once."""
    if not lines:
        return (0, False, 0)
    worth = {line.title.text: _worth(line.title) for line in lines}
    return (_dates(lines) if _is_dated(lines) else 0, lines[0].title.element.link is not None, sum(worth.values()))


def _worth(piece: Piece) -> int:
    # A summary is longer than its headline, but the headline is what is set as a title.
    return min(len(piece.text), _LONG_TITLE) * (3 if piece.element.titled else 1)
