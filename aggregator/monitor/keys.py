"""What the keyboard sends → the names of keys."""

import re
from typing import Final

_KEY: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|[^\x1b]|\x1b")
_NAMES: Final = {
    "\t": "tab",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x03": "q",  # Ctrl-C, where a terminal sends it as a character
    "\x1b": "esc",
    "\x1b[Z": "shift-tab",
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[H": "home",
    "\x1bOH": "home",
    "\x1b[1~": "home",
    "\x1b[7~": "home",
    "\x1b[F": "end",
    "\x1bOF": "end",
    "\x1b[4~": "end",
    "\x1b[8~": "end",
}


def read_keys(typed: str) -> tuple[str, ...]:
    """Name the keys in what one read of the terminal gave: "tab", "page up", "esc", …, or the character itself.

    An ESC followed by nothing we know is the key; sequences of keys that mean nothing here are left out.
    """
    found = ((text, _NAMES.get(text, text)) for text in _KEY.findall(typed))
    return tuple(name for text, name in found if name != text or text.isprintable())
