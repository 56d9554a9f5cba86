"""When a source published → what it will publish, and so when to ask it again.

News is expected at `level × hour of day × day of week × five minutes of the hour`, each learnt from what came, and more
of it for an hour or two after a headline: one brings others. A source is asked when what waits for us is worth the
question: where a question costs K headline-hours, at √(2K × rate) headlines (Sia, Cho & Cho, *Efficient Monitoring
Algorithm for Fast News Alerts*, IEEE TKDE 2007: the requests for a source go with the square root of its rate). K is
such that a source of one headline an hour is asked at `poll.every`.

Silence is learnt without writing anything: what was counted is kept as of the last headline, and each forecast
reckons how much time has gone by since.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import count
from math import log, sqrt
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.schedule.hints import Wait
from aggregator.source import Rhythm

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(hours=4)

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_LIFE: Final = timedelta(days=14)
_MEAN_LIFE_HOURS: Final = _HALF_LIFE / _HOUR / log(2)
_UNIT: Final = (
    16  # what a headline counts at the beginning of its week; it grows, so that the earlier ones need not fade
)
_HOURS: Final = slice(0, 24)
_DAYS: Final = slice(24, 31)
_SLOTS: Final = slice(31, 43)
_SLOT_MINUTES: Final = 5
_BRED: Final = 0.4  # of all headlines follow upon another one, half of them within the hour
_UNLIKELY: Final = 4.6  # headlines expected and none come: 1 in 100, where they come by themselves
_OVERDUE: Final = 20.0
_PINNED: Final = 10  # one in so many of a first document may be years older than the others
_PARTS: Final = ("nights", "mornings", "afternoons", "evenings")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def begun(*, now: datetime) -> Rhythm:
    """Begin to listen to a source: one headline an hour is expected, until more is known."""
    return Rhythm(since=now, latest=None, heat=0.0, week=_week(now), counts=(0,) * _SLOTS.stop)


def learnt(
    rhythm: Rhythm, published: Iterable[datetime], *, zone: ZoneInfo, heard_at: datetime | None, now: datetime
) -> Rhythm:
    """Learn from the new headlines of one document.

    Those of one minute count once, since one question brings them all: an undated document, or an import of a
    thousand, is one occasion. The same instants in the same order teach the same, however they are cut into documents.

    Args:
        rhythm: As known so far.
        published: When they were published, by their word.
        zone: The source's, in which its hours and days are counted.
        heard_at: The last recorded answer before this one. A headline that is dated before it was not listed then: it
            counts as of `now`. None: this is the first document, and its dates tell the past.
        now: UTC.
    """
    occasions = sorted(now if heard_at is not None and at < heard_at else min(at, now) for at in published)
    if heard_at is None and occasions:
        occasions = occasions[len(occasions) // _PINNED :]
        rhythm = replace(rhythm, since=min(rhythm.since, occasions[0]))
    return reduce(lambda known, at: _counted(known, at, zone), occasions, rhythm)


def forecast(rhythm: Rhythm, zone: ZoneInfo, *, every: timedelta, now: datetime) -> Wait:
    """Say when enough news will wait, and what we expect meanwhile.

    Args:
        rhythm: As learnt, whenever that was.
        zone: The source's.
        every: The interval of a source of one headline an hour.
        now: UTC: what the source had by now is learnt.

    Returns:
        From SHORTEST to LONGEST, unless `every` itself is beyond them.
    """
    least, most, price = min(SHORTEST, every) / _HOUR, max(LONGEST, every) / _HOUR, every / _HOUR
    waiting = hours = 0.0
    for length, rate in _coming(rhythm, zone, now):
        enough = price * sqrt(rate)
        if hours + length >= most or waiting + rate * length >= enough:
            part = max(0.0, min(enough - waiting, rate * length)) / rate
            waiting, hours = waiting + rate * part, hours + part
            break
        waiting, hours = waiting + rate * length, hours + length
    return Wait(least=min(max(hours, least), most) * _HOUR, reason=_in_words(waiting / hours, now.astimezone(zone)))


def expected_a_day(rhythm: Rhythm, zone: ZoneInfo, *, now: datetime) -> float:
    """Tell how many headlines are expected a day, over all days of the week."""
    return 24 * _level(rhythm, zone, now)


def busiest_hours(rhythm: Rhythm) -> tuple[int, ...]:
    """Give the hours of the source's day that bring half as much again as the mean hour, the busiest first."""
    hours = rhythm.counts[_HOURS]
    busy = [hour for hour in range(24) if 24 * hours[hour] > 1.5 * sum(hours)]
    return tuple(sorted(busy, key=lambda hour: -hours[hour]))


def expected_between(rhythm: Rhythm, zone: ZoneInfo, *, since: datetime, until: datetime) -> float:
    """Tell how many headlines were to be expected, by what was known at the beginning."""
    came, hours = _heard(rhythm, since)
    return came / (hours + 1) * _weighed_hours(rhythm, zone, since, until)


def is_overdue_news(rhythm: Rhythm, zone: ZoneInfo, *, since: datetime, now: datetime) -> bool:
    """Say whether a source that brought nothing since then is silent far beyond its own rhythm.

    Its nights and weekends are no silence, nor are the weeks of one that publishes seldom: what counts is how many
    headlines were to be expected meanwhile. A handful of headlines makes no rhythm: nothing is overdue then.
    """
    came, hours = _heard(rhythm, since)
    surely = max(0.0, came - 2 * sqrt(came))
    return surely / (hours + 1) * _weighed_hours(rhythm, zone, since, now) > _OVERDUE


