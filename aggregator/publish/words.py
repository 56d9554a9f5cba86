"""The few words of our own that readers see."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """In one language.

    Attributes:
        also: Before the further outlets of a story.
        outlets: With "{}" for their number.
        topics: Heads the list of topics.
        subscribe: Heads their feeds.
        nothing: Where a list is empty.
    """

    also: str
    outlets: str
    topics: str
    subscribe: str
    nothing: str


_ENGLISH: Final = Words(
    also="Also", outlets="{} outlets", topics="Topics", subscribe="Subscribe", nothing="No news yet."
)
_INDONESIAN: Final = Words(
    also="Juga", outlets="{} media", topics="Topik", subscribe="Langganan", nothing="Belum ada berita."
)


def words(language: str) -> Words:
    """Choose by RFC 5646 tag; English where we do not know the language."""
    return _INDONESIAN if language.lower().split("-")[0] == "id" else _ENGLISH
