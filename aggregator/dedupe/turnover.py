"""What a source listed and what it lists → whether that is the same list, and if not, what is odd about it.

A page that was redesigned still has links with titles, and a feed under new ids still has entries: it takes a look
at the list before to see that something else is read than was meant.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import inf, log
from statistics import median
from typing import Final

from aggregator.dedupe.floods import AGAIN, LATE
from aggregator.entry import Reading
from aggregator.headline import DateFrom, Headline

_FEWEST: Final = 5  # lines: fewer make no list
_BURST: Final = 3  # times as fast as usual is nothing odd
_NATS: Final = 14  # one in a million: exp(-14)
_LEAST: Final = 0.01  # headlines: of less, logarithms make too much
_DATED: Final[tuple[DateFrom, ...]] = ("published", "updated")


def lost_dates(reading: Reading, before: Iterable[Headline]) -> str | None:
    """Say that none of the lines bears a date any longer, as most did before; None: some do, or few did.

    Args:
        reading: A whole list of which no line is as it was.
        before: What the source listed until now.
    """
    if len(reading.entries) < max(_FEWEST, len(reading.listing)) or any(
        entry.published_at for entry in reading.entries
    ):
        return None
    had = [headline.date_from in _DATED for headline in before]
    return "none of its lines has a date that can be read, as they had before" if 2 * sum(had) > len(had) else None


def replaced_at_once(
    new: Sequence[Headline], before: Sequence[Headline], *, last_new_at: datetime | None, now: datetime
) -> str | None:
    """Say that a list was replaced as a whole, by what cannot all be news; None: it may be.

    Args:
        new: All that the source lists now; none of it was known.
        before: What it listed until now, of which it lists nothing any longer.
        last_new_at: UTC: when it last brought a headline.
        now: UTC.
    """
    if last_new_at is None or min(len(new), len(before)) < _FEWEST:
        return None
    no_news = sum(headline.untold in {AGAIN, LATE} for headline in new)
    if 2 * no_news < len(new) and not _is_a_wonder(len(new), _usual(before, last_new_at, now)):
        return None
    return f"all of its {len(new)} lines are new at once, and none of the {len(before)} before is listed any longer"


def _usual(before: Sequence[Headline], last_new_at: datetime, now: datetime) -> float:
    """Tell how many are usual for the time since the last ones came, by the time that half of the list took to come."""
    came = median(
        (headline.published_at if headline.date_from in _DATED else headline.first_seen_at).timestamp()
        for headline in before
    )
    took = timedelta(seconds=last_new_at.timestamp() - came)
    return len(before) / 2 * ((now - last_new_at) / took) if took > timedelta(0) else inf


def _is_a_wonder(count: int, usual: float) -> bool:
    """Say whether so many are less likely than one in a million, were it thrice as many as usual that come.

    By Chernoff's bound for a Poisson variable: P(N ≥ n) ≤ exp(-(n ln(n/λ) - n + λ)).
    """
    expected = _BURST * max(usual, _LEAST)
    return count > expected and count * log(count / expected) - count + expected > _NATS
