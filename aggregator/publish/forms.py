"""Item → what feeds tell of it, as texts in a fixed order, and its form: what it has, whatever that says.

Of all that an item costs, feedgen and lxml would take two thirds. All but the texts follows from the form, and most
items have one of few: one specimen of each is written, and what others say is put into its bytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import chain, count
from typing import Final, NamedTuple

from aggregator.entry import Enclosure, Origin
from aggregator.publish.body import html_body
from aggregator.publish.item import Item, Telling
from aggregator.publish.outgoing import rfc3339
from aggregator.publish.words import Words

_FIRST: Final = 900_000_000_000_000  # the texts of a specimen: numbers of one length, of which none is in another


class Form(NamedTuple):
    """What an item has.

    Attributes:
        authors, categories, related: How many; `related` are the links of `related_to`.
        sized: For each enclosure, whether its length is known.
        url, language, thumbnail, source_url, link: Whether it has one; `link` is its origin's.
    """

    authors: int
    categories: int
    related: int
    sized: tuple[bool, ...]
    url: bool
    language: bool
    thumbnail: bool
    source_url: bool
    link: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """What an item has, and what that says: in an order that follows from the form."""

    form: Form
    texts: tuple[str, ...]


def outline_of(item: Item, ours: Words) -> Outline:
    """Take an item apart. `ours` are in its language."""
    return _outline(item, html_body(item, ours))


def related_to(item: Item) -> dict[str, Telling]:
    """Give the other headlines by their links: each link once, and the item's own not again."""
    linked = {telling.url: telling for telling in item.tellings[::-1] if telling.url and telling.url != item.url}
    return dict(reversed(linked.items()))


def specimen_of(form: Form) -> tuple[Item, str]:
    """Give an item of a form, and its body, of which every text occurs once and in nothing else that is written."""
    number = count(_FIRST)

    def text() -> str:
        return str(next(number))

    days = [datetime(1971, 1, 1 + day, tzinfo=UTC) for day in range(3)]
    item = Item(
        id=text(),
        title=text(),
        url=text() if form.url else None,
        summary="",
        authors=tuple(text() for _ in range(form.authors)),
        categories=tuple(text() for _ in range(form.categories)),
        language=text() if form.language else None,
        enclosures=tuple(
            Enclosure(url=text(), type=text(), length=next(number) if is_known else 0) for is_known in form.sized
        ),
        thumbnail=text() if form.thumbnail else None,
        tellings=tuple(
            Telling(outlet=text(), title=text(), url=text(), language=None, published_at=days[0], was=())
            for _ in range(form.related)
        ),
        outlets=(),
        heat=0,
        published_at=days[0],
        updated_at=days[1],
        source_url=text() if form.source_url else None,
        origin=Origin(id=text(), title=text(), link=text() if form.link else None, updated_at=days[2]),
    )
    return item, text()


class Template:
    """The bytes of a specimen, to be filled with what other items of its form say."""

    def __init__(self, specimen: bytes, form: Form) -> None:
        """Find the specimen's texts."""
        places = {text: place for place, text in enumerate(_outline(*specimen_of(form)).texts) if text}
        self._pieces = re.split(f"({'|'.join(map(re.escape, places))})", specimen.decode())
        self._slots: list[tuple[int, int, bool]] = []  # piece, text, whether that is an attribute's
        before = ""
        for piece, text in enumerate(self._pieces):
            if text in places:
                self._slots.append((piece, places[text], before.rfind("<") > before.rfind(">")))
            before += text

    def fill(self, texts: Sequence[str]) -> bytes:
        """Write an item, as lxml would; "&", "<" and ">" as `by_numbers` has them."""
        pieces = self._pieces.copy()
        for piece, place, is_attribute in self._slots:
            text = texts[place].replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&#x3E;")
            pieces[piece] = text.replace('"', "&quot;") if is_attribute else text
        return "".join(pieces).encode()


def _outline(item: Item, body: str) -> Outline:
    related, origin = related_to(item), item.origin
    form = Form(
        len(item.authors),
        len(item.categories),
        len(related),
        tuple(each.length > 0 for each in item.enclosures),
        item.url is not None,
        item.language is not None,
        item.thumbnail is not None,
        item.source_url is not None,
        origin.link is not None,
    )
    texts = (
        body,
        item.id,
        item.title,
        item.url or "",
        item.language or "",
        item.thumbnail or "",
        item.source_url or "",
        origin.id,
        origin.title,
        origin.link or "",
        "" if origin.updated_at is None else rfc3339(origin.updated_at),
        format_datetime(item.published_at),
        rfc3339(item.published_at),
        rfc3339(item.updated_at),
        *item.authors,
        *item.categories,
        *chain(*((each.url, each.type, str(each.length or "")) for each in item.enclosures)),
        *chain(*((url, telling.outlet, telling.title) for url, telling in related.items())),
    )
    return Outline(form, texts)
