"""The values of feeds.yaml → Site, Polling, Source, Topic; every fault with its line.

Each section, source and topic is judged by itself, so that a fault in one hides none in another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import ValidationError

from aggregator.errors import Fault
from aggregator.load.keys import (
    FeedsKeys,
    Keys,
    Outside,
    PageKeys,
    PollKeys,
    SiteKeys,
    SourceKeys,
    TopicKeys,
)
from aggregator.load.tree import Node, Plain
from aggregator.load.wording import quoted, suggestion
from aggregator.site import Polling, Site
from aggregator.source import PageList, Source
from aggregator.topic import POPULAR, UPDATE, Topic

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LIMIT_FAULTS: Final = 100
"""Faults that are told at once: more are not read by anybody."""

_STANDING: Final = (
    Topic(slug=UPDATE, title="UPDATE", everything=True),
    Topic(slug=POPULAR, title="Populer", everything=True, order="popular"),
)

_MISSHAPEN: Final = {
    "model_type": "must be a mapping; write its keys and values below it",
    "dict_type": "must be a mapping; write its keys and values below it",
    "list_type": 'must be a list; write each of its values on a line of its own, after "- "',
    "tuple_type": 'must be a list; write each of its values on a line of its own, after "- "',
    "too_short": "is empty; write at least one",
    "too_long": "holds too many; remove the last",
}
"""What is wrong, by pydantic's name for it, where a mapping or a list is not as it should be."""

K = TypeVar("K", bound=Keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsFile:
    """What feeds.yaml says.

    Attributes:
        path: The file, as the operator named it.
        site: Who publishes.
        polling: How sources are asked.
        keep: How long a headline stays after its source has stopped listing it.
        sources: At least one, in the order of the file.
        topics: `update` and `popular` first, then those under `topics`, then those that only sources name.
        archive_months: For how many months, beside the running one, archives are kept. 0: there are none.
    """

    path: Path
    site: Site
    polling: Polling
    keep: timedelta
    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]
    archive_months: int = 24


def check(root: Node, *, path: Path, outside: Outside) -> tuple[FeedsFile | None, tuple[Fault, ...]]:
    """Judge the whole file.

    Returns:
        What the file says, or None and at least one fault.
    """
    proof = _Proof(outside)
    feeds = proof.read(FeedsKeys, root, "the file")
    if not isinstance(root.value, dict):
        return None, tuple(proof.faults)
    site = proof.read(SiteKeys, _section(root, "site"), "site")
    poll = proof.read(PollKeys, _section(root, "poll"), "poll")
    sources = proof.read_list(SourceKeys, _section(root, "sources"), "the source")
    topics = proof.read_list(TopicKeys, _section(root, "topics"), "the topic")
    crossed = _crossed(_items(_section(root, "sources")), _items(_section(root, "topics")))
    proof.faults += islice(crossed, LIMIT_FAULTS + 1)
    proof.faults += _repeated_addresses(sources)
    if feeds is None or site is None or poll is None or proof.faults:
        return None, tuple(proof.faults)
    read = tuple(_source(keys) for _, keys in sources)
    return (
        FeedsFile(
            path=path,
            site=_site(site),
            polling=_polling(poll),
            keep=feeds.keep,
            sources=read,
            topics=_topics([keys for _, keys in topics], read),
            archive_months=feeds.archive,
        ),
        (),
    )


class _Proof:
    """Reads keys and notes what is wrong with them."""

    def __init__(self, outside: Outside) -> None:
        self.faults: list[Fault] = []
        self._outside = outside

    def read(self, keys: type[K], node: Node, label: str) -> K | None:
        """Read the keys of a node; None where they cannot be used, or where there are faults enough."""
        if len(self.faults) > LIMIT_FAULTS:
            return None
        try:
            return keys.model_validate(node.value, context=self._outside)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)[: LIMIT_FAULTS + 1]
            self.faults += [Fault(line=node.line_of(error["loc"]), text=_text(keys, label, error)) for error in errors]
            return None

    def read_list(self, keys: type[K], listed: Node, label: str) -> list[tuple[Node, K]]:
        """Read each of a list; those that cannot be used are left out."""
        read = ((node, self.read(keys, node, label)) for node in _items(listed))
        return [(node, found) for node, found in read if found is not None]


def faults_of(source: Mapping[str, Plain], outside: Outside) -> tuple[str, ...]:
    """Judge one source by itself; nothing is said where it is right."""
    proof = _Proof(outside)
    proof.read(SourceKeys, Node(0, dict(source)), "the source")
    return tuple(fault.text for fault in proof.faults)


def default_polling() -> Polling:
    """Say how sources are asked where there is no feeds.yaml."""
    return _polling(PollKeys.model_validate({}))


def standing_topics() -> tuple[Topic, ...]:
    """Give the topics that are there in any case."""
    return _STANDING


def _section(root: Node, key: str) -> Node:
    node = root.inside.get(key)
    return Node(root.line, {}) if node is None or node.value is None else node


def _items(node: Node) -> tuple[Node, ...]:
    return tuple(node.inside.values()) if isinstance(node.value, list) else ()


def _text(keys: type[Keys], label: str, error: "ErrorDetails") -> str:
    path = [step for step in error["loc"] if isinstance(step, str) and step != "[key]"]
    key = path[-1] if path else label
    if error["type"] in _MISSHAPEN:
        return f"{key} {_MISSHAPEN[error['type']]}"
    if error["type"] == "missing":
        return f'{label} has no {key}; write "{key}:" and its value'
    if error["type"] == "extra_forbidden":
        known = PageKeys if path[:-1] == ["page"] else keys
        return f"{quoted(key)} is no key of {path[-2] if path[:-1] else label}{suggestion(key, known.names())}"
    return f"{_subject(path, key, error)} {error['ctx']['error']}"


