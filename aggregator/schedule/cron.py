"""Five cron fields → the next firing, by APScheduler, with the three meanings of crontab(5) in which it differs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SUNDAY_TOO: Final = 7
_FIELDS: Final = 5
_TICK: Final = timedelta(microseconds=1)
_ANY_YEAR: Final = datetime(2024, 1, 1, tzinfo=UTC)  # a leap year, so that 29 February is found at once


def check_cron(expression: str) -> None:
    """Raise ValueError, in words, if the expression is no five fields of cron, or never fires ("0 0 31 2 *")."""
    next_firing(expression, ZoneInfo("UTC"), _ANY_YEAR)


def next_firing(expression: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Find the first firing later than `after`.

    A wall time that daylight saving skips fires an hour later; one that comes twice fires the first time only,
    unless the hour field is open ("*").

    Args:
        expression: As in "0 6 * * 1-5". Sunday is 0 or 7; where day of month and day of week are both restricted,
            either of them is enough; both as in crontab(5).
        zone: In which it is read.
        after: Aware.

    Returns:
        UTC.

    Raises:
        ValueError: As for `check_cron`.
    """
    hour_is_open = expression.split()[1:2] == ["*"]
    firings = [_fire(trigger, after, repeats=hour_is_open) for trigger in _triggers(expression, zone)]
    if not any(firings):
        raise ValueError(f'"{expression}" never fires')
    return min(firing for firing in firings if firing is not None).astimezone(UTC)


def _fire(trigger: CronTrigger, after: datetime, *, repeats: bool) -> datetime | None:
    firing: datetime | None = trigger.get_next_fire_time(None, after.astimezone(UTC) + _TICK)
    while firing is not None and firing.fold and not repeats:
        # Added in UTC: arithmetic on the wall clock would forget the fold, and find the same firing for ever.
        firing = trigger.get_next_fire_time(None, firing.astimezone(UTC) + _TICK)
    return firing


@lru_cache(maxsize=1024)
def _triggers(expression: str, zone: ZoneInfo) -> tuple[CronTrigger, ...]:
    fields = expression.split()
    if len(fields) != _FIELDS:
        raise ValueError(f'"{expression}" has {len(fields)} fields; write five: minute hour day month weekday')
    minute, hour, day, month, weekday = fields
    weekday = "*" if weekday == "*" else ",".join(_days(weekday))
    # APScheduler wants both to hold; crontab(5): either, unless one of them starts with *.
    days = (
        ((day, "*"), ("*", weekday)) if not day.startswith("*") and not fields[4].startswith("*") else ((day, weekday),)
    )
    return tuple(
        CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=zone)
        for day, weekday in days
    )


def _days(field: str) -> Iterator[str]:
    """Spell out a weekday field by names: APScheduler 3 counts from Monday (its issue 286), cron from Sunday."""
    for item in field.lower().split(","):
        days, _, step = item.partition("/")
        first, dash, last = ("0", "-", "6") if days == "*" else days.partition("-")
        start = _day(first)
        end = _day(last) if dash else start
        if end < start:  # fri-sun
            end += len(_DAYS)
        if step and not (step.isascii() and step.isdecimal() and int(step)):
            raise ValueError(f'"{step}" is no step of days; write a number from 1 on')
        for day in range(start, end + 1, int(step or 1)):
            yield _DAYS[day % len(_DAYS)]


def _day(text: str) -> int:
    """Read a day: 0 (Sunday) to 7 (Sunday), or its English name in three letters."""
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isascii() and text.isdecimal() and int(text) <= _SUNDAY_TOO:
        return int(text)
    raise ValueError(f'"{text}" is no day of the week; write 0 to 7 (0 and 7 are Sunday) or mon, tue, …')
