"""Entries → headlines: what is new, what is revised, what is known already."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final, TypeAlias
from uuid import UUID, uuid5

from aggregator.dedupe.canonical import canonical_url
from aggregator.dedupe.naming import title_of
from aggregator.dedupe.syndicated import marks_of
from aggregator.dedupe.titles import folded_title, is_same_but_for_a_label
from aggregator.entry import Entry, Reading
from aggregator.headline import DateFrom, Headline, Revision
from aggregator.source import Listed, Source

Known: TypeAlias = Callable[[Iterable[str]], Mapping[str, Headline | None]]
"""Keys → the kept headline last given each. None: seen, but its headline has left the window. Missing: never seen."""

MOST_REVISIONS: Final = 24
"""Kept of one headline; after them its title stands."""

MOST_LISTED: Final = 2_000
"""Lines remembered of a source that only ever sends its news: as many as are read of one document."""

_NAMESPACE: Final = UUID("6f0a3c52-93c7-5d0e-8a55-1f2f6f4f7b11")
_EARLIEST: Final = datetime(1995, 1, 1, tzinfo=UTC)  # before the web had news, a date is a default or a mistake
_AHEAD: Final = timedelta(minutes=10)
_ANOTHER_STORY: Final = timedelta(hours=1)
_RUBRIC: Final = timedelta(hours=48)
_BASELINE_AGE: Final = timedelta(days=1)
_LINKLESS_RUBRIC: Final = timedelta(hours=12)  # a title alone says less than a title and a link


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a reading comes to.

    Attributes:
        new: Headlines never seen before, each its own story and in no topic yet, in the document's order.
        revised: Known headlines with another title, in the document's order. Their `keys` may have grown.
        listing: What the document lists, in its order. Left out: what was skipped, or was seen and has left the window.
    """

    new: tuple[Headline, ...]
    revised: tuple[Headline, ...]
    listing: tuple[Listed, ...]


