"""The rows of the three panes: UPDATE, Populer, sources."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from rich.text import Text  # noqa: TID251  rich's home

from aggregator.monitor.lines import Line
from aggregator.monitor.printable import clip, column, printable
from aggregator.monitor.view import Pane, View
from aggregator.report import SourceStatus, State, Totals

Part: TypeAlias = tuple[str, str]
"""Printable text, and its style in rich's words."""

ACCENT: Final = "cyan"
DIM: Final = "dim"
ALARM: Final = "bold red"

_TITLES: Final[dict[Pane, str]] = {"update": "UPDATE", "popular": "Populer", "sources": "Sources"}
_MARGINS: Final = 3  # the cursor and a space to the left, nothing to the right
_DAY_WIDTH: Final = 6
_SOURCE_FROM_WIDTH: Final = 50
_NOTE_FROM_WIDTH: Final = 70
_SHARES_FROM_WIDTH: Final = 90
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_MARK_STYLES: Final[dict[State, str]] = {"failing": ALARM, "parked": ACCENT, "new": DIM, "ok": DIM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The signs of our own, one cell each."""

    ellipsis: str
    cursor: str
    dot: str
    failing: str
    parked: str
    new: str
    ok: str
    bar: str

    def of_state(self, state: State) -> str:
        """Give the mark of a source."""
        return {"failing": self.failing, "parked": self.parked, "new": self.new, "ok": self.ok}[state]


UNICODE: Final = Glyphs(ellipsis="…", cursor="›", dot="·", failing="✗", parked="‖", new="○", ok="●", bar="▏")
ASCII: Final = Glyphs(ellipsis="~", cursor=">", dot="-", failing="x", parked="=", new="o", ok="*", bar="_")


def glyphs(view: View) -> Glyphs:
    """Choose the signs that the terminal can show."""
    return ASCII if view.ascii_only else UNICODE


def styled(parts: Iterable[Part]) -> Text:
    """Join parts; never markup."""
    return Text.assemble(*parts, no_wrap=True, end="")


def pane_title(view: View, pane: Pane) -> str:
    """Name a pane as feeds.yaml names the topic."""
    topics = dict(view.status.topics) if view.status else {}
    return printable(topics.get(pane, ""), ascii_only=view.ascii_only) or _TITLES[pane]


def pane_lines(view: View, pane: Pane, width: int, height: int) -> list[Text]:
    """Draw one pane: its heading, then the rows around its cursor, as many as fit.

    Args:
        view: What is looked at.
        pane: Which one.
        width: In cells, at least 1.
        height: In lines, at least 1; fewer may come back.
    """
    rows, cursor, room = view.rows(pane), view.cursor(pane), height - 1
    top = max(0, min(cursor - room // 2, len(rows) - room))
    shown = rows[top : top + room]
    active = view.interactive and pane == view.pane
    heading = _heading(view, pane, width, (top, len(shown)))
    if not rows:
        return [heading, styled([("  " + _emptiness(view, pane), DIM)])][:height]
    lines = _source_rows(view, shown, width) if pane == "sources" else _line_rows(view, pane, shown, width, top)
    return [heading, *(_pointed(view, line, chosen=active and top + i == cursor) for i, line in enumerate(lines))]


def _heading(view: View, pane: Pane, width: int, shown: tuple[int, int]) -> Text:
    """Name the pane; say what of it is shown, where that is not all, and what the columns are."""
    total, top, count = len(view.rows(pane)), *shown
    parts: list[Part] = [("  " + pane_title(view, pane), f"bold {ACCENT}" if pane == view.pane else "bold")]
    if pane != "popular" and view.status:
        parts += _census(view) if pane == "sources" else _stock(view.status.totals)
    if view.filter:
        parts.append((f"  {total} of {len(view.all_rows(pane))}", DIM))
    elif count and count < total and pane == view.pane and top:
        parts.append((f"  {top + 1}-{top + count} of {total}", DIM))
    if pane == "sources" and width >= _NOTE_FROM_WIDTH:
        label = styled(parts)
        label.pad_right(_name_width(width) + 5 - label.cell_len)
        if label.cell_len == _name_width(width) + 5:  # else the columns go without names: the count matters more
            shares = "  304     a day" if width >= _SHARES_FROM_WIDTH else ""
            label.append_text(styled([(f" answer        next   today{shares}", DIM)]))
        return label
    return styled(parts)


def _census(view: View) -> list[Part]:
    sources = view.status.sources if view.status else ()
    failing = sum(source.state == "failing" for source in sources)
    parts: list[Part] = [(f"  {len(sources):,}", DIM)]
    return parts + ([(f"  {failing:,} failing", ALARM)] if failing else [])


def _stock(totals: Totals) -> list[Part]:
    return [(f"  {totals.headlines:,} headlines  {totals.stories:,} stories", DIM)]


def _emptiness(view: View, pane: Pane) -> str:
    if view.filter and view.all_rows(pane):
        return "nothing holds these words"
    return "no sources" if pane == "sources" else "no headlines yet"


def _pointed(view: View, line: Text, *, chosen: bool) -> Text:
    """Put the cursor, or its absence, before a row."""
    if not chosen:
        return styled([("  ", "")]).append_text(line)
    line.stylize("bold")
    return styled([(f"{glyphs(view).cursor} ", f"bold {ACCENT}")]).append_text(line)


def _line_rows(view: View, pane: Pane, rows: Iterable[object], width: int, top: int) -> list[Text]:
    """Headlines: time or rank, source, title, how many more tell it."""
    lines = [row for row in rows if isinstance(row, Line)]
    ranks = [f"{rank:>2}" for rank in range(top + 1, top + 1 + len(lines))]
    leads = ranks if pane == "popular" else _times(view, lines)
    return [_line_row(view, line, lead, width - _MARGINS) for line, lead in zip(lines, leads, strict=True)]


def _line_row(view: View, line: Line, lead: str, width: int) -> Text:
    mark = glyphs(view).ellipsis
    more = f"+{line.headlines - 1}" if line.headlines > 1 else ""
    title = printable(line.title, ascii_only=view.ascii_only) or "(no title)"
    before: list[Part] = [(f"{lead}  ", DIM)]
    if width >= _SOURCE_FROM_WIDTH:
        source = printable(line.source, ascii_only=view.ascii_only)
        before.append((column(source, min(20, width // 5), mark) + "  ", DIM))
    room = width - styled(before).cell_len
    return styled([*before, (column(title, room - 5, mark), ""), (column(more, 5, mark, right=True), ACCENT)])


def _times(view: View, lines: list[Line]) -> list[str]:
    """Write local times; a column of days comes before them unless all are of today, and names a day once."""
    zone = view.zone
    today = view.now.astimezone(zone) if view.now else None
    times = [line.published_at.astimezone(zone) if line.published_at else None for line in lines]
    days = [at.date() if at else None for at in times]
    texts = [f"{at:%H:%M}" if at else "     " for at in times]
    if all(day is None or (today and day == today.date()) for day in days):
        return texts
    named = [f"{day:%d %b}" if day and day not in days[:index] else "" for index, day in enumerate(days)]
    return [f"{day:<{_DAY_WIDTH}} {text}" for day, text in zip(named, texts, strict=True)]


def _source_rows(view: View, rows: Iterable[object], width: int) -> list[Text]:
    return [_source_row(view, row, width) for row in rows if isinstance(row, SourceStatus)]


def _name_width(width: int) -> int:
    """Share of a name: all that is left on a narrow screen, where new ones of today are not counted."""
    return max(6, width - _MARGINS - 22) if width < _SOURCE_FROM_WIDTH else min(26, width // 4)


def _source_row(view: View, source: SourceStatus, width: int) -> Text:
    """Mark, name, last answer, next poll, what it brings, and what is wrong or why it is polled then."""
    signs, ascii_only = glyphs(view), view.ascii_only
    failing = source.state == "failing"
    quiet = DIM if source.state in {"parked", "new"} else ""
    name = column(printable(source.name, ascii_only=ascii_only), _name_width(width), signs.ellipsis)
    answer = column(printable(source.answer, ascii_only=ascii_only), 12, signs.ellipsis)
    parts: list[Part] = [
        (f"{signs.of_state(source.state)} ", _MARK_STYLES[source.state]),
        (f"{name}  ", "red" if failing else quiet),
        (answer, "red" if failing else DIM),
        (column(until(source.next_at, view.now), 6, signs.ellipsis, right=True), DIM),
    ]
    if width >= _SOURCE_FROM_WIDTH:
        today = f"{source.new_today:,}" if source.new_today else signs.dot
        parts.append((column(today, 8, signs.ellipsis, right=True), quiet))
    if width < _NOTE_FROM_WIDTH:
        return styled(parts)
    if width >= _SHARES_FROM_WIDTH:
        parts.append((column(share_304(source), 5, signs.ellipsis, right=True), DIM))
        parts.append((column(f"{source.per_day:,.1f}", 10, signs.ellipsis, right=True), quiet))
    room = width - _MARGINS - styled(parts).cell_len - 3
    note = printable(source.error or source.reason, ascii_only=ascii_only)
    return styled([*parts, ("   ", ""), (clip(note, room, signs.ellipsis), "red" if failing else DIM)])


def share_304(source: SourceStatus) -> str:
    """Write the share of a source's polls that were answered 304, as in "81%"; "" before its first."""
    return f"{source.not_modified / source.polls:.0%}" if source.polls else ""


def size(count: int) -> str:
    """Write bytes in decimal units, as in "12.3 MB"."""
    amount, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004  decimal units
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == _UNITS[0] else f"{amount:.1f} {unit}"


def until(instant: datetime | None, now: datetime | None) -> str:
    """Count down, as in "45 s", "12 min", "3 h", "2 d"; "now" when it is due; "never" for None."""
    if instant is None:
        return "never"
    if now is None or instant <= now:
        return "now"
    return span(instant - now)


def span(time: timedelta) -> str:
    """Write a duration in its largest unit: "45 s", "12 min", "3 h", "2 d"."""
    seconds = int(time.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{seconds // size:,} {unit}"
    return f"{seconds} s"
