"""What is remembered of a headline that may still be folded with."""

from dataclasses import dataclass, field
from typing import Final

from aggregator.dedupe.canonical import canonical_url
from aggregator.dedupe.telling import UNSPACED, Telling, telling
from aggregator.dedupe.titles import folded_title, normalised_title
from aggregator.headline import Headline

_FEWEST_WORDS: Final = 3
_FEWEST_LETTERS: Final = 12
_FEWEST_SIGNS: Final = 8
_FEWEST_STEMS: Final = 4  # in a title that needs no help from its summary
_MOST_OF_A_SUMMARY: Final = 120  # letters


@dataclass(slots=True)
class Mark:
    """What a headline is compared by. Its words are not taken apart before they are asked for.

    Attributes:
        story: Its story's id.
        at: Seconds since 1970.
        source: Its source's id.
        language: In lower case, without a region; "" where nobody says.
        page: Its link, canonical; None: it has none, or one that tells nothing.
        title: As `normalised_title` gives it.
        summary: Its first words, likewise, where the title tells little.
    """

    story: str
    at: float
    source: str
    language: str
    page: str | None
    title: str
    summary: str
    _telling: Telling | None = field(default=None, compare=False, repr=False)

    @property
    def telling(self) -> Telling:
        """Its words; none where neither title nor summary tells enough."""
        if self._telling is None:
            self._telling = telling(self.title, self.summary) if self.summary or tells(self.title) else telling("")
        return self._telling

    @property
    def keys(self) -> list[str]:
        """What leads to it. No link reads like a title: a title has neither "/" nor "?"."""
        page = [] if self.page is None else [self.page]
        return [*page, self.title] if tells(self.title) else page


def mark_of(headline: Headline) -> Mark:
    """Take down what is remembered."""
    title = normalised_title(headline.title, headline.origin.title)
    says_enough = tells(title) and len(telling(title).stems) >= _FEWEST_STEMS
    return Mark(
        story=headline.story,
        at=headline.published_at.timestamp(),
        source=headline.source,
        language=(headline.language or "").partition("-")[0].lower(),
        page=_page_of(headline),
        title=title,
        summary="" if says_enough else folded_title(headline.summary[:_MOST_OF_A_SUMMARY]),
    )


def tells(title: str) -> bool:
    """Say whether a normalised title tells enough to fold by; "Update", "Live blog" and a row of signs do not."""
    if not any(map(str.isalnum, title)):
        return False
    if not title.isascii() and UNSPACED.search(title):
        return len(title) >= _FEWEST_SIGNS
    return len(title) >= _FEWEST_LETTERS and title.count(" ") >= _FEWEST_WORDS - 1


def _page_of(headline: Headline) -> str | None:
    """None for no link, and for a site's front page: some sources give that one for everything they print."""
    page = canonical_url(headline.url or "")
    return page if "/" in page.removeprefix("https://") or "?" in page else None
