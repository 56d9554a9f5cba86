"""What lies over the panes: all about one row, its link alone, the keys."""

from datetime import datetime, timedelta
from typing import Final

from rich.text import Text  # noqa: TID251  rich's home

from aggregator.monitor.lines import Line
from aggregator.monitor.panes import ACCENT, ALARM, DIM, share_304, size, span, styled, until
from aggregator.monitor.printable import column, printable, wrap
from aggregator.monitor.view import Row, View
from aggregator.report import SourceStatus, Status

_LABEL_WIDTH: Final = 12
_KEYS: Final = (
    ("Tab", "the next pane; Shift-Tab the one before"),
    ("arrows", "one row; PgUp, PgDn a page; Home, End"),
    ("Enter", "all about the row"),
    ("o", "its link, for copying"),
    ("/", "filter: type words, Enter keeps, Esc clears"),
    ("s", "sources: failing ones first, or as in feeds.yaml"),
    ("q, Ctrl-C", "end the view"),
)


def overlay_lines(view: View, width: int, height: int) -> list[Text]:
    """Draw what `view.overlay` names, cut at `height`."""
    row = view.chosen
    match view.overlay:
        case "link" if row:
            return _link(row, width, view)[:height]
        case "details" if row:
            facts = _line_facts(row, view) if isinstance(row, Line) else _source_facts(row, view)
            return _facts(facts, width, view)[:height]
        case "help":
            keys = _facts(_KEYS, width, view)
            daemon = _facts(_daemon_facts(view.status, view), width, view) if view.status else []
            return [*keys, Text(), *daemon][:height]
        case _:
            return [styled([("  the row is gone", DIM)])]


def _facts(facts: tuple[tuple[str, str], ...], width: int, view: View) -> list[Text]:
    """Write labels and, beside them, what may take several lines."""
    lines: list[Text] = []
    for label, value in facts:
        style = ALARM if label == "error" else ""
        wrapped = wrap(printable(value, ascii_only=view.ascii_only), width - _LABEL_WIDTH - 3)
        for index, piece in enumerate(wrapped):
            lines.append(styled([("  " + column("" if index else label, _LABEL_WIDTH, ""), DIM), (piece, style)]))
    return lines


def _link(row: Row, width: int, view: View) -> list[Text]:
    """Print the link from the first cell on, with nothing beside it that would be copied too."""
    link = printable(row.url or "", ascii_only=view.ascii_only)
    if not link:
        return [styled([("  it has no link", DIM)])]
    return [*(styled([(piece, ACCENT)]) for piece in wrap(link, width)), Text(), styled([("  Esc goes back", DIM)])]


def _line_facts(line: Line, view: View) -> tuple[tuple[str, str], ...]:
    outlets = ", ".join(line.outlets) or line.source
    facts = (
        ("title", line.title),
        ("source", line.source),
        ("published", _when(line.published_at, view)),
        ("headlines", f"{line.headlines} in this story: {outlets}" if line.headlines > 1 else ""),
        ("link", line.url or "none"),
        ("summary", line.summary if line.summary != line.title else ""),
    )
    return tuple((label, value) for label, value in facts if value)


def _source_facts(source: SourceStatus, view: View) -> tuple[tuple[str, str], ...]:
    waits = until(source.next_at, view.now)
    facts = (
        ("name", source.name),
        ("state", source.state),
        ("answer", source.answer or "not asked yet"),
        ("error", source.error or ""),
        ("failures", f"{source.failures} in a row" if source.failures else ""),
        ("next poll", f"{_when(source.next_at, view)} (in {waits})" if source.next_at else "never"),
        ("why then", source.reason),
        ("last good", _when(source.last_ok_at, view) + _ago(source.last_ok_at, view)),
        (
            "304 share",
            f"{share_304(source)} of {_times(source.polls)} since the daemon started" if source.polls else "",
        ),
        ("headlines", f"{source.new_today:,} today, {source.per_day:,.1f} a day lately"),
        ("held back", f"{source.untold:,} kept, not told as news, since the daemon started" if source.untold else ""),
        ("address", source.url),
        ("id", source.id if source.id != source.url else ""),
    )
    return tuple((label, value) for label, value in facts if value)


def _daemon_facts(status: Status, view: View) -> tuple[tuple[str, str], ...]:
    totals = status.totals
    not_modified = f", {totals.not_modified / totals.polls:.0%} of them 304" if totals.polls else ""
    return (
        ("daemon", f"{status.version}, since {_when(status.started_at, view)}"),
        ("requests", f"{_times(totals.polls)}{not_modified}, {totals.failed:,} failed; {size(totals.wire_bytes)} came"),
        ("headlines", f"{totals.new:,} accepted; {totals.headlines:,} kept, in {totals.stories:,} stories"),
        ("late", f"{totals.lateness_p50:.1f} s from due to asked, p99 {totals.lateness_p99:.1f} s"),
        ("loop held", f"p99 {totals.loop_lag_p99 * 1000:.0f} ms, at most {totals.loop_lag_max * 1000:.0f} ms so far"),
        *(("notice", notice) for notice in status.notices),
    )


def _times(polls: int) -> str:
    return "1 poll" if polls == 1 else f"{polls:,} polls"


def _ago(instant: datetime | None, view: View) -> str:
    return f" ({span(max(view.now - instant, timedelta(0)))} ago)" if instant and view.now else ""


def _when(instant: datetime | None, view: View) -> str:
    return f"{instant.astimezone(view.zone):%a %d %b %Y %H:%M:%S %Z}" if instant else "never"
