from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.monitor.frame import frame
from aggregator.monitor.view import PANES, Overlay, Pane, View
from tests.monitor.samples import FAILING, NOW, OK, STATUS, VIEW, line

HOSTILE = "\x1b]0;pwn\x07\x1b[2J\x1b]52;c;aGk=\x07\x9b31m[/foo][link=file:///x][blink]\u202egnp " + "z" + "\u0301" * 99
SIZES = [(80, 24), (200, 50), (40, 10), (130, 13), (20, 5), (3, 2), (1, 1)]


def shown(view: View, width: int = 80, height: int = 24) -> str:
    return "\n".join(text.plain.rstrip() for text in frame(view, width, height))


@pytest.mark.parametrize(("width", "height"), SIZES, ids=str)
@pytest.mark.parametrize("overlay", [None, "help", "details", "link"])
@pytest.mark.parametrize("pane", PANES)
def test_a_frame_fills_the_screen_exactly(width: int, height: int, overlay: Overlay | None, pane: Pane) -> None:
    wide = line("東京で雪 👨\u200d👩\u200d👧 " * 20)
    view = replace(VIEW, update=(wide, *VIEW.update), overlay=overlay, pane=pane, trouble="refused")

    for state in (view, replace(view, status=None), replace(view, typing=True, filter="e")):
        lines = frame(state, width, height)

        assert [text.cell_len for text in lines] == [width] * height


def test_a_screen_of_nothing_is_one_cell() -> None:
    assert [text.cell_len for text in frame(VIEW, 0, -1)] == [1]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50)], ids=str)
def test_the_whole_newsroom_is_on_one_screen(width: int, height: int) -> None:
    text = shown(VIEW, width, height)

    for part in ("Berita Kita", "UPDATE", "Populer", "Sources", "1 failing", "10:12", "Headline number 0", "+2"):
        assert part in text
    for part in ("Dunia Kita", "304", "45 s", "21", "every 15 min", "Gema Harian", "503", "12 min", "? help"):
        assert part in text
    for part in ("567 headlines", "432 stories", "1,234 polls", "81% 304", "12.3 MB", "late 0.1 s p99 0.9 s"):
        assert part in text
    assert "loop 2 ms max 31 ms" in text
    assert "subscribe to http://127.0.0.1:8080/update.rss" in text


@pytest.mark.parametrize("count", [55, 123_456])
def test_the_number_of_failing_sources_is_never_cut(count: int) -> None:
    status = replace(STATUS, sources=(FAILING,) * count)
    (heading,) = [row for row in shown(replace(VIEW, status=status)).splitlines() if "Sources" in row]

    assert f"{count:,}  {count:,} failing" in heading
    assert ("answer        next   today" in heading) is (count == 55)


def test_a_wide_screen_shows_panes_side_by_side() -> None:
    top = shown(VIEW, 200, 50).splitlines()[2]

    assert "UPDATE" in top
    assert "Populer" in top


def test_a_small_screen_shows_the_chosen_pane_alone() -> None:
    assert "Headline number" in shown(VIEW, 40, 10)
    small = shown(replace(VIEW, pane="sources"), 40, 10)

    assert "Headline number" not in small
    assert "Gema Harian" in small


def test_the_day_is_named_where_it_changes() -> None:
    lines = [line("today"), line("late", minutes_ago=11 * 60), line("later", minutes_ago=12 * 60)]
    rows = shown(replace(VIEW, update=tuple(lines))).splitlines()[3:6]

    assert [row.split()[:4] for row in rows] == [
        ["›", "23", "Nov", "10:12"],
        ["22", "Nov", "23:12", "Dunia"],
        ["22:12", "Dunia", "Kita", "later"],
    ]


def test_the_row_under_the_cursor_is_always_on_the_screen() -> None:
    for cursor in range(len(VIEW.update)):
        text = shown(replace(VIEW, cursors=(cursor, 0, 0)))

        (marked,) = [row for row in text.splitlines() if row.startswith("›")]
        assert f"Headline number {cursor}" in marked


def test_nobody_to_press_keys_sees_neither_cursor_nor_keys() -> None:
    text = shown(replace(VIEW, interactive=False))

    assert "›" not in text
    assert "? help" not in text


def test_a_daemon_that_stopped_answering_is_named_with_the_time() -> None:
    gone = replace(VIEW, trouble="Connection refused", now=NOW + timedelta(minutes=3))

    assert "no answer from http://127.0.0.1:8080 since 10:12, retrying (Connection refused)" in shown(gone, 90)
    assert "Headline number 0" in shown(gone)
    assert shown(gone, 20, 5).startswith("  no answer from")


def test_a_daemon_that_never_answered_is_waited_for() -> None:
    text = shown(View(address="http://127.0.0.1:8080", trouble="Connection refused"))

    assert "no answer yet from http://127.0.0.1:8080, retrying" in text
    assert "waiting for the daemon" in text


def test_what_ails_the_daemon_is_seen_at_once() -> None:
    sick = replace(VIEW, status=replace(STATUS, health="degraded: disk full"))

    assert "degraded: disk full" in shown(sick).splitlines()[1]


