"""`aggregator demo`: the real daemon against a newsroom of invented outlets, without the internet."""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import ListenOption, run

if TYPE_CHECKING:
    from pathlib import Path

_SPEED = 30.0


def demo(
    listen: ListenOption = "127.0.0.1:0",
    view: Annotated[
        bool | None, typer.Option("--view/--no-view", help="Show the live view. [default: if this is a terminal]")
    ] = None,
) -> None:
    """Watch headlines flow within seconds, without the internet and without leaving anything behind.

    Starts a newsroom of invented outlets on this machine and runs the daemon against it, thirty times as fast as life.
    Some outlets are slow, broken or badly dated on purpose: the view shows how each is told apart.

    **Examples**

    - `aggregator demo`
    - `aggregator demo --listen 127.0.0.1:8080`
    """
    run(_demo(listen, view=view))


async def _demo(listen: str, *, view: bool | None) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="aggregator-demo-") as folder:  # in here, where a signal cannot leave it behind
        await _run_beside_newsroom(Path(folder), listen, view=view)


async def _run_beside_newsroom(folder: "Path", listen: str, *, view: bool | None) -> None:
    from datetime import UTC, datetime
    from functools import partial

    from aggregator.commands.options import read_feeds_at
    from aggregator.commands.up import Orders, keep_up
    from aggregator.demo.newsroom import Newsroom

    newsroom = Newsroom(speed=_SPEED, clock=partial(datetime.now, UTC))
    await newsroom.start()
    try:
        path = folder / "feeds.yaml"
        path.write_text(newsroom.feeds_yaml(), encoding="utf-8")
        reread = partial(read_feeds_at, path)
        orders = Orders(feeds=reread(), reread=reread, state=folder / "state", listen=listen, view=view, speed=_SPEED)
        await keep_up(orders)
    finally:
        await newsroom.stop()
