"""Source + Standing → when it is polled next, and the reason in words."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.schedule.backoff import backoff, share
from aggregator.schedule.hints import Wait, after_skipped, body_waits, header_waits, in_words, retry_waits
from aggregator.schedule.rhythm import forecast
from aggregator.site import Polling
from aggregator.source import Due, Source, Standing

_SPREAD: Final = 0.1  # of the interval
_SPREAD_LONGEST: Final = timedelta(minutes=10)
_OVERLOADED: Final = frozenset({"429", "503"})
_BACK_OFF: Final = "back-off after"
_UNEVEN: Final = timedelta(minutes=1)  # a clock that is set back by less keeps nobody waiting
_CRON_WAITS: Final = timedelta(hours=3)  # for a clock that was set back
_ASKED_JUST_NOW: Final = timedelta(seconds=30)  # half of the shortest time between two firings of cron


def next_due(source: Source, standing: Standing, *, polling: Polling, now: datetime) -> Due | None:
    """Say when to ask again, counted from an answer that `standing` already tells of.

    Args:
        source: Its `every` or `cron` overrides what the document asks for, never Cache-Control or Retry-After.
        standing: Its rhythm, failures and hints decide; hints.retry_after counts after a failure only.
        polling: `every` is the interval of sources that name none, until they have answered.
        now: UTC.

    Returns:
        None: it is parked. Deterministic: the jitter comes from the source's id, its failures and `now`.

    Raises:
        ValueError: `cron` is no cron expression; see `check_cron`.
    """
    if standing.parked:
        return None
    if source.cron is not None:
        # APScheduler costs 0.1 s to import, which a pass over sources without cron should not pay.
        from aggregator.schedule.cron import next_firing  # noqa: PLC0415  see above

        at = next_firing(source.cron, source.zone, now + _forbidden(source, standing, polling, now))
        return Due(source=source.id, at=at, reason=f"cron {source.cron}", wait=at - now)
    ask = _after_failure if standing.failures else _after_success
    wait = ask(source, standing, polling, now)
    at, skipped = now + wait.least, None
    if source.every is None:
        at, skipped = after_skipped(at, standing.hints)
    return Due(source=source.id, at=at, reason=skipped or wait.reason, wait=at - now)


def first_due(position: int, *, at_once: int, now: datetime) -> datetime:
    """Spread sources that were never asked: `at_once` of them a second.

    Args:
        position: Among the new sources, from 0.
        at_once: As in `Polling`, at least 1.
        now: UTC.
    """
    return now + timedelta(seconds=position / at_once)


def set_right(due: Due, *, now: datetime) -> Due:
    """Have an appointment that was made in the future wait from now on: the clock was set back since then.

    A machine that starts with a wrong clock would else leave its sources alone for a year. Nobody is asked early: all
    of the wait begins anew.
    """
    return replace(due, at=now + due.wait) if due.at - due.wait > now + _UNEVEN else due


def brought_forward(due: Due, source: Source, standing: Standing, *, polling: Polling) -> Due:
    """Have a source asked sooner whose line in feeds.yaml was changed since its appointment was made.

    Counted from its last answer: so it is never sooner than its publisher wishes, nor than it has to wait after
    failures, which those of another address are not. One that is to be asked less often keeps the appointment, and is
    asked less often from then on.

    Args:
        due: As committed.
        source: As configured now.
        standing: Likewise.
        polling: Likewise.
    """
    if _is_as_configured(due, source, standing, polling):
        return due
    again = next_due(source, standing, polling=polling, now=due.at - due.wait)
    return again if again is not None and again.reason != due.reason and again.at < due.at else due


def _is_as_configured(due: Due, source: Source, standing: Standing, polling: Polling) -> bool:
    """Say so where an appointment may be one of the present settings: that is quickly seen, and true of nearly all."""
    if due.reason.startswith(_BACK_OFF) and not standing.failures:
        return False
    if source.cron is not None:
        return due.reason == f"cron {source.cron}"
    if source.every is not None:
        return due.wait <= source.every + _spread(source.every)
    return not due.reason.startswith(("cron ", "every ")) or due.reason == f"every {in_words(polling.every)}"


def moved(due: Due, source: Source, standing: Standing, by: timedelta, *, polling: Polling, now: datetime) -> Due:
    """Move an appointment along with a clock that was set: what is left of its wait does not depend on who set it.

    What `cron` names is a time of that clock, and stays where it is; one set ahead may have passed it, which then
    fires once, late, but never sooner than the publisher wishes; one set back by more than three hours begins anew, as
    cron(8) does.

    Args:
        due: As it was by the clock before.
        source: Whose it is.
        standing: As kept.
        by: How much later it is by the clock now; earlier, if below zero.
        polling: As for `next_due`.
        now: UTC, by the clock now.
    """
    if source.cron is None:
        return replace(due, at=due.at + by)
    anew = next_due(source, standing, polling=polling, now=now) if by < -_CRON_WAITS else None
    return anew or _not_inside_a_wait(due, source, standing, by, polling=polling, now=now)


def _not_inside_a_wait(
    due: Due, source: Source, standing: Standing, by: timedelta, *, polling: Polling, now: datetime
) -> Due:
    """Put off a firing that a clock which was set ahead would bring into a Retry-After or a max-age; see `moved`."""
    made_at = due.at - due.wait  # by the clock before
    at = made_at + by + _forbidden(source, standing, polling, made_at)
    return replace(due, at=at, wait=at - made_at - by) if at > max(due.at, now + _ASKED_JUST_NOW) else due


def _forbidden(source: Source, standing: Standing, polling: Polling, now: datetime) -> timedelta:
    """Tell how long not even `cron` may ask. One that is new is asked at once, which may be just before it fires."""
    if standing.failures:
        return _after_failure(source, standing, polling, now).least
    return max([_ASKED_JUST_NOW, *(wait.least for wait in header_waits(standing.hints))])


def _after_success(source: Source, standing: Standing, polling: Polling, now: datetime) -> Wait:
    draw = share(source.id, 0, now)
    wait = _own(source, standing, polling, now)
    # A first guess may come a little early; a fixed interval, a forecast and a publisher's wish only late.
    jitter = draw if source.every is not None or standing.rhythm is not None else 2 * draw - 1
    own = Wait(least=wait.least + _spread(wait.least) * jitter, reason=wait.reason)
    asked = (*header_waits(standing.hints), *(body_waits(standing.hints) if source.every is None else ()))
    return max([own, *(_late(wait, draw) for wait in asked)], key=lambda wait: wait.least)


def _after_failure(source: Source, standing: Standing, polling: Polling, now: datetime) -> Wait:
    base = _own(source, standing, polling, now).least
    if source.every is None:
        base = max(base, polling.every)  # a source that fails is not asked sooner for publishing much
    if standing.last_answer in _OVERLOADED:
        base *= 2  # back-off starts at half: who is told "too many" must not come back sooner than usual
    times = "1 failure" if standing.failures == 1 else f"{standing.failures} failures"
    own = Wait(
        least=backoff(source.id, standing.failures, base=base, now=now),
        reason=f"{_BACK_OFF} {times}",
    )
    draw = share(source.id, standing.failures, now)
    return max([own, *(_late(wait, draw) for wait in retry_waits(standing.hints))], key=lambda wait: wait.least)


def _own(source: Source, standing: Standing, polling: Polling, now: datetime) -> Wait:
    """Give our own interval, apart from anybody's wishes."""
    if source.every is None and standing.rhythm is not None:
        return forecast(standing.rhythm, source.zone, every=polling.every, now=now)
    every = source.every or polling.every
    return Wait(least=every, reason=f"every {in_words(every)}")


def _late(wait: Wait, draw: float) -> Wait:
    """Add a little, so that all who were told the same do not come at once."""
    return Wait(least=wait.least + _spread(wait.least) * draw, reason=wait.told)


def _spread(duration: timedelta) -> timedelta:
    return min(duration * _SPREAD, _SPREAD_LONGEST)
