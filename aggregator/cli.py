"""The command line: names the commands. Each command imports what it needs when it runs, so that `--help` is quick."""

import sys
from typing import Annotated, NoReturn

import typer

from aggregator import VERSION
from aggregator.commands.add import add
from aggregator.commands.backup import backup
from aggregator.commands.check import check
from aggregator.commands.demo import demo
from aggregator.commands.export import export
from aggregator.commands.headlines import headlines
from aggregator.commands.import_ import import_
from aggregator.commands.once import once
from aggregator.commands.parse import parse
from aggregator.commands.repair import repair
from aggregator.commands.replay import replay
from aggregator.commands.restore import restore
from aggregator.commands.up import up
from aggregator.commands.watch import watch
from aggregator.commands.why import why
from aggregator.errors import AggregatorError, FeedsFileError, StateLockedError

_BAD_CONFIGURATION = 2
_LOCKED = 3

_commands = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    up,
    once,
    watch,
    check,
    add,
    import_,
    export,
    parse,
    headlines,
    why,
    replay,
    backup,
    restore,
    repair,
    demo,
):
    _commands.command(_command.__name__.rstrip("_"))(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aggregator {VERSION}")
        raise typer.Exit


@_commands.callback()
def _main(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Poll many news sources, fold repeated headlines into stories, and republish each topic as a feed.

    **Start with** `aggregator up` (the daemon, its web server and, on a terminal, the live view),
    or look at it without the internet: `aggregator demo`.
    """


def app() -> NoReturn:
    """Run the command line. Exit codes: 0 done; 1 it failed; 2 wrong usage or configuration; 3 state/ is in use."""
    try:
        _commands(prog_name="aggregator")
    except FeedsFileError as error:
        _fail(error, _BAD_CONFIGURATION)
    except StateLockedError as error:
        _fail(error, _LOCKED)
    except AggregatorError as error:
        _fail(error, 1)
    except BrokenPipeError:  # `aggregator headlines | head`
        sys.stderr.close()
    sys.exit(0)


def _fail(error: AggregatorError, code: int) -> NoReturn:
    typer.echo(str(error), err=True)
    sys.exit(code)
