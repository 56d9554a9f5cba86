"""The policy with one rule switched off: what the judge must see."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import pytest
from yarl import URL

from aggregator import poll
from aggregator.commit import Commit
from aggregator.fetch import conditional, freshness, http
from aggregator.fetch.answer import Answer, Fetched, Refused
from aggregator.fetch.http import Fetcher
from aggregator.fetch.pace import Pace
from aggregator.schedule import doubt, due, history, moves, rhythm
from aggregator.source import Hints, Source, Standing, Validators
from aggregator.store.embedded import EmbeddedStore
from tests.etiquette.judge import Row
from tests.etiquette.outlets import POOL
from tests.etiquette.week import Run

_HOUR: Final = timedelta(hours=1)
_ALIVE: Final = (Run(end=9 * _HOUR),)
_RESTARTED: Final = (Run(end=2 * _HOUR), Run(start=2 * _HOUR + timedelta(minutes=1), end=3 * _HOUR))
_KILLED: Final = (Run(end=2 * _HOUR, killed=True), Run(end=3 * _HOUR))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One rule of the policy.

    Attributes:
        rule: In words.
        off: Switches it off.
        row: The one of the card that must not be zero then; every other must.
        outlets: Names of those to whom it matters.
        runs: Of the daemon.
    """

    rule: str
    off: Callable[[pytest.MonkeyPatch], None]
    row: Row
    outlets: tuple[str, ...]
    runs: tuple[Run, ...] = _ALIVE