def _subject(path: list[str], key: str, error: "ErrorDetails") -> str:
    if path[:1] == ["headers"]:  # its value may be a secret
        return f"header {quoted(key)}"
    return f"{key} {quoted(error['input'])}" if isinstance(error["input"], str) else key


def _crossed(sources: tuple[Node, ...], topics: tuple[Node, ...]) -> Iterator[Fault]:
    """Find what stands twice or for nothing, in what was written: an entry with another fault counts too."""
    yield from _repeated_names(sources)
    yield from _repeated_slugs(topics)
    yield from _unknown_names(sources, topics)


def _written(node: Node, key: str) -> str:
    """Give the text under a key of a mapping; "" where there is none."""
    found = node.inside.get(key)
    return found.value.strip() if found is not None and isinstance(found.value, str) else ""


def _twins(marked: Iterable[tuple[str, Node]]) -> Iterator[tuple[Node, Node]]:
    """Give each node whose mark an earlier one has already, with the earlier; an empty mark is none."""
    seen: dict[str, Node] = {}
    for mark, node in marked:
        first = seen.setdefault(mark, node)
        if mark and first is not node:
            yield node, first


def _repeated_names(sources: tuple[Node, ...]) -> Iterator[Fault]:
    for node, first in _twins((_written(node, "name").casefold(), node) for node in sources):
        text = f"name {quoted(_written(node, 'name'))} is that of the source in line {first.line}; write another"
        yield Fault(line=node.line_of(["name"]), text=text)


def _repeated_addresses(sources: list[tuple[Node, SourceKeys]]) -> Iterator[Fault]:
    for node, first in _twins((source_id(keys.url[0], keys.page), node) for node, keys in sources):
        text = f"the same address as the source in line {first.line}; remove one, or name another list of the page"
        yield Fault(line=node.line_of(["url"]), text=text)


def _repeated_slugs(topics: tuple[Node, ...]) -> Iterator[Fault]:
    for node, first in _twins((_written(node, "slug"), node) for node in topics):
        text = f"slug {quoted(_written(node, 'slug'))} is that of the topic in line {first.line}; write another"
        yield Fault(line=node.line_of(["slug"]), text=text)


def _unknown_names(sources: tuple[Node, ...], topics: tuple[Node, ...]) -> Iterator[Fault]:
    known = frozenset(_written(node, "name") for node in sources)
    listed = (node.inside["sources"] for node in topics if "sources" in node.inside)
    for name in (name for node in listed for name in _items(node) or (node,)):
        if isinstance(name.value, str) and name.value.strip() not in known:
            advice = suggestion(name.value, known, "write the name of one that stands under sources")
            yield Fault(line=name.line, text=f"{quoted(name.value)} is the name of no source{advice}")


def _site(keys: SiteKeys) -> Site:
    return Site(
        title=keys.title,
        url=keys.url,
        language=keys.language,
        zone=keys.timezone,
        hub=keys.hub,
        token=keys.token_file,
    )


def _polling(keys: PollKeys) -> Polling:
    return Polling(
        every=keys.every,
        at_once=keys.at_once,
        per_host=keys.per_host,
        host_gap=keys.host_gap,
        allow_private=keys.allow_private,
        pace_by=keys.pace_by,
        retry_scope=keys.retry_scope,
    )


def source_id(url: str, page: PageList | PageKeys | None) -> str:
    """Name the namespace of what a source publishes: its first URL, and which list of the page."""
    if page is None or not (page.item or page.heading):
        return url
    return f"{url}#{page.item or (page.heading or '').lower()}"


def _source(keys: SourceKeys) -> Source:
    return Source(
        id=source_id(keys.url[0], keys.page),
        name=keys.name,
        urls=keys.url,
        page=None if keys.page is None else PageList(**dict(keys.page)),
        topics=tuple(dict.fromkeys(keys.topics)),
        language=keys.language,
        zone=keys.timezone,
        every=keys.every,
        cron=keys.cron,
        headers=tuple(keys.headers.items()),
        user_agent=keys.user_agent,
        proxy=keys.proxy,
        auth_file=keys.auth_file,
        weight=keys.weight,
        allow_private=keys.allow_private,
    )


def _topics(written: Iterable[TopicKeys], sources: Iterable[Source]) -> tuple[Topic, ...]:
    topics = {topic.slug: topic for topic in _STANDING}
    for keys in written:
        topics[keys.slug] = _topic(keys, topics.get(keys.slug))
    for slug in (slug for source in sources for slug in source.topics):
        topics.setdefault(slug, Topic(slug=slug, title=title_of(slug)))
    return tuple(topics.values())


def _topic(keys: TopicKeys, standing: Topic | None) -> Topic:
    topic = standing or Topic(slug=keys.slug, title=title_of(keys.slug), order=keys.order)
    match_text, match = keys.match or ("", None)
    return replace(
        topic,
        title=keys.title or topic.title,
        match=match,
        match_text=match_text,
        sources=keys.sources,
        languages=keys.languages,
        one_per=keys.one_per,
        retell=keys.retell,
        half_life=keys.half_life,
        limit=keys.limit,
        per_source=keys.per_source,
    )


def title_of(slug: str) -> str:
    """Give the title of a topic that says none."""
    return slug.replace("-", " ").strip().capitalize() or slug
