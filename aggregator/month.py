"""The months of a newsroom, by whose clock news belongs to one: "2026-10"."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, TypeAlias

Month: TypeAlias = str
"""Year and month, "2026-10": their order as texts is that of time."""

_GRACE: Final = timedelta(days=1)
_A_YEAR: Final = 12


def month_of(at: datetime, zone: tzinfo) -> Month:
    """Give the month in which an instant falls in a zone."""
    local = at.astimezone(zone)
    return f"{local.year:04}-{local.month:02}"


def later(month: Month, months: int) -> Month:
    """Give the month so many months later; earlier, where that is negative."""
    year, number = divmod(int(month[:4]) * _A_YEAR + int(month[5:]) - 1 + months, _A_YEAR)
    return f"{year:04}-{number + 1:02}"


def closes_at(month: Month, zone: tzinfo) -> datetime:
    """Give the instant, UTC, at which nothing more comes into a month: a day after its end."""
    after = later(month, 1)
    return datetime(int(after[:4]), int(after[5:]), 1, tzinfo=zone).astimezone(UTC) + _GRACE
