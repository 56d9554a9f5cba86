"""Text → what match expressions compare: without case, accents and punctuation, on both sides alike."""

import re
import unicodedata
from typing import Final

# What an accent becomes in NFD. Other scripts' marks stay: without its dakuten "が" is "か".
_ACCENTS: Final = dict.fromkeys(range(0x0300, 0x0370))
# Thai, Lao, Myanmar, Khmer, kana and Han are written without spaces between words.
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class _WordParts(dict[int, str]):
    """What each character becomes: letters, marks and digits stay, the rest parts words."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = kept = character if unicodedata.category(character)[0] in "LMN" else " "
        return kept


_WORD_PARTS: Final = _WordParts()


def without_accents(text: str) -> str:
    """Give the text in NFKC, "é" as "e"."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text).translate(_ACCENTS))


def plain(text: str) -> str:
    """Give the text without accents and case; punctuation stays."""
    return without_accents(text.casefold())


def words(text: str) -> str:
    """Give the words of the text with one space before, between and behind them; " " where there are none."""
    return " ".join(("", *plain(text).translate(_WORD_PARTS).split(), "")) or " "


def is_unspaced(text: str) -> bool:
    """Say whether the text has letters of a script that does not part words: there a word may stand inside another."""
    return _UNSPACED.search(text) is not None
