"""Any text → text that a terminal prints and does nothing else with, measured in cells.

The second fence: parse/ cleans what publishers write, but the view may be pointed at any address.
"""

import unicodedata
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size  # noqa: TID251  rich's home

_LIMIT: Final = 4_000
_MARKS: Final = 2
_LETTERS_OF_FLAGS: Final = {0x1F1E6 + index: chr(ord("A") + index) for index in range(26)}
_SKIN_TONES: Final = dict.fromkeys(range(0x1F3FB, 0x1F400))
_PLAINER: Final = _LETTERS_OF_FLAGS | _SKIN_TONES
_TYPEWRITER: Final = str.maketrans(
    {"‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "−": "-", "·": "-", "•": "*"}
    | {"×": "x", "«": '"', "»": '"', "‹": "<", "›": ">", "€": "EUR", "£": "GBP", "ß": "ss", "ø": "o", "æ": "ae"}
)


def printable(text: str, *, ascii_only: bool = False) -> str:
    """Make one line that is safe to print, of which every terminal and we agree how wide it is.

    Controls (C0, C1, DEL) and white space become single spaces. Format characters (bidi, zero-width, joiners, tags),
    private, unassigned and surrogate code points are dropped, and so are combining marks after the second on one
    letter. Terminals do not agree on joined emoji, skin tones and flags: these become their plain parts. Idempotent.

    Args:
        text: Anything; what is longer than 4,000 characters is cut.
        ascii_only: Write accents off and "?" for what ASCII has nothing for.
    """
    text = text[:_LIMIT]
    if not (text.isascii() and text.isprintable()):
        text = _plain(unicodedata.normalize("NFC", text.translate(_PLAINER)))
    if ascii_only and not text.isascii():
        text = "".join(_ascii(char) for char in text.translate(_TYPEWRITER))
    return " ".join(text.split())[:_LIMIT]


def _plain(text: str) -> str:
    """Keep what is a letter, a sign or a space."""
    kept: list[str] = []
    marks = _MARKS  # a mark without a letter before it would land on whatever is printed to its left
    for char in text:
        category = unicodedata.category(char)
        if category in {"Mn", "Me"}:
            marks += 1
            if marks <= _MARKS and not unicodedata.name(char, "").startswith("VARIATION SELECTOR"):
                kept.append(char)
        elif category == "Cc" or category.startswith("Z"):
            kept.append(" ")
            marks = _MARKS
        elif not category.startswith("C"):
            kept.append(char)
            marks = 0
    return "".join(kept)


def _ascii(char: str) -> str:
    """Give the letter below the accents. A mark of its own has none, and leaves."""
    if char.isascii() or unicodedata.combining(char):
        return char if char.isascii() else ""
    return unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode() or "?"


def clip(text: str, width: int, ellipsis: str) -> str:
    """Cut `text` (printable) to at most `width` cells; `ellipsis` (one cell) ends what was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ellipsis if width > 0 else ""


def column(text: str, width: int, ellipsis: str, *, right: bool = False) -> str:
    """Fill exactly `width` cells with `text` (printable), to the left or to the right of them."""
    clipped = clip(text, width, ellipsis)
    spaces = " " * (max(width, 0) - cell_len(clipped))
    return spaces + clipped if right else clipped + spaces


def wrap(text: str, width: int) -> list[str]:
    """Break `text` (printable) between words into lines of at most `width` cells, and inside words that are longer.

    Args:
        text: At least one line comes of it, an empty one of "".
        width: At least 2, or a wide character would fit nowhere; what is less counts as 2.
    """
    width = max(width, 2)
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".lstrip()
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            pieces = chop_cells(word, width)
            lines[len(lines) - (not lines[-1]) :] = pieces
    return lines
