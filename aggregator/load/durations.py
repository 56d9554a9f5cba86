"""Durations as feeds.yaml writes them: a whole number and one unit, as in "30s", "15m", "4h", "30d"."""

import re
from datetime import timedelta
from typing import Final

UNITS: Final = {
    "d": ("day", timedelta(days=1)),
    "h": ("hour", timedelta(hours=1)),
    "m": ("minute", timedelta(minutes=1)),
    "s": ("second", timedelta(seconds=1)),
}

# Six digits: the largest, 999999d, is still well within what a timedelta holds.
_WRITTEN: Final = re.compile(r"([0-9]{1,6}) ?([smhd])")


def read_duration(text: str, *, least: timedelta, most: timedelta) -> timedelta:
    """Read "15m", within `least` and `most`, both allowed.

    Raises:
        ValueError: Its text goes on after the value: `is below 1 minute; write "1m" or more`.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(_unreadable(text))
    duration = int(found[1]) * UNITS[found[2]][1]
    if duration < least:
        raise ValueError(f'is below {spell_duration(least)}; write "{write_duration(least)}" or more')
    if duration > most:
        raise ValueError(f'is above {spell_duration(most)}; write "{write_duration(most)}" or less')
    return duration


def write_duration(duration: timedelta) -> str:
    """Write whole seconds as `read_duration` reads them, in the largest unit that needs no fraction."""
    count, unit = _parts(duration)
    return f"{count}{unit}"


def spell_duration(duration: timedelta) -> str:
    """Write whole seconds in words: "1 minute", "7 days"."""
    count, unit = _parts(duration)
    name = UNITS[unit][0]
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _parts(duration: timedelta) -> tuple[int, str]:
    unit = next((unit for unit, (_, length) in UNITS.items() if duration and not duration % length), "s")
    return duration // UNITS[unit][1], unit


def _unreadable(text: str) -> str:
    if text.isascii() and text.isdigit():
        return f'has no unit; write "{text}s", "{text}m", "{text}h" or "{text}d"'
    return 'is no duration; write a whole number and one unit: "30s", "15m", "4h", "30d"'
