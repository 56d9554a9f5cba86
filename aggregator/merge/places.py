"""Headline → the places that a match expression looks in, folded once for all terms and topics."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from urllib.parse import unquote

from aggregator.headline import Headline
from aggregator.merge.words import plain, words


class Place:
    """Texts that a term looks in, made ready only in the form that a term asks for."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    @cached_property
    def words(self) -> str:
        """The folded words; no phrase reaches from one text into the next."""
        return "\n".join(map(words, self._texts))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Each text as it is, and encodable."""
        return tuple(text.encode("utf-8", "replace").decode() for text in self._texts)

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """Each text without accents and case."""
        return tuple(map(plain, self.texts))


@lru_cache(maxsize=1)  # a headline is asked about by every topic in turn
def places_of(headline: Headline, source_name: str) -> Mapping[str, Place]:
    """Give the places by the prefix that names them; "" is where a term without a prefix looks."""
    return {
        "": Place(headline.title, headline.summary, *headline.categories),
        "title": Place(headline.title),
        "url": Place(unquote(headline.url or "")),
        "source": Place(source_name, headline.source),
        "category": Place(*headline.categories),
    }
