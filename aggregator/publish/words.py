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
        changed: Before the instant at which a title was replaced.
        outlets: With "{}" for their number.
        versions: With "{}" for the number of headlines, where one outlet tells a story several times.
        told: Heads the headlines of one story.
        topics: Heads the list of topics.
        subscribe: Heads their feeds.
        how: Before the addresses of feeds.
        address: With "{}" for what it is the address of.
        feed: What to do with a feed that was opened in a browser.
        archived: The same of an archive.
        nothing: Where a list is empty.
        more: Below a list that goes on elsewhere.
        sources: What we read.
        archive: Heads the months that are past.
        skip: Past all that stands before the news.
        front: The front page.
        missing: Heads the page that is sent where there is none.
        missing_why: What it says.
        moved: Heads the page of a story that is told elsewhere now.
        go_on: Links to where.
    """

    also: str
    was: str
    changed: str
    outlets: str
    versions: str
    told: str
    topics: str
    subscribe: str
    how: str
    address: str
    feed: str
    archived: str
    nothing: str
    more: str
    sources: str
    archive: str
    skip: str
    front: str
    missing: str
    missing_why: str
    moved: str
    go_on: str


_ENGLISH: Final = Words(
    also="Also",
    was="Was",
    changed="Changed",
    outlets="{} outlets",
    versions="{} versions",
    told="Told by",
    topics="Topics",
    subscribe="Subscribe",
    how="Copy an address into a feed reader:",
    address="Address of {}",
    feed="This is a feed. Copy its address from the address bar into a feed reader, and the news will come to you.",
    archived="This is an archive. Whoever subscribes to its topic’s feed gets what is new.",
    nothing="No news yet.",
    more="More",
    sources="Sources",
    archive="Archive",
    skip="Skip to the news",
    front="Front page",
    missing="Page not found",
    missing_why="There is no news at this address, or there is none any more.",
    moved="This story is elsewhere now",
    go_on="Read it there",
)
_KNOWN: Final[Mapping[str, Words]] = {
    "en": _ENGLISH,
    "id": Words(
        also="Juga",
        was="Sebelumnya",
        changed="Diubah",
        outlets="{} media",
        versions="{} versi",
        told="Diberitakan oleh",
        topics="Topik",
        subscribe="Langganan",
        how="Salin salah satu alamat ke pembaca feed:",
        address="Alamat {}",
        feed="Ini sebuah feed. Salin alamatnya dari bilah alamat ke pembaca feed, dan berita akan datang sendiri.",
        archived="Ini sebuah arsip. Yang baru ada di feed topiknya.",
        nothing="Belum ada berita.",
        more="Selengkapnya",
        sources="Sumber",
        archive="Arsip",
        skip="Langsung ke berita",
        front="Halaman depan",
        missing="Halaman tidak ditemukan",
        missing_why="Tidak ada berita di alamat ini, atau sudah tidak ada lagi.",
        moved="Berita ini sekarang ada di tempat lain",
        go_on="Baca di sana",
    ),
    "de": Words(
        also="Auch",
        was="Zuvor",
        changed="Geändert",
        outlets="{} Medien",
        versions="{} Fassungen",
        told="Berichtet von",
        topics="Themen",
        subscribe="Abonnieren",
        how="Eine Adresse in einen Feedreader kopieren:",
        address="Adresse: {}",
        feed="Dies ist ein Feed. Seine Adresse, in einen Feedreader kopiert, bringt die Nachrichten zu Ihnen.",
        archived="Dies ist ein Archiv. Neues steht im Feed seines Themas.",
        nothing="Noch keine Nachrichten.",
        more="Mehr",
        sources="Quellen",
        archive="Archiv",
        skip="Zu den Nachrichten",
        front="Startseite",
        missing="Seite nicht gefunden",
        missing_why="Unter dieser Adresse stehen keine Nachrichten, oder keine mehr.",
        moved="Diese Nachricht steht jetzt woanders",
        go_on="Dort lesen",
    ),
    "fr": Words(
        also="Aussi",
        was="Auparavant",
        changed="Modifié",
        outlets="{} médias",
        versions="{} versions",
        told="Relaté par",
        topics="Rubriques",
        subscribe="S’abonner",
        how="Copiez une adresse dans un lecteur de flux :",
        address="Adresse : {}",
        feed="Ceci est un flux. Copiez son adresse dans un lecteur de flux, et les nouvelles viendront à vous.",
        archived="Ceci est une archive. Les nouveautés sont dans le flux de sa rubrique.",
        nothing="Aucune nouvelle pour l’instant.",
        more="Voir plus",
        sources="Sources",
        archive="Archives",
        skip="Aller aux nouvelles",
        front="Page d’accueil",
        missing="Page introuvable",
        missing_why="Il n’y a pas de nouvelles à cette adresse, ou il n’y en a plus.",
        moved="Cette nouvelle est maintenant ailleurs",
        go_on="La lire là-bas",
    ),
    "ru": Words(
        also="Также",
        was="Ранее",
        changed="Изменено",
        outlets="изданий: {}",
        versions="вариантов: {}",
        told="Сообщают",
        topics="Темы",
        subscribe="Подписаться",
        how="Скопируйте адрес в программу для чтения лент:",
        address="Адрес: {}",
        feed="Это лента новостей. Скопируйте её адрес в программу для чтения лент, и новости придут сами.",
        archived="Это архив. Новое приходит в ленту его темы.",
        nothing="Новостей пока нет.",
        more="Ещё",
        sources="Источники",
        archive="Архив",
        skip="К новостям",
        front="Главная страница",
        missing="Страница не найдена",
        missing_why="По этому адресу новостей нет или больше нет.",
        moved="Эта новость теперь в другом месте",
        go_on="Читать там",
    ),
}


def words(*languages: str | None) -> Words:
    """Choose by RFC 5646 tag: the first language that we know; English where we know none."""
    known = (_KNOWN.get(language.lower().split("-")[0]) for language in languages if language)
    return next(filter(None, known), _ENGLISH)
