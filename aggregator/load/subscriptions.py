"""What somebody suggests, and what feeds.yaml has → the entries that are to be added to it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import chain, count
from typing import Final
from unicodedata import normalize
from urllib.parse import urlsplit

from aggregator.errors import Fault
from aggregator.load.check import FeedsFile, faults_of, source_id, standing_topics, title_of
from aggregator.load.insert import write_entry
from aggregator.load.keys import Outside
from aggregator.load.tree import Plain
from aggregator.load.values import fit_title
from aggregator.source import PageList
from aggregator.subscription import Folder, Subscription
from aggregator.topic import RESERVED

_NAME_CHARACTERS: Final = 100
_TITLE_CHARACTERS: Final = 200
_SLUG_CHARACTERS: Final = 64
_NOT_IN_SLUGS: Final = re.compile(r"[^a-z0-9]+")
_SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")
_KEYS: Final = ("language", "timezone", "every", "cron", "weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to add to feeds.yaml, and what not.

    Attributes:
        sources: Entries of `sources`, in YAML, one line each.
        topics: Entries of `topics`, likewise: those whose title is not what their slug says.
        names: Of the sources, in the same order.
        known: Suggestions that feeds.yaml has already.
        repeated: Suggestions that an earlier one has already.
        refused: Those that cannot be used, by their line, with the reason.
    """

    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    known: int = 0
    repeated: int = 0
    refused: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """What this room cannot know by itself.

    Attributes:
        canonical: Gives the form in which two addresses of one document are equal.
        may_ask: Says whether the host in an address may be asked at all.
        outside: Judges a source as that of feeds.yaml is judged.
    """

    canonical: Callable[[str], str]
    may_ask: Callable[[str], bool]
    outside: Outside


def plan(
    suggested: Iterable[Subscription], feeds: FeedsFile | None, *, judges: Judges, folders: Iterable[Folder] = ()
) -> Plan:
    """Choose what is new, and name it.

    A feed that feeds.yaml has already is left as it is there. One that is suggested twice is added once, with the
    topics of both. The same suggestions a second time give an empty plan.

    Args:
        suggested: In any order; the entries follow it.
        feeds: What feeds.yaml says. None: there is none yet.
        judges: See there.
        folders: Topics that the suggestions come from, of which title and slug are known.
    """
    drafting = _Drafting(feeds, judges)
    for folder in folders:
        drafting.slugs.suggest(folder)
    for subscription in suggested:
        drafting.take(subscription)
    return drafting.plan()


def known_as(subscription: Subscription, feeds: FeedsFile, canonical: Callable[[str], str]) -> str | None:
    """Give the name under which feeds.yaml has it. None: it does not."""
    return _known(feeds, canonical).get(_key(subscription.url, subscription.page, canonical))


def _known(feeds: FeedsFile | None, canonical: Callable[[str], str]) -> dict[str, str]:
    sources = feeds.sources if feeds else ()
    return {_key(url, source.page, canonical): source.name for source in sources for url in source.urls}


def _key(url: str, page: PageList | None, canonical: Callable[[str], str]) -> str:
    """Two lists of one page are two sources, and so are a page and a feed at one address."""
    return source_id(canonical(url), page) + (" page" if page else "")


class _Drafting:
    """A plan that is being made."""

    def __init__(self, feeds: FeedsFile | None, judges: Judges) -> None:
        self._judges = judges
        self._known = _known(feeds, judges.canonical)
        self._names = {source.name.casefold() for source in feeds.sources} if feeds else set()
        self._new: dict[str, dict[str, Plain]] = {}
        # Counted on, not from the start: a file may hold 100,000 feeds of one name.
        self._counting: defaultdict[str, Iterator[int]] = defaultdict(partial(count, 2))
        self._already = self._repeated = 0
        self._refused: list[Fault] = []
        self.slugs = _Slugs(feeds)

    def take(self, subscription: Subscription) -> None:
        """Take one suggestion in."""
        key = _key(subscription.url, subscription.page, self._judges.canonical)
        if key in self._known:
            self._already += 1
        elif (earlier := self._new.get(key)) is not None:
            self._repeated += 1
            _add_topics(earlier, self.slugs.of(subscription.folders))
        elif reasons := self._reasons(subscription):
            self._refused += [Fault(line=subscription.line, text=reason) for reason in reasons]
        else:
            name = self._name(subscription)
            self._new[key] = _entry(subscription, name)
            _add_topics(self._new[key], self.slugs.of(subscription.folders))

    def plan(self) -> Plan:
        """Give what it has come to."""
        used = {slug for entry in self._new.values() for slug in entry.get("topics") or ()}
        return Plan(
            sources=tuple(write_entry(entry) for entry in self._new.values()),
            topics=tuple(write_entry(entry) for entry in self.slugs.entries() if entry["slug"] in used),
            names=tuple(str(entry["name"]) for entry in self._new.values()),
            known=self._already,
            repeated=self._repeated,
            refused=tuple(self._refused),
        )

    def _reasons(self, subscription: Subscription) -> tuple[str, ...]:
        if not subscription.url:
            return ("an outline without an xmlUrl that can be read; add its feed by hand",)
        if faults := faults_of(_entry(subscription, "name"), self._judges.outside):
            return faults
        if not self._judges.may_ask(subscription.url):
            host = urlsplit(subscription.url).hostname
            return (f"{host} is not a public address; if you mean it, name it in poll.allow_private and try again",)
        return ()

    def _name(self, subscription: Subscription) -> str:
        """Choose a name that no source has, case aside."""
        host = (urlsplit(subscription.url).hostname or "").removeprefix("www.")
        plain = fit_title(subscription.name, most=_NAME_CHARACTERS) or host[:_NAME_CHARACTERS]
        told = f" ({host[:40]})"
        counted = (f" {number}" for number in self._counting[plain.casefold()])
        named = (plain[: _NAME_CHARACTERS - len(end)].rstrip() + end for end in chain(("", told), counted))
        name = next(name for name in named if name.casefold() not in self._names)
        self._names.add(name.casefold())
        return name