def _instead(place: object, name: str, make: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Put what `make` makes of it in the place of a function or a constant."""
    return lambda patch: patch.setattr(place, name, make(getattr(place, name)))


def _always(place: object, name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Let a function answer the same, whatever it is asked."""
    return _instead(place, name, lambda _: lambda *_, **__: value)


def _headers(change: Callable[[dict[str, str]], dict[str, str]]) -> Callable[[pytest.MonkeyPatch], None]:
    """Change the headers of every request."""
    return _instead(http, "request_headers", lambda real: lambda validators: change(real(validators)))


def _hints_of_304s(change: Callable[[Standing, Hints], Hints]) -> Callable[[pytest.MonkeyPatch], None]:
    """Change what is known of a source after a 304."""

    def make(real: Callable[..., Standing]) -> Callable[..., Standing]:
        def answered(standing: Standing, answer: str, hints: Hints, *, now: datetime) -> Standing:
            after = real(standing, answer, hints, now=now)
            return replace(after, hints=change(after, hints)) if answer == "304" else after

        return answered

    return _instead(history, "answered", make)


def _dates_in(header: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Understand no date in a header."""
    return _instead(
        freshness, "_until", lambda real: lambda name, headers: None if name == header else real(name, headers)
    )


def _retry_only_of(*statuses: int) -> Callable[[pytest.MonkeyPatch], None]:
    def make(real: Callable[..., Answer]) -> Callable[..., Answer]:
        def read_response(*reply: Any, **more: Any) -> Answer:
            answer = real(*reply, **more)
            if isinstance(answer, Refused) and answer.status not in statuses:
                return replace(answer, hints=Hints())
            return answer

        return read_response

    return _instead(http, "read_response", make)


def _asks_too(url: Callable[[str], str]) -> Callable[[pytest.MonkeyPatch], None]:
    """Ask for one more URL each time, with the validators at hand."""

    def make(real: Callable[..., Any]) -> Callable[..., Any]:
        async def fetch(self: Fetcher, source: Source, asked: str, validators: Validators) -> Answer:
            answer: Answer = await real(self, source, asked, validators)
            known = answer.validators if isinstance(answer, Fetched) else validators
            await real(self, source, url(asked), known if url(asked) == asked else Validators())
            return answer

        return fetch

    return _instead(Fetcher, "fetch", make)


@asynccontextmanager
async def _at_once(*_: object) -> AsyncIterator[float]:
    yield 0.0


async def _no_wait(*_: object) -> None:
    """Go on."""


def _validators_in_memory_only(patch: pytest.MonkeyPatch) -> None:
    """Forget the validators of the run before."""
    here: set[tuple[int, str]] = set()
    commit, standing = EmbeddedStore.commit, EmbeddedStore.standing

    async def committed(store: EmbeddedStore, what: Commit) -> int:
        here.update((id(store), each.source) for each in what.standings)
        return await commit(store, what)

    def known(store: EmbeddedStore, source: str) -> Standing | None:
        kept = standing(store, source)
        return kept if kept is None or (id(store), source) in here else replace(kept, validators=())

    patch.setattr(EmbeddedStore, "commit", committed)
    patch.setattr(EmbeddedStore, "standing", known)


def _a_302_counts_as_permanent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "_PERMANENT", frozenset({301, 302, 308}))


def _without(name: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda headers: {key: value for key, value in headers.items() if key != name}


def _in_our_words(headers: dict[str, str]) -> dict[str, str]:
    """Write the date as we would."""
    return {name: value.replace("+0000", "GMT") for name, value in headers.items()}


def _nothing(*_: object) -> Iterator[None]:
    return iter(())


MUTATIONS: Final = (
    Mutation(
        rule="validators are sent",
        off=_always(poll, "_validators", Validators()),
        row=Row.UNCONDITIONAL,
        outlets=("still", "dated"),
    ),
    Mutation(
        rule="a 304 that looks like a lie is put to the test once a day at most",
        off=lambda patch: patch.setattr(doubt, "AGAIN_AFTER", _HOUR),
        row=Row.UNCONDITIONAL,
        outlets=("ahead",),
    ),
    Mutation(
        rule="validators outlive the process",
        off=_validators_in_memory_only,
        row=Row.UNCONDITIONAL,
        outlets=("still", "dated"),
        runs=_RESTARTED,
    ),
    Mutation(
        rule="an ETag keeps its W/",
        off=_instead(conditional, "_byte_copy", lambda _: lambda value: value and value.removeprefix("W/")),
        row=Row.ALTERED,
        outlets=("weak",),
    ),
    Mutation(
        rule="a Last-Modified is not written anew",
        off=_headers(_in_our_words),
        row=Row.ALTERED,
        outlets=("dated",),
    ),
    Mutation(
        rule="validators of a 304 are kept",
        off=_instead(history, "revalidated", lambda _: lambda standing, *_: standing),
        row=Row.ALTERED,
        outlets=("restless",),
    ),
    Mutation(
        rule="no date is invented",
        off=_headers(lambda headers: {"If-Modified-Since": "Mon, 23 Nov 2026 00:00:00 GMT", **headers}),
        row=Row.INVENTED,
        outlets=("bare",),
    ),
    Mutation(
        rule="each URL has validators of its own",
        off=lambda patch: patch.setattr(
            Standing, "validators_of", lambda self, _: self.validators[-1][1] if self.validators else Validators()
        ),
        row=Row.INVENTED,
        outlets=("mornings",),
        runs=(Run(end=20 * _HOUR),),
    ),
    Mutation(
        rule="both validators are sent",
        off=_headers(_without("If-Modified-Since")),
        row=Row.LEFT_OUT,
        outlets=("still",),
    ),
    Mutation(
        rule="a 410 parks a source",
        off=_instead(
            history, "gone", lambda _: lambda standing, error, *, now: history.failed(standing, "410", error, now=now)
        ),
        row=Row.GONE,
        outlets=("gone",),
        runs=(Run(end=52 * _HOUR),),
    ),
    Mutation(
        rule="Retry-After is obeyed",
        off=_instead(due, "retry_waits", lambda _: _nothing),
        row=Row.RETRY,
        outlets=("limiting", "repair", "forbidding"),
    ),
    Mutation(
        rule="Retry-After may be a date",
        off=_dates_in("retry-after"),
        row=Row.RETRY,
        outlets=("limiting", "repair", "forbidding"),
    ),
    Mutation(
        rule="Retry-After is obeyed in a 403",
        off=_retry_only_of(429, 503),
        row=Row.RETRY,
        outlets=("limiting", "repair", "forbidding"),
    ),
    Mutation(
        rule="cron does not override Retry-After",
        off=_always(due, "_forbidden", timedelta(0)),
        row=Row.RETRY,
        outlets=("appointed",),
    ),
    Mutation(
        rule="a document is fetched once",
        off=_asks_too(lambda url: url),
        row=Row.TWICE,
        outlets=("still", "dated", "bare"),
    ),
    Mutation(
        rule="nothing but the document is fetched",
        off=_asks_too(lambda url: str(URL(url).with_path("/favicon.ico"))),
        row=Row.UNINVITED,
        outlets=("still",),
    ),
    Mutation(
        rule="a new address is adopted after seven days only",
        off=lambda patch: patch.setattr(moves, "STEADY", timedelta(days=1)),
        row=Row.UNINVITED,
        outlets=("moved",),
        runs=(Run(end=30 * _HOUR),),
    ),
    Mutation(
        rule="a 302 is never adopted",
        off=_a_302_counts_as_permanent,
        row=Row.UNINVITED,
        outlets=("elsewhere",),
        runs=(Run(end=8 * 24 * _HOUR),),
    ),
    Mutation(
        rule="due times outlive the process",
        off=_always(EmbeddedStore, "dues", {}),
        row=Row.RESTART,
        outlets=("still", "fresh", "ttl"),
        runs=_RESTARTED,
    ),
    Mutation(
        rule="the next poll is written down before asking",
        off=_instead(poll, "Commit", lambda real: lambda **parts: real(**{**parts, "dues": ()})),
        row=Row.RESTART,
        outlets=("still", "fresh", "ttl"),
        runs=_KILLED,
    ),
    Mutation(
        rule="Cache-Control and Expires are obeyed",
        off=_instead(due, "header_waits", lambda _: _nothing),
        row=Row.FRESH,
        outlets=("fresh", "expiring"),
    ),
    Mutation(
        rule="Expires is obeyed",
        off=_dates_in("expires"),
        row=Row.FRESH,
        outlets=("fresh", "expiring"),
    ),
    Mutation(
        rule="max-age counts from when it was asked, though it had to queue",
        off=_instead(poll, "_as_of_asking", lambda _: lambda this, *_: this),
        row=Row.FRESH,
        outlets=tuple(outlet.name for outlet in POOL),
    ),
    Mutation(
        rule="max-age is remembered when a 304 repeats none",
        off=_hints_of_304s(lambda after, hints: replace(after.hints, max_age=hints.max_age)),
        row=Row.FRESH,
        outlets=("fresh", "expiring"),
        runs=(Run(end=26 * _HOUR),),
    ),
    Mutation(
        rule="<ttl> and sy:* are obeyed",
        off=_instead(due, "body_waits", lambda _: _nothing),
        row=Row.WISHES,
        outlets=("ttl", "sy"),
    ),
    Mutation(
        rule="what a document asks for is remembered over 304s",
        off=_hints_of_304s(lambda _, hints: hints),
        row=Row.WISHES,
        outlets=("ttl", "sy"),
    ),
    Mutation(
        rule="skipHours are obeyed",
        off=_instead(due, "after_skipped", lambda _: lambda at, _: (at, None)),
        row=Row.SKIPPED,
        outlets=("sleeping",),
    ),
    Mutation(
        rule="our own interval has a floor",
        off=lambda patch: patch.setattr(rhythm, "SHORTEST", timedelta(minutes=1)),
        row=Row.FLOOR,
        outlets=("flood",),
    ),
    Mutation(
        rule="failures lead to longer and longer waits",
        off=_always(due, "backoff", timedelta(minutes=2)),
        row=Row.FLOOR,
        outlets=("broken",),
    ),
    Mutation(
        rule="cookies are not kept",
        off=_instead(aiohttp, "DummyCookieJar", lambda _: aiohttp.CookieJar),
        row=Row.COOKIE,
        outlets=("marking",),
    ),
    Mutation(
        rule="no Referer is sent",
        off=_headers(lambda headers: {**headers, "Referer": "http://here/"}),
        row=Row.REFERER,
        outlets=("still",),
    ),
    Mutation(
        rule="a URL is asked as it is written",
        off=_instead(http, "_web_url", lambda real: lambda url: real(url).update_query(_="1")),
        row=Row.CRUFT,
        outlets=("still",),
    ),
    Mutation(
        rule="gzip is asked for",
        off=lambda patch: patch.setattr(conditional, "_CODINGS", "identity"),
        row=Row.GZIP,
        outlets=("still",),
    ),
    Mutation(
        rule="the User-Agent says who asks",
        off=lambda patch: patch.setattr(conditional, "USER_AGENT", "Python/3.13 aiohttp/3.13"),
        row=Row.AGENT,
        outlets=("still",),
    ),
    Mutation(
        rule="a host is asked by one at a time",
        off=lambda patch: patch.setattr(Pace, "turn", _at_once),
        row=Row.CONCURRENT,
        outlets=("crowd0", "crowd1", "crowd2", "crowd3"),
    ),
    Mutation(
        rule="a host has a pause between two requests",
        off=lambda patch: patch.setattr(Pace, "_wait_until", _no_wait),
        row=Row.GAP,
        outlets=("crowd0", "crowd1", "crowd2", "crowd3"),
    ),
)
"""Rule → how it is switched off → the row that must see it."""
