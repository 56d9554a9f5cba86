"""`aggregator repair`: what can be read of a damaged state."""

import typer

from aggregator.commands.options import DEFAULT_STATE, StateOption

_TITLES = 100


def repair(state: StateOption = DEFAULT_STATE) -> None:
    """Make a damaged state open again, with all that can be read of it. The daemon has to be stopped.

    Says what is lost. The damaged files are kept aside, and nothing is changed where nothing is damaged.
    What sources still list of what is lost comes again, under the same ids. A backup may hold more.

    **Examples**

    - `aggregator repair`
    - `aggregator backup before.tar.gz || aggregator repair`
    """
    from aggregator.monitor.printable import printable
    from aggregator.store.repair import repair as mend

    mended = mend(state)
    for loss in mended.losses:
        what = f"{loss.length} bytes are lost" if loss.length else "its end is missing"
        typer.echo(f"{loss.path}: at byte {loss.offset}, {what}")
    for title in mended.titles[:_TITLES]:
        typer.echo(f"  lost: {printable(title)}")
    if len(mended.titles) > _TITLES:
        typer.echo(f"  lost: and {len(mended.titles) - _TITLES} more")
    if mended.asked_anew:
        typer.echo(f"{mended.asked_anew} sources are asked for all that they list, at their next turn")
    if mended.kept is not None:
        typer.echo(f"{mended.kept}: the damaged files; delete them when you do not need them any more")
    typer.echo(f"{state}: {'repaired' if mended.losses else 'nothing is damaged'}")