def recognise(
    lines: Sequence["Line"],
    reading: Reading,
    source: Source,
    listing: Sequence[Listed],
    *,
    known: Known,
    now: datetime,
    baseline: bool = False,
) -> Recognised:
    """Tell the new from the known. Deterministic; recognising the same reading twice gives nothing new.

    Identity inside the source: the guid; without one the link; without both the title and the printed date. Where that
    is shared by different entries of a document, link and title are added to it. An entry whose guid is unknown is
    known all the same if its link and title are, unless they are another line's of the same document, or the dates
    are two days apart: a daily rubric is not one headline. A guid that comes back with another link, another title
    and a later date is another headline; with the same date it is an edit.

    Args:
        lines: What `lines_of` makes of the reading.
        reading: As parsed: only entries whose fingerprint was not in `listing`.
        source: Whose document it is: nothing is recognised across sources.
        listing: What the source listed when it was last read: it names the headlines of the lines that did not change.
        known: Asked once, and not at all where no entry is left to recognise.
        now: UTC.
        baseline: The source was never read before. What bears no date may have been listed for long: it is dated a day
            back, so that it does not stand above what was published today.
    """
    parsed = {entry.fingerprint for entry in reading.entries}
    before = {listed.fingerprint: listed.headline for listed in listing}
    unchanged = {line: before[line] for line in reading.listing if line in before and line not in parsed}
    keys = dict.fromkeys(key for line in lines for key in (*line.rungs, line.printed))
    settling = _Settling(dict(known(keys)) if keys else {}, set(unchanged.values()), source, reading, now)
    settling.baseline = baseline
    # Who is known by identity is settled first: only then is it clear whose link and title are free to be recognised.
    for line in [line for line in lines if not settling.settle_by_identity(line)]:
        settling.settle(line)
    ids = {**unchanged, **settling.ids}
    after = tuple(Listed(fingerprint=line, headline=ids[line]) for line in reading.listing if line in ids)
    return Recognised(new=settling.new(), revised=settling.revised(), listing=after)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry and what it may be known by.

    Attributes:
        entry: With its title, which may be made up.
        link: Canonical; "" where it has none.
        title: Folded.
        date: As printed, be it ever so wrong. None: none is printed.
        rungs: Keys of its identity, from the broadest to the one that takes everything into account.
        level: The first rung that no other entry of the document shares.
        printed: The key of what a reader sees: link and title.
        marks: Of the text: `Headline.marks`.
    """

    entry: Entry
    link: str
    title: str
    date: datetime | None
    rungs: tuple[str, ...]
    level: int
    printed: str
    marks: tuple[int, ...]


class _Settling:
    """Where the lines of one document are settled, one after another."""

    def __init__(
        self, kept: dict[str, Headline | None], claimed: set[str], source: Source, reading: Reading, now: datetime
    ) -> None:
        self.ids: dict[str, str] = {}
        self.baseline = False
        self._kept = kept
        self._claimed = claimed  # by a line of this document
        self._source, self._reading, self._now = source, reading, now
        self._new: dict[str, tuple[int, Headline]] = {}
        self._revised: dict[str, tuple[int, Headline]] = {}

    def new(self) -> tuple[Headline, ...]:
        return _in_order(self._new)

    def revised(self) -> tuple[Headline, ...]:
        return _in_order(self._revised)

    def settle_by_identity(self, line: Line) -> bool:
        """Say whether the line is a known headline's by its guid, or whatever stands for one."""
        for rung in reversed(range(len(line.rungs))):
            headline = self._kept.get(line.rungs[rung])
            if headline is not None and self._is_same(line, headline, rung):
                self._take(line, headline)
                return True
        return False

    def settle(self, line: Line) -> None:
        """Find the line's headline, or accept it as a new one, or skip what has left the window."""
        if self.settle_by_identity(line):  # by a line that was accepted a moment ago
            return
        headline = self._kept.get(line.printed)
        if headline is not None and self._reads_same(line, headline):
            self._take(line, headline)
        elif self._has_left(line):
            # Listed under an id that nobody keeps: so it is known for as long as it is listed, after its keys are gone.
            self.ids[line.entry.fingerprint] = str(uuid5(_NAMESPACE, line.rungs[line.level]))
        else:
            self._accept(line)

    def _is_same(self, line: Line, headline: Headline, rung: int) -> bool:
        needed = len(line.rungs) - 1 if headline.id in self._claimed else line.level
        if rung < needed:
            return _rungs_of(self._source, headline)[needed] == line.rungs[needed]
        return rung > 0 or not _is_another_story(line, headline)

    def _reads_same(self, line: Line, headline: Headline) -> bool:
        date = _sane(line.date, self._now)
        gap = abs(date - headline.published_at) if date else timedelta(0)
        if headline.id in self._claimed:
            return not gap  # listed twice under two guids: no reader could tell the lines apart
        return gap <= (_RUBRIC if line.link else _LINKLESS_RUBRIC)

    def _has_left(self, line: Line) -> bool:
        """Say whether it is old news. What only bears an old guid, or only reads like old news, may be of today."""
        gone = {key for key in (*line.rungs, line.printed) if key in self._kept and self._kept[key] is None}
        date = _sane(line.date, self._now)
        if not gone or date is None or self._now - date > _RUBRIC:
            return bool(gone)
        return line.rungs[-1] in gone or (line.printed in gone and not gone.isdisjoint(line.rungs))

    def _take(self, line: Line, headline: Headline) -> None:
        repeated = headline.id in self._claimed
        self._claim(line, headline)
        revised = headline if repeated else _revise(headline, line, self._now)
        if revised is not headline:
            self._revised[headline.id] = (line.entry.index, revised)
            self._remember(revised)

    def _accept(self, line: Line) -> None:
        identity = next(key for key in line.rungs[line.level :] if key not in self._kept)
        headline = _headline(line, identity, self._source, self._reading, self._now, baseline=self.baseline)
        self._claim(line, headline)
        self._new[headline.id] = (line.entry.index, headline)
        self._remember(headline)

    def _claim(self, line: Line, headline: Headline) -> None:
        self._claimed.add(headline.id)
        self.ids[line.entry.fingerprint] = headline.id

    def _remember(self, headline: Headline) -> None:
        self._kept.update(dict.fromkeys(headline.keys, headline))


def with_earlier(listing: Sequence[Listed], earlier: Sequence[Listed]) -> tuple[Listed, ...]:
    """Give what a source lists after a document that holds nothing but news (226): that, and what it listed before."""
    told = {line.headline for line in listing}
    return (*listing, *(line for line in earlier if line.headline not in told))[:MOST_LISTED]


def _in_order(placed: Mapping[str, tuple[int, Headline]]) -> tuple[Headline, ...]:
    return tuple(headline for _, headline in sorted(placed.values(), key=lambda pair: (pair[0], pair[1].id)))


def lines_of(reading: Reading, source: Source) -> tuple[Line, ...]:
    """Take every entry that has, or can be given, a title, and find out what it may be known by.

    2,000 entries made for it can keep a processor busy for seconds. It touches nothing but its arguments, so that it
    can be done in a thread.
    """
    titled = [_titled(entry, title) for entry in reading.entries if (title := title_of(entry))]
    facts = [_facts(entry) for entry in titled]
    ladders = [_ladder(entry.guid, link, title, date) for entry, (link, title, date) in zip(titled, facts, strict=True)]
    whole = {ladder[-1] for ladder in ladders}
    shared = Counter(parts[:reach] for parts in whole for reach in range(len(parts) + 1))
    reads = Counter((link, title) for link, title, _ in set(facts))
    return tuple(
        Line(
            entry=entry,
            link=link,
            title=title,
            date=date,
            rungs=tuple(_key(source, *parts) for parts in ladder),
            level=next(level for level, parts in enumerate(ladder) if shared[parts] == 1),
            printed=_key(source, "printed", link, title, _stamp(date) if reads[link, title] > 1 else ""),
            marks=marks_of(entry.link, entry.title, entry.summary, reading.origin.title),
        )
        for entry, (link, title, date), ladder in zip(titled, facts, ladders, strict=True)
    )


