"""Fakes at the seams of unit tests: a newsroom with canned answers, a store in memory, and one of each noun."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from aggregator.commit import Commit
from aggregator.desk import Desk
from aggregator.entry import Entry, Origin, Reading
from aggregator.errors import NotAFeedError, StateError
from aggregator.fetch.answer import Answer, Fetched
from aggregator.headline import Headline
from aggregator.incident import Incident
from aggregator.parse.job import Job
from aggregator.poll import World
from aggregator.site import Polling
from aggregator.source import Due, Hints, Listed, Source, Standing, Validators
from aggregator.story import Dissolved
from aggregator.topic import Topic

NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLLING: Final = Polling(every=timedelta(minutes=15), at_once=2, per_host=1, host_gap=timedelta(0), allow_private=())
UPDATE: Final = Topic(slug="update", title="UPDATE", everything=True)
POPULAR: Final = Topic(slug="popular", title="Populer", everything=True, order="popular")


def source(name: str, *urls: str, **settings: Any) -> Source:
    """Describe a source; without URLs, "https://NAME.example/rss"."""
    urls = urls or (f"https://{name.lower()}.example/rss",)
    return Source(**{"id": urls[0], "name": name, "urls": urls, **settings})


DUNIA: Final = source("Dunia")
KABAR: Final = source("Kabar")


def headline(number: int, outlet: Source = DUNIA, **changes: Any) -> Headline:
    """One of many: its id, its key and its instant follow from its number. Topics: `update` and `popular`."""
    id_, at = f"7d0f5f4e-3a7e-5d36-9f5b-{number:012d}", NOON - timedelta(minutes=number)
    plain = Headline(
        id=id_,
        source=outlet.id,
        keys=(f"{number:032x}",),
        story=id_,
        topics=("update", "popular"),
        guid=f"{number}",
        url=f"{outlet.urls[0]}/{number}",
        title=f"Berita nomor {number} hari ini",
        summary="",
        authors=(),
        categories=(),
        language=None,
        enclosures=(),
        origin=Origin(id=outlet.urls[0], title=outlet.name),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
    )
    return replace(plain, **changes)


def fetched(*lines: str, etag: str | None = None, **changes: Any) -> Fetched:
    """A document as `Newsroom.parse` reads it: a line is a guid and a title, as in "1 Banjir surut di Semarang".

    A first line "!" makes it unreadable, a last line "…" incomplete.
    """
    answer = Fetched(
        url="https://after-redirects.example/rss",
        body="\n".join(lines).encode(),
        content_type="text/plain",
        validators=Validators(etag=etag),
        hints=Hints(),
        wire_bytes=100,
    )
    return replace(answer, **changes)


class Newsroom:
    """Publishers that answer what the test says.

    Attributes:
        answers: URL → what is answered, each time.
        title: What every document calls itself.
        hints: What every document asks for (`<ttl>` and its like).
        asked: (URL, validators) of each request, in order.
        parsed: What was given to be read, in order.
    """

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.answers = dict(answers or {})
        self.hints = Hints()
        self.title = "Lines"
        self.asked: list[tuple[str, Validators]] = []
        self.parsed: list[Job] = []

    async def fetch(self, _: Source, url: str, validators: Validators) -> Answer:
        """Answer after a moment: others go on meanwhile."""
        self.asked.append((url, validators))
        await asyncio.sleep(0)
        return self.answers[url]

    async def parse(self, job: Job) -> Reading:
        """Read the lines of a `fetched` document whose fingerprints are not known."""
        self.parsed.append(job)
        await asyncio.sleep(0)
        lines = job.body.decode().split("\n") if job.body else []
        if lines[:1] == ["!"]:
            raise NotAFeedError("no headline can be read")
        told = [line for line in lines if line != "…"]
        entries = [_entry(index, line) for index, line in enumerate(told)]
        return Reading(
            kind="lines",
            origin=Origin(id=job.url, title=self.title),
            language=None,
            listing=tuple(entry.fingerprint for entry in entries),
            entries=tuple(entry for entry in entries if entry.fingerprint not in job.known),
            hints=self.hints,
            oddities=("it is made of lines",),
            complete=told == lines,
        )


def _entry(index: int, line: str) -> Entry:
    guid, _, title = line.partition(" ")
    fingerprint = blake2b(line.encode(), digest_size=8).hexdigest()
    return Entry(fingerprint=fingerprint, index=index, guid=guid, title=title)


class MemoryStore:
    """The `Store` of desk.py without a disk: a commit is visible after a moment, whole, or not at all.

    Attributes:
        commits: Those that succeeded, in order.
        trouble: Raised by every commit as long as it is set.
        readings: How often all kept headlines were read.
    """

    def __init__(self, *headlines: Headline) -> None:
        """Begin with kept headlines, in the order given."""
        self.commits: list[Commit] = []
        self.trouble: StateError | None = None
        self.readings = 0
        self._meta: dict[str, str] = {}
        self._dues: dict[str, Due] = {}
        self._standings: dict[str, Standing] = {}
        self._listings: dict[str, tuple[Listed, ...]] = {}
        self._headlines: dict[str, Headline] = {}
        self._keys: dict[str, tuple[str, datetime | None]] = {}
        self._unlisted: dict[str, datetime] = {}
        self._dissolved: dict[str, Dissolved] = {}
        self._incidents: dict[str, Incident] = {}
        if headlines:
            self._apply(Commit(headlines=headlines))

    def meta(self, name: str) -> str | None:
        return self._meta.get(name)

    @property
    def news(self) -> int:
        return int(self._meta.get("news", "0"))

    @property
    def told(self) -> int:
        return int(self._meta.get("told", "0"))

    def dues(self) -> dict[str, Due]:
        return dict(self._dues)

    def sources(self) -> tuple[str, ...]:
        return tuple(self._standings)

    def standing(self, source: str) -> Standing | None:
        return self._standings.get(source)

    def listing(self, source: str) -> tuple[Listed, ...]:
        return self._listings.get(source, ())

    def known(self, keys: Iterable[str]) -> dict[str, Headline | None]:
        return {key: self.headline(self._keys[key][0]) for key in keys if key in self._keys}

    def headline(self, id_: str) -> Headline | None:
        return self._headlines.get(id_)

    def headlines(self) -> Iterator[Headline]:
        self.readings += 1
        for id_ in list(self._headlines):
            if id_ in self._headlines:
                yield self._headlines[id_]

    def headline_count(self) -> int:
        return len(self._headlines)

    def unlisted(self) -> Iterator[tuple[str, datetime]]:
        yield from list(self._unlisted.items())

    def is_unlisted(self, id_: str) -> bool:
        return id_ in self._unlisted

    def dissolved(self) -> Iterator[Dissolved]:
        yield from list(self._dissolved.values())

    def incidents(self) -> Iterator[Incident]:
        yield from list(self._incidents.values())

    def keys_until(self) -> Iterator[tuple[str, datetime]]:
        for key, (_, until) in list(self._keys.items()):
            if until is not None:
                yield key, until

    async def commit(self, commit: Commit) -> int:
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble
        self._apply(commit)
        self.commits.append(commit)
        return self.news

    def _apply(self, commit: Commit) -> None:
        """Take over a commit; where it both removes and puts the same, it is put."""
        self._meta.update(commit.meta)
        for kept in (self._dues, self._standings, self._listings):
            _remove(kept, commit.dropped_sources)
        self._dues.update((due.source, due) for due in commit.dues)
        self._standings.update((standing.source, standing) for standing in commit.standings)
        self._listings.update(commit.listings)
        archived = [headline.id for headline in commit.archived]
        _remove(self._headlines, archived)
        _remove(self._keys, commit.keys_forgotten)
        _remove(self._unlisted, (*commit.relisted, *archived))
        self._headlines.update((headline.id, headline) for headline in commit.headlines)
        self._keys.update((key, (each.id, None)) for each in commit.headlines for key in each.keys)
        self._keys.update(
            (key, (each.id, commit.keys_until))
            for each in commit.archived
            for key in each.keys
            if self._keys[key][0] == each.id
        )
        self._unlisted.update(commit.unlisted)
        _remove(self._dissolved, [each.story for each in commit.untold])
        self._dissolved.update((each.story, each) for each in commit.dissolved)
        _remove(self._incidents, commit.incidents_over)
        self._incidents.update((each.id, each) for each in commit.incidents)
        if commit.incidents or commit.incidents_over:
            self._meta["told"] = f"{self.told + 1}"
        if commit.headlines or commit.archived or commit.untold:
            self._meta["news"] = f"{self.news + 1}"


def _remove(kept: dict[str, Any], ids: Iterable[str]) -> None:
    for id_ in ids:
        kept.pop(id_, None)


def world(newsroom: Newsroom, store: MemoryStore, desk: Desk | None = None, **changes: Any) -> World:
    """Put a pass's world together: two topics, and the sources of this module."""
    shared = desk or Desk(store, topics=(UPDATE, POPULAR), sources=(DUNIA, KABAR))
    plain = World(fetch=newsroom.fetch, parse=newsroom.parse, store=store, desk=shared, polling=POLLING)
    return replace(plain, **changes)