def _entry(subscription: Subscription, name: str) -> dict[str, Plain]:
    """Write a subscription as a source of feeds.yaml, still without its topics."""
    page = subscription.page
    urls: Plain = [subscription.url, *subscription.fallbacks] if subscription.fallbacks else subscription.url
    entry: dict[str, Plain] = {"name": name, "url": urls}
    if page is not None:
        keys = {"list": page.heading, "item": page.item, "title": page.title, "link": page.link, "date": page.date}
        entry["page"] = {key: text for key, text in keys.items() if text is not None}
    return entry | {key: text for key in _KEYS if (text := getattr(subscription, key))}


def _add_topics(entry: dict[str, Plain], slugs: Iterable[str]) -> None:
    listed = entry.get("topics") or []
    topics = [*listed, *(slug for slug in slugs if slug not in listed)]
    if topics:
        entry["topics"] = [*topics]


class _Slugs:
    """Names of folders → slugs of topics: one folder one topic, and none of ours."""

    def __init__(self, feeds: FeedsFile | None) -> None:
        topics = feeds.topics if feeds else standing_topics()
        self._titles = {topic.slug: topic.title for topic in topics}
        self._of = {topic.title.casefold(): topic.slug for topic in topics}
        self._counting: defaultdict[str, Iterator[int]] = defaultdict(partial(count, 2))
        self._new: list[str] = []

    def suggest(self, folder: Folder) -> None:
        """Note which slug a folder had where it comes from."""
        if _is_slug(folder.slug) and folder.slug not in self._titles:
            self._note(folder.slug, folder.name)

    def of(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Give the slugs of the topics that these folders are; new ones are made."""
        return tuple(dict.fromkeys(self._slug(folder) for folder in folders))

    def entries(self) -> tuple[Mapping[str, Plain], ...]:
        """Give the new topics whose titles their slugs do not say."""
        return tuple(
            {"slug": slug, "title": self._titles[slug]} for slug in self._new if self._titles[slug] != title_of(slug)
        )

    def _slug(self, name: str) -> str:
        if _is_slug(name):  # of an export of ours, or of somebody who writes so
            return name if name in self._titles else self._note(name, title_of(name))
        known = self._of.get(name.casefold())
        if known is not None:
            return known
        plain = slug_of(name)
        numbered = (f"{plain[: _SLUG_CHARACTERS - 8]}-{number}" for number in self._counting[plain])
        return self._note(next(slug for slug in chain([plain], numbered) if slug not in self._titles), name)

    def _note(self, slug: str, title: str) -> str:
        self._titles[slug] = fit_title(title, most=_TITLE_CHARACTERS) or title_of(slug)
        self._of.setdefault(title.casefold(), slug)
        self._new.append(slug)
        return slug


def _is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None and text not in RESERVED


def slug_of(name: str) -> str:
    """Make a slug of any text: "Ekonomi & Bisnis" is ekonomi-bisnis. One without Latin letters gets a number."""
    ascii_name = normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = _NOT_IN_SLUGS.sub("-", ascii_name).strip("-")[: _SLUG_CHARACTERS - 8].rstrip("-")
    if not slug:
        return f"topic-{blake2b(name.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"
    return f"{slug}-topic" if slug in RESERVED else slug
