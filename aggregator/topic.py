"""Our published collections."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias

from aggregator.headline import Headline
from aggregator.source import Source

Match: TypeAlias = Callable[[Headline, Source], bool]
"""A compiled match expression: does the headline of this source belong?"""

Retell: TypeAlias = Literal["never", "outlet", "revision"]
"""What moves an item's date of publication, so that readers are told of it again. Its id stays in any case."""

UPDATE: Final = "update"
POPULAR: Final = "popular"
"""The two lists of a news page: they exist whether feeds.yaml names them or not."""

RESERVED: Final = frozenset({"status", "feeds", "sources", "events", "metrics", "healthz", "story", "index"})
"""Slugs that are paths of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One collection, republished as RSS, Atom and JSON Feed. Its feed URL is what WebSub calls the topic URL.

    A headline is in it if its source names the topic, or if the topic has a `match`, `sources` or `languages`
    and all of those given hold. `everything` takes every headline.

    Attributes:
        slug: `[a-z0-9-]{1,64}`, not reserved: the only part of a path that feeds.yaml decides.
        title: Plain text.
        everything: True for `update` and `popular` alone.
        match: The compiled expression. None: none was given.
        match_text: The expression as written; "" where there is none. Two topics are equal if their texts are.
        sources: Names of sources; empty: any.
        languages: RFC 5646, lower case; "en" takes "en-us" too. Empty: any.
        one_per: An item a story (default), or an item a headline.
        order: By published_at, or by heat.
        retell: Whether readers are told again of a story that another outlet joins, or of which a title is revised.
        half_life: After it, an outlet's word counts half in a story's heat.
        limit: Items in the feed.
        per_source: Items led by one source, at most. None: no cap.
    """

    slug: str
    title: str
    everything: bool = False
    match: Match | None = None
    match_text: str = ""
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    one_per: Literal["story", "headline"] = "story"
    order: Literal["newest", "popular"] = "newest"
    retell: Retell = "never"
    half_life: timedelta = timedelta(hours=12)
    limit: int = 50
    per_source: int | None = None
