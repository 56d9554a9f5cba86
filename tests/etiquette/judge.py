"""A log of requests → a card: how somebody keeps to what publishers ask of feed readers.

The criteria are Rachel Kroll's (rachelbythebay.com/fs/help.html), the bounds are those of DESIGN §4. Nothing of the
program is used here: the judge knows what the publishers saw and said, and what was agreed upon with the operator.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from tests.etiquette.log import Asked, Told, Wishes

_FRESH_LONGEST: Final = timedelta(hours=24)
_WISH_LONGEST: Final = timedelta(hours=1)
_RETRY_SHORTEST, _RETRY_LONGEST = timedelta(seconds=60), timedelta(days=7)
_TWICE: Final = timedelta(minutes=1)
_ADOPTED_AFTER: Final = timedelta(days=7)
_DOUBTED_EVERY: Final = timedelta(days=1)
_SILENT_GAPS: Final = 20  # of its own, between its news
_UNKNOWN_GAP: Final = timedelta(hours=4)
_HOUR: Final = timedelta(hours=1)
_ALL_HOURS: Final = frozenset(range(24))
_ALL_DAYS: Final = frozenset(range(7))
_AGENT: Final = re.compile(r"[\w-]+/\d[\w.]* .*\+?https?://\S+\.\S+")
_PERMANENT: Final = frozenset({301, 308})
_DOCUMENTS: Final = frozenset({200, 226})


class Row(StrEnum):
    """What is counted. Each request counts once among the rows that say it came too early, the first that fits."""

    UNCONDITIONAL = "unconditional, though validators were given"
    ALTERED = "a validator that is no byte copy of the last one"
    INVENTED = "a validator where none was given"
    LEFT_OUT = "only one of the two validators that were given"
    GONE = "after a 410"
    RETRY = "inside Retry-After"
    TWICE = "the same URL again, within a minute"
    RESTART = "early, because of a restart"
    FRESH = "inside max-age or Expires"
    WISHES = "inside <ttl> or sy:*"
    SKIPPED = "inside skipHours or skipDays"
    FLOOR = "sooner than our own shortest interval"
    UNINVITED = "of a URL that nobody named"
    CRUFT = "with a query that nobody wrote"
    COOKIE = "with a cookie"
    REFERER = "with a Referer"
    GZIP = "without gzip in Accept-Encoding"
    AGENT = "without name, version and URL in User-Agent"
    CONCURRENT = "while another to the same host was under way"
    GAP = "sooner after another to the same host than the pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator wrote about one URL.

    Attributes:
        floor: From one request to the next, at least.
        hears_wishes: What its document asks for holds. False: `every` or `cron` overrides it.
    """

    floor: timedelta
    hears_wishes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The outcome.

    Attributes:
        cases: Row → each request that offends, in words.
        figures: What is neither right nor wrong, in words.
    """

    cases: Mapping[Row, tuple[str, ...]]
    figures: tuple[tuple[str, str], ...]

    @property
    def failed(self) -> frozenset[Row]:
        """Give the rows that are not zero."""
        return frozenset(row for row, cases in self.cases.items() if cases)

    def __str__(self) -> str:
        """Print it as a table: every row, and the first cases of those that are not zero."""
        lines = [f"{figure:>9}  {name}" for name, figure in self.figures]
        lines += ["", "  offends  requests"]
        for row, cases in self.cases.items():
            lines += [f"{len(cases):9}  {row}", *(f"{'':11}  {case}" for case in cases[:3])]
        return "\n".join(lines)


Fault: TypeAlias = tuple[Row, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What whoever asks a URL may know of it: all that its publisher said when it was last heard.

    Attributes:
        asked_at: None: never asked.
        life: That asked it last.
        news: The instants of the first and of the last document that was not there before, as far as answers tell.
        news_count: How many there were.
        fresh_for: Said last; a 304 that says nothing keeps it.
        unconditional_at: When it was last asked without validators.
        moved_since: From when on every answer was a permanent redirect to `moved_to`.
    """

    asked_at: datetime | None = None
    life: int = 0
    etag: str | None = None
    last_modified: str | None = None
    news: tuple[datetime, datetime] | None = None
    news_count: int = 0
    fresh_for: timedelta | None = None
    fresh_until: datetime | None = None
    retry_until: datetime | None = None
    wishes: Wishes = Wishes()  # noqa: RUF009  frozen
    gone: bool = False
    unconditional_at: datetime | None = None
    moved_to: str | None = None
    moved_since: datetime | None = None


def host_of(url: str) -> str:
    """Give the host of a URL."""
    return urlsplit(url).netloc


