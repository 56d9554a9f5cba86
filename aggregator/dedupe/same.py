"""Is it still the same feed? Asked where a permanent redirect leads to another address."""

from typing import Final

from aggregator.dedupe.identity import Recognised
from aggregator.entry import Origin
from aggregator.headline import Headline

_KNOWN_SHARE: Final = 0.25


def is_same_feed(recognised: Recognised, origin: Origin, known: Headline | None) -> bool:
    """Say whether a document is still the feed that was read before.

    It is, where a quarter of its lines are headlines that we have already, or where it calls itself as before. What
    lists other news under another name is another feed: a parked domain, or the publisher's main feed for all its old
    ones.

    Args:
        recognised: What the document came to.
        origin: As it names itself.
        known: One of the headlines that were listed before. None: nothing was, so there is nothing to compare.
    """
    if known is None:
        return True
    if origin.title and origin.title.casefold() == known.origin.title.casefold():
        return True
    new = {headline.id for headline in recognised.new}
    old = sum(line.headline not in new for line in recognised.listing)
    return old > 0 and old >= _KNOWN_SHARE * len(recognised.listing)
