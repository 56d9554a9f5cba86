"""One pass over one source, top to bottom.

Claim → ask → read → recognise → fold → file → commit → post. Nothing is shown before it is committed, and
validators are never kept ahead of the headlines that came with them. A pass that is cut off anywhere is mended by the
next one: what was committed is recognised, what was not is found again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Final, TypeAlias, assert_never

from aggregator.commit import Commit
from aggregator.dedupe import floods, turnover
from aggregator.dedupe.identity import Line, lines_of, recognise, with_earlier
from aggregator.dedupe.same import is_same_feed
from aggregator.desk import Desk, Store
from aggregator.entry import Reading
from aggregator.errors import ParsePutOffError, SourceError
from aggregator.fetch.answer import Answer, Failed, Fetched, Gone, Heard, Held, NotModified, Refused
from aggregator.headline import Headline
from aggregator.parse.job import Job
from aggregator.report import Report
from aggregator.schedule import history, incidents, moves
from aggregator.schedule.doubt import doubt as doubt_of
from aggregator.schedule.due import next_due
from aggregator.schedule.scope import host_of
from aggregator.schedule.witnesses import Witnesses
from aggregator.site import Polling
from aggregator.source import Due, Listed, Source, Standing, Validators

Fetch: TypeAlias = Callable[[Source, str, Validators], Awaitable[Answer]]
Parse: TypeAlias = Callable[[Job], Awaitable[Reading]]

_FEW: Final = 40  # entries: what they may be known by takes 1 ms, and 40 ms where they were made to take long
_SOON: Final = timedelta(seconds=30)  # after we could not ask, as with all files open
_LARGE: Final = 2**20  # bytes: naming them takes 2 ms, and 20 ms where there are as many as we take


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a pass touches.

    Attributes:
        fetch: Asks a publisher; answers with a value, whatever happens.
        parse: Reads a document; raises SourceError.
        store: What survives a crash.
        desk: What passes share.
        polling: How sources are asked, unless they say otherwise.
        is_online: Says whether the last who was asked answered, and of late, as of an instant.
        witnesses: What time it is by the publishers' clocks: what is written down does not go by ours alone.
        speed: Above 1, every wait is that much shorter: for the demo, whose publishers live faster.
    """

    fetch: Fetch
    parse: Parse
    store: Store
    desk: Desk
    polling: Polling
    is_online: Callable[[datetime], bool] = lambda _: True
    witnesses: Witnesses = field(default_factory=Witnesses)
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """What stays the same from the claim to the end.

    Attributes:
        source: As configured.
        kept: As it is in the store. None: it was never asked.
        standing: The same, with what feeds.yaml says now.
        claim: What was committed before asking. None: parked, and asked all the same.
        url: The one asked.
        doubt: Why its validators are held back, for people. None: they are not, out of doubt.
        claimed_at: UTC: what the claim is made as of.
        asked_at: UTC: when its turn came. Appointments are kept by our clock, right or wrong: they count from then.
        now: UTC: the same, or what it really is, by most publishers' clocks. What is written down from here on is so as
            of then.
    """

    source: Source
    kept: Standing | None
    standing: Standing
    claim: Due | None
    url: str
    doubt: str | None
    claimed_at: datetime
    asked_at: datetime
    now: datetime


