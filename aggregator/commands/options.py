"""What several commands share: options that mean the same in each, and the way they are carried out."""

from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

if TYPE_CHECKING:
    from aggregator.load.feeds_yaml import FeedsFile

T = TypeVar("T")

FeedsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--feeds", metavar="FILE", help="The configuration. [default: ./feeds.yaml, else the shipped one]"),
]
OwnFeedsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--feeds", metavar="FILE", help="The configuration; begun if missing. [default: ./feeds.yaml]"),
]
StateOption: TypeAlias = Annotated[
    Path, typer.Option("--state", metavar="DIR", help="Where headlines and schedule are kept.")
]
ListenOption: TypeAlias = Annotated[
    str, typer.Option("--listen", metavar="HOST:PORT", help="Where readers find the feeds; port 0 takes any.")
]


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


LogFormatOption: TypeAlias = Annotated[
    LogFormat, typer.Option("--log-format", help="Log lines for people, or one JSON object a line.")
]

DEFAULT_STATE = Path("state")
DEFAULT_LISTEN = "127.0.0.1:8080"


def read_feeds(named: Path | None) -> "FeedsFile":
    """Read the configuration that is meant, and say so where it is the shipped one.

    Raises:
        FeedsFileError: It cannot be used.
    """
    from aggregator.load.feeds_yaml import find_feeds_file

    found = find_feeds_file(named)
    if found.shipped:
        typer.echo(f"no ./feeds.yaml here: using the shipped one, {found.path}", err=True)
        typer.echo("put your own at ./feeds.yaml, or name it with --feeds", err=True)
    return read_feeds_at(found.path)


def read_feeds_at(path: Path) -> "FeedsFile":
    """Read one configuration.

    Raises:
        FeedsFileError: It cannot be used.
    """
    from aggregator.load.feeds_yaml import read_feeds_file
    from aggregator.merge.match import parse_match

    return read_feeds_file(path, read_match=parse_match, check_cron=check_cron)


def check_cron(expression: str) -> None:
    """Raise ValueError with what is wrong with a cron expression."""
    from aggregator.schedule.cron import check_cron  # APScheduler: a newsroom without cron does not pay for it

    check_cron(expression)


def split_listen(listen: str) -> tuple[str, int]:
    """Read "127.0.0.1:8080", "[::1]:8080", ":8080" or "8080".

    Raises:
        typer.BadParameter: It is none of these.
    """
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004  the largest port
        raise typer.BadParameter(
            f'"{listen}" is no address; write HOST:PORT, as in {DEFAULT_LISTEN}', param_hint="--listen"
        )
    return host.strip("[]") or "127.0.0.1", int(port)


def run(work: Coroutine[object, object, T]) -> T:
    """Carry out what a command does, and give what comes of it.

    Ctrl-C and SIGTERM end it cleanly, with the exit code of the signal.

    Raises:
        typer.Exit: It was interrupted.
    """
    import asyncio
    import sys

    try:
        if sys.platform == "win32":
            return asyncio.run(work)
        import uvloop

        return uvloop.run(_ended_by_sigterm(work))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except asyncio.CancelledError:
        raise typer.Exit(143) from None


async def _ended_by_sigterm(work: Coroutine[object, object, T]) -> T:
    """Cancel on SIGTERM, as asyncio does on Ctrl-C. The daemon answers both signals itself, once it runs."""
    import asyncio
    import signal

    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task
