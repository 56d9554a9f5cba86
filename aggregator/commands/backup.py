"""`aggregator backup`: state/ as one file."""

from pathlib import Path
from typing import Annotated

import typer

from aggregator.commands.options import DEFAULT_STATE, StateOption


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A gzipped tar; an earlier one is replaced whole.")],
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Copy the state into one file, beside a running daemon and without disturbing it.

    It holds headlines, schedule and archives, as of one moment; what is published is made from them again.
    Only you may read it: addresses may hold tokens. Damage is never copied: it is told, and the earlier file stays.

    **Examples**

    - `aggregator backup planet.tar.gz`
    - `aggregator backup /var/backups/planet-$(date +%a).tar.gz --state /var/lib/planet`
    """
    from aggregator.errors import StateError
    from aggregator.store.backup import back_up

    if not state.is_dir():
        raise StateError(f"{state}: there is no such folder; run `aggregator up` first, or name it with --state")
    typer.echo(f"{file}: {back_up(state, file):,} bytes; `aggregator restore` puts it back")
