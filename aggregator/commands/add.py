"""`aggregator add`: a feed, or the headlines of a page, into feeds.yaml."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.editing import own_feeds, plan_for, write
from aggregator.commands.options import OwnFeedsOption, run
from aggregator.commands.search import Choice, search

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from aggregator.load.feeds_yaml import FeedsFile
    from aggregator.site import Polling
    from aggregator.source import PageList
    from aggregator.subscription import Subscription

_SHOWN = 3


def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of a feed, or of a page that has one.")],
    feeds: OwnFeedsOption = None,
    name: Annotated[str | None, typer.Option(help="Shown beside its headlines. [default: its title]")] = None,
    topic: Annotated[
        list[str] | None, typer.Option("--topic", metavar="SLUG", help="Takes all of it; may be given again.")
    ] = None,
    first: Annotated[
        bool, typer.Option("--yes", "--first", "-y", help="Take the first that is found, without asking.")
    ] = False,
) -> None:
    """Find the feeds of a page, show them, ask which, and write it into feeds.yaml, whose comments stay.

    Looked for, in this order: a feed at URL itself; feeds that the page names in its head; feeds under common paths;
    lists of headlines on the page, which are polled as they are. A feeds.yaml that is missing is begun.

    **Examples**

    - `aggregator add antaranews.com --topic nasional`
    - `aggregator add https://rmol.id/ --name "RMOL UPDATE" --feeds planet.yaml`
    - in a script: `aggregator add https://news.example/rss --yes`
    """
    import sys

    path, configuration = own_feeds(feeds)
    wish = _Wish(url=_address(url), name=_name(name), topics=_slugs(topic or ()))
    _leave_if_known(wish.subscription(wish.url), configuration)
    if not first and not sys.stdin.isatty():
        typer.echo("there is no terminal to ask which feed is meant; add --yes to take the first", err=True)
        raise typer.Exit(2)
    zone = _zone(configuration)
    choices = run(search(wish.url, _polling(configuration), zone))
    for number, choice in enumerate(choices, 1):
        _show(number, choice, zone)
    chosen = choices[0 if first else _asked(len(choices))]
    subscription = wish.of(chosen, zone)
    _leave_if_known(subscription, configuration)
    plan = plan_for([subscription], configuration)
    for fault in plan.refused:
        typer.echo(f"{subscription.url}: {fault.text}", err=True)
    if plan.refused:
        raise typer.Exit(1)
    write(path, plan)
    typer.echo(f'{path}: added "{plan.names[0]}", {subscription.url}')


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for on the command line; `name` is "" where nothing was said."""

    url: str
    name: str
    topics: tuple[str, ...]

    def subscription(
        self, url: str, page: "PageList | None" = None, name: str = "", timezone: str = ""
    ) -> "Subscription":
        from aggregator.subscription import Subscription

        return Subscription(url=url, name=self.name or name, folders=self.topics, page=page, timezone=timezone)

    def of(self, choice: Choice, zone: "ZoneInfo") -> "Subscription":
        """Dates of a page are taken to be of the site's zone: most pages print none, and most desks read their own."""
        title = choice.reading.origin.title
        if choice.page is None:
            return self.subscription(choice.url, name=title)
        heading = choice.page.heading
        name = f"{title} – {heading}" if title and heading else heading or title
        return self.subscription(choice.url, choice.page, name=name, timezone="" if zone.key == "UTC" else zone.key)


def _address(url: str) -> str:
    from aggregator.load.values import http_url, one_text

    try:
        return http_url(one_text(url if "://" in url else f"https://{url}"))
    except ValueError as error:
        raise typer.BadParameter(f"it {error}", param_hint="URL") from None


def _name(name: str | None) -> str:
    from aggregator.load.values import one_text, title

    try:
        return "" if name is None else title(one_text(name), most=100)
    except ValueError as error:
        raise typer.BadParameter(f"it {error}", param_hint="--name") from None


def _slugs(topics: "Iterable[str]") -> tuple[str, ...]:
    from aggregator.load.values import slug

    try:
        return tuple(map(slug, topics))
    except ValueError as error:
        raise typer.BadParameter(f"it {error}", param_hint="--topic") from None


def _leave_if_known(subscription: "Subscription", configuration: "FeedsFile | None") -> None:
    from aggregator.dedupe.canonical import canonical_url
    from aggregator.load.subscriptions import known_as

    name = known_as(subscription, configuration, canonical_url) if configuration else None
    if configuration and name is not None:
        typer.echo(f'{configuration.path}: has it already, as "{name}"; nothing is changed')
        raise typer.Exit


def _zone(configuration: "FeedsFile | None") -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    return configuration.site.zone if configuration else ZoneInfo("UTC")


def _polling(configuration: "FeedsFile | None") -> "Polling":
    from aggregator.load.check import default_polling

    return configuration.polling if configuration else default_polling()


def _show(number: int, choice: Choice, zone: "ZoneInfo") -> None:
    from datetime import UTC, datetime

    entries = choice.reading.entries
    dates = [entry.published_at for entry in entries if entry.published_at]
    newest = f", newest {max(dates).astimezone(zone):%Y-%m-%d %H:%M}" if dates else ", without dates"
    counted = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
    heading = choice.page.heading if choice.page else None
    kind = f'list "{heading}"' if heading else "largest list" if choice.page else choice.reading.kind
    typer.echo(f"{number:>3}  {choice.reading.origin.title or choice.url} ({kind}, {counted}{newest})")
    typer.echo(f"     {choice.url}")
    undated = datetime.min.replace(tzinfo=UTC)
    newest_first = sorted(entries, key=lambda entry: entry.published_at or undated, reverse=True)
    for entry in newest_first[:_SHOWN]:
        at = f"{entry.published_at.astimezone(zone):%Y-%m-%d %H:%M}" if entry.published_at else "no date"
        typer.echo(f"       {at:<16}  {entry.title}")


def _asked(choices: int) -> int:
    """Ask for a number; give its index. Ctrl-C leaves everything as it is."""
    while True:
        wanted: int = typer.prompt("Which one? (a number; Ctrl-C: none)", type=int)
        if 1 <= wanted <= choices:
            return wanted - 1
        typer.echo(f"there is no {wanted}; write a number from 1 to {choices}", err=True)
