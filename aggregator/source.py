"""Where headlines come from, and where we stand with each of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from aggregator.site import Network

Trouble: TypeAlias = Literal["failing", "otherwise", "silent"]
"""What may be wrong with a source for a while; `otherwise`: its documents read, but not as they did before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageList:
    """How to find the headline list of an HTML page.

    Three ways, tried in this order: by selectors (`item` is set), by the heading above the list (`heading` is set),
    or the largest repeated block of the page (nothing is set).

    Attributes:
        heading: The text of the heading above the list, as in "UPDATE"; case does not matter. None: no heading given.
        item: CSS selector of one line of the list. None: the block is found by its shape.
        title: CSS selector inside the item; None: the text of its link.
        link: CSS selector inside the item with the attribute that holds the address, as in "a@href"; None: its first
            link.
        date: CSS selector inside the item (with "@attribute" for an attribute); None: the text that reads as a date.
    """

    heading: str | None = None
    item: str | None = None
    title: str | None = None
    link: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that lists headlines, as feeds.yaml describes it.

    Attributes:
        id: The namespace of what it publishes: its first configured URL when first seen. Kept in state/, so that
            name and URL may change later.
        name: Plain text, unique in feeds.yaml.
        urls: At least one, http or https, absolute; the later ones are fallbacks, tried in order.
        page: How to read it if it is an HTML page. None: a feed, whose format is found by sniffing.
        topics: Slugs of the topics that take everything of this source.
        language: RFC 5646. None: whatever its entries or its feed say.
        zone: In which dates that name no zone are printed.
        every: A fixed interval, at least a minute. None: `Polling.every` and the source's own hints decide.
        cron: Five fields, as in "0 6 * * *", read in `zone`; replaces the interval. None: polled by interval.
        headers: Sent with each request; names as written.
        user_agent: None: ours.
        proxy: http(s) URL of a proxy. None: asked directly.
        auth_file: A file with "user:password" for HTTP Basic (RFC 7617), read when asked, never kept. None: no
            credentials.
        weight: Of its voice in `popular` and in choosing a story's lead; 1.0 is everybody's.
        allow_private: Added to `Polling.allow_private` for this source.
    """

    id: str
    name: str
    urls: tuple[str, ...]
    page: PageList | None = None
    topics: tuple[str, ...] = ()
    language: str | None = None
    zone: ZoneInfo = ZoneInfo("UTC")
    every: timedelta | None = None
    cron: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str | None = None
    proxy: str | None = None
    auth_file: Path | None = None
    weight: float = 1.0
    allow_private: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a publisher gave us to ask again with (RFC 9110 §8.8): opaque, sent back byte for byte, never invented.

    Attributes:
        etag: With its quotes and its W/, as received. None: none was sent.
        last_modified: As received, not parsed. None: none was sent.
    """

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a publisher says about being polled. Each is None (or empty) where nothing, or nonsense, was said.

    Attributes:
        max_age: Cache-Control max-age less Age, or Expires less Date (RFC 9111 §4.2).
        retry_after: RFC 9110 §10.2.3, as a duration from the answer on.
        ttl: RSS 2.0 `<ttl>`.
        update_period: `sy:updatePeriod` divided by `sy:updateFrequency` (RSS 1.0 Syndication module).
        skip_hours: RSS `<skipHours>`: hours of the day, 0 to 23, GMT.
        skip_days: RSS `<skipDays>`: 0 is Monday, GMT.
    """

    max_age: timedelta | None = None
    retry_after: timedelta | None = None
    ttl: timedelta | None = None
    update_period: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of what a source listed when it was last read.

    Attributes:
        fingerprint: Of the entry's bytes and their context: 16 hexadecimal digits. Known: the entry need not be parsed.
        headline: The id of the headline that the entry is.
    """

    fingerprint: str
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a source published, as far as it tells when it will publish: about 250 bytes, however much that was.

    Attributes:
        since: UTC: what was published from then on is known.
        latest: UTC: of the latest headline. None: there was none.
        heat: Headlines of late, as of `latest`: each counts half as much every hour.
        week: Whole weeks from 1970 to the week as of which `counts` are.
        counts: Headlines by hour of the day (24), by day of the week from Monday (7), by five minutes of the hour (12),
            in the source's zone and in units of schedule/rhythm.py; the older, the less.
    """

    since: datetime
    latest: datetime | None
    heat: float
    week: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a source is polled next. Pushed forward and committed *before* it is asked.

    Attributes:
        source: Its id.
        at: UTC.
        reason: For people: "every 15 min", "Cache-Control: max-age", "back-off after 3 failures".
        wait: From the question before it to `at`; of a source that was never asked, what it would be.
    """

    source: str
    at: datetime
    reason: str
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where we stand with a source: all that must survive a restart, apart from its headlines, its `Due`, its listing.

    Attributes:
        source: Its id.
        name: As last configured; with `urls` it finds the source again after an edit of feeds.yaml.
        urls: As last configured.
        url: The index in `urls` that is asked now.
        validators: Of each URL that answered: (URL, validators) pairs.
        body_hash: Of the last document read at the present URL, and of the way it was read: an equal one is not parsed
            again. None: none was read.
        read_whole: A document of it was read to the end: what it lists from then on was not cut off before.
        hints: As last given; a 304 that repeats none keeps them.
        failures: In a row.
        not_before: UTC: the end of the Retry-After of the last answer. None: it asked for none.
        first_asked_at: None: never asked.
        last_ok_at: The last 200 or 304 that was recorded. None: never.
        last_new_at: The last time it brought a new headline. None: never.
        last_answer: "200", "304", "410", "503", "timeout", "not a feed", …; "" before the first.
        last_error: For people: what was wrong and what to do. None: nothing is wrong.
        gone: The URLs that answered 410 Gone: not asked again until `urls` change.
        moved_to: The target of a permanent redirect. None: it stands still.
        moved_since: When `moved_to` was first seen. None: as above, or what it lists is not what was listed before.
        adopted: (configured URL, the target asked in its stead) pairs.
        asked_whole_at: The last time its validators were held back because its 304s looked like lies. None: never.
        rhythm: What its headlines teach. None: it never answered.
        told: (trouble, UTC) pairs: what the operator was told of, and when, and is not over.
    """

    source: str
    name: str
    urls: tuple[str, ...]
    url: int = 0
    validators: tuple[tuple[str, Validators], ...] = ()
    body_hash: str | None = None
    read_whole: bool = False
    hints: Hints = Hints()
    failures: int = 0
    not_before: datetime | None = None
    first_asked_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    last_answer: str = ""
    last_error: str | None = None
    gone: tuple[str, ...] = ()
    moved_to: str | None = None
    moved_since: datetime | None = None
    adopted: tuple[tuple[str, str], ...] = ()
    asked_whole_at: datetime | None = None
    rhythm: Rhythm | None = None
    told: tuple[tuple[Trouble, datetime], ...] = ()

    @property
    def address(self) -> str:
        """The URL that is asked now."""
        return self.address_of(self.urls[self.url])

    def address_of(self, url: str) -> str:
        """Give what is asked in the stead of a configured URL: itself, unless it moved for good."""
        return dict(self.adopted).get(url, url)

    @property
    def parked(self) -> bool:
        """Say whether all of its URLs are gone."""
        return set(self.gone).issuperset(self.urls)

    def validators_of(self, url: str) -> Validators:
        """Give the validators to send to `url`; empty ones where it never gave any."""
        return dict(self.validators).get(url, Validators())
