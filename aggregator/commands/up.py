"""`aggregator up`: the daemon, its web server and, on a terminal, the live view."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import (
    DEFAULT_LISTEN,
    DEFAULT_STATE,
    FeedsOption,
    ListenOption,
    LogFormat,
    LogFormatOption,
    StateOption,
    read_feeds,
    read_feeds_at,
    run,
    split_listen,
)

if TYPE_CHECKING:
    from aggregator.commands.service import Manager
    from aggregator.daemon import Daemon
    from aggregator.load.feeds_yaml import FeedsFile

_OPEN_FILES = 10_000  # macOS allows 10,240
_SHIPPED = "using the shipped feeds.yaml; put your own here, or name it with --feeds"


def up(
    feeds: FeedsOption = None,
    state: StateOption = DEFAULT_STATE,
    listen: ListenOption = DEFAULT_LISTEN,
    view: Annotated[
        bool | None, typer.Option("--view/--no-view", help="Show the live view. [default: if this is a terminal]")
    ] = None,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> None:
    """Poll, publish and serve until Ctrl-C; on a terminal, show it live.

    A feeds.yaml that changes is read again, and on SIGHUP; a broken one is refused, and the running one kept.

    **Examples**

    - `aggregator up`
    - `aggregator up --feeds planet.yaml --state /var/lib/planet --listen 0.0.0.0:8080`
    - `aggregator up --no-view 2>&1 | tee aggregator.log`
    """
    from aggregator.load.feeds_yaml import find_feeds_file

    configuration = read_feeds(feeds)
    reread = partial(_reread, configuration.path)
    notices = (_SHIPPED,) if find_feeds_file(feeds).shipped else ()
    orders = Orders(
        feeds=configuration,
        reread=reread,
        state=state,
        listen=listen,
        view=view,
        log_format=log_format,
        notices=notices,
    )
    run(keep_up(orders))


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a daemon is to do.

    Attributes:
        feeds: The configuration to begin with.
        reread: Reads it again.
        state: state/.
        listen: HOST:PORT.
        view: Show the live view. None: if this is a terminal.
        log_format: How lines of the log are written.
        speed: Above 1, every wait is that much shorter.
        notices: Told in the status: what was written to standard error, the live view has covered.
    """

    feeds: "FeedsFile"
    reread: "Callable[[], FeedsFile]"
    state: Path
    listen: str
    view: bool | None
    log_format: LogFormat = LogFormat.TEXT
    speed: float = 1.0
    notices: tuple[str, ...] = ()


async def keep_up(orders: Orders) -> None:
    """Run a daemon until it is told to stop, be it while it starts. What it is told after that changes nothing."""
    import asyncio
    import contextlib
    import signal

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until we answer it: feeds.yaml is looked at once more by then
    with contextlib.suppress(asyncio.CancelledError):
        await _keep_up(orders)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(number)  # the loop's end would do it, and leave the default
        signal.signal(number, signal.SIG_IGN)


async def _keep_up(orders: Orders) -> None:
    import gc
    import logging
    import os
    from datetime import UTC, datetime

    from aggregator.commands.logs import log_to_file, log_to_stderr
    from aggregator.commands.service import manager_in
    from aggregator.commands.view import show
    from aggregator.daemon import Daemon
    from aggregator.house import open_house
    from aggregator.load.changes import content_of

    gc.disable()  # nearly all that a start makes is kept: looked through again and again, it would take twice as long
    manager, content = manager_in(os.environ), content_of(orders.feeds.path)
    _open_many_files()
    host, port = split_listen(orders.listen)
    viewed = _is_terminal() if orders.view is None else orders.view
    clock = partial(datetime.now, UTC)
    port = port or await _free_port(host)  # it stands in every link: it must be known before anything is rendered
    base_url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    async with open_house(orders.feeds, orders.state, base_url=base_url, now=clock(), speed=orders.speed) as house:
        log_to_stderr(orders.log_format)
        if viewed:
            log_to_file(orders.state / "log", orders.log_format)
        _warn_of_open_token(orders.feeds)
        for note in house.store.notes:
            logging.getLogger("aggregator").warning("%s", note)
        notices = (*orders.notices, *house.store.notes)
        daemon = Daemon(
            house,
            clock=clock,
            elapsed=_elapsed,
            reread=orders.reread,
            notices=notices,
            reloading=manager.reloading,
        )
        tell = partial(show, daemon, orders.log_format) if viewed else partial(_announce, orders)
        daemon.accompany(reload_with(orders.feeds.path, daemon.reload, since=content))
        await daemon.run(host, port, ready=partial(_settle, tell, daemon, manager))


async def reload_with(path: Path, reload: Callable[[], None], *, since: bytes | None) -> None:
    """Have feeds.yaml read again whenever it holds something new; for ever.

    Args:
        path: Of feeds.yaml.
        reload: Has it read again.
        since: What it held when it was first read.
    """
    import logging
    from contextlib import aclosing

    from aggregator.load.changes import changes

    try:
        async with aclosing(changes(path, since=since)) as told:
            async for _ in told:
                reload()
    except (OSError, RuntimeError) as error:  # watchfiles raises both, where the system allows no more watches
        log = logging.getLogger("aggregator")
        log.warning("%s is not watched: %s; send SIGHUP when it has changed", path, error)


def _reread(path: Path) -> "FeedsFile":
    feeds = read_feeds_at(path)
    _warn_of_open_token(feeds)
    return feeds


def _warn_of_open_token(feeds: "FeedsFile") -> None:
    import logging

    token = feeds.site.token
    if token is not None and token.file.stat().st_mode & 0o007:
        log = logging.getLogger("aggregator")
        log.warning("%s: every user of this machine can read it; chmod 600 %s", token.file, token.file)


def _open_many_files() -> None:
    """Use what the system allows: a shell's own limit, often 256 or 1,024 files, leaves few places for readers."""
    import resource

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(most, _OPEN_FILES)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def _settle(tell: Callable[[str], Awaitable[None]], daemon: "Daemon", manager: "Manager", url: str) -> None:
    """Take what was loaded for what stays, and tell that we serve."""
    import gc

    gc.freeze()  # looked through again, 10,000 sources and their headlines hold the event loop for 150 ms
    gc.enable()
    daemon.accompany(manager.attend())
    await tell(url)


async def _announce(orders: Orders, url: str) -> None:
    import logging

    log = logging.getLogger("aggregator")
    log.info("polling %d sources of %s; state in %s", len(orders.feeds.sources), orders.feeds.path, orders.state)
    log.info("subscribe to %s/update.rss", orders.feeds.site.url or url)


async def _free_port(host: str) -> int:
    from aggregator.serve.http import Server

    async with Server({}, live={}) as server:
        url = await server.start(host, 0)
        return int(url.rpartition(":")[2])


def _elapsed() -> float:
    """Tell seconds by a clock that nobody sets, and that goes on while the machine sleeps, where there is one."""
    import sys
    import time

    # CLOCK_MONOTONIC stands still while Linux sleeps, but goes on while macOS does; time.monotonic() does in neither.
    return time.clock_gettime(time.CLOCK_BOOTTIME if sys.platform == "linux" else time.CLOCK_MONOTONIC)


def _is_terminal() -> bool:
    import os
    import sys

    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