async def poll(source: Source, world: World, *, now: datetime) -> Report:
    """Ask a source once, and keep what is new.

    Args:
        source: As configured.
        world: What is touched.
        now: UTC. Everything that this pass decides is decided as of this instant, or, where it had to queue for its
            host, as of when it was asked.

    Raises:
        StateError: A commit failed: nothing of this pass was shown.
    """
    kept = world.store.standing(source.id)
    standing = history.configured(kept or history.first_standing(source), source)
    claim, doubt = _next(source, standing, world, now=now), doubt_of(standing, source.zone, now=now)
    if doubt is not None:  # known before asking, as the claim is: a crash does not make us ask so again
        standing = replace(standing, asked_whole_at=now)
    await world.store.commit(Commit(dues=_only(claim), standings=() if doubt is None else (standing,)))
    this = _Pass(
        source=source,
        kept=kept,
        standing=standing,
        claim=claim,
        url=standing.address,
        doubt=doubt,
        claimed_at=now,
        asked_at=now,
        now=now,
    )

    answer = await world.fetch(source, this.url, _validators(this))
    if isinstance(answer, Held):
        due = await _held(claim, answer, world, now=now)
        return Report(source=source.id, answer="held", ok=False, error=answer.why, due=due)
    this = _as_of_asking(this, answer, world.witnesses)
    body_hash = await _body_hash(source, answer.body) if isinstance(answer, Fetched) else None
    if not isinstance(answer, Fetched) or standing.body_hash == body_hash:
        after, report = _heard(this, answer)
        return await _keep(this, after, Commit(), report, world)
    try:
        reading = await world.parse(job_of(source, answer, world.store.listing(source.id), now=this.now))
    except ParsePutOffError as error:  # no word on the publisher; nothing is kept, so the same is asked for anew
        return Report(
            source=source.id, answer="held", ok=False, error=str(error), wire_bytes=answer.wire_bytes, due=claim
        )
    except SourceError as error:
        after = history.failed(standing, "unreadable", str(error), now=this.now)
        report = Report(source=source.id, answer="unreadable", ok=False, error=str(error), wire_bytes=answer.wire_bytes)
        return await _keep(this, after, Commit(), report, world)
    few = len(reading.entries) <= _FEW  # else in a thread, so that the event loop goes on
    lines = lines_of(reading, source) if few else await asyncio.to_thread(lines_of, reading, source)
    async with world.desk.settling(with_news=bool(reading.entries)):
        after, news, report = await _settle(this, answer, reading, lines, world)
        if not (answer.is_partial and reading.complete):  # a part is not the document, which is known by its own hash
            after = replace(after, body_hash=body_hash if reading.complete else None)
        return await _keep(this, after, news, report, world)


async def _held(claim: Due | None, answer: Held, world: World, *, now: datetime) -> Due | None:
    """Say when to try again: what we lack for half a minute costs a source that is asked once a day no day."""
    at = now + answer.asked_after + _SOON
    if claim is None or not answer.soon or claim.at <= at:
        return claim
    due = replace(claim, at=at, reason="we lacked what it takes to ask", wait=at - now)
    await world.store.commit(Commit(dues=(due,)))
    return due


def _as_of_asking(this: _Pass, answer: Heard, witnesses: Witnesses) -> _Pass:
    """Count from when the host's turn came: a publisher that says "an hour" does not know how long we had queued."""
    if isinstance(answer, Gone):
        return this
    asked_at = this.claimed_at + answer.asked_after
    if not isinstance(answer, Failed):
        witnesses.hear(host_of(this.url), answer.date or asked_at)
    return replace(this, asked_at=asked_at, now=witnesses.corrected(asked_at))


async def _keep(this: _Pass, after: Standing, news: Commit, report: Report, world: World) -> Report:
    """Commit what has changed, and only then let it be seen."""
    after = moves.adopted(after, now=this.now)
    after, told = incidents.after_answer(
        this.standing, after, this.source, is_online=world.is_online(this.asked_at), now=this.now
    )
    if told:
        news = replace(news, incidents=(*news.incidents, *told))
    report = replace(report, oddities=(*report.oddities, *_noticed(this, after)))
    standings = () if this.kept and history.same_but_for_the_time(after, this.kept) else (after,)
    # Where nothing is new, and nobody had to wait, the claim was made from the same.
    foreseen = not standings and this.standing is this.kept and this.asked_at == this.claimed_at
    due = this.claim if foreseen else _next(this.source, after, world, now=this.asked_at)
    dues = () if due == this.claim else _only(due)
    if not (dues or standings or news != Commit()):
        return replace(report, due=due)
    count = await world.store.commit(replace(news, dues=dues, standings=standings))
    touched = await world.desk.post(news.headlines, news=count) if news.headlines else frozenset[str]()
    return replace(report, due=due, topics=touched)