def _titled(entry: Entry, title: str) -> Entry:
    return entry if title == entry.title else replace(entry, title=title)


def _facts(entry: Entry) -> tuple[str, str, datetime | None]:
    """Canonical link, folded title, printed date: what entries are compared by."""
    printed = entry.published_at or entry.updated_at  # Atom demands only `updated` (RFC 4287 §4.1.2)
    return canonical_url(entry.link or ""), folded_title(entry.title), printed


def _ladder(guid: str | None, link: str, title: str, date: datetime | None) -> list[tuple[str, ...]]:
    """Give the parts of an identity, from the broadest to the narrowest."""
    if guid:
        return [("guid", guid), ("guid", guid, link), ("guid", guid, link, title)]
    if link:
        return [("link", link), ("link", link, title)]
    return [("title", title, _stamp(date))]


def _rungs_of(source: Source, headline: Headline) -> tuple[str, ...]:
    link, title = canonical_url(headline.url or ""), folded_title(headline.title)
    return tuple(_key(source, *parts) for parts in _ladder(headline.guid, link, title, headline.published_at))


def _stamp(date: datetime | None) -> str:
    return date.isoformat() if date else ""


def _key(source: Source, *parts: str) -> str:
    """32 hexadecimal digits: nobody's key is another source's, whatever it calls its guids."""
    told = "\0".join((source.id, *parts)).encode("utf-8", "surrogatepass")
    return blake2b(told, digest_size=16).hexdigest()


def _is_another_story(line: Line, headline: Headline) -> bool:
    """Say whether the guid is reused. Only a date of publication counts: every edit moves the date of an update."""
    published_at = line.entry.published_at
    if published_at is None or published_at - headline.published_at <= _ANOTHER_STORY:
        return False
    return line.link != canonical_url(headline.url or "") and not _is_printed(line, headline)


def _is_printed(line: Line, headline: Headline) -> bool:
    """Say whether the line's title is one that the headline has, or had."""
    printed = (headline.title, *(revision.title for revision in headline.revisions))
    return any(
        line.title == folded_title(title) or is_same_but_for_a_label(line.entry.title, title) for title in printed
    )


def _revise(headline: Headline, line: Line, now: datetime) -> Headline:
    """Give the headline its new title, or itself, where it says nothing new.

    Only case or punctuation changed; or a label as in "UPDATE:" came or went; or an earlier title is back, which is a
    stale cache, or the other of two servers that take turns, far more often than a correction of a correction.
    """
    if len(headline.revisions) >= MOST_REVISIONS or _is_printed(line, headline):
        return headline
    return replace(
        headline,
        keys=tuple(dict.fromkeys((*headline.keys, line.printed))),
        title=line.entry.title,
        url=line.entry.link or headline.url,
        summary=line.entry.summary or headline.summary,
        updated_at=now,
        revisions=(*headline.revisions, Revision(title=headline.title, until=now)),
    )


def _headline(
    line: Line, identity: str, source: Source, reading: Reading, now: datetime, *, baseline: bool
) -> Headline:
    entry, name = line.entry, str(uuid5(_NAMESPACE, identity))
    published_at, date_from = _dated(line, now, baseline=baseline)
    return Headline(
        id=name,
        source=source.id,
        keys=(identity, line.printed),
        story=name,
        topics=(),
        guid=entry.guid,
        url=entry.link,
        title=entry.title,
        summary=entry.summary,
        authors=entry.authors,
        categories=entry.categories,
        language=entry.language or source.language or reading.language,
        enclosures=entry.enclosures,
        thumbnail=entry.thumbnail,
        origin=reading.origin,
        published_at=published_at,
        first_seen_at=now,
        updated_at=published_at,
        marks=line.marks,
        date_from=date_from,
    )


def _dated(line: Line, now: datetime, *, baseline: bool) -> tuple[datetime, DateFrom]:
    if line.date is None or line.date < _EARLIEST:
        in_order = now - timedelta(seconds=line.entry.index)  # the order of the page survives
        return (in_order - _BASELINE_AGE, "baseline") if baseline else (in_order, "seen")
    date = _sane(line.date, now)
    if date is None:
        return now, "seen"
    return date, "published" if line.entry.published_at else "updated"


def _sane(date: datetime | None, now: datetime) -> datetime | None:
    return date if date and _EARLIEST <= date <= now + _AHEAD else None
