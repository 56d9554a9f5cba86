"""Headlines → how many each source brings a day."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

_WEEK: Final = 7
_DAY_SECONDS: Final = 86_400


class Days:
    """Counts headlines by source and by the day of publication; days older than a week are forgotten.

    By publication, because what a source lists when it is first asked did not all happen on that day.
    """

    def __init__(self, zone: tzinfo, counts: Mapping[int, Mapping[str, int]] | None = None) -> None:
        """Begin with what was counted before.

        Args:
            zone: In which days begin and end.
            counts: Ordinal of a day (`date.toordinal`) → source id → headlines.
        """
        self._zone = zone
        self._counts = {day: Counter(by_source) for day, by_source in (counts or {}).items()}
        self._newest = max(self._counts, default=0)

    def add(self, source: str, published_at: datetime) -> None:
        """Count one headline."""
        day = published_at.astimezone(self._zone).toordinal()
        if day > self._newest:
            self._newest = day
            self._counts = {kept: counted for kept, counted in self._counts.items() if kept > day - _WEEK - 1}
        if day > self._newest - _WEEK - 1:  # one more than a week: a date may be of tomorrow, by a few minutes
            self._counts.setdefault(day, Counter())[source] += 1

    def sketch(self) -> list[tuple[int, Mapping[str, int]]]:
        """Give what was counted, to begin with again."""
        return list(self._counts.items())

    def today(self, source: str, *, now: datetime) -> int:
        """Count the headlines of the day that `now` is in."""
        return self._on(now.astimezone(self._zone).toordinal(), source)

    def per_day(self, source: str, *, watched_since: datetime | None, now: datetime) -> float:
        """Tell how many headlines a source brings a day.

        Args:
            source: Its id.
            watched_since: When it was first asked. None: never.
            now: UTC.

        Returns:
            Those of this day and the six before, over the time from the first of these days on which it was watched,
            or from which it still listed something; at least a day.
        """
        local = now.astimezone(self._zone)
        today = local.toordinal()
        by_day = {day: count for day in range(today - _WEEK + 1, today + 1) if (count := self._on(day, source))}
        if not by_day:
            return 0.0
        watched = today if watched_since is None else watched_since.astimezone(self._zone).toordinal()
        first = max(min(watched, *by_day), today - _WEEK + 1)
        passed = (local.hour * 3600 + local.minute * 60 + local.second) / _DAY_SECONDS
        return sum(by_day.values()) / max(1.0, today - first + passed)

    def _on(self, day: int, source: str) -> int:
        counted = self._counts.get(day)
        return 0 if counted is None else counted[source]
