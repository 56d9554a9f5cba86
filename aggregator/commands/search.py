"""A URL → what can be subscribed to there: asked for as every source is, read where every document is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.entry import Reading
    from aggregator.fetch.answer import Answer, Fetched
    from aggregator.fetch.http import Fetcher
    from aggregator.parse.job import Job
    from aggregator.parse.sandbox import Sandbox
    from aggregator.site import Polling
    from aggregator.source import PageList

_COMMON_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml")
_NOT_THERE = frozenset({403, 404, 405})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that can be subscribed to.

    Attributes:
        url: Where it is polled.
        page: How it is read if it is a page. None: it is a feed.
        reading: What was in it just now.
    """

    url: str
    page: "PageList | None"
    reading: "Reading"


async def search(url: str, polling: "Polling", zone: "ZoneInfo") -> "list[Choice]":
    """Find what can be subscribed to.

    A feed at the URL itself; else the feeds that the page's <head> names, else one under a common path; and then the
    lists of headlines on the page.

    Args:
        url: http or https.
        polling: Its pace, and the private networks that may be asked.
        zone: In which pages print dates without a zone.

    Returns:
        At least one.

    Raises:
        typer.Exit: There is none, and that was said.
    """
    from datetime import UTC, datetime

    from aggregator.fetch.http import Fetcher
    from aggregator.parse.sandbox import Sandbox

    async with Fetcher(polling) as fetcher, Sandbox(max_workers=1) as sandbox:
        return await _Search(fetcher, sandbox, zone, datetime.now(UTC)).choices(url)


class _Search:
    """One search: asks through the one door to the network, with its guard, its limits and its pace."""

    def __init__(self, fetcher: "Fetcher", sandbox: "Sandbox", zone: "ZoneInfo", now: "datetime") -> None:
        self._fetcher, self._sandbox = fetcher, sandbox
        self._zone, self._now = zone, now

    async def choices(self, url: str) -> list[Choice]:
        """Find at least one; else say why not, and end."""
        from aggregator.errors import SourceError

        found = await self._fetch(url)
        if isinstance(found, str):
            _fail(url, found)
        feed = await self._as_feed(url, found)
        if not isinstance(feed, str):
            return [feed]
        try:
            offers = await self._sandbox.look_around(self._job(found))
        except SourceError as error:
            _fail(url, str(error))
        feeds = await self._named(offers.feeds) or await self._under_common_paths(found.url)
        lists, reason = await self._lists(url, found, offers.headings)
        if not feeds and not lists:
            _fail(url, f"neither a feed nor headlines found: {reason}")
        return [*feeds, *lists]

    async def _named(self, urls: "Iterable[str]") -> list[Choice]:
        """Read the feeds that a page names; what cannot be read is told."""
        feeds = []
        for url in urls:
            choice = await self._feed(url)
            if isinstance(choice, str):
                typer.echo(f"{url}: {choice}", err=True)
            else:
                feeds.append(choice)
        return feeds

    async def _under_common_paths(self, page: str) -> list[Choice]:
        from urllib.parse import urljoin

        from aggregator.fetch.answer import Failed, Fetched, Refused

        bases = dict.fromkeys((urljoin(page, "."), urljoin(page, "/")))
        for url in (urljoin(base, path) for base in bases for path in _COMMON_PATHS):
            answer = await self._ask(url)
            if isinstance(answer, Fetched):
                choice = await self._as_feed(url, answer)
                if not isinstance(choice, str):
                    return [choice]
            elif isinstance(answer, Failed) or (isinstance(answer, Refused) and answer.status not in _NOT_THERE):
                break  # 429, 503, a host that hangs: it is not asked on
        return []

    async def _lists(self, url: str, found: "Fetched", headings: "Sequence[str]") -> tuple[list[Choice], str]:
        """Read the largest list of a page, and those below headings; else say why there is none."""
        from aggregator.source import PageList

        largest = await self._read(found, PageList())
        lists = []
        for page in (PageList(heading=heading) for heading in headings):
            reading = await self._read(found, page)
            if not isinstance(reading, str):
                lists.append(Choice(url=url, page=page, reading=reading))
        if isinstance(largest, str):
            return lists, largest
        # A list that a heading names is found again when the page grows others.
        lists.sort(key=lambda choice: choice.reading.listing != largest.listing)
        if not lists or lists[0].reading.listing != largest.listing:
            lists.insert(0, Choice(url=url, page=PageList(), reading=largest))
        return lists, ""

    async def _feed(self, url: str) -> Choice | str:
        found = await self._fetch(url)
        return found if isinstance(found, str) else await self._as_feed(url, found)

    async def _as_feed(self, url: str, found: "Fetched") -> Choice | str:
        reading = await self._read(found)
        return reading if isinstance(reading, str) else Choice(url=found.moved_to or url, page=None, reading=reading)

    async def _fetch(self, url: str) -> "Fetched | str":
        """Give the document, or what was wrong."""
        from aggregator.fetch.answer import Failed, Fetched, Refused

        answer = await self._ask(url)
        if isinstance(answer, Fetched):
            return answer
        return answer.detail if isinstance(answer, Failed | Refused) else f"answered {type(answer).__name__}"

    async def _ask(self, url: str) -> "Answer":
        from aggregator.source import Source, Validators

        return await self._fetcher.fetch(Source(id=url, name=url, urls=(url,)), url, Validators())

    async def _read(self, found: "Fetched", page: "PageList | None" = None) -> "Reading | str":
        """Give what is in the document, or what was wrong."""
        from aggregator.errors import SourceError

        try:
            return await self._sandbox.read(self._job(found, page))
        except SourceError as error:
            return str(error)

    def _job(self, found: "Fetched", page: "PageList | None" = None) -> "Job":
        from zoneinfo import ZoneInfo

        from aggregator.parse.job import Job

        return Job(
            body=found.body,
            url=found.url,
            content_type=found.content_type,
            page=page,
            zone=self._zone if page else ZoneInfo("UTC"),  # as feeds.yaml will have it
            language=None,
            now=self._now,
            known=frozenset(),
        )


def _fail(url: str, text: str) -> "NoReturn":
    typer.echo(f"{url}: {text}", err=True)
    raise typer.Exit(1)
