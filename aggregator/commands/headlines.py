"""`aggregator headlines`: what is kept, newest first."""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import DEFAULT_STATE, FeedsOption, StateOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.headline import Headline

_NAMED = 16


def headlines(
    feeds: FeedsOption = None,
    state: StateOption = DEFAULT_STATE,
    topic: Annotated[str | None, typer.Option(metavar="SLUG", help="Only those of this topic.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help='Published since: "2h", "3d", or "2026-10-01[T07:00]".')
    ] = None,
    revised: Annotated[
        bool, typer.Option("--revised", help="Only those whose title was changed, with their earlier titles.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List all kept headlines, newest first. Reads beside a running daemon without disturbing it.

    **Examples**

    - `aggregator headlines --since 2h`
    - `aggregator headlines --topic dunia --json > dunia.jsonl`
    - `aggregator headlines --since 1d --revised`
    """
    from datetime import UTC, datetime

    from aggregator.commands.options import read_feeds
    from aggregator.errors import StateError
    from aggregator.store.embedded import EmbeddedStore

    configuration = read_feeds(feeds)
    earliest = None if since is None else _since(since, configuration.site.zone, now=datetime.now(UTC))
    if topic is not None and topic not in {each.slug for each in configuration.topics}:
        known = ", ".join(each.slug for each in configuration.topics)
        raise typer.BadParameter(f'there is no topic "{topic}"; there are {known}', param_hint="--topic")
    if not state.is_dir():
        raise StateError(f"{state}: there is no such folder; run `aggregator up` first, or name it with --state")
    with EmbeddedStore(state, read_only=True) as store:
        names = {id_: standing.name for id_ in store.sources() if (standing := store.standing(id_)) is not None}
        kept = (
            (headline.published_at, headline.id)
            for headline in store.headlines()
            if (earliest is None or headline.published_at >= earliest)
            and (topic is None or topic in headline.topics)
            and (headline.revisions or not revised)
        )
        for _, id_ in sorted(kept, reverse=True):
            headline = store.headline(id_)
            if headline is not None:
                zone = configuration.site.zone
                typer.echo(_json(headline, names) if json else _line(headline, names, zone))
                if revised and not json:
                    typer.echo("\n".join(_earlier(headline, zone)))


def _line(headline: "Headline", names: "Mapping[str, str]", zone: "ZoneInfo") -> str:
    name = names.get(headline.source, headline.source)[:_NAMED]
    return f"{headline.published_at.astimezone(zone):%Y-%m-%d %H:%M}  {name:<{_NAMED}}  {headline.title}"


def _earlier(headline: "Headline", zone: "ZoneInfo") -> "Iterator[str]":
    """Write the earlier titles below the present one, the latest first, each with the instant it was replaced."""
    for revision in reversed(headline.revisions):
        yield f"  until {revision.until.astimezone(zone):%Y-%m-%d %H:%M}  {revision.title}"


def _json(headline: "Headline", names: "Mapping[str, str]") -> str:
    import orjson

    return orjson.dumps(
        {
            "uri": f"urn:uuid:{headline.id}",
            "source": names.get(headline.source, headline.source),
            "title": headline.title,
            "summary": headline.summary,
            "link": headline.url,
            "published": headline.published_at,
            "updated": headline.updated_at,
            "first_seen": headline.first_seen_at,
            "language": headline.language,
            "categories": headline.categories,
            "story": f"urn:uuid:{headline.story}",
            "topics": headline.topics,
            **({"untold": headline.untold} if headline.untold else {}),
            "revisions": [{"title": each.title, "until": each.until} for each in headline.revisions],
        }
    ).decode()


def _since(text: str, zone: "ZoneInfo", *, now: "datetime") -> "datetime":
    from datetime import UTC, datetime, timedelta

    units = {"m": "minutes", "h": "hours", "d": "days"}
    try:
        if text[:-1].isdecimal() and text[-1] in units:
            return now - timedelta(**{units[text[-1]]: int(text[:-1])})
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: before the calendar's beginning
        raise typer.BadParameter(f'"{text}" is no time; write "2h" or "2026-10-01"', param_hint="--since") from None
