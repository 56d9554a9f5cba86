"""`aggregator parse`: what the program reads in a document."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import run

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from aggregator.entry import Entry, Reading
    from aggregator.fetch.answer import Fetched
    from aggregator.parse.job import Job
    from aggregator.parse.sandbox import Sandbox
    from aggregator.site import Network

_FILE_BYTES = 10 << 20  # as much as is taken from a publisher


def parse(
    document: Annotated[str, typer.Argument(metavar="FILE_OR_URL", help="A feed or an HTML page.")],
    url: Annotated[
        str | None, typer.Option(metavar="BASE", help="Where a file came from: the base of its relative links.")
    ] = None,
    heading: Annotated[
        str | None, typer.Option("--list", metavar="HEADING", help='Read an HTML page: the list under "HEADING".')
    ] = None,
    language: Annotated[str | None, typer.Option(help='Of printed dates, as in "id".')] = None,
    timezone: Annotated[str, typer.Option(help="Of dates that name no zone.")] = "UTC",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what the program reads in a document, without keeping any of it.

    An HTML page is read for its largest list of headlines, or for the one under --list.

    **Examples**

    - `aggregator parse https://www.antaranews.com/rss/terkini.xml`
    - `aggregator parse page.html --list UPDATE --language id --timezone Asia/Jakarta`
    - `aggregator parse feed.xml --url https://news.example/rss --json`
    """
    run(_parse(document, url=url, heading=heading, language=language, zone=_zone(timezone), json=json))


async def _parse(
    document: str, *, url: str | None, heading: str | None, language: str | None, zone: "ZoneInfo", json: bool
) -> None:
    from datetime import UTC, datetime

    from aggregator.errors import SourceError
    from aggregator.parse.job import Job
    from aggregator.parse.sandbox import Sandbox
    from aggregator.source import PageList

    is_url = document.startswith(("http://", "https://"))
    found = await _fetched(document) if is_url else _file(document, url)
    job = Job(
        body=found.body,
        url=found.url,
        content_type=found.content_type,
        page=PageList(heading=heading) if heading else None,
        zone=zone,
        language=language,
        now=datetime.now(UTC),
        known=frozenset(),
    )
    async with Sandbox(max_workers=1) as sandbox:
        try:
            reading = await _read(job, sandbox)
        except SourceError as error:
            typer.echo(f"{document}: {error}", err=True)
            raise typer.Exit(1) from None
    for oddity in reading.oddities:
        typer.echo(f"{document}: {oddity}", err=True)
    if json:
        for entry in reading.entries:
            typer.echo(_json(entry, reading))
    else:
        _print_table(reading, zone)


def _file(named: str, base: str | None) -> "Fetched":
    from aggregator.fetch.answer import Fetched
    from aggregator.source import Hints, Validators

    try:
        with Path(named).open("rb") as file:
            body = file.read(_FILE_BYTES + 1)
    except OSError as error:
        typer.echo(f"{named}: {error.strerror}; name a file or an http(s) URL", err=True)
        raise typer.Exit(2) from None
    if len(body) > _FILE_BYTES:
        typer.echo(f"{named}: larger than {_FILE_BYTES >> 20} MiB: no publisher's document may be", err=True)
        raise typer.Exit(1)
    where = base or Path(named).absolute().as_uri()
    return Fetched(url=where, body=body, content_type="", validators=Validators(), hints=Hints())


async def _fetched(url: str) -> "Fetched":
    from datetime import timedelta

    from aggregator.fetch.answer import Failed, Fetched, Refused
    from aggregator.fetch.http import Fetcher
    from aggregator.site import Polling
    from aggregator.source import Source, Validators

    allowed = await _named_by_hand(url)
    polling = Polling(every=timedelta(minutes=15), at_once=1, per_host=1, host_gap=timedelta(0), allow_private=allowed)
    async with Fetcher(polling) as fetcher:
        answer = await fetcher.fetch(Source(id=url, name=url, urls=(url,)), url, Validators())
    if isinstance(answer, Fetched):
        return answer
    detail = answer.detail if isinstance(answer, Failed | Refused) else type(answer).__name__
    typer.echo(f"{url}: {detail}", err=True)
    raise typer.Exit(1)


async def _named_by_hand(url: str) -> "tuple[Network, ...]":
    """Give the addresses of a host that the operator named, where it is at home: its redirects may lead there, too.

    Of a name that is public as well, nothing: its publisher may have added our neighbours, to redirect to one.
    """
    import socket
    from contextlib import suppress
    from ipaddress import ip_address, ip_network
    from urllib.parse import urlsplit

    from aggregator.fetch.guard import is_public
    from aggregator.fetch.names import Names

    with suppress(OSError, ValueError):  # UnicodeError is one; that there is no such host, asking it will tell
        found = await Names().resolve(urlsplit(url).hostname or "", 0, socket.AF_UNSPEC)
        addresses = [each["host"].partition("%")[0] for each in found]
        if not any(is_public(ip_address(address)) for address in addresses):
            return tuple(ip_network(address) for address in addresses)
    return ()


async def _read(job: "Job", sandbox: "Sandbox") -> "Reading":
    """Read a feed; what is none, as a page."""
    from contextlib import suppress
    from dataclasses import replace

    from aggregator.errors import NotAFeedError
    from aggregator.source import PageList

    if job.page is None:
        with suppress(NotAFeedError):
            return await sandbox.read(job)
    return await sandbox.read(replace(job, page=job.page or PageList()))


def _json(entry: "Entry", reading: "Reading") -> str:
    import orjson

    return orjson.dumps(
        {
            "guid": entry.guid,
            "title": entry.title,
            "link": entry.link,
            "published": entry.published_at,
            "updated": entry.updated_at,
            "summary": entry.summary,
            "author": ", ".join(entry.authors) or None,
            "categories": entry.categories,
            "language": entry.language or reading.language,
        }
    ).decode()


def _print_table(reading: "Reading", zone: "ZoneInfo") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    entries = "1 entry" if len(reading.entries) == 1 else f"{len(reading.entries)} entries"
    console.print(Text(f"{reading.kind}: {reading.origin.title or reading.origin.id}, {entries}"))
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)  # only then do the ratios count
    table.add_column(f"Published ({zone.key})", no_wrap=True)
    table.add_column("Title", ratio=3)
    table.add_column("Link", ratio=2, overflow="ellipsis", no_wrap=True)
    for entry in reading.entries:
        at = entry.published_at
        when = "no date" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(Text(when), Text(entry.title), Text(entry.link or "", style="dim"))
    console.print(table)


def _zone(name: str) -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError):
        raise typer.BadParameter(f'"{name}" is no time zone; write one as in "Asia/Jakarta"') from None
