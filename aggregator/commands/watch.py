"""`aggregator watch`: look at a running daemon."""

from pathlib import Path
from typing import Annotated

import typer


def watch(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the daemon serves.")] = "http://127.0.0.1:8080",
    once: Annotated[bool, typer.Option("--once", help="Print one frame and end; no terminal is needed.")] = False,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="What its `site.token_file` names.")
    ] = None,
) -> None:
    """Watch a running daemon: the newest headlines, what is popular, and how every source does.

    Tab changes the pane, arrows scroll, Enter tells all about a row, "/" filters, "?" lists the keys, "q" ends.
    The daemon does not notice: it goes on when the view ends.

    **Examples**

    - `aggregator watch`
    - `aggregator watch https://news.example`
    - `aggregator watch --once | head -3`
    """
    from aggregator.monitor.live import watch as show

    raise typer.Exit(show(url, once=once, token_file=token_file))
