"""A source, a headline, a story → an account of it for `aggregator why`, as pairs of a name and a text."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.headline import DateFrom, Headline
from aggregator.merge.heat import Term, explain
from aggregator.merge.topics import rule_of
from aggregator.schedule.hints import body_waits, header_waits, in_words
from aggregator.schedule.moves import told as moves_told
from aggregator.schedule.rhythm import busiest_hours, expected_a_day
from aggregator.source import Due, Source, Standing
from aggregator.topic import Topic

_BUSIEST: Final = 4
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DATES: Final[Mapping[DateFrom, str]] = {
    "published": "as its source dates it",
    "updated": "as its source dates the last change: it gives no other date",
    "seen": "when we saw it: its source gives no date, or one to come",
    "baseline": "a day before we saw it: it bears no date, and was listed when its source was first read",
}


def account_of_source(
    source: Source, standing: Standing, due: Due | None, *, zone: ZoneInfo, now: datetime
) -> Iterator[tuple[str, str]]:
    """Give an account of a source, as pairs of a name and a text.

    Args:
        source: As configured.
        standing: As kept.
        due: Its appointment. None: it has none yet.
        zone: In which instants are shown.
        now: UTC.
    """
    yield "source", f"{source.name}, {standing.address}"
    yield "next poll", _next_poll(standing, due, zone, now)
    yield "last answer", _last_answer(standing, zone)
    for text in moves_told(standing):
        yield "moved", text
    if standing.last_error is not None:
        yield "failures", f"{standing.failures} in a row: {standing.last_error}"
    yield "hints", "; ".join(_hints(source, standing, zone, now)) or "none in force"
    if standing.rhythm is not None:
        yield "rhythm", _rhythm(source, standing, zone, now)


def _next_poll(standing: Standing, due: Due | None, zone: ZoneInfo, now: datetime) -> str:
    if standing.parked:
        return "never: it answered 410 Gone; give it another url, or remove it"
    if due is None:
        return "when the daemon runs: it was never asked"
    if due.at <= now:
        return f"when the daemon runs, due for {in_words(now - due.at)}: {due.reason}"
    return f"{_at(due.at, zone)}, in {in_words(due.at - now)}: {due.reason}"


def _last_answer(standing: Standing, zone: ZoneInfo) -> str:
    if not standing.last_answer:
        return "none yet"
    good = "none was good" if standing.last_ok_at is None else f"a good one was noted {_at(standing.last_ok_at, zone)}"
    return f"{standing.last_answer}; {good}"


def _hints(source: Source, standing: Standing, zone: ZoneInfo, now: datetime) -> Iterator[str]:

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


def _rhythm(source: Source, standing: Standing, zone: ZoneInfo, now: datetime) -> str:
    if standing.rhythm is None or standing.rhythm.latest is None:
        return "no headline yet"
    a_day = expected_a_day(standing.rhythm, source.zone, now=now)
    often = f"about {a_day:.0f} a day" if a_day >= 1 else f"about one in {1 / a_day:.0f} d"
    hours = ", ".join(f"{hour:02}:00" for hour in sorted(busiest_hours(standing.rhythm)[:_BUSIEST]))
    busy = f", most from {hours} ({source.zone.key})" if hours else ""
    return f"{often}{busy}; the latest {_at(standing.rhythm.latest, zone)}"


def account_of_headline(
    headline: Headline, source: Source, topics: Sequence[Topic], *, zone: ZoneInfo
) -> Iterator[tuple[str, str]]:
    """Give an account of a headline: whose it is, where its date comes from, which rule put it where.

    Args:
        headline: As kept.
        source: As configured; one that is no longer configured sends no topic anything.
        topics: As feeds.yaml has them now.
        zone: In which instants are shown.
    """
    yield "headline", headline.title
    yield "uri", f"urn:uuid:{headline.id}"
    yield "source", f"{source.name}, guid {headline.guid}" if headline.guid else f"{source.name}, which gives no guid"
    yield "link", headline.url or "none"
    yield "published", f"{_at(headline.published_at, zone)}, {_DATES[headline.date_from]}"
    yield "first seen", _at(headline.first_seen_at, zone)
    for revision in headline.revisions:
        yield "was", f"{revision.title} (until {_at(revision.until, zone)})"
    if headline.untold:
        yield "not told", f"kept, and in no topic: {headline.untold}"
        return
    for topic in topics:
        if topic.slug in headline.topics:
            yield "topic", f"{topic.slug}: {rule_of(topic, headline, source) or 'its rules have changed since'}"


def account_of_story(
    headlines: Sequence[Headline], names: Mapping[str, str], weights: Mapping[str, float], topic: Topic, zone: ZoneInfo
) -> Iterator[tuple[str, str]]:
    """Give an account of a story: what each headline brought to it, and by what it joined.

    Args:
        headlines: All that are kept of it, at least one.
        names: Source id → name.
        weights: Source id → weight.
        topic: In which its heat is reckoned.
        zone: In which instants are shown.
    """
    ordered = sorted(headlines, key=lambda headline: (headline.published_at, headline.id))
    hot = [headline for headline in ordered if topic.slug in headline.topics]
    terms = explain(hot, weights, topic.half_life) if hot else ()
    outlets = len({headline.source for headline in ordered})
    yield "story", f"urn:uuid:{ordered[0].story}, {_many(len(ordered), 'headline')} of {_many(outlets, 'outlet')}"
    for headline in ordered:
        name = names.get(headline.source, headline.source)
        yield "", f"{_at(headline.published_at, zone)}  {name}: {headline.title}"
        yield "", f"- {_joined(headline)}; {_heats([term for term in terms if term.headline == headline.id])}"


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _joined(headline: Headline) -> str:
    joined = headline.joined
    if joined is None:
        return "began it"
    match joined.rule:
        case "link":
            return "joined by the same link"
        case "title":
            return "joined by the same title"
        case "words":
            return f"joined by similar words: {joined.similarity:.2f}, where {joined.needed:.2f} is enough"
        case "bridge":
            return f"began a story of its own, which turned out to be this one ({joined.similarity:.2f})"


def _heats(terms: Sequence[Term]) -> str:
    if not terms:
        return "adds no heat: it is not among the popular"
    if terms[0].kind == "repeated":
        return "adds no heat: its outlet, or a copy of it, spoke before"
    revised = ", with its last revision" if len(terms) > 1 else ""
    return f"{sum(term.share for term in terms):.0%} of its heat (weight {terms[0].weight:g}{revised})"


def _at(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M %Z}"
