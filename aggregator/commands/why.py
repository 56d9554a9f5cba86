"""`aggregator why`: when a source is polled next, where a headline stands, what makes a story, and what led to it."""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import DEFAULT_STATE, FeedsOption, StateOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aggregator.headline import Headline
    from aggregator.load.feeds_yaml import FeedsFile
    from aggregator.source import Source
    from aggregator.store.embedded import EmbeddedStore


def why(
    what: Annotated[
        str, typer.Argument(metavar="SOURCE|ITEM|URL", help="A source's name or URL, an item's id, a headline's link.")
    ],
    feeds: FeedsOption = None,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Tell when a source is polled next, and why then; or why a headline is where it is, and what makes its story.

    Reads beside a running daemon without disturbing it.

    **Examples**

    - `aggregator why Antara`
    - `aggregator why urn:uuid:7d0f5f4e-3a7e-5d36-9f5b-0c4b0f1f2a3b`
    - `aggregator why https://rmol.id/gempa --state /var/lib/planet`
    """
    from aggregator.commands.options import read_feeds
    from aggregator.errors import StateError
    from aggregator.monitor.printable import printable
    from aggregator.schedule.history import with_kept_ids
    from aggregator.store.embedded import EmbeddedStore

    configuration = read_feeds(feeds)
    if not state.is_dir():
        raise StateError(f"{state}: there is no such folder; run `aggregator up` first, or name it with --state")
    with EmbeddedStore(state, read_only=True) as store:
        sources = with_kept_ids(configuration.sources, filter(None, map(store.standing, store.sources())))
        for name, text in _account(what, configuration, sources, store):
            typer.echo(f"{name:<12} {printable(text)}")


def _account(
    what: str, feeds: "FeedsFile", sources: "Sequence[Source]", store: "EmbeddedStore"
) -> "Iterator[tuple[str, str]]":
    from datetime import UTC, datetime

    from aggregator.commands.accounts import account_of_source
    from aggregator.schedule.history import configured, first_standing

    source = _source(what, sources)
    if source is not None:
        standing = configured(store.standing(source.id) or first_standing(source), source)
        due = store.dues().get(source.id)
        yield from account_of_source(source, standing, due, zone=feeds.site.zone, now=datetime.now(UTC))
        return
    stories: dict[str, list[Headline]] = {}
    for headline in _headlines(what, store, sources):
        stories.setdefault(headline.story, []).append(headline)
    for found in stories.values():
        yield from _account_of_news(found, feeds, {source.id: source for source in sources}, store)


def _account_of_news(
    found: "Sequence[Headline]", feeds: "FeedsFile", sources: "Mapping[str, Source]", store: "EmbeddedStore"
) -> "Iterator[tuple[str, str]]":
    """Give an account of headlines of one story, and of the story."""
    from aggregator.commands.accounts import account_of_headline, account_of_story
    from aggregator.source import Source
    from aggregator.topic import POPULAR

    popular = next(topic for topic in feeds.topics if topic.slug == POPULAR)
    for headline in found:
        source = sources.get(headline.source) or Source(
            id=headline.source, name=headline.source, urls=(headline.source,)
        )
        yield from account_of_headline(headline, source, feeds.topics, zone=feeds.site.zone)
    together = [headline for headline in store.headlines() if headline.story == found[0].story]
    names = {id_: source.name for id_, source in sources.items()}
    weights = {id_: source.weight for id_, source in sources.items()}
    yield from account_of_story(together, names, weights, popular, feeds.site.zone)


def _source(what: str, sources: "Sequence[Source]") -> "Source | None":
    """Find a source by its name, id or URL."""
    for source in sources:
        if what.casefold() == source.name.casefold() or what in {source.id, *source.urls}:
            return source
    return None


def _headlines(what: str, store: "EmbeddedStore", sources: "Sequence[Source]") -> "list[Headline]":
    """Find headlines by their id, their story's id, or their link.

    Raises:
        UnknownNameError: There is none, and no source either.
    """
    from aggregator.dedupe.canonical import canonical_url
    from aggregator.errors import UnknownNameError
    from aggregator.load.wording import quoted, suggestion

    id_, link = what.removeprefix("urn:uuid:").lower(), canonical_url(what)
    one = store.headline(id_)
    if one is not None:
        return [one]
    found = [
        headline
        for headline in store.headlines()
        if headline.story == id_ or (headline.url is not None and link and canonical_url(headline.url) == link)
    ]
    if found:
        return found
    near = suggestion(what, [source.name for source in sources], "write a source's name, an item's id, or a link")
    raise UnknownNameError(f"there is no source, item or link {quoted(what)}{near}")
