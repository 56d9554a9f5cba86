"""What is looked at, and how a key changes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal, TypeAlias

from aggregator.monitor.lines import Line
from aggregator.report import SourceStatus, State, Status

Pane = Literal["update", "popular", "sources"]
Overlay = Literal["details", "link", "help"]
Row: TypeAlias = Line | SourceStatus

PANES: Final[tuple[Pane, ...]] = ("update", "popular", "sources")
_WORST_FIRST: Final[tuple[State, ...]] = ("failing", "parked", "new", "ok")
_FILTER_LIMIT: Final = 64
_MOVES: Final = frozenset({"up", "down", "page up", "page down", "home", "end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that one frame shows.

    Attributes:
        address: Where the daemon is asked, as the operator gave it.
        status: As last answered. None: it has not answered yet.
        update: Newest first, as published.
        popular: As published.
        trouble: Why the daemon did not answer the last time; "": it did.
        now: UTC by the daemon's clock, so that countdowns are right on another machine too. None: no answer yet.
        zone: Where times are shown.
        pane: The one that keys move in.
        cursors: The chosen row of each pane, in the order of PANES.
        worst_first: Sources that fail come first; else the order of feeds.yaml.
        filter: Words that a row must hold, whatever their case; "" lets all pass.
        typing: Keys go into the filter.
        overlay: What lies over the panes. None: nothing.
        interactive: Somebody can press keys.
        ascii_only: The terminal shows ASCII only.
    """

    address: str
    status: Status | None = None
    update: tuple[Line, ...] = ()
    popular: tuple[Line, ...] = ()
    trouble: str = ""
    now: datetime | None = None
    zone: tzinfo = UTC
    pane: Pane = "update"
    cursors: tuple[int, int, int] = (0, 0, 0)
    worst_first: bool = True
    filter: str = ""
    typing: bool = False
    overlay: Overlay | None = None
    interactive: bool = True
    ascii_only: bool = False

    def all_rows(self, pane: Pane) -> tuple[Row, ...]:
        """Give the rows of a pane before the filter, in the order shown."""
        match pane:
            case "update":
                return self.update
            case "popular":
                return self.popular
            case "sources":
                sources = self.status.sources if self.status else ()
                worst_first = sorted(sources, key=lambda source: _WORST_FIRST.index(source.state))
                return tuple(worst_first if self.worst_first else sources)

    def rows(self, pane: Pane) -> tuple[Row, ...]:
        """Give the rows of a pane that the filter lets pass."""
        words = self.filter.casefold().split()
        rows = self.all_rows(pane)
        return tuple(row for row in rows if _holds(row, words)) if words else rows

    def cursor(self, pane: Pane) -> int:
        """Give the index of the chosen row of a pane; 0 where it has no rows."""
        return max(0, min(self.cursors[PANES.index(pane)], len(self.rows(pane)) - 1))

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor. None: the pane is empty."""
        rows = self.rows(self.pane)
        return rows[self.cursor(self.pane)] if rows else None


def press(view: View, key: str, *, page: int) -> View:
    """Answer one key, named as in keys.py; one that means nothing changes nothing. Leaving is the caller's.

    Args:
        view: Before the key.
        key: Its name.
        page: Rows that "page up" and "page down" move by.
    """
    if view.typing:
        return _type(view, key)
    if view.overlay and key in {"esc", "enter", "o", "?"}:
        return replace(view, overlay=None)
    if key in _MOVES:
        return _move(view, key, page)
    answer = _ANSWERS.get(key)
    return answer(view) if answer else view


def follow(before: View, after: View) -> View:
    """Keep the same rows chosen when news moved them. A cursor on the first row stays there: it watches the news."""
    update, popular, sources = (_found_again(before, after, pane) for pane in PANES)
    return replace(after, cursors=(update, popular, sources))


def _found_again(before: View, after: View, pane: Pane) -> int:
    index, rows = before.cursor(pane), before.rows(pane)
    if index == 0 or not rows:
        return index
    wanted = rows[index].id
    return next((place for place, row in enumerate(after.rows(pane)) if row.id == wanted), index)


def _turn(view: View, step: int) -> View:
    return replace(view, pane=PANES[(PANES.index(view.pane) + step) % len(PANES)], overlay=None)


def _move(view: View, key: str, page: int) -> View:
    here, last = view.cursor(view.pane), max(0, len(view.rows(view.pane)) - 1)
    there = {
        "up": here - 1,
        "down": here + 1,
        "page up": here - page,
        "page down": here + page,
        "home": 0,
        "end": last,
    }[key]
    index = PANES.index(view.pane)
    cursors = [*view.cursors]
    cursors[index] = max(0, min(there, last))
    return replace(view, cursors=(cursors[0], cursors[1], cursors[2]))


def _type(view: View, key: str) -> View:
    match key:
        case "enter":
            return replace(view, typing=False)
        case "esc":
            return replace(view, typing=False, filter="")
        case "backspace":
            return replace(view, filter=view.filter[:-1])
        case _ if len(key) == 1 and key.isprintable():
            return replace(view, filter=(view.filter + key)[:_FILTER_LIMIT])
        case _:
            return view


def _holds(row: Row, words: list[str]) -> bool:
    text = f"{row.title} {row.source}" if isinstance(row, Line) else f"{row.name} {row.url} {row.state} {row.answer}"
    folded = text.casefold()
    return all(word in folded for word in words)


_ANSWERS: Final[Mapping[str, Callable[[View], View]]] = {
    "tab": lambda view: _turn(view, 1),
    "shift-tab": lambda view: _turn(view, -1),
    "/": lambda view: replace(view, typing=True, overlay=None),
    "esc": lambda view: replace(view, filter=""),
    "enter": lambda view: replace(view, overlay="details" if view.chosen else None),
    "o": lambda view: replace(view, overlay="link" if view.chosen else None),
    "?": lambda view: replace(view, overlay="help"),
    "s": lambda view: replace(view, worst_first=not view.worst_first),
}
