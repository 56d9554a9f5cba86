import pytest

from aggregator.monitor.keys import read_keys


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("q", ("q",)),
        ("\t\x1b[Z", ("tab", "shift-tab")),
        ("\x1b[A\x1bOB", ("up", "down")),
        ("\x1b[5~\x1b[6~", ("page up", "page down")),
        ("\x1b[H\x1b[4~", ("home", "end")),
        ("\x1b", ("esc",)),
        ("\r\n\x7f", ("enter", "enter", "backspace")),
        ("/bé東", ("/", "b", "é", "東")),
        ("\x1b[15~\x1bOP\x01", ()),
        ("\x1b[1;5A", ()),
        ("", ()),
    ],
)
def test_what_is_typed_is_named(typed: str, keys: tuple[str, ...]) -> None:
    assert read_keys(typed) == keys