def _noticed(this: _Pass, after: Standing) -> Iterator[str]:
    """Tell what is odd about the source itself, beside what its document says."""
    if this.doubt is not None:
        yield f"asked once without validators: {this.doubt}"
    yield from moves.told(after, shown=_shown)


def _shown(url: str) -> str:
    """Leave out of an address what its readers should not know: the log and the status have many."""
    from aggregator.publish.outgoing import without_secrets  # few passes have an address to tell

    return without_secrets(url)


def _heard(this: _Pass, answer: Heard) -> tuple[Standing, Report]:
    """Note an answer that holds nothing to read."""
    report = Report(source=this.source.id, answer="", ok=True)
    match answer:
        case Fetched():  # the document we have read already
            after = history.with_validators(_usable(this, answer, _status(answer)), this.url, answer.validators)
            report = replace(report, answer=_status(answer), oddities=answer.oddities, wire_bytes=answer.wire_bytes)
            return after, report
        case NotModified():
            after = history.revalidated(_usable(this, answer, "304"), this.url, answer.validators)
            return after, replace(report, answer="304", oddities=answer.oddities)
        case Gone():
            gone = _shown(this.url)
            error = f"{gone}: 410 Gone, its publisher asks not to be polled; remove the source or change its url"
            after = history.gone(this.standing, error, now=this.now)
            return after, replace(report, answer="410", ok=False, error=error)
        case Refused():
            status, missing = str(answer.status), answer.status == HTTPStatus.NOT_FOUND
            after = history.failed(
                this.standing,
                status,
                answer.detail,
                now=this.now,
                hints=answer.hints,
                leave_url=missing,
                asked_at=this.asked_at,
            )
            return after, replace(report, answer=status, ok=False, error=answer.detail, oddities=answer.oddities)
        case Failed():
            after = history.failed(this.standing, answer.kind, answer.detail, now=this.now)
            return after, replace(report, answer=answer.kind, ok=False, error=answer.detail)
        case _:
            assert_never(answer)


def _status(answer: Fetched) -> str:
    return "226" if answer.is_partial else "200"


def _usable(this: _Pass, answer: Fetched | NotModified, status: str, *, is_same: bool = True) -> Standing:
    """Note an answer that can be used; without `is_same`, it is another feed that was found at the end of redirects."""
    after = history.answered(this.standing, status, answer.hints, now=this.now)
    return moves.moved(after, answer.moved_to, is_same=is_same, now=this.now)


async def _settle(
    this: _Pass, answer: Fetched, reading: Reading, lines: Sequence[Line], world: World
) -> tuple[Standing, Commit, Report]:
    """Recognise what a document lists; fold and file the headlines that are new or revised."""
    listing = world.store.listing(this.source.id)
    recognised = recognise(
        lines, reading, this.source, listing, known=world.store.known, now=this.now, baseline=_is_first(this, listing)
    )
    listed = with_earlier(recognised.listing, listing) if answer.is_partial else recognised.listing
    since = this.standing.last_ok_at if this.standing.read_whole else None
    vanished = _vanished(listing, listed, world.store)
    new = floods.hold_back(recognised.new, since=since, before={headline.title for headline in vanished})
    news = await world.desk.accept(new, recognised.revised, now=this.now)
    is_same = answer.moved_to is None or is_same_feed(
        recognised, reading.origin, next(_kept(listing, world.store), None)
    )
    after = _after_reading(_usable(this, answer, _status(answer), is_same=is_same), this, answer, reading)
    report = Report(
        source=this.source.id,
        answer=_status(answer),
        ok=True,
        oddities=(*answer.oddities, *reading.oddities, *floods.in_words(new)),
        listed=len(reading.listing),
        parsed=len(reading.entries),
        new=len(new),
        untold=sum(bool(headline.untold) for headline in new),
        revised=len(recognised.revised),
        wire_bytes=answer.wire_bytes,
    )
    oddity = turnover.lost_dates(reading, _kept(listing, world.store)) if this.source.page else None
    if oddity is None and len(new) == len(listed):
        oddity = turnover.replaced_at_once(new, vanished, last_new_at=this.standing.last_new_at, now=this.now)
    after, told = incidents.after_reading(this.standing, after, this.source, oddity, now=this.now)
    after, spoke = _brought(this, after, new)
    commit = replace(_listed(this, listing, listed, world.store), headlines=news.headlines, dissolved=news.dissolved)
    return after, replace(commit, incidents=(*told, *spoke)), report


