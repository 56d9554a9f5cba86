"""Headlines → stories: several outlets' headlines about one event."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeAlias

from aggregator.dedupe.canonical import canonical_url
from aggregator.dedupe.titles import normalised_title
from aggregator.headline import Headline

Sketch: TypeAlias = dict[str, list[list[Any]]]
"""A window as plain values: rows by name."""

TITLE_REACH: Final = timedelta(hours=48)
"""Between two headlines that only their title makes one story."""

URL_REACH: Final = timedelta(days=7)
"""Between a story's last headline and another with one of its links. Nothing older need be remembered."""

MOST_HEADLINES: Final = 200
"""In one story; the next headline begins another."""

_FEWEST_WORDS: Final = 3
_FEWEST_LETTERS: Final = 12
_FEWEST_SIGNS: Final = 8
# Lao, Thai, Myanmar, Khmer, kana and Han are written without spaces between words.
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(slots=True)
class _Open:
    """A story that may still grow."""

    last_at: datetime
    headlines: int
    sources: set[str]


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a link or a title leads to: the story, and when it was last borne by a headline."""

    story: str
    at: datetime


class Window:
    """What the open stories are known by. In memory only: it is filled again from the kept headlines.

    Headlines may come in any order; within a pass, (published_at, id) gives the same stories on every machine.
    Folding the same headlines twice changes nothing. Each takes constant time; what is remembered is bounded by
    `forget`.
    """

    def __init__(self) -> None:
        self._stories: dict[str, _Open] = {}
        self._members: dict[str, _Mark] = {}
        self._pages: dict[str, _Mark] = {}
        self._titles: dict[str, _Mark] = {}

    def fold(self, headline: Headline) -> Headline:
        """Give the headline with its `story`, and remember it.

        The same link (within 7 days) or the same title (within 48 hours) makes one story. A source's own headlines
        fold by link alone: a rubric bears one title every day. A headline that is in another's story already, as it
        comes from state/, stays there.
        """
        if headline.story != headline.id:
            self.remember(headline)
            return headline
        member = self._members.get(headline.id)
        if member is not None:
            return replace(headline, story=member.story)
        page, title = _page_of(headline), _title_of(headline)
        story = self._by_page(headline, page) or self._by_title(headline, title) or headline.id
        self._note(headline, story, page, title)
        return headline if story == headline.id else replace(headline, story=story)

    def remember(self, headline: Headline) -> None:
        """Know the headline under the story it has: for those that come from state/. Idempotent."""
        if headline.id not in self._members:
            self._note(headline, headline.story, _page_of(headline), _title_of(headline))

    def sketch(self) -> Sketch:
        """Give what is remembered as plain values, from which `of` makes the same window without any headline."""
        places = {id(mark): place for place, mark in enumerate(self._members.values())}
        return {
            "stories": [[name, it.last_at, it.headlines, sorted(it.sources)] for name, it in self._stories.items()],
            "members": [[id_, 0 if it.story == id_ else it.story, it.at] for id_, it in self._members.items()],
            "pages": [[page, places[id(mark)]] for page, mark in self._pages.items()],
            "titles": [[title, places[id(mark)]] for title, mark in self._titles.items()],
        }

    @classmethod
    def of(cls, sketch: Sketch) -> Self:
        """Make a window of what `sketch` gave, after it went through JSON."""
        window = cls()
        instant = datetime.fromisoformat
        marks = [_Mark(other or id_, instant(at)) for id_, other, at in sketch["members"]]
        window._stories = {name: _Open(instant(at), count, set(them)) for name, at, count, them in sketch["stories"]}
        window._members = {row[0]: mark for row, mark in zip(sketch["members"], marks, strict=True)}
        window._pages = {page: marks[place] for page, place in sketch["pages"]}
        window._titles = {title: marks[place] for title, place in sketch["titles"]}
        return window

    def forget(self, before: datetime) -> None:
        """Forget every story whose last headline was published before the instant.

        Looks at everything remembered: meant for once in a while, with `now - URL_REACH`, not for every headline.
        """
        self._stories = {name: story for name, story in self._stories.items() if story.last_at >= before}
        for marks in (self._members, self._pages, self._titles):
            for name in [name for name, mark in marks.items() if mark.story not in self._stories]:
                del marks[name]

    def _by_page(self, headline: Headline, page: str | None) -> str | None:
        mark = self._pages.get(page or "")
        if mark is None:
            return None
        story = self._stories[mark.story]
        near = abs(headline.published_at - story.last_at) <= URL_REACH
        return mark.story if near and story.headlines < MOST_HEADLINES else None

    def _by_title(self, headline: Headline, title: str | None) -> str | None:
        mark = self._titles.get(title or "")
        if mark is None:
            return None
        story = self._stories[mark.story]
        near = abs(headline.published_at - mark.at) <= TITLE_REACH
        foreign = headline.source not in story.sources
        return mark.story if near and foreign and story.headlines < MOST_HEADLINES else None

    def _note(self, headline: Headline, name: str, page: str | None, title: str | None) -> None:
        mark = _Mark(name, headline.published_at)
        self._members[headline.id] = mark
        story = self._stories.setdefault(name, _Open(mark.at, 0, set()))
        story.last_at = max(story.last_at, mark.at)
        story.headlines += 1
        story.sources.add(headline.source)
        if page is not None:
            self._pages[page] = mark
        if title is not None:
            self._titles[title] = mark


def _page_of(headline: Headline) -> str | None:
    """None for no link, and for a site's front page: some sources give that one for everything they print."""
    page = canonical_url(headline.url or "")
    return page if "/" in page.removeprefix("https://") or "?" in page else None


def _title_of(headline: Headline) -> str | None:
    """None for a title that tells too little to fold by, as in "Update" or "Live blog"."""
    title = normalised_title(headline.title, headline.origin.title)
    if _UNSPACED.search(title):
        return title if len(title) >= _FEWEST_SIGNS else None
    telling = len(title) >= _FEWEST_LETTERS and len(title.split()) >= _FEWEST_WORDS
    return title if telling else None
