"""A printed word → the month, or that it is a weekday or one of the small words that stand in dates."""

import re
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Final

from babel import Locale, UnknownLocaleError

COMMON: Final = ("en", "id", "ms", "de", "fr", "nl", "es", "pt", "it", "ru")
"""Read in every text, whatever its language: many print English dates beside their own. No name means two months."""

_SPELLINGS: Final = {
    "ags": 8,  # CLDR abbreviates Agustus to Agu; Indonesian newsrooms write all of these
    "agt": 8,
    "agust": 8,
    "peb": 2,
    "pebruari": 2,
    "nop": 11,
    "nopember": 11,
    "sept": 9,
    "mrz": 3,
}

_SMALL_WORDS: Final = """
    a à alle am at às das de del den der día dia em en er fecha fra h heure heures hs hrs il jam kl klo la las le los
    o of om on op ore pada pkl pukul publié published the tanggal tgl tayang terbit um uhr uur updated
    в во г год года от час ч gmt utc wib wita wit jumat jum'at jumaat ahad
"""

_MARKS: Final = re.compile(r"[\u0300-\u036f]")


def fold(word: str) -> str:
    """Take case, accents, full stops and the kinds of apostrophe out: "FEVRIER" is février, "Jum’at" is jum'at."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return bare.replace("’", "'").replace("‘", "'").replace("`", "'").strip(".")


def month_number(word: str, language: str | None) -> int | None:
    """Find the month that a word names, long or short, in `language` or a common one.

    Args:
        word: As printed.
        language: RFC 5646; it is asked first. None: only the common ones.

    Returns:
        1 to 12, or None where it names no month.
    """
    name = fold(word)
    if name in _SPELLINGS:
        return _SPELLINGS[name]
    return next((months[name] for months, _ in _tables(language) if name in months), None)


def belongs_in_dates(word: str, language: str | None) -> bool:
    """Tell whether a word may stand beside a date without being more than the date: "Senin", "pukul", "Uhr"."""
    name = fold(word)
    return name in _SMALL or any(name in weekdays for _, weekdays in _tables(language))


def _tables(language: str | None) -> Iterator[tuple[dict[str, int], frozenset[str]]]:
    # One table at a time, because building each takes 3 ms and the first ones know nearly every word.
    own = (language or "").partition("-")[0].lower()
    yield from map(_table, dict.fromkeys((own, *COMMON)) if own else COMMON)


@cache
def _table(code: str) -> tuple[dict[str, int], frozenset[str]]:
    """Compile the month and weekday names of one language from CLDR; empty for a language that CLDR does not know."""
    try:
        locale = Locale(code)
    except (UnknownLocaleError, ValueError):  # feeds.yaml may say "x-klingon"
        return {}, frozenset()
    # Copies: babel 2.17 puts the names of the language that is asked first where those without own ones look.
    names_of_months, names_of_days = deepcopy((locale.months, locale.days))
    months = {
        fold(name): number
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in names_of_months[context][width].items()
    }
    weekdays = frozenset(
        fold(word)
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated", "short")
        for name in names_of_days[context][width].values()
        for word in name.split("-")  # segunda-feira
    )
    return months, weekdays


_SMALL: Final = frozenset(map(fold, _SMALL_WORDS.split()))
