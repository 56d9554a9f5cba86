from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from aggregator.monitor.frame import frame
from aggregator.monitor.keys import read_keys
from aggregator.monitor.lines import Line, read_lines
from aggregator.monitor.metrics import read_status, status_json
from aggregator.monitor.printable import clip, column, printable, wrap
from aggregator.monitor.view import PANES, Overlay, View, press
from aggregator.report import SourceStatus, State, Status, Totals

ANY_TEXT = st.text(st.characters(), max_size=60)
SHARED_TEXT = st.text(max_size=60)
YEAR_2, YEAR_9998 = datetime.fromisoformat("0002-01-02"), datetime.fromisoformat("9998-12-30")
INSTANTS = st.datetimes(YEAR_2, YEAR_9998, timezones=st.just(UTC))
COUNTS = st.integers(0, 2**53)
SOURCES = st.builds(
    SourceStatus,
    id=SHARED_TEXT,
    name=SHARED_TEXT,
    url=SHARED_TEXT,
    state=st.sampled_from(get_args(State)),
    answer=SHARED_TEXT,
    error=st.none() | SHARED_TEXT,
    failures=COUNTS,
    next_at=st.none() | INSTANTS,
    reason=SHARED_TEXT,
    last_ok_at=st.none() | INSTANTS,
    polls=COUNTS,
    not_modified=COUNTS,
    new_today=COUNTS,
    per_day=st.floats(0, 1e9),
    untold=COUNTS,
)
TOTALS = st.builds(
    Totals,
    polls=COUNTS,
    not_modified=COUNTS,
    failed=COUNTS,
    new=COUNTS,
    headlines=COUNTS,
    stories=COUNTS,
    wire_bytes=COUNTS,
    lateness_p50=st.floats(0, 1e9),
    lateness_p99=st.floats(0, 1e9),
    loop_lag_p99=st.floats(0, 1e9),
    loop_lag_max=st.floats(0, 1e9),
)
STATUSES = st.builds(
    Status,
    version=SHARED_TEXT,
    title=SHARED_TEXT,
    url=SHARED_TEXT,
    zone=SHARED_TEXT,
    started_at=INSTANTS,
    now=INSTANTS,
    health=SHARED_TEXT,
    notices=st.lists(SHARED_TEXT, max_size=2).map(tuple),
    topics=st.lists(st.tuples(SHARED_TEXT, SHARED_TEXT), max_size=3).map(tuple),
    sources=st.lists(SOURCES, max_size=3).map(tuple),
    totals=TOTALS,
)
LINES = st.lists(
    st.builds(
        Line,
        id=ANY_TEXT,
        title=ANY_TEXT,
        url=st.none() | ANY_TEXT,
        source=ANY_TEXT,
        published_at=st.none() | INSTANTS,
        headlines=st.integers(1, 10**9),
        outlets=st.lists(ANY_TEXT, max_size=3).map(tuple),
        summary=ANY_TEXT,
    ),
    max_size=8,
).map(tuple)
VIEWS = st.builds(
    View,
    address=ANY_TEXT,
    status=st.none() | STATUSES,
    update=LINES,
    popular=LINES,
    trouble=ANY_TEXT,
    now=st.none() | INSTANTS,
    zone=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    pane=st.sampled_from(PANES),
    cursors=st.tuples(*[st.integers(-3, 20)] * 3),
    worst_first=st.booleans(),
    filter=ANY_TEXT,
    typing=st.booleans(),
    overlay=st.none() | st.sampled_from(get_args(Overlay)),
    interactive=st.booleans(),
    ascii_only=st.booleans(),
)


@given(VIEWS, st.integers(1, 220), st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_a_frame_fills_the_screen_with_nothing_but_text(view: View, width: int, height: int) -> None:
    lines = frame(view, width, height)

    assert [line.cell_len for line in lines] == [width] * height
    for line in lines:
        assert printable(line.plain) == " ".join(line.plain.split())
        assert line.plain.isascii() or not view.ascii_only


@given(STATUSES)
@settings(deadline=None)
def test_a_status_is_read_as_it_was_written(status: Status) -> None:
    assert read_status(status_json(status)) == status


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_status_or_a_value_error(body: bytes) -> None:
    for read in (read_status, read_lines):
        with suppress(ValueError):
            read(body)


@given(st.text(st.characters()), st.booleans())
def test_printable_text_is_printable_and_stays_as_it_is(text: str, ascii_only: bool) -> None:
    shown = printable(text, ascii_only=ascii_only)

    assert all(char.isprintable() for char in shown)
    assert shown.isascii() or not ascii_only
    assert printable(shown, ascii_only=ascii_only) == shown


@given(st.text(st.characters()), st.integers(0, 40), st.booleans())
def test_columns_are_exact_and_what_is_clipped_or_wrapped_fits(text: str, width: int, right: bool) -> None:
    shown = printable(text)

    assert cell_len(column(shown, width, "…", right=right)) == width
    assert cell_len(clip(shown, width, "…")) <= width
    assert all(cell_len(piece) <= max(width, 2) for piece in wrap(shown, width))
    assert "".join(wrap(shown, width)).replace(" ", "") == shown.replace(" ", "")


@given(VIEWS, st.text(max_size=30) | st.text("\x1b[]OABCDHFZ~0123456789;\t\r/so?q", max_size=30))
@settings(deadline=None)
def test_any_keys_lead_to_a_view_whose_cursors_are_on_rows(view: View, typed: str) -> None:
    for key in read_keys(typed):
        view = press(view, key, page=7)

    for pane in PANES:
        rows = view.rows(pane)
        assert 0 <= view.cursor(pane) < max(1, len(rows))