def _counted(rhythm: Rhythm, at: datetime, zone: ZoneInfo) -> Rhythm:
    latest = rhythm.latest or at - _HOUR
    if abs(at - latest) < _MINUTE:
        return rhythm
    week, local = max(rhythm.week, _week(at)), at.astimezone(zone)
    fade = _halved((week - rhythm.week) * _WEEK)
    counts = [int(count * fade) for count in rhythm.counts]  # rounded down, or the last bit of a count would never go
    weight = int(_UNIT * _halved(_EPOCH + week * _WEEK - at))
    for bin_ in (local.hour, _DAYS.start + local.weekday(), _SLOTS.start + local.minute // _SLOT_MINUTES):
        counts[bin_] += weight
    heat = rhythm.heat * 0.5 ** max(0.0, (at - latest) / _HOUR) + 0.5 ** max(0.0, (latest - at) / _HOUR)
    return replace(rhythm, latest=max(at, latest), heat=round(heat, 3), week=week, counts=tuple(counts))


def _coming(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> Iterator[tuple[float, float]]:
    """Give what is expected from now on, by the slots of the wall clock: (hours, headlines an hour), endlessly."""
    local, (hours, days, slots) = now.astimezone(zone), _shapes(rhythm, now)
    calm = (1 - _BRED) * _level(rhythm, zone, now) / (_mean(hours) * _mean(days) * _mean(slots))
    bred = _BRED * log(2) * rhythm.heat * 0.5 ** max(0.0, (now - (rhythm.latest or now)) / _HOUR)
    into, ahead = local.minute % _SLOT_MINUTES + local.second / 60 + local.microsecond / 60e6, 0.0
    length = (_SLOT_MINUTES - into) / 60
    for slot in count((local.weekday() * 24 + local.hour) * 12 + local.minute // _SLOT_MINUTES):
        share = (hours[slot // 12 % 24] + _UNIT) * (days[slot // 288 % 7] + _UNIT) * (slots[slot % 12] + _UNIT)
        yield length, calm * share + bred * 0.5**ahead
        ahead += length
        length = _SLOT_MINUTES / 60


def _shapes(rhythm: Rhythm, now: datetime) -> tuple[tuple[int, ...], ...]:
    """Give the counts of hours, days and slots, of each once a whole round of it is known: unseen is not quiet."""
    known = now - rhythm.since
    return tuple(
        rhythm.counts[kind] if known >= round_ else (0,) * (kind.stop - kind.start)
        for kind, round_ in ((_HOURS, _DAY), (_DAYS, _WEEK), (_SLOTS, _HOUR))
    )


def _mean(counts: tuple[int, ...]) -> float:
    """Give the mean of counts, each one headline higher than it is: so much evidence it takes to make a shape."""
    return sum(counts) / len(counts) + _UNIT


def _level(rhythm: Rhythm, zone: ZoneInfo, now: datetime) -> float:
    """Tell the headlines an hour, over a week, that are expected now: no more than the silence up to now allows."""
    came, hours = _heard(rhythm, now)
    level = (came + 1) / (hours + 1)  # as if one came in one hour before we listened (a Gamma prior)
    if rhythm.latest is None or level * ((now - rhythm.latest) / _HOUR) < 1:
        return level
    missed = level * _weighed_hours(rhythm, zone, rhythm.latest, now)
    return level * min(1.0, _UNLIKELY / missed) if missed else level


def _heard(rhythm: Rhythm, now: datetime) -> tuple[float, float]:
    """Give the headlines that came, and the hours that we listened, both the less the longer ago."""
    now = max(now, rhythm.since, rhythm.latest or now)  # a clock may be set back
    came = sum(rhythm.counts[_DAYS]) / _UNIT * _halved(now - _EPOCH - rhythm.week * _WEEK)
    return came, _MEAN_LIFE_HOURS * (1 - _halved(now - rhythm.since))


def _weighed_hours(rhythm: Rhythm, zone: ZoneInfo, since: datetime, until: datetime) -> float:
    """Measure a time by what is usual in its hours: the nights of a source that sleeps hardly count."""
    weeks, rest = divmod(max(until - since, timedelta(0)), _WEEK)
    local = (since + _HOUR / 2).astimezone(zone)  # hours begun count whole, or not at all
    hours, days, _ = _shapes(rhythm, until)
    first = local.weekday() * 24 + local.hour
    shares = sum(
        (hours[hour % 24] + _UNIT) * (days[hour // 24 % 7] + _UNIT)
        for hour in range(first, first + round(rest / _HOUR))
    )
    return weeks * (_WEEK / _HOUR) + shares / (_mean(hours) * _mean(days))


def _halved(age: timedelta) -> float:
    return float(0.5 ** (age / _HALF_LIFE))


def _week(at: datetime) -> int:
    return (at - _EPOCH) // _WEEK


def _in_words(rate: float, local: datetime) -> str:
    """Write a rate, headlines an hour, and the time of the week that it is for."""
    if rate >= 1:
        pace = f"about {rate:.0f} an hour"
    elif rate >= 1 / 36:
        pace = f"about one in {1 / rate:.0f} h"
    else:
        pace = f"about one in {1 / rate / 24:.0f} d"
    return f"{pace} on {_WEEKDAYS[local.weekday()]} {_PARTS[local.hour // 6]}"
