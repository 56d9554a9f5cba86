"""`aggregator import`: the subscriptions of another reader, into feeds.yaml."""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.editing import own_feeds, plan_for, write
from aggregator.commands.options import OwnFeedsOption, run

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.load.subscriptions import Plan
    from aggregator.subscription import Suggestions

_FILE_BYTES = 10 << 20  # as much as is taken from a publisher
_REFUSALS_TOLD = 100


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE.opml", help='As other readers export it; "-": standard input.')],
    feeds: OwnFeedsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be added, and change nothing.")] = False,
) -> None:
    """Add the subscriptions of an OPML file to feeds.yaml, whose comments stay. Nothing is asked of any publisher yet.

    A folder becomes a topic, and so do the folders around it. What feeds.yaml has already is left as it is there.
    Ends with 0, or with 1 if none of the subscriptions can be used.

    **Examples**

    - `aggregator import subscriptions.opml --dry-run`
    - `aggregator import subscriptions.opml`
    - `ssh planet aggregator export | aggregator import -`
    """
    path, configuration = own_feeds(feeds)
    found = run(_read(file))
    plan = plan_for(found.subscriptions, configuration, found.folders)
    _tell_refused(file, plan)
    if dry_run:
        _show(plan)
    elif plan.sources:
        write(path, plan)
    _summarise(path, plan, dry_run=dry_run)
    if plan.refused and not (plan.sources or plan.known):
        raise typer.Exit(1)


async def _read(file: str) -> "Suggestions":
    from aggregator.errors import SourceError
    from aggregator.parse.sandbox import Sandbox

    body = _body(file)
    async with Sandbox(max_workers=1) as sandbox:
        try:
            return await sandbox.read_opml(body)
        except SourceError as error:
            typer.echo(f"{file}: {error}", err=True)
            raise typer.Exit(2) from None


def _body(file: str) -> bytes:
    from pathlib import Path

    try:
        with typer.get_binary_stream("stdin") if file == "-" else Path(file).open("rb") as stream:
            body = stream.read(_FILE_BYTES + 1)
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}; name an OPML file", err=True)
        raise typer.Exit(2) from None
    if len(body) > _FILE_BYTES:
        typer.echo(f"{file}: larger than {_FILE_BYTES >> 20} MiB; split it", err=True)
        raise typer.Exit(2)
    return body


def _tell_refused(file: str, plan: "Plan") -> None:
    for fault in plan.refused[:_REFUSALS_TOLD]:
        typer.echo(f"{file}:{fault.line}: {fault.text}", err=True)
    if len(plan.refused) > _REFUSALS_TOLD:
        typer.echo(f"{file}: {len(plan.refused) - _REFUSALS_TOLD} more that cannot be used", err=True)


def _show(plan: "Plan") -> None:
    for key, entries in (("sources", plan.sources), ("topics", plan.topics)):
        if entries:
            typer.echo("\n".join((f"{key}:", *(f"  - {entry}" for entry in entries))))


def _summarise(path: "Path", plan: "Plan", *, dry_run: bool) -> None:
    added = "would be added" if dry_run else "added"
    typer.echo(
        f"{path}: {len(plan.sources)} {added}, {plan.known} there already, {plan.repeated} listed twice, "
        f"{len(plan.refused)} refused"
    )