def judge(
    log: Iterable[Asked],
    terms: Mapping[str, Terms],
    *,
    gap: timedelta,
    paced: Callable[[str], str] = host_of,
    held: Callable[[str], str] = str,
) -> Card:
    """Judge requests in the order of their arrival.

    Args:
        log: All requests of one program to these publishers.
        terms: URL → what was agreed, of each URL that the operator named.
        gap: From a request to a host to the next one, at least.
        paced: URL → for whom that gap counts.
        held: URL → for whom a Retry-After counts.
    """
    bench, cases, asked = _Bench(terms, gap, paced, held), defaultdict(list), list(log)
    for each in asked:
        for row, words in bench.faults(each):
            cases[row].append(f"{each.at:%a %H:%M:%S} {each.url}: {words}")
    return Card(cases={row: tuple(cases[row]) for row in Row}, figures=_figures(asked))


class _Bench:
    """Remembers what was asked and said so far."""

    def __init__(
        self, terms: Mapping[str, Terms], gap: timedelta, paced: Callable[[str], str], held: Callable[[str], str]
    ) -> None:
        self._terms = terms
        self._gap = gap
        self._paced = paced
        self._held = held
        self._known: defaultdict[str, _Known] = defaultdict(_Known)
        self._led: dict[str, str] = {}  # the target of a redirect → the named URL that led there
        self._asked_at: dict[str, datetime] = {}  # by `paced`

    def faults(self, asked: Asked) -> Iterator[Fault]:
        """Judge the next request."""
        yield from _header_faults(asked)
        yield from self._host_faults(asked)
        is_hop = asked.url in self._led
        named = self._led.pop(asked.url, None) or self._named(asked)
        if named is None:
            yield self._stranger(asked)
            return
        known = self._known[named]
        yield from _validator_faults(asked, known)
        if not is_hop:
            yield from _early(asked, known, self._terms[named], self._retry_until(named))
        self._known[named] = _after(asked, _not_led_on(asked.told, known) if asked.url == named else known)
        if asked.told.location is not None and asked.told.heard:
            self._led[asked.told.location] = named

    def _named(self, asked: Asked) -> str | None:
        """Find the URL of the operator's under which this is asked; itself, or the one that moved here for good."""
        if asked.url in self._terms:
            return asked.url
        movers = ((named, known.moved_since) for named, known in self._known.items() if known.moved_to == asked.url)
        return next((named for named, since in movers if since and asked.at - since >= _ADOPTED_AFTER), None)

    def _retry_until(self, named: str) -> datetime | None:
        told = (known.retry_until for url, known in self._known.items() if self._held(url) == self._held(named))
        return max((until for until in told if until is not None), default=None)

    def _stranger(self, asked: Asked) -> Fault:
        bare = urlsplit(asked.url)._replace(query="").geturl()
        return (Row.CRUFT if bare in self._terms and bare != asked.url else Row.UNINVITED), "nobody named it"

    def _host_faults(self, asked: Asked) -> Iterator[Fault]:
        host = self._paced(asked.url)
        before, self._asked_at[host] = self._asked_at.get(host), asked.at
        if asked.under_way > 1:
            yield Row.CONCURRENT, f"{asked.under_way} at once"
        elif before is not None and asked.at - before < self._gap:
            yield Row.GAP, f"{asked.at - before} after another"


def _header_faults(asked: Asked) -> Iterator[Fault]:
    headers = asked.headers
    if "cookie" in headers:
        yield Row.COOKIE, headers["cookie"]
    if "referer" in headers:
        yield Row.REFERER, headers["referer"]
    if "gzip" not in headers.get("accept-encoding", ""):
        yield Row.GZIP, headers.get("accept-encoding", "none")
    if not _AGENT.match(headers.get("user-agent", "")):
        yield Row.AGENT, headers.get("user-agent", "none")


def _validator_faults(asked: Asked, known: _Known) -> Iterator[Fault]:
    pairs = (
        (asked.headers.get("if-none-match"), known.etag),
        (asked.headers.get("if-modified-since"), known.last_modified),
    )
    for sent, given in pairs:
        if sent is not None and sent != given:
            yield (Row.INVENTED if given is None else Row.ALTERED), f"sent {sent}, was given {given}"
    left_out = [given for sent, given in pairs if sent is None and given is not None]
    if not left_out:
        return
    if any(sent for sent, _ in pairs):
        yield Row.LEFT_OUT, f"was given {left_out[0]} too"
    elif not _may_doubt(asked.at, known):
        yield Row.UNCONDITIONAL, f"was given {' and '.join(left_out)}"


def _may_doubt(at: datetime, known: _Known) -> bool:
    """Say whether a 304 may be put to the test: none for a day, of a document from the future or of one long silent."""
    lies_ahead = known.last_modified is not None and parsedate_to_datetime(known.last_modified) > at
    is_over = known.unconditional_at is None or at - known.unconditional_at >= _DOUBTED_EVERY
    return is_over and (lies_ahead or _is_silent(at, known))


