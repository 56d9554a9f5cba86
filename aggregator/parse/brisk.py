"""The one home of feedparser, relieved of two habits that take two fifths of its time. What it says stays the same.

At every tag it joins the base URL with itself, and each text's few parameters are copied by the all-purpose deepcopy.
tests/parse/test_brisk.py holds it against feedparser as shipped. Why this way: docs/decisions/0010.
"""

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, Final, TypeAlias

import feedparser
from feedparser import api, mixin

Found: TypeAlias = Mapping[str, Any]
"""feedparser's result."""

_BASES: Final = 4  # from one tag to the next the base is the same; a publisher makes each as long as it likes


class _Parameters(feedparser.FeedParserDict):  # type: ignore[misc]  # ships no types
    """What feedparser notes of a text: none of these names has an alias, so a plain dict's answers are right."""

    __getitem__ = dict.__getitem__
    __setitem__ = dict.__setitem__
    __contains__ = dict.__contains__
    get = dict.get

    def __deepcopy__(self, _: object) -> feedparser.FeedParserDict:
        """Copy it: it holds strings and numbers."""
        return feedparser.FeedParserDict(self)


class _BriskParser(api.StrictFeedParser):  # type: ignore[misc]  # ships no types
    """feedparser's own for what is well-formed, with lighter parameters."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self.contentparams = _Parameters()

    def push_content(self, *given: object) -> None:
        """Enter a text."""
        super().push_content(*given)
        self.contentparams = _Parameters(self.contentparams)


# feedparser looks both up by name in these modules, and has no other door. Only the parsing children import this.
mixin.make_safe_absolute_uri = lru_cache(maxsize=_BASES)(mixin.make_safe_absolute_uri)
api.StrictFeedParser = _BriskParser


def parse(body: bytes, headers: Mapping[str, str]) -> Found:
    """Have bytes in memory parsed: never a string, which feedparser might fetch, nor a path, which it would open.

    Args:
        body: The document.
        headers: Of the answer; "content-location" is the base of what is relative.

    Raises:
        ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError: feedparser gave up.
    """
    found: Found = feedparser.parse(
        BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    return found
