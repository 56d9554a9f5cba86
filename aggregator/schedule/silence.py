"""Standing + what it lists → whether a source has fallen silent against its own rhythm."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from aggregator.schedule.rhythm import expected_between, is_overdue_news
from aggregator.source import Source, Standing

SHORTEST: Final = timedelta(days=3)
"""A long weekend is no silence, whoever keeps it."""

_TIMES: Final = 4  # its longest pause
_FEWEST: Final = 10  # pauses that tell what is usual
_WEEK: Final = timedelta(days=7)


def has_fallen_silent(standing: Standing, source: Source, published: Iterable[datetime], *, heard_at: datetime) -> bool:
    """Say whether a source that answers was silent for at least 3 days, and for 4 times its longest pause of late.

    Of a source that publishes at random, a pause is 4 times the longest of n before it in 24 of (n + 1)(n + 2)(n + 3)
    (n + 4) cases: in 1 of 1,000 where n is 10, of 10,000 where it is 20. A list that reaches back less than a week
    knows no weekend; then the rhythm has to find the silence past all doubt as well.

    Args:
        standing: As kept.
        source: As configured.
        published: When the headlines were published that it lists, in any order. Not looked at unless it is silent for
            4 times its mean pause.
        heard_at: UTC: of its last good answer: what it published later nobody knows.
    """
    since, rhythm = standing.last_new_at, standing.rhythm
    if standing.failures or since is None or rhythm is None or heard_at - since < SHORTEST:
        return False
    if expected_between(rhythm, source.zone, since=since, until=heard_at) < _TIMES:
        return False
    instants = sorted(published)
    pauses = [later - earlier for earlier, later in pairwise(instants)]
    if len(pauses) < _FEWEST or heard_at - since < _TIMES * max(pauses):
        return False
    return instants[-1] - instants[0] >= _WEEK or is_overdue_news(rhythm, source.zone, since=since, now=heard_at)
