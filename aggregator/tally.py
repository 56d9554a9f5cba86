"""What the passes of this run came to, source by source: what the status tells beside what is kept in state/."""

from collections import Counter, deque
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from aggregator.house import House
from aggregator.monitor.lag import Lag, quantile
from aggregator.publish.outgoing import without_secrets
from aggregator.report import Report, SourceStatus, State, Totals
from aggregator.schedule.history import configured
from aggregator.source import Source, Standing

_LATENESSES: Final = 1_000


class Tally:
    """Counts since the daemon started.

    Attributes:
        lag: How late the event loop is.
    """

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.lag = Lag()
        self._latest: dict[str, tuple[datetime, Report]] = {}
        self._totals = Totals()
        self._polls = Counter[str]()
        self._unmodified = Counter[str]()
        self._untold = Counter[str]()
        self._lateness: deque[float] = deque(maxlen=_LATENESSES)

    def begun(self, *, late: float) -> None:
        """Note that a pass began so many seconds after it was due."""
        self._lateness.append(late)

    def count(self, report: Report, *, at: datetime) -> Report | None:
        """Take a pass's report; give the one before it of that source. None: there was none in this run."""
        _, before = self._latest.get(report.source, (at, None))
        self._latest[report.source] = at, report
        self._polls[report.source] += 1
        self._unmodified[report.source] += report.answer == "304"
        self._untold[report.source] += report.untold
        totals = self._totals
        self._totals = replace(
            totals,
            polls=totals.polls + 1,
            not_modified=totals.not_modified + (report.answer == "304"),
            failed=totals.failed + (not report.ok),
            new=totals.new + report.new,
            wire_bytes=totals.wire_bytes + report.wire_bytes,
        )
        return before

    def keep(self, sources: Collection[str]) -> None:
        """Forget what other sources than these came to; it stays in the totals."""
        for id_ in self._latest.keys() - set(sources):
            for counts in (self._latest, self._polls, self._unmodified, self._untold):
                counts.pop(id_, None)

    def totals(self, house: House) -> Totals:
        """Tell what was done so far, and what is kept now."""
        return replace(
            self._totals,
            headlines=house.desk.board.headline_count,
            stories=house.desk.board.story_count,
            lateness_p50=quantile(self._lateness, 0.5),
            lateness_p99=quantile(self._lateness, 0.99),
            loop_lag_p99=self.lag.p99(),
            loop_lag_max=self.lag.longest,
        )

    def of(self, source: Source, house: House, *, now: datetime) -> SourceStatus:
        """Tell how one source stands."""
        days = house.desk.days
        standing = house.store.standing(source.id)
        due = house.dues.get(source.id)
        asked_at, report = self._latest.get(source.id, (None, None))
        ok_at = None if standing is None else standing.last_ok_at
        return SourceStatus(
            id=without_secrets(source.id),
            name=source.name,
            url=without_secrets(source.urls[0] if standing is None else configured(standing, source).address),
            state=_state(standing, parked=due is None),
            answer=report.answer if report else standing.last_answer if standing else "",
            error=standing.last_error if standing else None,
            failures=standing.failures if standing else 0,
            next_at=None if due is None else due.at,
            reason="" if due is None else due.reason,
            last_ok_at=asked_at if report and report.ok else ok_at,
            polls=self._polls[source.id],
            not_modified=self._unmodified[source.id],
            new_today=days.today(source.id, now=now),
            per_day=days.per_day(source.id, watched_since=standing.first_asked_at if standing else None, now=now),
            untold=self._untold[source.id],
        )


def _state(standing: Standing | None, *, parked: bool) -> State:
    if parked:
        return "parked"
    if standing is None:
        return "new"
    return "failing" if standing.failures else "ok"
