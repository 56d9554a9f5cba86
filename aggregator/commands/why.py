"""`aggregator why`: when a source is polled next, and what has led to that."""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import DEFAULT_STATE, FeedsOption, StateOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.source import Due, Source, Standing

_BUSIEST = 4
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def why(
    what: Annotated[str, typer.Argument(metavar="SOURCE", help="A source, by its name, id or URL.")],
    feeds: FeedsOption = None,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Tell when a source is polled next, and why then. Reads beside a running daemon without disturbing it.

    **Examples**

    - `aggregator why Antara`
    - `aggregator why https://rmol.id/ --state /var/lib/planet`
    """
    from datetime import UTC, datetime

    from aggregator.commands.options import read_feeds
    from aggregator.errors import StateError
    from aggregator.schedule.history import configured, first_standing, with_kept_ids
    from aggregator.store.embedded import EmbeddedStore

    configuration = read_feeds(feeds)
    if not state.is_dir():
        raise StateError(f"{state}: there is no such folder; run `aggregator up` first, or name it with --state")
    with EmbeddedStore(state, read_only=True) as store:
        standings = filter(None, map(store.standing, store.sources()))
        source = _find(what, with_kept_ids(configuration.sources, standings))
        standing = configured(store.standing(source.id) or first_standing(source), source)
        due = store.dues().get(source.id)
    for name, text in account(source, standing, due, zone=configuration.site.zone, now=datetime.now(UTC)):
        typer.echo(f"{name:<12} {text}")


def account(
    source: "Source", standing: "Standing", due: "Due | None", *, zone: "ZoneInfo", now: "datetime"
) -> "Iterator[tuple[str, str]]":
    """Give an account of a source, as pairs of a name and a text.

    Args:
        source: As configured.
        standing: As kept.
        due: Its appointment. None: it has none yet.
        zone: In which instants are shown.
        now: UTC.
    """
    from aggregator.schedule.moves import told

    yield "source", f"{source.name}, {standing.address}"
    yield "next poll", _next_poll(standing, due, zone, now)
    yield "last answer", _last_answer(standing, zone)
    for text in told(standing):
        yield "moved", text
    if standing.last_error is not None:
        yield "failures", f"{standing.failures} in a row: {standing.last_error}"
    yield "hints", "; ".join(_hints(source, standing, zone, now)) or "none in force"
    if standing.rhythm is not None:
        yield "rhythm", _rhythm(source, standing, zone, now)


def _find(what: str, sources: "Sequence[Source]") -> "Source":
    from aggregator.errors import UnknownNameError
    from aggregator.load.wording import quoted, suggestion

    for source in sources:
        if what.casefold() == source.name.casefold() or what in {source.id, *source.urls}:
            return source
    near = suggestion(what, [source.name for source in sources], "write the name or a URL of one in feeds.yaml")
    raise UnknownNameError(f"there is no source {quoted(what)}{near}")


def _next_poll(standing: "Standing", due: "Due | None", zone: "ZoneInfo", now: "datetime") -> str:
    from aggregator.schedule.hints import in_words

    if standing.parked:
        return "never: it answered 410 Gone; give it another url, or remove it"
    if due is None:
        return "when the daemon runs: it was never asked"
    if due.at <= now:
        return f"when the daemon runs, due for {in_words(now - due.at)}: {due.reason}"
    return f"{_at(due.at, zone)}, in {in_words(due.at - now)}: {due.reason}"


def _last_answer(standing: "Standing", zone: "ZoneInfo") -> str:
    if not standing.last_answer:
        return "none yet"
    good = "none was good" if standing.last_ok_at is None else f"a good one was noted {_at(standing.last_ok_at, zone)}"
    return f"{standing.last_answer}; {good}"


def _hints(source: "Source", standing: "Standing", zone: "ZoneInfo", now: "datetime") -> "Iterator[str]":
    from aggregator.schedule.hints import body_waits, header_waits

    hints = standing.hints
    if standing.not_before is not None and standing.not_before > now:
        yield f"Retry-After, until {_at(standing.not_before, zone)}"
    for wait in header_waits(hints):
        yield wait.told
    if source.every is not None or source.cron is not None:
        return  # a fixed interval overrides what the document asks for
    for wait in body_waits(hints):
        yield wait.told
    if hints.skip_hours:
        yield f"skipHours {', '.join(map(str, hints.skip_hours))} (GMT)"
    if hints.skip_days:
        yield f"skipDays {', '.join(_DAYS[day] for day in hints.skip_days)} (GMT)"


def _rhythm(source: "Source", standing: "Standing", zone: "ZoneInfo", now: "datetime") -> str:
    from aggregator.schedule.rhythm import busiest_hours, expected_a_day

    if standing.rhythm is None or standing.rhythm.latest is None:
        return "no headline yet"
    a_day = expected_a_day(standing.rhythm, source.zone, now=now)
    often = f"about {a_day:.0f} a day" if a_day >= 1 else f"about one in {1 / a_day:.0f} d"
    hours = ", ".join(f"{hour:02}:00" for hour in sorted(busiest_hours(standing.rhythm)[:_BUSIEST]))
    busy = f", most from {hours} ({source.zone.key})" if hours else ""
    return f"{often}{busy}; the latest {_at(standing.rhythm.latest, zone)}"


def _at(instant: "datetime", zone: "ZoneInfo") -> str:
    return f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
