"""How a fault shows what the operator wrote."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

LIMIT_SHOWN: Final = 60
"""Characters of a written value that a fault repeats."""

LIMIT_COMPARED: Final = 1_000
"""Words that one is looked for among: it takes 20 µs each, and there may be a hundred faults."""


_PASSWORD: Final = re.compile("//.*@")


def quoted(written: str) -> str:
    """Put `written` in quotes, clipped, on one line, without credentials; control characters are shown as escapes."""
    harmless = _PASSWORD.sub("//…@", written)
    clipped = harmless if len(harmless) <= LIMIT_SHOWN else harmless[: LIMIT_SHOWN - 1] + "…"
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in clipped)
    return f'"{shown}"'


def suggestion(written: str, known: Iterable[str], otherwise: str = "") -> str:
    """Name the one of `known` that was probably meant, as in `; write "topics"`; else say `otherwise`, else all."""
    known = sorted(known)
    near = get_close_matches(written[:LIMIT_SHOWN], known, n=1) if len(known) <= LIMIT_COMPARED else ()
    if near:
        return f"; write {quoted(near[0])}"
    return f"; {otherwise or 'write one of ' + ', '.join(known)}"
