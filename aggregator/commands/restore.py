"""`aggregator restore`: what `backup` wrote, put back."""

from pathlib import Path
from typing import Annotated

import typer

from aggregator.commands.options import DEFAULT_STATE, StateOption


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `aggregator backup` wrote.")],
    state: StateOption = DEFAULT_STATE,
    replace: Annotated[
        bool, typer.Option("--replace", help="Where there is a state already, keep that one aside, in the same folder.")
    ] = False,
) -> None:
    """Put a backup in place, after all of it was checked. The daemon has to be stopped.

    The next start asks no source before the restored due times, and publishes everything anew.
    What was told since the backup comes again under the same ids: readers see nothing twice.

    **Examples**

    - `aggregator restore planet.tar.gz`
    - `aggregator restore planet.tar.gz --state /var/lib/planet --replace`
    """
    from aggregator.store.restore import restore as put_back

    kept = put_back(file, state, replace=replace)
    if kept is not None:
        typer.echo(f"{kept}: the earlier state; delete it when you do not need it any more")
    typer.echo(f"{state}: restored; `aggregator up` goes on with it")
