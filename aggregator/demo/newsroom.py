"""Serves the invented outlets on 127.0.0.1, and remembers what it told to whom."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from gzip import compress
from hashlib import sha256
from typing import Final, TypeAlias

from aiohttp import web

from aggregator.demo import wire
from aggregator.demo.layout import CONTENT_TYPES, Line, Pace, article, document, line_of
from aggregator.demo.outlets import OUTLETS, Outlet

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TOPICS: Final = """\
topics:
  - {slug: bencana, title: Bencana, match: 'gempa OR banjir OR longsor OR quake OR flood OR landslide'}
  - {slug: english, title: In English, languages: [en]}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One headline as an outlet first listed it in an answer; a revised title is another publication.

    Attributes:
        source: The outlet's name, as in `Newsroom.feeds_yaml`.
        event: Publications of one event tell the same story, whatever their words.
        guid: As listed; of a page, the link.
        title: Plain text.
        link: Absolute.
        published_at: UTC, whole seconds; a dateless outlet does not print it.
        listed_at: UTC: when the answer was made.
    """

    source: str
    event: int
    guid: str
    title: str
    link: str
    published_at: datetime
    listed_at: datetime


class Newsroom:
    """Invented outlets on one port of 127.0.0.1, each with its own path, format and vices.

    Attributes:
        published: All that was ever listed in an answer with status 200, in that order; append-only.
        requests: How often each route was answered with each status: ("/gelanggang/index.rdf", 304) → 7.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        seed: int = 7,
        clock: Callable[[], datetime],
        on_published: Callable[[Publication], None] | None = None,
    ) -> None:
        """Prepare; nothing listens yet.

        Args:
            speed: Seconds of the newsroom's time in a second of `clock`; above 0. At 60 there is a headline a second.
            seed: Another seed, other news.
            clock: Gives the present instant, UTC.
            on_published: Called with each publication before the answer that carries it is sent.
        """
        self.published: list[Publication] = []
        self.requests: Counter[tuple[str, int]] = Counter()
        self._speed = speed
        self._seed = seed
        self._clock = clock
        self._on_published = on_published
        self._asked: Counter[str] = Counter()
        self._known: set[tuple[str, int, str]] = set()
        self._runner: web.AppRunner | None = None
        self._base = ""
        self._pace = Pace(opened_at=clock().replace(microsecond=0), speed=speed)

    async def start(self, port: int = 0) -> str:
        """Open: wire time starts to run.

        Args:
            port: 0 takes a free one.

        Returns:
            The base URL, as in "http://127.0.0.1:40713".

        Raises:
            OSError: the port is taken.
        """
        self._pace = Pace(opened_at=self._clock().replace(microsecond=0), speed=self._speed)
        runner = web.AppRunner(self._application(), access_log=None)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self._base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self._base

    async def stop(self) -> None:
        """Close the port and all connections. Closing twice changes nothing."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def feeds_yaml(self) -> str:
        """Write the feeds.yaml that polls this newsroom; it has to be open, for its port is in it."""
        sources = "".join(f"  - {{{_source(outlet, self._base)}}}\n" for outlet in OUTLETS)
        return (
            "site: {title: Kabar Demo, language: id, timezone: Asia/Jakarta}\n"
            'poll: {every: 1m, host_gap: 0s, per_host: 12, allow_private: ["127.0.0.1/32"]}\n'
            f"sources:\n{sources}{_TOPICS}"
        )

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._count])
        for outlet in OUTLETS:
            application.router.add_get(outlet.path, partial(self._list, outlet))
            application.router.add_get(
                f"/{outlet.slug}/baca/{{event:[0-9]{{1,9}}}}-{{slug}}", partial(self._article, outlet)
            )
            if outlet.old_file is not None:
                application.router.add_get(outlet.configured_path, partial(_moved, outlet))
        return application

    @web.middleware
    async def _count(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "unknown"
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            self.requests[route, refusal.status] += 1
            raise
        self.requests[route, response.status] += 1
        return response

    async def _list(self, outlet: Outlet, request: web.Request) -> web.Response:
        self._asked[outlet.slug] += 1
        asked = self._asked[outlet.slug]
        await asyncio.sleep(outlet.slow_seconds)
        now = self._clock()
        elapsed = self._pace.elapsed(now)
        status = outlet.status(asked=asked, elapsed=elapsed)
        if status != web.HTTPOk.status_code:
            return web.Response(status=status, text=f"{outlet.name}: {status}\n")
        told = wire.listing(outlet, seed=self._seed, elapsed=elapsed, limit=outlet.size)
        favourites = wire.popular(outlet, seed=self._seed, elapsed=elapsed) if outlet.format == "page" else ()
        printed = partial(line_of, outlet, base=self._base, pace=self._pace, elapsed=elapsed, asked=asked)
        lines, popular = tuple(map(printed, told)), tuple(map(printed, favourites))
        body = document(outlet, lines, popular=popular, home=self._base + outlet.path)
        modified_at = max(line.updated_at for line in (*lines, *popular))
        response = _conditional(request, body, CONTENT_TYPES[outlet.format], modified_at)
        if response.status == web.HTTPOk.status_code:
            self._note(outlet, lines, now)
        return response

    async def _article(self, outlet: Outlet, request: web.Request) -> web.Response:
        elapsed = self._pace.elapsed(self._clock())
        told = wire.dispatch(outlet, seed=self._seed, event=int(request.match_info["event"]))
        if told is None or told.sent > elapsed:
            raise web.HTTPNotFound
        line = line_of(outlet, told, base=self._base, pace=self._pace, elapsed=elapsed, asked=0)
        return _conditional(request, article(outlet, line), "text/html", line.updated_at)

    def _note(self, outlet: Outlet, lines: tuple[Line, ...], now: datetime) -> None:
        """Write down what is listed for the first time, oldest first."""
        for line in reversed(lines):
            key = (outlet.slug, line.event, line.title)
            if key in self._known:
                continue
            self._known.add(key)
            publication = Publication(
                source=outlet.name,
                event=line.event,
                guid=line.guid,
                title=line.title,
                link=line.link,
                published_at=line.published_at,
                listed_at=now,
            )
            self.published.append(publication)
            if self._on_published is not None:
                self._on_published(publication)


async def _moved(outlet: Outlet, request: web.Request) -> web.Response:
    del request  # aiohttp hands it to every handler
    raise web.HTTPMovedPermanently(outlet.path)


def _conditional(request: web.Request, body: bytes, content_type: str, modified_at: datetime) -> web.Response:
    """Answer 200 or 304 (RFC 9110 §13.2.2): If-Modified-Since counts only where there is no If-None-Match.

    The coded body is another representation and has its own strong ETag (§8.8.3.3).
    """
    plain = sha256(body).hexdigest()[:32]
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {"Vary": "Accept-Encoding", "ETag": f'"{plain}-gzip"' if gzipped else f'"{plain}"'}
    if _is_known(request, {"*", plain, f"{plain}-gzip"}, modified_at):
        response = web.Response(status=304, headers=headers)
    elif gzipped:
        headers["Content-Encoding"] = "gzip"
        response = web.Response(
            body=compress(body, mtime=0), content_type=content_type, charset="utf-8", headers=headers
        )
    else:
        response = web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
    response.last_modified = modified_at
    return response


def _is_known(request: web.Request, tags: set[str], modified_at: datetime) -> bool:
    if request.if_none_match is not None:
        return any(tag.value in tags for tag in request.if_none_match)
    since = request.if_modified_since
    return since is not None and modified_at <= since


def _source(outlet: Outlet, base: str) -> str:
    """One line of `sources`: a flow mapping without its braces."""
    parts = [f"name: {outlet.name}", f'url: "{base}{outlet.configured_path}"', f"language: {outlet.language}"]
    if outlet.format == "page":
        parts += ["page: {list: UPDATE}", "timezone: Asia/Jakarta"]
    if not outlet.agency and outlet.format != "page":
        parts.append(f"topics: [{outlet.subjects[0]}]")
    if outlet.weight != 1:
        parts.append(f"weight: {outlet.weight:g}")
    return ", ".join(parts)
