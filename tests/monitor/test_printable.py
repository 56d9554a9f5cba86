import pytest
from rich.cells import cell_len

from aggregator.monitor.printable import clip, column, printable, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;pwn\x07title", "]0;pwn title"),
        ("a\x1b[2Jb", "a [2Jb"),
        ("a\x9b31mb", "a 31mb"),
        ("a\x00\r\n\tb", "a b"),
        ("safe\u202egnp.exe\u2066", "safegnp.exe"),
        ("a\u200b\u200d\ufeff\u00adb", "ab"),
        ("[/foo] [link=file:///x]", "[/foo] [link=file:///x]"),
        ("z\u0300\u0301\u0302\u0303\u0304o", "z\u0300\u0301o"),
        ("\u0301leading mark", "leading mark"),
        ("e\u0301", "é"),
        ("東京で雪", "東京で雪"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("👍🏽 ❤\ufe0f 🇮🇩", "👍 ❤ ID"),
        ("\ud800\ue000\U000e0041x", "x"),
    ],
)
def test_what_a_terminal_might_obey_is_taken_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("“Café” – Århus…", '"Cafe" - Arhus...'), ("東京", "??"), ("n̈", "n"), ("plain", "plain")]
)
def test_a_terminal_of_ascii_gets_the_letters_below_the_accents(text: str, shown: str) -> None:
    assert printable(text, ascii_only=True) == shown


def test_a_megabyte_costs_what_four_thousand_characters_cost() -> None:
    assert len(printable("é" * 1_000_000)) == 4_000


def test_what_is_cut_ends_in_an_ellipsis_and_never_in_half_a_character() -> None:
    assert clip("東京で雪", 8, "…") == "東京で雪"
    assert clip("東京で雪", 6, "…") == "東京…"
    assert clip("headline", 0, "…") == ""


def test_a_column_is_as_wide_as_asked_on_either_side() -> None:
    assert column("東京", 6, "…") == "東京  "
    assert column("+2", 4, "…", right=True) == "  +2"
    assert cell_len(column("東京で雪", 4, "…")) == 4


def test_lines_break_between_words_and_inside_words_that_are_too_long() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("https://dunia.example/1", 10) == ["https://du", "nia.exampl", "e/1"]
    assert wrap("a bbbbbbbbbbbb", 5) == ["a", "bbbbb", "bbbbb", "bb"]
    assert wrap("", 5) == [""]
