"""What time publishers say it is → how far our own clock is to be believed.

Each answer carries a Date. None of them is believed by itself; the median of those that were heard last speaks for
most hosts. What cannot be undone is done as of the earlier of that and our clock: whoever lies can only delay it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from aggregator.schedule.hints import in_words

_MOST: Final = 64  # hosts
_ENOUGH: Final = 3
"""Of fewer, one that lies may be the median. Nothing but a clock that is surely wrong is corrected by their word."""
_APART: Final = timedelta(days=1)
"""A clock that is wrong by less does no harm that would be seen; one that is said to be wrong by more is wrong."""
_WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock is right that is before this was written, ours or theirs: where a battery is empty, it is 1970, or 2000."""


class Witnesses:
    """What the last hosts said."""

    def __init__(self) -> None:
        """Begin with none heard, and by no clock: as if all were heard just now."""
        self._passed = _WRITTEN
        self._said: dict[str, tuple[datetime, datetime]] = {}  # what they said; and when `elapsed` was 0, by that
        self._elapsed: Callable[[], float] = lambda: 0.0

    def go_by(self, elapsed: Callable[[], float]) -> None:
        """Have what was said grow older by a clock that nobody sets: what was heard on Friday is not Monday's time.

        Args:
            elapsed: Seconds; goes on while the machine sleeps.
        """
        self._elapsed = elapsed

    def recall(self, passed: datetime) -> None:
        """Note an instant, UTC, that our own clock showed once."""
        self._passed = max(passed, self._passed)

    def hear(self, host: str, at: datetime) -> None:
        """Note what time it is by a host's clock, UTC. One that cannot be right has no voice."""
        if at < _WRITTEN:
            return
        self._said.pop(host, None)
        self._said[host] = (at, at - timedelta(seconds=self._elapsed()))
        if len(self._said) > _MOST:
            del self._said[next(iter(self._said))]

    @property
    def median(self) -> datetime | None:
        """The time that most of them have said it is; of two middle ones, the earlier. None: nobody was heard."""
        return _middle([at for at, _ in self._said.values()])

    @property
    def _present(self) -> datetime | None:
        """The time as most of them must have it by now."""
        began = _middle([began for _, began in self._said.values()])  # each pass asks: no sums for each of them here
        return None if began is None else began + timedelta(seconds=self._elapsed())

    def sure(self, now: datetime) -> datetime | None:
        """Give an instant that has passed, by our clock and by what they said, no older. None: nobody was heard."""
        said = self.median
        return None if said is None else min(now, said)

    def corrected(self, now: datetime) -> datetime:
        """Give what is to be written down as the present: our clock, unless it is surely wrong, then theirs.

        One that is ahead is corrected by their word alone. One that is behind only where it is behind itself, too:
        else whoever answers first could have its news dated into the future.
        """
        said = self._present
        if said is not None and now < _WRITTEN:
            return said
        if said is None or len(self._said) < _ENOUGH or abs(now - said) < _APART:
            return now
        return said if now > said or now < self._passed - _APART else now

    def doubt(self, now: datetime) -> str | None:
        """Say for people that our clock is wrong. None: it is not, as far as is known."""
        said = self._present
        if said is None or len(self._said) < _ENOUGH or abs(now - said) < _APART:
            return None
        where = "ahead of" if now > said else "behind"
        return (
            f"this machine's clock is {in_words(abs(now - said))} {where} those of most publishers: set it right; "
            "until then nothing that is old is taken away"
        )


def _middle(instants: list[datetime]) -> datetime | None:
    return sorted(instants)[(len(instants) - 1) // 2] if instants else None
