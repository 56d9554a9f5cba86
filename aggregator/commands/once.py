"""`aggregator once`: one pass over what is due, for cron and static hosting."""

from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.commands.options import (
    DEFAULT_LISTEN,
    DEFAULT_STATE,
    FeedsOption,
    StateOption,
    read_feeds,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from aggregator.house import House
    from aggregator.load.feeds_yaml import FeedsFile
    from aggregator.report import Report
    from aggregator.source import Source

_UNDER_WAY = 1_000


def once(
    feeds: FeedsOption = None,
    state: StateOption = DEFAULT_STATE,
    everything: Annotated[
        bool, typer.Option("--all", help="Ask every source, due or not; never inside a Retry-After or after a 410.")
    ] = False,
    at_once: Annotated[
        int | None, typer.Option("--at-once", min=1, max=512, help="Requests under way at the same time.")
    ] = None,
) -> None:
    """Poll what is due, publish to `state/public/`, print a summary, and end.

    Ends with 0 even if sources failed, with 2 if feeds.yaml is wrong, and with 3 if another process owns the state.

    **Examples**

    - `aggregator once`
    - `aggregator once --all --feeds planet.yaml --state /var/lib/planet`
    - in a crontab: `*/5 * * * * cd /srv/planet && aggregator once`
    """
    from dataclasses import replace

    configuration = read_feeds(feeds)
    if at_once is not None:
        configuration = replace(configuration, polling=replace(configuration.polling, at_once=at_once))
    run(_once(configuration, state, everything=everything))


async def _once(feeds: "FeedsFile", state: "Path", *, everything: bool) -> None:
    from datetime import UTC, datetime
    from functools import partial

    from aggregator.house import open_house

    clock = partial(datetime.now, UTC)
    now = clock()
    async with open_house(feeds, state, base_url=f"http://{DEFAULT_LISTEN}", now=now, spread_new=False) as house:
        for note in house.store.notes:
            typer.echo(note, err=True)
        sources = house.askable(now=now) if everything else house.due(now=now)
        reports = await poll_all(house, sources, clock)
        await house.dismiss_readers()
        if any(report.new for report in reports):
            await house.tidy_daily(now=now)
        await house.listen_for_silence()
        await _publish(house)
        if any(report.new for report in reports):
            await house.close_months(now=now)
            await _publish(house)
        house.remember()
    _summarise(sources, reports, skipped=len(house.sources) - len(sources))
    house.edition.archive.check()  # last: all else is published


async def _publish(house: "House") -> None:
    """Publish to the end: of what only archives show, each turn takes a part."""
    from aggregator.edition import FILED_AT_ONCE

    await house.publish(beside=FILED_AT_ONCE)
    while house.edition.is_pending:
        await house.publish(beside=FILED_AT_ONCE)


async def poll_all(house: "House", sources: "Sequence[Source]", clock: "Callable[[], datetime]") -> "list[Report]":
    """Poll each source once, a thousand at the same time; each as of when its turn comes, which may be minutes later.

    Args:
        house: The newsroom.
        sources: Those to be asked.
        clock: Tells the time, UTC.
    """
    import asyncio

    room = asyncio.Semaphore(_UNDER_WAY)
    progress = _Progress(len(sources))

    async def one(source: "Source") -> "Report":
        async with room:
            report = await house.poll(source, now=clock())
        progress.advance(source.name)
        return report

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(source)) for source in sources]
    except ExceptionGroup as errors:
        raise _first(errors) from errors
    finally:
        progress.end()
    return [task.result() for task in tasks]


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    """Give the first of several passes' errors: they tell of the same disk."""
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


class _Progress:
    """One line on a terminal that says how far we are; nothing where nobody looks."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = typer.get_text_stream("stderr").isatty() and total > 0

    def advance(self, name: str) -> None:
        """Count one source."""
        self._done += 1
        if self._shown:
            typer.echo(f"\r\x1b[K{self._done}/{self._total} {name[:60]}", nl=False, err=True)

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            typer.echo("\r\x1b[K", nl=False, err=True)


def _summarise(sources: "list[Source]", reports: "list[Report]", *, skipped: int) -> None:
    for source, report in zip(sources, reports, strict=True):
        if report.error is not None:
            typer.echo(f"{source.name}: {report.error}", err=True)
    unmodified = sum(report.answer == "304" for report in reports)
    failed = sum(not report.ok for report in reports)
    typer.echo(
        f"{len(reports)} polled ({unmodified} not modified, {failed} failed), {skipped} not due: "
        f"{sum(report.new for report in reports)} new headlines, {sum(report.revised for report in reports)} revised, "
        f"{sum(report.parsed for report in reports)} entries parsed"
    )
