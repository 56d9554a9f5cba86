"""Stories → when what is told of them changed, and so, for how long a copy may be kept.

All of it follows from the news that is kept: after a restart, and on another machine, it is the same.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from aggregator.headline import Headline
from aggregator.story import Dissolved, Story

SETTLED: Final = timedelta(hours=1)
"""For what changes with feeds.yaml or our version only."""

_SHORTEST: Final = timedelta(minutes=1)  # no source is asked more often
_LONGEST: Final = timedelta(minutes=30)
_SHARE: Final = 4  # who keeps a copy for so long sees news later by an eighth, on average, of the time between two


def changes_of(stories: Iterable[Story], gone: Iterable[Dissolved] = ()) -> tuple[datetime, ...]:
    """Give the instants, each once and the first first, at which the last word of each headline came to us.

    `gone` changes a feed, too: the stories that were in it, and are part of others now.

    Not when it was published: a headline of 10:00 that we found at 10:20 changes a feed at 10:20, and whoever has
    asked at 10:10 with that date must not be told that nothing has changed.
    """
    learnt = {_learnt_at(headline) for story in stories for headline in story.headlines}
    return tuple(sorted(learnt | {each.at for each in gone}))


def max_age(changes: Iterable[datetime]) -> timedelta:
    """Say for how long a copy may be used without asking again: a quarter of the usual time between two changes.

    Args:
        changes: The first first. Fewer than two tell nothing of a rhythm: then the shortest.

    Returns:
        Whole seconds, from a minute to half an hour. The median decides: neither a burst nor a quiet night does.
    """
    gaps = sorted(later - earlier for earlier, later in pairwise(changes))
    usual = gaps[len(gaps) // 2] / _SHARE if gaps else _SHORTEST
    return timedelta(seconds=int(min(max(usual, _SHORTEST), _LONGEST).total_seconds()))


def _learnt_at(headline: Headline) -> datetime:
    return headline.updated_at if headline.revisions else headline.first_seen_at
