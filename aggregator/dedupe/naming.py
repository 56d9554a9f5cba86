"""Entry → a title, where the publisher gave none."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from aggregator.entry import Entry

_MOST_WORDS: Final = 14
_MOST_LETTERS: Final = 120
_EXTENSION: Final = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def title_of(entry: Entry) -> str:
    """Give its title, else the first words of its summary, else its link's last telling path part; else ""."""
    return entry.title.strip() or _first_words(entry.summary) or _read_path(entry.link or "")


def _first_words(summary: str) -> str:
    words = summary.split()
    text = " ".join(words[:_MOST_WORDS])
    if len(words) <= _MOST_WORDS and len(text) <= _MOST_LETTERS:
        return text
    return text[:_MOST_LETTERS].rstrip(" .,;:…") + "…"


def _read_path(link: str) -> str:
    """Read "/2025/12/kabut-asap-menipis.html" as "Kabut asap menipis"."""
    try:
        path = urlsplit(link).path
    except ValueError:
        return ""
    for part in reversed(path.split("/")):
        words = "".join(character if character.isprintable() else " " for character in unquote(part))
        words = " ".join(re.split(r"[-_+\s]+", _EXTENSION.sub("", words)))[:_MOST_LETTERS].strip()
        if any(character.isalpha() for character in words):
            return words[:1].upper() + words[1:]
    return ""