@pytest.mark.parametrize(("width", "height"), SIZES, ids=str)
def test_nothing_a_source_writes_reaches_the_terminal_as_a_command(width: int, height: int) -> None:
    evil = replace(line(HOSTILE, url=f"https://x.example/{HOSTILE}"), source=HOSTILE, summary=HOSTILE)
    source = replace(FAILING, name=HOSTILE, error=HOSTILE, answer=HOSTILE, url=HOSTILE, reason=HOSTILE, id=HOSTILE)
    status = replace(STATUS, title=HOSTILE, url=HOSTILE, sources=(source,), topics=(("update", HOSTILE),))
    status = replace(status, version=HOSTILE, notices=(HOSTILE,))
    view = View(address=HOSTILE, status=status, update=(evil,), popular=(evil,), now=NOW, trouble=HOSTILE)

    for pane in ("update", "sources"):
        for overlay in (None, "details", "link", "help"):
            lines = frame(replace(view, pane=pane, overlay=overlay), width, height)

            assert all(part.isprintable() for text in lines for part in text.plain.split("\u0301"))
            assert [text.cell_len for text in lines] == [width] * height


def test_markup_in_a_title_is_text() -> None:
    assert "[/foo] [bold]x[/bold]" in shown(replace(VIEW, update=(line("[/foo] [bold]x[/bold]"),)))


@pytest.mark.parametrize("overlay", [None, "details", "link", "help"])
def test_a_terminal_of_ascii_gets_ascii(overlay: Overlay | None) -> None:
    view = replace(VIEW, ascii_only=True, update=(line("Café 東京 " * 20),), overlay=overlay)

    lines = frame(view, 80, 24)

    assert all(text.plain.isascii() for text in lines)
    assert [text.cell_len for text in lines] == [80] * 24


def test_the_filter_says_how_many_rows_it_lets_pass() -> None:
    text = shown(replace(VIEW, filter="number 5", typing=True))

    assert "15 of 60" in text
    assert "/number 5▏" in text
    assert "nothing holds these words" in text


def test_details_of_a_source_tell_why_it_fails_and_when_it_is_asked() -> None:
    text = shown(replace(VIEW, pane="sources", overlay="details"))

    for part in (str(FAILING.error), "3 in a row", "(in 12 min)", "back-off after 3 failures", "10:24:00 WIB", "never"):
        assert part in text
    assert "12 kept, not told as news, since the daemon started" in text


def test_details_of_a_source_tell_how_often_it_had_nothing_new_and_what_it_brings() -> None:
    text = shown(replace(VIEW, pane="sources", cursors=(0, 0, 1), overlay="details"))

    for part in (
        "09:58:00 WIB (14 min ago)",
        "85% of 20 polls since the daemon started",
        "21 today, 48.3 a day lately",
    ):
        assert part in text


def test_a_source_that_was_never_asked_has_no_304_share() -> None:
    new = replace(OK, state="new", polls=0, not_modified=0, last_ok_at=None)
    view = replace(VIEW, status=replace(STATUS, sources=(new,)), pane="sources")

    assert "304 share" not in shown(replace(view, overlay="details"))
    assert "%" not in next(row for row in shown(view, 200, 50).splitlines() if "Dunia Kita" in row and "○" in row)


def test_a_wide_pane_shows_the_304_share_and_the_headlines_a_day_of_each_source() -> None:
    rows = shown(VIEW, 200, 50).splitlines()
    (heading,) = [row for row in rows if "answer" in row]
    (row,) = [row for row in rows if "●" in row]

    for column, value in (("today", "21"), ("304", "85%"), ("a day", "48.3")):
        assert row[: heading.index(column) + len(column)].endswith(value)


def test_help_tells_what_the_daemon_does_in_full() -> None:
    text = shown(replace(VIEW, overlay="help"))

    for part in ("0.1.0, since Mon 23 Nov 2026 05:12:00", "1,234 polls, 81% of them 304, 7 failed; 12.3 MB came"):
        assert part in text
    for part in ("0.1 s from due to asked, p99 0.9 s", "p99 2 ms, at most 31 ms so far"):
        assert part in text


def test_notices_are_seen_at_once_unless_something_is_wrong() -> None:
    noticed = replace(STATUS, notices=("using the shipped feeds.yaml", "a torn record was cut off"))
    sick = replace(noticed, health="degraded: disk full")

    told = "  using the shipped feeds.yaml · a torn record was cut off"
    assert shown(replace(VIEW, status=noticed)).splitlines()[1] == told
    assert shown(replace(VIEW, status=sick)).splitlines()[1] == "  degraded: disk full"
    assert shown(replace(VIEW, status=sick, overlay="help")).count("notice  ") == 2


def test_details_of_a_headline_tell_all_of_it() -> None:
    title = "A headline that goes on " * 8
    told = replace(line(title, headlines=3), outlets=("Dunia", "Gema"), summary="What happened.")
    text = shown(replace(VIEW, update=(told,), overlay="details"))

    for part in ("3 in this story: Dunia, Gema", "10:12:00 WIB", "https://dunia.example/1", "What happened."):
        assert part in text
    assert " ".join(text.split()).count("A headline that goes on") == 8


def test_a_link_stands_at_the_first_cell_for_copying() -> None:
    assert "\nhttps://dunia.example/1\n" in shown(replace(VIEW, overlay="link"))
    assert "it has no link" in shown(replace(VIEW, update=(line("x", url=None),), overlay="link"))
