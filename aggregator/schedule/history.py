"""An answer → where we stand with the source now."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.schedule.hints import bounded_retry, is_held
from aggregator.schedule.rhythm import begun, learnt
from aggregator.source import Hints, Source, Standing, Validators

_FAILURES_UNTIL_FALLBACK: Final = 3
_ALL_BUT_THE_TIME: Final = attrgetter(*(field.name for field in fields(Standing) if field.name != "last_ok_at"))


def first_standing(source: Source) -> Standing:
    """Stand with a source that was never asked."""
    return Standing(source=source.id, name=source.name, urls=source.urls)


def configured(standing: Standing, source: Source) -> Standing:
    """Take over what feeds.yaml says now. Where the URLs changed, the first is asked, as if it had never failed."""
    if standing.urls == source.urls:
        return standing if standing.name == source.name else replace(standing, name=source.name)
    kept = tuple(pair for pair in standing.validators if pair[0] in source.urls)
    stays = standing.urls[standing.url] == source.urls[0]
    return replace(
        first_standing(source),
        validators=kept,
        hints=standing.hints,
        not_before=standing.not_before if stays else None,
        first_asked_at=standing.first_asked_at,
        rhythm=standing.rhythm,
        told=standing.told,
    )


def answered(standing: Standing, answer: str, hints: Hints, *, now: datetime) -> Standing:
    """Note a 200 or a 304 that could be used. A 304 that repeats no `max_age` keeps the earlier one."""
    keeps = answer == "304" and hints.max_age is None
    max_age = standing.hints.max_age if keeps else hints.max_age
    return replace(
        standing,
        hints=replace(standing.hints, max_age=max_age, retry_after=None),
        failures=0,
        not_before=None,
        first_asked_at=standing.first_asked_at or now,
        last_ok_at=now,
        last_answer=answer,
        last_error=None,
        gone=tuple(url for url in standing.gone if url != standing.urls[standing.url]),
        rhythm=standing.rhythm or begun(now=now),
    )


def brought(
    standing: Standing, published: Iterable[datetime], *, zone: ZoneInfo, before: Standing, now: datetime
) -> Standing:
    """Note that a good answer brought new headlines, and when those were published. `before`: as it was asked."""
    known = standing.rhythm or begun(now=now)
    rhythm = learnt(known, published, zone=zone, heard_at=before.last_ok_at, now=now)
    return replace(standing, last_new_at=now, rhythm=rhythm)


def revalidated(standing: Standing, url: str, validators: Validators) -> Standing:
    """Keep the validators that a 304 carried, each on its own: one that it does not repeat still holds."""
    known = standing.validators_of(url)
    return with_validators(
        standing,
        url,
        Validators(etag=validators.etag or known.etag, last_modified=validators.last_modified or known.last_modified),
    )


def with_validators(standing: Standing, url: str, validators: Validators) -> Standing:
    """Keep the validators of a 200 as they are, in the place of the earlier ones of this URL."""
    if (url, validators) in standing.validators:
        return standing
    others = tuple(pair for pair in standing.validators if pair[0] != url)
    return replace(standing, validators=(*others, (url, validators)))


def failed(
    standing: Standing,
    answer: str,
    error: str,
    *,
    now: datetime,
    hints: Hints = Hints(),
    leave_url: bool = False,
    asked_at: datetime | None = None,
) -> Standing:
    """Note a failure. After three in a row, or at once where `leave_url`, a later poll tries the next URL.

    An address that was adopted makes way for the configured URL before that does for the next. Retry-After counts from
    `asked_at`, by the clock that appointments are kept by, right or wrong. None: that is `now`.
    """
    failures = standing.failures + 1
    turn = leave_url or failures % _FAILURES_UNTIL_FALLBACK == 0
    here = standing.urls[standing.url]
    is_adopted = standing.address != here
    url = _next_url(standing) if turn and not is_adopted else standing.url
    return replace(
        standing,
        url=url,
        adopted=tuple(pair for pair in standing.adopted if pair[0] != here) if turn else standing.adopted,
        body_hash=standing.body_hash if url == standing.url else None,
        hints=replace(standing.hints, retry_after=hints.retry_after),
        failures=failures,
        not_before=None if hints.retry_after is None else (asked_at or now) + bounded_retry(hints.retry_after),
        first_asked_at=standing.first_asked_at or now,
        last_answer=answer,
        last_error=error,
    )


def gone(standing: Standing, error: str, *, now: datetime) -> Standing:
    """Note a 410. The source is parked when all its URLs are gone. An adopted address only sends us back."""
    here = standing.urls[standing.url]
    is_adopted = standing.address != here
    known = standing if is_adopted else replace(standing, gone=(*standing.gone, here))
    return failed(known, "410", error, now=now, leave_url=True)


def _next_url(standing: Standing) -> int:
    """Give the index of the next URL that is not gone; the present one where there is none."""
    count = len(standing.urls)
    later = ((standing.url + step) % count for step in range(1, count))
    return next((url for url in later if standing.urls[url] not in standing.gone), standing.url)


def may_be_asked(standing: Standing, *, now: datetime) -> bool:
    """Say whether an operator may ask out of turn: never inside a Retry-After, never after a 410."""
    return not standing.parked and not is_held(standing.not_before, now=now)


def same_but_for_the_time(one: Standing, other: Standing) -> bool:
    """Say whether only `last_ok_at` differs: then nothing has to be written."""
    return _ALL_BUT_THE_TIME(one) == _ALL_BUT_THE_TIME(other)


def with_kept_ids(sources: Sequence[Source], standings: Iterable[Standing]) -> tuple[Source, ...]:
    """Give sources the ids under which they were first seen, though name or URL were edited since.

    A source whose id is known keeps it. Any other takes over the standing that bears its name, else one that shares
    a URL with it, unless another source of feeds.yaml has that standing already.
    """
    kept = {standing.source: standing for standing in standings}
    strangers = [source for source in sources if source.id not in kept]
    free = [kept[id_] for id_ in sorted(kept.keys() - {source.id for source in sources})]
    names = {standing.name.casefold(): standing.source for standing in free}
    ids = {source.id: id_ for source in strangers if (id_ := names.pop(source.name.casefold(), None)) is not None}
    taken = set(ids.values())
    urls = defaultdict(list)
    for standing in free:
        for url in standing.urls:
            urls[url, "#" in standing.source].append(standing.source)  # a page's id names its list after a "#"
    for source in strangers:
        of_url = (id_ for url in source.urls for id_ in urls[url, source.page is not None] if id_ not in taken)
        if source.id not in ids and (heir_of := next(of_url, None)) is not None:
            ids[source.id] = heir_of
            taken.add(heir_of)
    return tuple(replace(source, id=ids[source.id]) if source.id in ids else source for source in sources)
