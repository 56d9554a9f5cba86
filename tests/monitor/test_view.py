from dataclasses import replace

from aggregator.monitor.view import View, follow, press
from tests.monitor.samples import FAILING, LINES, OK, VIEW, line


def pressed(view: View, *keys: str) -> View:
    for key in keys:
        view = press(view, key, page=10)
    return view


def test_tab_goes_round_the_panes() -> None:
    assert [pressed(VIEW, *["tab"] * count).pane for count in range(4)] == ["update", "popular", "sources", "update"]
    assert pressed(VIEW, "shift-tab").pane == "sources"


def test_the_cursor_stays_among_the_rows() -> None:
    assert pressed(VIEW, "up").cursor("update") == 0
    assert pressed(VIEW, "down", "page down").cursor("update") == 11
    assert pressed(VIEW, "page down", "page up").cursor("update") == 0
    assert pressed(VIEW, "end", "down").cursor("update") == len(LINES) - 1
    assert pressed(VIEW, "end", "home").cursor("update") == 0


def test_each_pane_has_its_own_cursor() -> None:
    moved = pressed(VIEW, "down", "tab", "down", "down")

    assert moved.cursors == (1, 2, 0)


def test_failing_sources_come_first_until_s_is_pressed() -> None:
    assert VIEW.rows("sources") == (FAILING, OK)
    assert pressed(VIEW, "s").rows("sources") == (OK, FAILING)


def test_the_filter_takes_words_in_any_case_and_esc_clears_it() -> None:
    typed = pressed(VIEW, "/", *"NUMBER 5x", "backspace", "enter")

    assert (typed.filter, typed.typing) == ("NUMBER 5", False)
    assert [row.id for row in typed.rows("update")] == [line.id for line in LINES if "5" in line.title]
    assert pressed(typed, "esc").rows("update") == LINES


def test_q_is_a_letter_while_the_filter_is_typed() -> None:
    assert pressed(VIEW, "/", "q").filter == "q"


def test_sources_are_filtered_by_state_too() -> None:
    assert pressed(VIEW, "/", *"failing").rows("sources") == (FAILING,)


def test_esc_while_typing_gives_up_the_filter() -> None:
    assert pressed(VIEW, "/", "b", "tab", "esc") == VIEW


def test_overlays_open_and_close() -> None:
    assert [pressed(VIEW, key).overlay for key in ("enter", "o", "?")] == ["details", "link", "help"]
    assert pressed(VIEW, "enter", "esc") == VIEW
    assert pressed(VIEW, "?", "?") == VIEW


def test_an_empty_pane_has_no_details() -> None:
    empty = replace(VIEW, update=())

    assert pressed(empty, "enter", "o", "down", "end") == empty
    assert empty.chosen is None


def test_a_key_without_a_meaning_changes_nothing() -> None:
    assert pressed(VIEW, "x", "東") == VIEW


def test_news_do_not_move_the_cursor_to_another_headline() -> None:
    before = pressed(VIEW, "down", "down")

    after = follow(before, replace(before, update=(line("fresh"), *LINES)))

    assert before.chosen == after.chosen == LINES[2]


def test_a_cursor_on_the_first_row_watches_the_news() -> None:
    fresh = line("fresh")

    assert follow(VIEW, replace(VIEW, update=(fresh, *LINES))).chosen == fresh


def test_a_chosen_headline_that_left_leaves_the_cursor_where_it_was() -> None:
    before = pressed(VIEW, "down", "down")

    after = follow(before, replace(before, update=LINES[:2] + LINES[3:]))

    assert after.chosen == LINES[3]
