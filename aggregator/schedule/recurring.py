"""Work that is done again and again: as long as a clock goes on, and when it is set.

APScheduler goes by the wall clock. Its own interval trigger lists every turn that a clock which was set ahead has
skipped, four a second of ten years, and after a clock was set back the next turn waits until that has caught up.
"""

from datetime import datetime, timedelta
from typing import Any

from apscheduler.triggers.base import BaseTrigger


class Recurring(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires so long after its last turn; however many turns were skipped, they are one."""

    def __init__(self, seconds: float, *, first: float) -> None:
        """Fire each so many seconds, and the first time after `first` seconds."""
        self._every, self._first = timedelta(seconds=seconds), timedelta(seconds=first)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Give the next turn, as APScheduler asks for it."""
        if previous_fire_time is None:
            return now + self._first
        following = previous_fire_time + self._every
        return following if following > now else now + self._every

    def is_far(self, turn: datetime, *, now: datetime) -> bool:
        """Say whether a turn was planned by a clock that has been set back since."""
        return turn > now + self._every


def wind(scheduler: Any, *, now: datetime) -> None:  # noqa: ANN401  # as above
    """Have work that waits for a clock to catch up with itself done now."""
    for job in scheduler.get_jobs():
        if job.trigger.is_far(job.next_run_time, now=now):
            job.modify(next_run_time=now)
