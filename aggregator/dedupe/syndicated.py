"""Entry → the marks by which another outlet's copy of the same text is known."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from aggregator.dedupe.canonical import canonical_url
from aggregator.dedupe.titles import folded_title, normalised_title

# In UTF-8, so that a script of many words in few letters needs fewer of them: some ten words of English.
_OPENING_BYTES: Final = 64
_TITLE_BYTES: Final = 48
_TITLE_WORDS: Final = 8  # two newsrooms may both write "IHSG ditutup menguat"; nobody writes eight words alike


def marks_of(url: str | None, title: str, summary: str, outlet: str) -> tuple[int, ...]:
    """Give what a copy of the text would have in common: its page, and its first words.

    The first words are the summary's; a long title stands for them where there is no summary to speak of. A short
    title alone says nothing: newsrooms that write for themselves find the same few words.

    Args:
        url: As printed. None: it has none.
        title: Plain text.
        summary: Plain text; "" where there is none.
        outlet: The feed's own title.

    Returns:
        Numbers of 32 bits, as many as there are marks: none, one or two.
    """
    return tuple(_number(mark) for mark in (*_page(url), *_opening(title, summary, outlet)))


def _page(url: str | None) -> Iterator[str]:
    page = canonical_url(url or "")
    if "/" in page.removeprefix("https://") or "?" in page:  # a front page is given for everything that is on it
        yield page


def _opening(title: str, summary: str, outlet: str) -> Iterator[str]:
    opening = folded_title(summary).encode("utf-8", "replace")
    if len(opening) >= _OPENING_BYTES:
        yield opening[:_OPENING_BYTES].decode("utf-8", "ignore")
        return
    told = normalised_title(title, outlet)
    if len(told.split()) >= _TITLE_WORDS and len(told.encode("utf-8", "replace")) >= _TITLE_BYTES:
        yield told


def _number(mark: str) -> int:
    return int.from_bytes(blake2b(mark.encode("utf-8", "replace"), digest_size=4).digest())
