"""`aggregator check`: is feeds.yaml right, and do its sources answer?"""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import FeedsOption, read_feeds, run

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from rich.table import Table

    from aggregator.fetch.answer import Answer
    from aggregator.fetch.http import Fetcher
    from aggregator.load.feeds_yaml import FeedsFile
    from aggregator.parse.sandbox import Sandbox
    from aggregator.source import Source


def check(
    feeds: FeedsOption = None,
    trial: Annotated[bool, typer.Option("--try", help="Also ask each source once, and show what came.")] = False,
) -> None:
    """Check feeds.yaml: every fault with its line. Ends with 0 if it is right, with 2 if not.

    With --try, each source is asked once, and a table tells what was found. Nothing is kept.

    **Examples**

    - `aggregator check`
    - `aggregator check --try --feeds planet.yaml`
    """
    configuration = read_feeds(feeds)
    typer.echo(f"{configuration.path}: right: {len(configuration.sources)} sources, {len(configuration.topics)} topics")
    if trial:
        run(_try(configuration))


async def _try(feeds: "FeedsFile") -> None:
    import asyncio
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    from aggregator.fetch.http import Fetcher
    from aggregator.parse.sandbox import Sandbox

    now, zone = datetime.now(UTC), feeds.site.zone
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("Source", "Found", "Entries", "Dated", "Newest", "Warning"):
        table.add_column(heading, justify="right" if heading in {"Entries", "Dated"} else "left")
    async with Fetcher(feeds.polling) as fetcher, Sandbox() as sandbox:
        trials = [asyncio.create_task(_try_one(source, fetcher, sandbox, zone, now)) for source in feeds.sources]
        shown = Console(stderr=True)
        for trial in track(trials, description="Asking", console=shown, transient=True, disable=not shown.is_terminal):
            _add_row(table, *await trial)
    Console().print(table)


async def _try_one(
    source: "Source", fetcher: "Fetcher", sandbox: "Sandbox", zone: "ZoneInfo", now: "datetime"
) -> tuple[str, str, str, str, str, str]:
    """Give a row of the table; dates are shown in `zone`."""
    from aggregator.errors import SourceError
    from aggregator.fetch.answer import Fetched
    from aggregator.poll import job_of
    from aggregator.source import Validators

    answer = await fetcher.fetch(source, source.urls[0], Validators())
    if not isinstance(answer, Fetched):
        return source.name, "-", "-", "-", "-", _trouble(answer)
    try:
        reading = await sandbox.read(job_of(source, answer, (), now=now))
    except SourceError as error:
        return source.name, "-", "-", "-", "-", str(error)
    dates = [entry.published_at for entry in reading.entries if entry.published_at is not None]
    newest = f"{max(dates).astimezone(zone):%Y-%m-%d %H:%M}" if dates else "-"
    return source.name, reading.kind, str(len(reading.entries)), str(len(dates)), newest, "; ".join(reading.oddities)


def _trouble(answer: "Answer") -> str:
    from aggregator.fetch.answer import Failed, Gone, Refused

    if isinstance(answer, Gone):
        return "410 Gone, its publisher asks not to be polled; remove the source or change its url"
    return answer.detail if isinstance(answer, Failed | Refused) else f"answered {type(answer).__name__}"


def _add_row(table: "Table", *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(cell) for cell in cells))
