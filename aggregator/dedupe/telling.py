"""A title, normalised → what tells it apart: stems of its words, and what stands beside its numbers."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from sys import intern
from typing import Final, NamedTuple

_STEM: Final = 5  # letters: what follows them is mostly grammar, in any language that is written with spaces
_SHORTEST: Final = 3  # of, di, в, la: shorter words tell next to nothing, and stand in every second title
_MOST: Final = 40  # stems; no newsroom prints longer titles, and each one costs time
# A year tells nothing apart: to one newsroom the games of 2020 are those of 2021.
_FIGURE: Final = re.compile(r"(?!(?:19|20)\d\d\b)\d+")
_DIGIT: Final = re.compile(r"\d")
# "10 September 2019", "September 10 2019": what is printed on a day has its date in common, and often nothing else.
_DATE: Final = re.compile(r"\b(?:\d{1,2} \S+|\S+ \d{1,2}) (?:19|20)\d\d\b")
# Written without spaces between words. Han, kana and hangul say with two signs what the others say with four letters.
_SYLLABLES: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
UNSPACED: Final = re.compile(f"[{_LETTERS}{_SYLLABLES}]")
_RUNS: Final = re.compile(f"[{_SYLLABLES}]+|[{_LETTERS}]+|[^{_LETTERS}{_SYLLABLES}]+")
_IS_SYLLABLES: Final = re.compile(f"[{_SYLLABLES}]")


class Telling(NamedTuple):
    """What a title is compared by.

    Attributes:
        stems: Each once, in the order of the title.
        figures: (place, number) pairs. A place is the word before, or the word behind, with which side it is:
            two titles that have different numbers in one place tell of two things.
    """

    stems: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]


@lru_cache(maxsize=16)  # wanted to see whether a title says enough, and a moment later to compare it
def telling(title: str, summary: str = "") -> Telling:
    """Take a title apart.

    Args:
        title: As `normalised_title` gives it.
        summary: Further words, in the same form, where the title says too little.
    """
    text = f"{title} {summary}" if summary else title
    if not _DIGIT.search(text):
        return Telling(_each_once(text), ())
    return Telling(_each_once(_DATE.sub("", text)), tuple(_figures(title.split())))


def _each_once(text: str) -> tuple[str, ...]:
    return tuple(map(intern, dict.fromkeys(_stems(text.split()))))[:_MOST]  # most are in other titles too


def _stems(words: list[str]) -> Iterator[str]:
    for word in words:
        if word.isascii() or not UNSPACED.search(word):
            if len(word) >= _SHORTEST or word.isdecimal():
                yield word[:_STEM]
        else:
            for run in _RUNS.findall(word):
                yield from _grams(run)


def _grams(run: str) -> Iterator[str]:
    if not UNSPACED.match(run):
        yield from _stems([run])
        return
    size = 2 if _IS_SYLLABLES.match(run) else 4
    for start in range(max(1, len(run) - size + 1)):
        yield run[start : start + size]


def _figures(words: list[str]) -> Iterator[tuple[str, str]]:
    for before, after in pairwise(["", *words, ""]):
        if _FIGURE.fullmatch(after):
            yield f"{before[:_STEM]}<", after
        if _FIGURE.fullmatch(before):
            yield f">{after[:_STEM]}", before
