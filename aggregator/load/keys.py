"""The keys of feeds.yaml: what each is, how it is written, within which bounds, and what holds where it is left out.

docs/feeds.yaml.md is made from these classes (describe.py): a description here is a line there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from aggregator.load import values
from aggregator.load.durations import read_duration, write_duration
from aggregator.load.token import read_token
from aggregator.site import Network, PaceBy, Token
from aggregator.topic import POPULAR, UPDATE, Match, Retell


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What this room cannot know by itself. Each raises ValueError with what is wrong and what to write.

    Attributes:
        read_match: Compiles a match expression.
        check_cron: Judges the five fields of a cron expression.
        find_file: Finds a readable file, named absolutely or from the folder of feeds.yaml.
    """

    read_match: Callable[[str], Match]
    check_cron: Callable[[str], None]
    find_file: Callable[[str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How one value is written.

    Attributes:
        kind: In words, for the docs.
        bounds: The same; "" where there are none.
        read: From text without blanks around it to what it means.
    """

    kind: str
    bounds: str = ""
    read: Callable[[str], object]

    def __get_pydantic_core_schema__(self, _annotated: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic call `read` instead of deriving a rule from the annotated type."""
        return core_schema.no_info_plain_validator_function(lambda written: self.read(values.one_text(written)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How one value is written that something outside of this room must judge: as `Written`."""

    kind: str
    bounds: str = ""
    ask: Callable[[Outside, str], object]

    def __get_pydantic_core_schema__(self, _annotated: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic call `ask`, with the `Outside` that the validation was given."""
        return core_schema.with_info_plain_validator_function(self._answer)

    def _answer(self, written: object, told: ValidationInfo[Outside]) -> object:
        text = values.title(values.one_text(written), most=4_096)
        try:
            return self.ask(told.context, text)
        except ValueError as error:
            raise ValueError(f"cannot be used: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """How a list, or a mapping, is called in the docs."""

    kind: str
    bounds: str = ""


def _one_or_more(written: object) -> object:
    return [written] if isinstance(written, str) else written


def _duration(least: timedelta, most: timedelta) -> Written:
    bounds = f"{write_duration(least)} to {write_duration(most)}"
    return Written(kind="duration", bounds=bounds, read=partial(read_duration, least=least, most=most))


def _whole(least: int, most: int) -> Written:
    return Written(kind="number", bounds=f"{least:,} to {most:,}", read=partial(values.whole, least=least, most=most))


def _choice(*of: str) -> Written:
    return Written(kind=" or ".join(of), read=partial(values.choice, of=of))


def _title(most: int) -> Written:
    return Written(kind="text", bounds=f"{most} characters", read=partial(values.title, most=most))


def _compiled(outside: Outside, text: str) -> tuple[str, Match]:
    return text, outside.read_match(text)


def _judged(outside: Outside, text: str) -> str:
    outside.check_cron(text)
    return text


Every: TypeAlias = Annotated[timedelta, _duration(timedelta(minutes=1), timedelta(days=7))]
Language: TypeAlias = Annotated[str, Written(kind="language tag", read=values.language)]
Name: TypeAlias = Annotated[str, _title(100)]
Slug: TypeAlias = Annotated[str, Written(kind="slug", bounds="a-z, 0-9, -; 64 characters", read=values.slug)]
Title: TypeAlias = Annotated[str, _title(200)]
Url: TypeAlias = Annotated[str, Written(kind="URL", bounds="http or https; 4,096 characters", read=values.http_url)]
Zone: TypeAlias = Annotated[ZoneInfo, Written(kind="IANA time zone", read=values.zone)]
Selector: TypeAlias = Annotated[str, Written(kind="CSS selector", bounds="500 characters", read=values.selector)]
HeaderName: TypeAlias = Annotated[str, Written(kind="header name", read=values.header_name)]
HeaderValue: TypeAlias = Annotated[str, Written(kind="text", bounds="ASCII", read=values.header_value)]
Range: TypeAlias = Annotated[Network, Written(kind="network", read=values.network)]
Networks: TypeAlias = Annotated[
    tuple[Range, ...], BeforeValidator(_one_or_more), Listed(kind="list of networks (CIDR)")
]
Languages: TypeAlias = Annotated[
    tuple[Language, ...], BeforeValidator(_one_or_more), Listed(kind="language tag, or list of them")
]


class Keys(BaseModel):
    """Some keys that stand together. A key with nothing after it counts as not written; an unknown key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, written: object) -> object:
        if not isinstance(written, dict):
            return written
        known = cls.names()
        return {key: value for key, value in written.items() if value is not None or key not in known}

    @classmethod
    def names(cls) -> frozenset[str]:
        """Give the keys as they are written."""
        return frozenset(field.alias or name for name, field in cls.model_fields.items())


class SiteKeys(Keys):
    """Who publishes."""

    title: Title = Field("Headlines", description="Heads the front page and every feed.")
    url: Annotated[str | None, Written(kind="URL", bounds="http or https", read=values.site_url)] = Field(
        None, description="What readers type to reach the site. Left out: derived from `--listen`."
    )
    language: Language = Field("en", description="Of pages and feeds, and of topics that name no other.")
    timezone: Zone = Field(ZoneInfo("UTC"), description="Dates are shown in this zone.")
    hub: Url | None = Field(
        None, description="The WebSub hub that our feeds point subscribers to. We do not tell it of news ourselves."
    )
    token_file: Annotated[
        Token | None,
        Asked(kind="path", ask=lambda outside, text: read_token(outside.find_file(text))),
    ] = Field(
        None,
        description="A file with a token of 16 characters or more: the daemon answers only who knows it "
        "(docs/operating.md). A relative path starts at feeds.yaml.",
    )


class PollKeys(Keys):
    """How sources are asked, unless a source says otherwise."""

    every: Every = Field(
        timedelta(minutes=15),
        description="The first guess of an interval. A source of one headline an hour stays there; others are asked in "
        "their own rhythm, from 5m to 4h.",
    )
    at_once: Annotated[int, _whole(1, 512)] = Field(
        32, description="Requests under way at the same time. One that takes over a second makes way for the next."
    )
    per_host: Annotated[int, _whole(1, 64)] = Field(1, description="Connections to one host at the same time.")
    host_gap: Annotated[timedelta, _duration(timedelta(0), timedelta(hours=1))] = Field(
        timedelta(seconds=1), description="From the end of one request to a host to the start of the next."
    )
    pace_by: Annotated[PaceBy, _choice("host", "ip", "domain")] = Field(
        "host",
        description="What counts as one host: its name and port, its `ip` address, or its registrable `domain` with "
        "all names below it.",
    )
    retry_scope: Annotated[Literal["url", "host"], _choice("url", "host")] = Field(
        "url", description="Whom a Retry-After holds back: that one source, or every source of its host."
    )
    allow_private: Networks = Field((), description="Private networks that may be polled; none may by default.")


class PageKeys(Keys):
    """How the headline list of an HTML page is found. Without any key: the largest repeated block of the page."""

    heading: Title | None = Field(
        None, alias="list", description="The heading above the list, as in `UPDATE`; case does not matter."
    )
    item: Selector | None = Field(None, description="One line of the list.")
    title: Selector | None = Field(None, description="Inside the item. Left out: the text of its link.")
    link: Selector | None = Field(
        None, description="Inside the item, with its attribute, as in `a@href`. Left out: its first link."
    )
    date: Selector | None = Field(None, description="Inside the item. Left out: the text that reads as a date.")

    @model_validator(mode="after")
    def _one_way(self) -> "PageKeys":
        if self.item is None and (self.title or self.link or self.date):
            raise ValueError("has title, link or date without item; write the item that they are inside of")
        if self.item is not None and self.heading is not None:
            raise ValueError("has both list and item; remove one of them")
        return self


class SourceKeys(Keys):
    """Where headlines come from."""

    name: Name = Field(description="Shown beside its headlines; unique, and case does not make it so.")
    url: Annotated[
        tuple[Url, ...],
        BeforeValidator(_one_or_more),
        Listed(kind="URL, or list of URLs", bounds="http or https; 4,096 characters; 10 URLs"),
        Field(min_length=1, max_length=10),
    ] = Field(description="A feed, or an HTML page (see `page`). The later ones are fallbacks, tried in order.")
    topics: Annotated[tuple[Slug, ...], BeforeValidator(_one_or_more), Listed(kind="slug, or list of slugs")] = Field(
        (), description="Topics that take everything of it. One without an entry under `topics` is made."
    )
    page: Annotated[PageKeys | None, Listed(kind="mapping, see `page`")] = Field(
        None, description="The address is an HTML page with a headline list; `{}` finds the list by its shape."
    )
    language: Language | None = Field(None, description="Left out: what its entries or its feed say.")
    timezone: Zone = Field(ZoneInfo("UTC"), description="In which it prints dates that name no zone.")
    every: Every | None = Field(None, description="A fixed interval. Left out: `poll.every`, then its own rhythm.")
    cron: Annotated[str | None, Asked(kind="cron expression", bounds="five fields", ask=_judged)] = Field(
        None, description="Polled then, read in its `timezone`, and not by an interval."
    )
    headers: Annotated[dict[HeaderName, HeaderValue], Listed(kind="mapping of header to text", bounds="ASCII")] = Field(
        {}, description="Sent with each request."
    )
    user_agent: HeaderValue | None = Field(None, description="Sent as User-Agent. Left out: ours, with our address.")
    proxy: Url | None = Field(None, description="The proxy it is asked through.")
    auth_file: Annotated[Path | None, Asked(kind="path", ask=lambda outside, text: outside.find_file(text))] = Field(
        None, description="A file with `user:password` for HTTP Basic; a relative path starts at feeds.yaml."
    )
    weight: Annotated[float, Written(kind="number", bounds="above 0, to 1000", read=values.weight)] = Field(
        1.0, description="Of its voice in `popular` and in choosing the lead of a story."
    )
    allow_private: Networks = Field((), description="Added to `poll.allow_private` for this source.")

    @model_validator(mode="after")
    def _one_clock(self) -> "SourceKeys":
        if self.every is not None and self.cron is not None:
            raise ValueError("has both every and cron; remove one of them")
        return self


class TopicKeys(Keys):
    """One collection, published as a page, RSS, Atom and JSON Feed.

    It holds what the sources that name it bring, and what fits all of the `match`, `sources` and `languages` given.
    """

    slug: Slug = Field(description="Its path: `dunia` is published as /dunia.rss, /dunia.atom and /dunia.json.")
    title: Title | None = Field(None, description="Left out: the slug with a capital.")
    match: Annotated[
        tuple[str, Match] | None, Asked(kind="match expression", bounds="4,096 characters", ask=_compiled)
    ] = Field(None, description='As in `rusia OR "perang dagang"`.')
    languages: Languages = Field((), description="`en` takes `en-us` too.")
    sources: Annotated[tuple[Name, ...], BeforeValidator(_one_or_more), Listed(kind="name, or list of names")] = Field(
        (), description="Names of sources."
    )
    one_per: Annotated[Literal["story", "headline"], _choice("story", "headline")] = Field(
        "story", description="What makes one item."
    )
    order: Annotated[Literal["newest", "popular"], _choice("newest", "popular")] = Field(
        "newest", description="`popular`: by the number of outlets that tell it, and how lately."
    )
    retell: Annotated[Retell, _choice("never", "outlet", "revision")] = Field(
        "never",
        description="When an item gets a new date, so that readers are told again: when another outlet joins the "
        "story, or when a title is revised. Its id stays.",
    )
    half_life: Annotated[timedelta, _duration(timedelta(hours=1), timedelta(days=30))] = Field(
        timedelta(hours=12), description="After it an outlet's word counts half, where the order is `popular`."
    )
    limit: Annotated[int, _whole(1, 400)] = Field(50, description="Items in the feed.")
    per_source: Annotated[int | None, _whole(1, 400)] = Field(
        None, description="Items led by one source, at most. Left out: as many as come."
    )

    @model_validator(mode="after")
    def _standing_topics_take_everything(self) -> "TopicKeys":
        barred = self.model_fields_set & {"match", "languages", "sources", "order"}
        if self.slug in {UPDATE, POPULAR} and barred:
            raise ValueError(f"{self.slug} takes every headline in its own order; remove {', '.join(sorted(barred))}")
        return self


class FeedsKeys(Keys):
    """The whole file."""

    site: Annotated[object, Listed(kind="mapping, see `site`")] = Field(None, description="Who publishes.")
    poll: Annotated[object, Listed(kind="mapping, see `poll`")] = Field(None, description="How sources are asked.")
    keep: Annotated[timedelta, _duration(timedelta(days=1), timedelta(days=3650))] = Field(
        timedelta(days=30),
        description="How long a headline is kept after its source has stopped listing it; a story is kept as a whole.",
    )
    archive: Annotated[
        int, Written(kind="months", bounds="0 to 1,200, as in `24 months`; or `no`", read=values.months)
    ] = Field(
        24,
        description="For how many months what was told stays in the archives of each topic, beside the running one. "
        "`no`: there are none, and those that there are go.",
    )
    sources: Annotated[list[object], Listed(kind="list of mappings, see `sources`", bounds="at least one")] = Field(
        min_length=1, description="Where headlines come from."
    )
    topics: Annotated[list[object], Listed(kind="list of mappings, see `topics`")] = Field(
        [], description="What is published. `update` (all, newest first) and `popular` are published in any case."
    )


SECTIONS: Final[Mapping[str, type[Keys]]] = {
    "feeds.yaml": FeedsKeys,
    "site": SiteKeys,
    "poll": PollKeys,
    "sources": SourceKeys,
    "page": PageKeys,
    "topics": TopicKeys,
}
"""Every class of keys, by the key that it stands under."""
