"""A standing before and after a pass → what the operator is to be told of, each once.

What goes on for a while is told when it begins and when it is over; `Standing.told` remembers it in between. Both are
committed in one record, so that neither a restart nor a crash tells anything twice.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from aggregator.incident import Incident, Kind
from aggregator.schedule.hints import in_words
from aggregator.source import Source, Standing, Trouble

Told: TypeAlias = tuple[Standing, tuple[Incident, ...]]
"""The standing with what is told by then, and the incidents that belong into its record."""

_ENOUGH: Final = 3
"""Failures in a row: what is over by the third question was a hiccup."""

_PATIENCE: Final = 6
"""The same while nobody answers us: half a day or so. It may be our own network."""

UNREACHED: Final = frozenset({"timeout", "dns", "connect", "reset"})
"""What is answered where there is no network."""

NOT_ASKED: Final = frozenset({"held", "bad url", "auth file", "blocked address"})
"""What we answer ourselves, be there a network or not."""

# What asking again will not mend: told at the first, unless there is another address to ask.
_OURS: Final = frozenset({"bad url", "auth file"})
_FINAL: Final = _OURS | {"404", "blocked address"}
"""Of a source that never answered. One that did gets a 404 while its publisher deploys, or from one of two servers that
take turns, and a private address from the network of a train."""
_GONE: Final = "answers 410 Gone, its publisher asks not to be polled"
_NOTHING_TO_DO: Final = "Nothing is to be done."


def after_answer(before: Standing, after: Standing, source: Source, *, is_online: bool = True, now: datetime) -> Told:
    """Tell that a source broke, is gone, came back, or moved.

    Args:
        before: As it was asked, with what feeds.yaml says now.
        after: With the answer noted.
        source: As configured.
        is_online: The last who was asked answered, and of late.
        now: UTC.
    """
    texts, since = dict(_moves(before, after)), dict(after.told).get("failing")
    trouble = dict(_gone(before, after)) or ({} if since else dict(_broken(before, after, source, is_online=is_online)))
    texts |= trouble
    if trouble and since is None:
        after = _opened(after, "failing", now)
    elif since is not None and not after.failures:
        after = _over(after, "failing")
        texts["back"] = f"can be read again; it could not since {_at(since)}. {_NOTHING_TO_DO}"
    return after, tuple(_incident(after, source, kind, text, now) for kind, text in texts.items())


def after_reading(before: Standing, after: Standing, source: Source, oddity: str | None, *, now: datetime) -> Told:
    """Tell that a document reads otherwise than the one before it: once, until one reads as the one before it again.

    Args:
        before: As it was asked.
        after: With the answer noted.
        source: As configured.
        oddity: What is otherwise, for people. None: nothing.
        now: UTC.
    """
    is_told = "otherwise" in dict(before.told)
    if oddity is None or is_told:
        return (_over(after, "otherwise") if is_told and oddity is None else after), ()
    what = "page (the heading or the selectors)" if source.page else "url"
    text = f"{oddity}. Look at what it lists now; if that is not what you subscribed to, mend its {what} in feeds.yaml."
    after = _opened(after, "otherwise", now)
    return after, (_incident(after, source, "page" if source.page else "ids", text, now),)


def after_news(before: Standing, after: Standing, source: Source, *, now: datetime) -> Told:
    """Tell that a source that was told to be silent has brought news, be it at another address by now."""
    told_at = dict(before.told).get("silent")
    if told_at is None:
        return after, ()
    since = before.last_new_at or told_at  # of a new address, nothing is known yet
    text = f"brought a new headline after {in_words(now - since)} without one. {_NOTHING_TO_DO}"
    return _over(after, "silent"), (_incident(after, source, "speaks", text, now),)


def fallen_silent(standing: Standing, source: Source, *, now: datetime) -> Told:
    """Tell that a source has fallen silent; whether it has, silence.py decides."""
    since = "it is watched" if standing.last_new_at is None else _at(standing.last_new_at)
    text = (
        f"answers, but has brought no headline since {since}: far longer than it used to pause. "
        "Look at its site; it may publish at another address now, which its url in feeds.yaml should be then."
    )
    standing = _opened(standing, "silent", now)
    return standing, (_incident(standing, source, "silent", text, now),)


def _moves(before: Standing, after: Standing) -> Iterator[tuple[Kind, str]]:
    for pair in after.adopted:
        if pair not in before.adopted:
            yield "moved", f"moved for good to {pair[1]} and is asked there from now on. Write that as its url."


def _gone(before: Standing, after: Standing) -> Iterator[tuple[Kind, str]]:
    for url in after.gone:
        if url not in before.gone and after.parked:
            yield (
                "gone",
                f"{_GONE}: it is no longer asked. Remove it from feeds.yaml, or give its new address as its url.",
            )
        elif url not in before.gone:
            yield "gone", f"{_GONE} at {url}, which is no longer asked; its other addresses are. Take that url out."


def _broken(before: Standing, after: Standing, source: Source, *, is_online: bool) -> Iterator[tuple[Kind, str]]:
    others = before.address != before.urls[before.url] or len(set(after.urls).difference(after.gone)) > 1
    enough = _ENOUGH if is_online or after.last_answer not in UNREACHED else _PATIENCE
    final = _FINAL if after.last_ok_at is None else _OURS
    if after.failures >= enough or (after.failures and after.last_answer in final and not others):
        times = "" if after.failures == 1 else f" {after.failures} times in a row"
        good = "" if after.last_ok_at is None else f" The last good answer was noted at {_at(after.last_ok_at)}."
        text = f"failed{times}: {after.last_error}.{good} It is asked again, but less and less often."
        yield "page" if source.page and after.last_answer == "unreadable" else "broke", text


def _opened(standing: Standing, trouble: Trouble, now: datetime) -> Standing:
    return replace(standing, told=(*standing.told, (trouble, now)))


def _over(standing: Standing, trouble: Trouble) -> Standing:
    return replace(standing, told=tuple(pair for pair in standing.told if pair[0] != trouble))


def _incident(standing: Standing, source: Source, kind: Kind, text: str, now: datetime) -> Incident:
    return Incident(source=source.id, kind=kind, at=now, name=source.name, url=standing.address, text=text)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