def _is_silent(at: datetime, known: _Known) -> bool:
    if known.news is None:
        return False
    first, last = known.news
    gap = (last - first) / (known.news_count - 1) if known.news_count > 1 else _UNKNOWN_GAP
    return at - last >= _SILENT_GAPS * gap


def _early(asked: Asked, known: _Known, terms: Terms, retry_until: datetime | None) -> Iterator[Fault]:
    """Give one fault at most: the gravest."""
    if known.gone:
        yield Row.GONE, "it is gone"
    elif _is_before(asked.at, retry_until):
        yield Row.RETRY, f"not before {retry_until:%a %H:%M:%S}"
    elif known.asked_at is None:
        return
    elif (reason := _too_early(asked, known, terms)) is not None:
        row, words = reason
        yield (row if asked.life == known.life else Row.RESTART), words


def _too_early(asked: Asked, known: _Known, terms: Terms) -> Fault | None:
    waited = asked.at - (known.asked_at or asked.at)
    if waited < _TWICE:
        return Row.TWICE, f"{waited} after the last"
    if _is_before(asked.at, known.fresh_until):
        return Row.FRESH, f"fresh until {known.fresh_until:%a %H:%M:%S}"
    if terms.hears_wishes and waited < min(known.wishes.least or timedelta(0), _WISH_LONGEST):
        return Row.WISHES, f"{waited} after the last"
    if terms.hears_wishes and _is_skipped(asked.at, known.wishes):
        return Row.SKIPPED, "its document says so"
    return (Row.FLOOR, f"{waited} after the last") if waited < terms.floor else None


def _after(asked: Asked, known: _Known) -> _Known:
    """Note what was asked and said."""
    unconditional = not asked.headers.keys() & {"if-none-match", "if-modified-since"}
    known = replace(
        known,
        asked_at=asked.at,
        life=asked.life,
        unconditional_at=asked.at if unconditional else known.unconditional_at,
    )
    if not asked.told.heard:
        return known
    if asked.told.status in _DOCUMENTS and not (unconditional and known.news):
        first, _ = known.news or (asked.at, asked.at)
        known = replace(known, news=(first, asked.at), news_count=known.news_count + 1)
    return _heard(asked.told, known, asked.at)


def _heard(told: Told, known: _Known, at: datetime) -> _Known:
    if told.location is not None:
        return _led_on(told, known, at)
    if told.status in _DOCUMENTS:
        fresh_for, wishes = told.fresh_for, told.wishes or Wishes()
        known = replace(known, etag=told.etag, last_modified=told.last_modified)
    elif told.status == 304:
        fresh_for, wishes = known.fresh_for if told.fresh_for is None else told.fresh_for, known.wishes
        etag, last_modified = told.etag or known.etag, told.last_modified or known.last_modified
        known = replace(known, etag=etag, last_modified=last_modified)
    else:
        return replace(known, retry_until=_retry_until(told, at), gone=told.status == 410)
    fresh_until = at + min(fresh_for, _FRESH_LONGEST) if fresh_for else None
    return replace(known, fresh_for=fresh_for, fresh_until=fresh_until, wishes=wishes, retry_until=None)


def _not_led_on(told: Told, known: _Known) -> _Known:
    """Forget the redirect where the named URL gives a document itself."""
    answers_itself = told.heard and (told.status in _DOCUMENTS or told.status == 304)
    return replace(known, moved_to=None, moved_since=None) if answers_itself else known


def _led_on(told: Told, known: _Known, at: datetime) -> _Known:
    target = told.location if told.status in _PERMANENT else None
    if target == known.moved_to:
        return known
    return replace(known, moved_to=target, moved_since=None if target is None else at)


def _retry_until(told: Told, at: datetime) -> datetime | None:
    return None if told.retry_after is None else at + min(max(told.retry_after, _RETRY_SHORTEST), _RETRY_LONGEST)


def _is_before(at: datetime, instant: datetime | None) -> bool:
    return instant is not None and at < instant


def _is_skipped(at: datetime, wishes: Wishes) -> bool:
    """Say whether the document wants to be left alone now. One that always does talks nonsense."""
    if wishes.skip_hours >= _ALL_HOURS or wishes.skip_days >= _ALL_DAYS:
        return False
    return at.hour in wishes.skip_hours or at.weekday() in wishes.skip_days


def _figures(log: list[Asked]) -> tuple[tuple[str, str], ...]:
    statuses = Counter(each.told.status for each in log)
    last: dict[str, datetime] = {}
    hasty = 0
    for each in log:
        hasty += each.at - last.get(each.url, each.at - _HOUR) < _HOUR
        last[each.url] = each.at
    told = " ".join(f"{status}:{count}" for status, count in sorted(statuses.items()))
    return (
        ("requests", str(len(log))),
        ("URLs", str(len(last))),
        ("runs of the program", str(len({each.life for each in log}))),
        (f"inside the hour after the last one of their URL   ({told})", str(hasty)),
    )
