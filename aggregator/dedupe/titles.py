"""Title → the form in which two printings of it are equal."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_NEWSROOM_WORDS: Final = r"""
    updated?|breaking(?:\ news)?|exclusive|developing|just\ in|live(?:\ updates?)?|correct(?:ed|ion)|urgent|alert|watch
    |video|photos?|eksklusif|terkini|foto|eilmeldung
    |diperbarui|pembaruan|ralat|koreksi|aktualisiert|korrigiert|mise\ à\ jour|mis\ à\ jour|actualisé|(?:en\ )?direct
    |actualizad[oa]|última\ hora|urgente|atualizad[oa]|son\ dakika|aggiornamento|срочно|обновлено|дополнено|молния
    |更新|快讯|快訊|突发|突發|速報|속보|عاجل|تحديث|ด่วน|अपडेट
"""
# "UPDATE 1-Oil rises" is how Reuters numbers its takes.
_PREFIX: Final = re.compile(
    rf"""^(?: \s* (?: [\[(](?:{_NEWSROOM_WORDS})[\])]\s*[:|–—-]?
                   | (?:{_NEWSROOM_WORDS})(?:\ ?\d+\s?-|\s*[:|]|\s[–—-]\s) ) )+\s*""",
    re.IGNORECASE | re.VERBOSE,
)
# What stands before a title and could be left out: at most three words, in brackets or before a colon, bar or dash.
_LABEL: Final = re.compile(
    r"""^\s*(?: [\[(【〔《] \s* (?P<inside>[^\[\]()【】〔〕《》]{1,30}?) \s* [\])】〕》] \s* [::|–—-]?
            | (?P<before>[^\s:：|–—]{1,20}(?:\s[^\s:：|–—]{1,20}){0,2}?) (?:\s*[:：|] | \s[–—-]\s | \ ?\d+\s?-)
         )\s*(?=\S)""",
    re.VERBOSE,
)
_SUFFIX: Final = re.compile(r"\s+(?:[|–—-]|::)\s+(?P<outlet>[^|–—]{2,40})$")
_OUTLET: Final = re.compile(
    r"""\.(?:com|net|org|co|id|tv)\b
    |\b(?:news|times|post|tv|daily|herald|online|journal|gazette|tribune|telegraph|guardian|reuters|bbc|cnn|afp)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_APOSTROPHES: Final = frozenset("'`´‘’ʻʼ")  # NFKC turns "´" into a space and an accent: it is taken out before
_TAIL: Final = 8
_FEWEST_WORDS: Final = 3
_MOST_LETTERS: Final = 300  # that tell titles apart
_STEP: Final = 50  # NFKC makes eighteen characters of one U+FDFA


class _Letters(dict[int, str]):
    """What each character becomes: a letter, mark, digit or currency sign stays, an apostrophe goes, the rest parts."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        kept = character if category[0] in "LMN" or category == "Sc" else " "
        self[code] = kept = "" if character in _APOSTROPHES else kept
        return kept


_LETTERS: Final = _Letters()


@lru_cache(maxsize=4096)  # wanted for a headline's identity, and a moment later for its story
def folded_title(title: str) -> str:
    """Give the title in NFKC, without case, punctuation and spare white space. "" only for "".

    Idempotent. A title of nothing but signs keeps them: "???" and "!!!" are two titles. What follows
    the first 300 characters does not count.
    """
    folded = unicodedata.normalize("NFKC", _unfolded(title).casefold())
    return (" ".join(folded.translate(_LETTERS).split()) or folded.strip())[:_MOST_LETTERS].rstrip()


def _unfolded(title: str) -> str:
    """Give as much of the title's NFKC as counts. NFKC of a long title may take a millisecond: it is made in steps."""
    if title.isascii():
        return title[:_MOST_LETTERS]
    text = ""
    for start in range(0, min(len(title), _MOST_LETTERS), _STEP):
        text = unicodedata.normalize("NFKC", text + title[start : start + _STEP])
        if len(text) >= _MOST_LETTERS:
            break
    return text[:_MOST_LETTERS]


def normalised_title(title: str, outlet: str = "") -> str:
    """Give what several outlets' printings of one headline have in common.

    As `folded_title`, and without "UPDATE:", "[BREAKING]" in front, and " - Outlet" or " | Outlet" behind. A tail goes
    only if it is known for an outlet's name (it is `outlet`, or says so itself, as in "BBC News" or "detik.com"):
    "Prakiraan cuaca hari ini - Bandung" is not Jakarta's weather.

    Args:
        title: Plain text.
        outlet: The feed's own title; "" where it has none.
    """
    bare = _PREFIX.sub("", title)
    tail = _SUFFIX.search(bare)
    if tail and _is_outlet(tail["outlet"], outlet) and len(bare[: tail.start()].split()) >= _FEWEST_WORDS:
        bare = bare[: tail.start()]
    return folded_title(bare) or folded_title(title)


def is_same_but_for_a_label(one: str, other: str) -> bool:
    """Say whether two printings of a title differ by what is set before it, as in "UPDATE: …" or "[Diperbarui] …".

    In any language: of two printings of one headline, whatever one has before a colon or in brackets, and the other
    has not, is a label. Where both have one, both must be newsrooms' words: "Prabowo: …" and "Jokowi: …" are two
    titles.
    """
    folded, against = folded_title(one), folded_title(other)
    tail = min(len(folded), len(against), _TAIL)
    if folded[-tail:] != against[-tail:]:  # as most revisions: a page of 2,000 may bring as many at once
        return False
    if folded_title(_LABEL.sub("", one)) == against or folded == folded_title(_LABEL.sub("", other)):
        return True
    return normalised_title(one) == normalised_title(other)


def _is_outlet(tail: str, outlet: str) -> bool:
    words, known = folded_title(tail), folded_title(outlet)
    return bool(_OUTLET.search(tail)) or f" {words} " in f" {known} "
