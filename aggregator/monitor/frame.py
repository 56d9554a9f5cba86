"""View → the lines of one screen."""

from datetime import datetime, tzinfo
from itertools import zip_longest
from typing import Final

from rich.text import Text  # noqa: TID251  rich's home

from aggregator.monitor.overlays import overlay_lines
from aggregator.monitor.panes import ACCENT, ALARM, DIM, Part, glyphs, pane_lines, pane_title, size, span, styled
from aggregator.monitor.printable import printable
from aggregator.monitor.view import PANES, Pane, View

_TALL: Final = 8
_ALL_PANES: Final = 13
_SIDE_BY_SIDE: Final = 130
_GAP: Final = 3


def frame(view: View, width: int, height: int) -> tuple[Text, ...]:
    """Draw one screen.

    Args:
        view: What is looked at.
        width: In cells; less than 1 counts as 1.
        height: In lines; less than 1 counts as 1.

    Returns:
        Exactly `height` lines of exactly `width` cells each, without any control character.
    """
    width, height = max(width, 1), max(height, 1)
    head, foot = _head(view, width, height), _foot(view, width, height)
    room = height - len(head) - len(foot)
    body = _body(view, width, room) if room > 0 else []
    blank = [Text() for _ in range(room - len(body))]
    return tuple(_fitted(line, width) for line in [*head, *body, *blank, *foot][:height])


def _fitted(line: Text, width: int) -> Text:
    line.truncate(width, overflow="crop", pad=True)
    return line


def _both_ends(left: Text, right: Text, width: int) -> Text:
    """Put `right` at the end of the line, if both have room."""
    spaces = width - left.cell_len - right.cell_len - 1
    return left.append(" " * spaces).append_text(right) if spaces > 0 else left


def _head(view: View, width: int, height: int) -> list[Text]:
    """Say whose newsroom this is, where and when; then what is wrong with it."""
    notice = _notice(view)
    title = printable(view.status.title if view.status else "aggregator", ascii_only=view.ascii_only)
    left = styled([("  ", ""), (title, "bold")])
    if view.status and view.now:
        dot = glyphs(view).dot
        up = span(max(view.now, view.status.started_at) - view.status.started_at)
        clock = f"{_clock(view.now, view.zone)} {dot} up {up} {dot} {view.address}"
        left = _both_ends(left, styled([(printable(clock, ascii_only=view.ascii_only), DIM)]), width)
    if height >= _TALL:
        return [left, notice or Text()]
    return [notice or left]


def _clock(instant: datetime, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%a %d %b %H:%M}"


def _notice(view: View) -> Text | None:
    """What must be seen at once. None: all is well."""
    text = ""
    if view.trouble and view.status:
        since = f"{view.status.now.astimezone(view.zone):%H:%M}"
        text = f"no answer from {view.address} since {since}, retrying ({view.trouble})"
    elif view.trouble:
        text = f"no answer yet from {view.address}, retrying ({view.trouble})"
    elif view.status and view.status.health != "ok":
        text = view.status.health
    elif view.status and view.status.notices:
        notices = f" {glyphs(view).dot} ".join(view.status.notices)
        return styled([("  " + printable(notices, ascii_only=view.ascii_only), ACCENT)])
    return styled([("  " + printable(text, ascii_only=view.ascii_only), ALARM)]) if text else None


def _foot(view: View, width: int, height: int) -> list[Text]:
    if height < _TALL:
        return [_filter_line(view)] if view.typing and height > 1 else []
    return [Text(), _totals(view, width), _last_line(view, width)]


def _totals(view: View, width: int) -> Text:
    """Count what was done and what it cost."""
    if not view.status:
        return Text()
    totals = view.status.totals
    facts = [f"{totals.polls:,} polls"]
    facts += [f"{totals.not_modified / totals.polls:.0%} 304"] if totals.polls else []
    facts += [size(totals.wire_bytes), f"late {totals.lateness_p50:.1f} s p99 {totals.lateness_p99:.1f} s"]
    facts += [f"loop {totals.loop_lag_p99 * 1000:.0f} ms max {totals.loop_lag_max * 1000:.0f} ms"]
    facts += [f"{totals.failed:,} failed"] if totals.failed else []
    facts += [f"{totals.new:,} new"]
    between = f" {glyphs(view).dot} "
    while len(facts) > 1 and 2 + len(between.join(facts)) > width:
        facts.pop()  # half a figure is a wrong one
    return styled([("  " + between.join(facts), DIM)])


def _last_line(view: View, width: int) -> Text:
    """Tell readers where to subscribe, and who watches what to press."""
    if view.typing:
        return _filter_line(view)
    where = printable(view.status.url, ascii_only=view.ascii_only) if view.status else ""
    left = styled([("  subscribe to ", DIM), (f"{where}/update.rss", ACCENT)] if where else [])
    return _both_ends(left, styled([("? help  q quit", DIM)]), width) if view.interactive else left


def _filter_line(view: View) -> Text:
    words = printable(view.filter, ascii_only=view.ascii_only) + " " * view.filter.endswith(" ")
    return styled([("  /", ACCENT), (words, ""), (glyphs(view).bar, ACCENT), ("  Enter keeps, Esc clears", DIM)])


def _body(view: View, width: int, height: int) -> list[Text]:
    if view.overlay:
        return overlay_lines(view, width, height)
    if view.status is None:
        return [styled([("  waiting for the daemon", DIM)])]
    if width >= _SIDE_BY_SIDE and height >= _ALL_PANES:
        return _two_columns(view, width, height)
    if height >= _ALL_PANES:
        return _stacked(view, PANES, width, height)
    return _one_pane(view, width, height)


def _one_pane(view: View, width: int, height: int) -> list[Text]:
    """Draw the pane that keys move in; the others are named behind its heading."""
    heading, *rows = pane_lines(view, view.pane, width, height)
    others: list[Part] = [("  " + pane_title(view, pane), DIM) for pane in PANES if pane != view.pane]
    return [_both_ends(heading, styled(others), width), *rows]


def _two_columns(view: View, width: int, height: int) -> list[Text]:
    """Draw UPDATE to the left, the others to the right."""
    left_width = (width - _GAP) // 2
    left = pane_lines(view, "update", left_width, height)
    right = _stacked(view, ("popular", "sources"), width - _GAP - left_width, height)
    return [
        _fitted(_fitted(one or Text(), left_width), left_width + _GAP).append_text(other or Text())
        for one, other in zip_longest(left, right)
    ]


def _stacked(view: View, panes: tuple[Pane, ...], width: int, height: int) -> list[Text]:
    """Draw panes one below the other, a blank line between them."""
    heights = _heights(view, panes, height - len(panes) + 1)
    lines: list[Text] = []
    for pane, room in zip(panes, heights, strict=True):
        drawn = pane_lines(view, pane, width, room)
        lines += [*drawn, *(Text() for _ in range(room - len(drawn) + 1))]
    return lines[:height]


def _heights(view: View, panes: tuple[Pane, ...], height: int) -> list[int]:
    """Share lines out: the pane that keys move in gets most, none gets more than it can fill while another wants it."""
    needs = [1 + max(1, len(view.rows(pane))) for pane in panes]
    wide = view.pane if view.pane in panes else panes[-1]
    share = height * 5 // 18 if len(panes) == len(PANES) else height * 2 // 5
    heights = [0 if pane == wide else min(need, share) for pane, need in zip(panes, needs, strict=True)]
    index = panes.index(wide)
    heights[index] = min(needs[index], height - sum(heights))
    for place, need in enumerate(needs):
        heights[place] += max(0, min(need - heights[place], height - sum(heights)))
    return heights
