"""The few words of our own that readers see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """In one language.

    Attributes:
        also: Before the further outlets of a story.
        was: Before the titles that a headline had earlier.
        outlets: With "{}" for their number.
        topics: Heads the list of topics.
        subscribe: Heads their feeds.
        nothing: Where a list is empty.
        sources: What we read.
    """

    also: str
    was: str
    outlets: str
    topics: str
    subscribe: str
    nothing: str
    sources: str


_ENGLISH: Final = Words(
    also="Also",
    was="Was",
    outlets="{} outlets",
    topics="Topics",
    subscribe="Subscribe",
    nothing="No news yet.",
    sources="Sources",
)
_KNOWN: Final[Mapping[str, Words]] = {
    "en": _ENGLISH,
    "id": Words(
        also="Juga",
        was="Sebelumnya",
        outlets="{} media",
        topics="Topik",
        subscribe="Langganan",
        nothing="Belum ada berita.",
        sources="Sumber",
    ),
    "de": Words(
        also="Auch",
        was="Zuvor",
        outlets="{} Medien",
        topics="Themen",
        subscribe="Abonnieren",
        nothing="Noch keine Nachrichten.",
        sources="Quellen",
    ),
    "fr": Words(
        also="Aussi",
        was="Auparavant",
        outlets="{} médias",
        topics="Rubriques",
        subscribe="S’abonner",
        nothing="Aucune nouvelle pour l’instant.",
        sources="Sources",
    ),
    "ru": Words(
        also="Также",
        was="Ранее",
        outlets="изданий: {}",
        topics="Темы",
        subscribe="Подписаться",
        nothing="Новостей пока нет.",
        sources="Источники",
    ),
}


def words(*languages: str | None) -> Words:
    """Choose by RFC 5646 tag: the first language that we know; English where we know none."""
    known = (_KNOWN.get(language.lower().split("-")[0]) for language in languages if language)
    return next(filter(None, known), _ENGLISH)