def _brought(this: _Pass, after: Standing, new: Sequence[Headline]) -> incidents.Told:
    """Note what is told as news, and that this ends a silence."""
    told = [headline for headline in new if not headline.untold]
    if not told:
        return after, ()
    published = [headline.published_at for headline in told if headline.date_from != "baseline"]
    after = history.brought(after, published, zone=this.source.zone, before=this.standing, now=this.now)
    return incidents.after_news(this.standing, after, this.source, now=this.now)


def _kept(listing: Sequence[Listed], store: Store) -> Iterator[Headline]:
    """Give the kept ones of the headlines that a source listed when it was last read."""
    return filter(None, (store.headline(line.headline) for line in listing))


def _is_first(this: _Pass, listing: Sequence[Listed]) -> bool:
    return this.standing.last_ok_at is None and not listing


def _vanished(before: Sequence[Listed], after: Sequence[Listed], store: Store) -> tuple[Headline, ...]:
    """Give the headlines that the source listed, where it lists none of them any longer."""
    if not {line.headline for line in before}.isdisjoint(line.headline for line in after):
        return ()
    return tuple(_kept(before, store))


def _after_reading(after: Standing, this: _Pass, answer: Fetched, reading: Reading) -> Standing:
    after = replace(after, hints=replace(reading.hints, max_age=after.hints.max_age))
    if not reading.complete:  # no validators, and no hash either: the rest is to come with the next poll
        return after
    return history.with_validators(replace(after, read_whole=True), this.url, answer.validators)


def _listed(this: _Pass, before: Sequence[Listed], after: tuple[Listed, ...], store: Store) -> Commit:
    """Note which headlines the source stopped listing, and which it lists again: `keep` counts from there."""
    if before == after:
        return Commit()
    was, now_is = {line.headline for line in before}, {line.headline for line in after}
    return Commit(
        listings=((this.source.id, after),),
        unlisted=tuple((id_, this.now) for id_ in sorted(was - now_is) if store.headline(id_) is not None),
        relisted=tuple(id_ for id_ in sorted(now_is - was) if store.is_unlisted(id_)),
    )


def job_of(source: Source, answer: Fetched, listing: Sequence[Listed], *, now: datetime) -> Job:
    """Say what a child needs to know to read a document of which `listing` is known."""
    return Job(
        body=answer.body,
        url=answer.url,
        content_type=answer.content_type,
        page=source.page,
        zone=source.zone,
        language=source.language,
        now=now,
        known=frozenset(line.fingerprint for line in listing),
    )


def _validators(this: _Pass) -> Validators:
    """Give what to ask with: nothing, once, where an edit may find more in the same bytes, or 304s look like lies."""
    body_hash = this.standing.body_hash
    read_otherwise = body_hash is not None and not body_hash.startswith(_way(this.source))
    return Validators() if read_otherwise or this.doubt else this.standing.validators_of(this.url)


async def _body_hash(source: Source, body: bytes) -> str:
    """Name a document and the way it is read."""
    large = len(body) > _LARGE
    return _way(source) + (await asyncio.to_thread(_digest, body) if large else _digest(body))


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def _way(source: Source) -> str:
    way = f"{source.page}\n{source.zone.key}\n{source.language}"
    return blake2b(way.encode(), digest_size=8).hexdigest()


def _next(source: Source, standing: Standing, world: World, *, now: datetime) -> Due | None:
    due = next_due(source, standing, polling=world.polling, now=now)
    if due is None or world.speed == 1:
        return due
    wait = due.wait / world.speed
    return replace(due, at=now + wait, wait=wait)


def _only(due: Due | None) -> tuple[Due, ...]:
    return () if due is None else (due,)
