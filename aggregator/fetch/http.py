"""The one door to the network: a Source's URL → an Answer. Everything a publisher can do comes out as a value."""

import asyncio
import math
import re
import socket  # noqa: TID251  the guard makes the sockets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Final, Self

import aiohttp
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDict
from yarl import URL

from aggregator.descriptors import for_publishers
from aggregator.fetch.answer import Answer, Failed, Held
from aggregator.fetch.conditional import BODIES, Reply, operator_headers, printable, read_response, request_headers
from aggregator.fetch.decoding import Body, BodyError, too_large
from aggregator.fetch.failures import CONNECTION_ERRORS, blocked, explain, is_ours
from aggregator.fetch.guard import BlockedAddressError, may_connect
from aggregator.fetch.names import Names
from aggregator.fetch.neighbours import Neighbours
from aggregator.fetch.pace import SLOW_AFTER_SECONDS, Pace
from aggregator.fetch.wire import BoundedConnector, note_progress
from aggregator.site import Network, Polling
from aggregator.source import Source, Validators
from aggregator.unread import Place, Unread

_SENDABLE: Final = re.compile(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})+")  # RFC 3986 §2
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})  # RFC 9110 §15.4.2, §15.4.9
_ANYWHERE: Final = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
_RECEIVE_BYTES: Final = 64 * 2**10
"""What the system takes in for us of one connection, and so the most that the event loop finds there at once: of talk
that is made to be costly, as many bytes take it 15 ms. Some 200 KB a second where an answer takes 0.3 s to come."""
_AUTH_FILE_BYTES: Final = 4096
_FEW: Final = 64  # connections
_LEFT_ALONE: Final = "not asked: while it waited for its turn, its host asked to be left alone (Retry-After)"
_ROOM_SECONDS: Final = 60.0  # for a large document; each place is held for less, as a rule
_NO_ROOM: Final = "not taken: too many large documents are here already; we try again"
_NO_FILES: Final = "not asked: too many files are open; allow us more (ulimit -n)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one source may cost.

    Attributes:
        body_bytes: Of the document, on the wire and decoded.
        ratio: Of decoded to wire bytes, above 1 MiB decoded.
        header_bytes: Of all headers of one response.
        redirects: Followed, at most.
        connect_seconds: For the name, the connection and TLS, together.
        first_byte_seconds: Of silence, before the first byte and between any two.
        total_seconds: For all of it, redirects included; waiting for a turn, or for room, does not count.
        slow_after_seconds: From the start of the body on; from then the mean rate must be slow_bytes_per_second. Once
            it is large, that of every so many seconds: a burst is no excuse to hold one of a few places.
        slow_bytes_per_second: Wire bytes.
        place_seconds: Of holding one of the places among those at once, while others wait for one (see pace.py).
    """

    body_bytes: int = 10 * 2**20
    ratio: int = 100
    header_bytes: int = 64 * 2**10
    redirects: int = 5
    connect_seconds: float = 10
    first_byte_seconds: float = 20
    total_seconds: float = 60
    slow_after_seconds: float = 10
    slow_bytes_per_second: int = 1024
    place_seconds: float = SLOW_AFTER_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trip:
    """What stays the same from the configured URL to the last redirect.

    Attributes:
        source: Who is asked.
        session: Whose connections may reach just what this source may.
        validators: As sent, at every hop.
        private: Headers for `start`'s origin alone.
        start: The configured URL, without credentials.
    """

    source: Source
    session: aiohttp.ClientSession
    validators: Validators
    private: Mapping[str, str]
    start: URL


class Fetcher:
    """Asks publishers. An async context manager; one for the whole program, so that the pace is kept over all of it."""

    def __init__(
        self,
        polling: Polling,
        *,
        limits: Limits = Limits(),
        resolver: AbstractResolver | None = None,
        is_held: Callable[[str], bool] = lambda _: False,
        unread: Unread | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            polling: Its pace, and the networks that every source may reach.
            limits: What one source may cost.
            resolver: Of names, for newsrooms of our own making. None: the system's. It cannot weaken the guard, which
                sees every address at connect time.
            is_held: Says of a URL, when its turn has come, whether its host is not to be asked now.
            unread: The large documents of all who hold any. None: nobody else does.
        """
        self._unread = unread or Unread()
        self._is_held = is_held
        self._limits = limits
        self._resolver = resolver or Names()
        self._most = for_publishers()
        self._pace = Pace(
            polling,
            clock=time.monotonic,
            sleep=asyncio.sleep,
            slow_after_seconds=limits.place_seconds,
            most=self._most,
        )
        self._timeout = aiohttp.ClientTimeout(connect=limits.connect_seconds, sock_read=limits.first_byte_seconds)
        self._sessions: dict[tuple[Network, ...], aiohttp.ClientSession] = {}
        self.follow(polling)

    def follow(self, polling: Polling) -> None:
        """Take over other settings for the requests to come. Those under way go on, and publishers notice nothing."""
        self._allow = polling.allow_private
        self._neighbours = Neighbours(
            polling.pace_by, self._resolver, at_once=polling.at_once, seconds=self._limits.connect_seconds
        )
        self._pace.follow(polling)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def fetch(self, source: Source, url: str, validators: Validators) -> Answer:
        """Ask once, following redirects.

        Nothing that a publisher can do is raised. With a proxy the names are the proxy's to resolve: only addresses
        written as such are checked, and what the proxy may reach is the operator's business.

        Args:
            source: Whose headers, credentials, proxy and permissions are used.
            url: One of its URLs, http or https. Credentials in it are sent as HTTP Basic, to its own origin only.
            validators: What that URL gave us last; empty ones make the request unconditional.
        """
        try:
            start = _web_url(_parsed(url))
        except ValueError:
            return Failed(kind="bad url", detail="not an http or https address; check the url in feeds.yaml")
        try:
            credentials = await _credentials(source, _as_written(source, start))
        except (OSError, ValueError):
            return Failed(
                kind="auth file", detail=f"{source.auth_file} cannot be read; it holds one line, user:password"
            )
        trip = _Trip(
            source=source,
            session=self._session(source),
            validators=validators,
            private=operator_headers(source, credentials) if _is_own_origin(source, start) else {},
            start=start.with_user(None),
        )
        return await self._follow(trip)

    async def _follow(self, trip: _Trip) -> Answer:
        at, trusted, permanent = trip.start, True, True
        seconds_left, waited_seconds = self._limits.total_seconds, 0.0
        for _ in range(self._limits.redirects + 1):
            trusted = trusted and str(at.origin()) == str(trip.start.origin())  # as text: http://x is http://x:80
            async with self._pace.turn(await self._turn_of(trip.source, at)) as seconds:
                if at == trip.start and self._is_held(str(at)):
                    return Held(why=_LEFT_ALONE)
                waited_seconds += seconds
                started = time.monotonic()
                reply = await self._ask(trip, at, trusted=trusted, seconds=seconds_left)
            took_seconds = time.monotonic() - started
            if isinstance(reply, Held):  # who has redirected us has been asked
                after = _whole(waited_seconds + took_seconds)
                return replace(reply, soon=reply.soon and at == trip.start, asked_after=after)
            if isinstance(reply, Failed):
                return replace(reply, asked_after=_whole(waited_seconds))
            location = reply.headers.get("location")
            if reply.status >= HTTPStatus.BAD_REQUEST:
                waited_seconds += took_seconds  # Retry-After counts from here on
            if reply.status not in _REDIRECTS or location is None:
                moved_to = str(at) if permanent and at != trip.start else None
                after = _whole(waited_seconds)
                return read_response(reply, trip.validators, url=str(at), moved_to=moved_to, asked_after=after)
            seconds_left, waited_seconds = seconds_left - took_seconds, waited_seconds + took_seconds
            permanent = permanent and reply.status in _PERMANENT
            try:
                at = _web_url(at.join(_parsed(location))).with_user(None).with_fragment(None)
            except ValueError:
                return Failed(
                    kind="redirects", detail="redirected to what is no http address; check the url in feeds.yaml"
                )
        return Failed(
            kind="redirects",
            detail=f"redirected more than {self._limits.redirects} times; open the url in a browser and write its end",
        )

    async def _turn_of(self, source: Source, at: URL) -> str:
        """Name the turn. Behind a proxy the names are the proxy's to resolve: none is looked up here."""
        return str(at.origin()) if source.proxy is not None else await self._neighbours.name(at)

    async def _ask(self, trip: _Trip, at: URL, *, trusted: bool, seconds: float) -> Reply | Failed | Held:
        """Send one request. Headers of the operator's go along only if the hop is `trusted`."""
        host = printable(at.host or "")
        headers = CIMultiDict(request_headers(trip.validators))
        if trusted:
            headers.update(trip.private)
        proxy = trip.source.proxy
        if proxy is not None and not self._may_ask_proxy_for(trip.source, at):
            return blocked(host, host)
        try:
            async with (
                asyncio.timeout(seconds) as deadline,
                trip.session.get(at, headers=headers, allow_redirects=False, proxy=proxy) as response,
            ):
                return await self._read(response, deadline)
        except CONNECTION_ERRORS as error:
            return Held(why=_NO_FILES, soon=True) if is_ours(error) else explain(error, host)

    async def _read(self, response: aiohttp.ClientResponse, deadline: asyncio.Timeout) -> Reply | Held:
        """Take status and headers, and the body where it is a document; any other is left unread."""
        limits = self._limits
        if sum(len(name) + len(value) for name, value in response.raw_headers) > limits.header_bytes:
            raise BodyError("too large", f"the headers are larger than {limits.header_bytes:,} bytes")
        headers = _joined(response.headers)
        headers.setdefault("date", formatdate(usegmt=True))  # RFC 9110 §6.6.1: whoever has a clock adds it
        if response.status not in BODIES:
            return Reply(status=response.status, headers=headers)
        body = Body(headers.get("content-encoding", ""), limit_bytes=limits.body_bytes, ratio=limits.ratio)
        if (response.content_length or 0) > limits.body_bytes:
            raise too_large(limits.body_bytes)
        with self._unread.holding(0) as place:
            if not await self._collect(response, body, place, deadline):
                return Held(why=_NO_ROOM)
        return Reply(status=response.status, headers=headers, body=body.finish(), wire_bytes=body.wire_bytes)

    async def _collect(
        self, response: aiohttp.ClientResponse, body: Body, place: Place, deadline: asyncio.Timeout
    ) -> bool:
        """Take the body. False: it is large, and there was no room for that."""
        limits, started, before_bytes = self._limits, time.monotonic(), 0
        async for chunk in response.content.iter_any():
            body.feed(chunk)
            if place.is_outgrown(body.decoded_bytes):
                if not await _room(place, body.decoded_bytes, deadline):
                    return False
                started, before_bytes = time.monotonic(), body.wire_bytes
            note_progress(response, len(chunk))
            seconds, came_bytes = time.monotonic() - started, body.wire_bytes - before_bytes
            if seconds <= limits.slow_after_seconds:
                continue
            if came_bytes < limits.slow_bytes_per_second * seconds:
                raise BodyError(
                    "slow", f"it sends less than {limits.slow_bytes_per_second} bytes a second; we try again"
                )
            if place.is_large:
                started, before_bytes = time.monotonic(), body.wire_bytes
        return True

    def _session(self, source: Source) -> aiohttp.ClientSession:
        """Give the session of all sources that may reach the same networks: a pooled connection carries no permission.

        Behind a proxy every connection goes to the proxy, which the operator named: it may be anywhere.
        """
        allow = self._allowed(source) if source.proxy is None else _ANYWHERE
        session = self._sessions.get(allow)
        if session is None:
            connector = BoundedConnector(
                socket_factory=partial(_guarded_socket, allow),
                resolver=self._resolver,
                limit=0,  # pace.py decides
                force_close=self._most < _FEW,  # who is kept for later keeps a descriptor, too
            )
            session = self._sessions[allow] = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # decoding.py sees truncation and bombs, which aiohttp does not
                trust_env=False,
            )
        return session

    def _allowed(self, source: Source) -> tuple[Network, ...]:
        return tuple(dict.fromkeys(self._allow + source.allow_private))

    def _may_ask_proxy_for(self, source: Source, at: URL) -> bool:
        try:
            address = ip_address(at.host or "")
        except ValueError:  # a name
            return True
        return may_connect(address, self._allowed(source))


async def _room(place: Place, document_bytes: int, deadline: asyncio.Timeout) -> bool:
    """Wait until there is room for a large document, while its publisher's time stands still. Say whether there is."""
    ends, began = deadline.when(), asyncio.get_running_loop().time()
    deadline.reschedule(None)
    with suppress(TimeoutError):
        async with asyncio.timeout(_ROOM_SECONDS):
            await place.grow(document_bytes)
    if ends is not None:
        deadline.reschedule(ends + asyncio.get_running_loop().time() - began)
    return not place.is_outgrown(document_bytes)


def _guarded_socket(allow: tuple[Network, ...], info: AddrInfoType) -> socket.socket:
    """Make the socket for one connection, unless its address is blocked: nothing is sent, not even a SYN."""
    family, kind, protocol, _, sockaddr = info
    address = ip_address(sockaddr[0])
    if not may_connect(address, allow):
        raise BlockedAddressError(address)
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
    return made


def _is_own_origin(source: Source, start: URL) -> bool:
    """Say whether an address is at an origin that the operator wrote down: one adopted from a redirect may not be."""
    return str(start.origin()) in {str(URL(url).origin()) for url in source.urls}


def _as_written(source: Source, start: URL) -> URL:
    """Give the URL whose user and password count: an adopted address has none, the configured one of its origin may."""
    configured = [_parsed(url) for url in source.urls]
    here = (url for url in configured if str(url.origin()) == str(start.origin()))
    return start if start in configured else next(here, start)


def _parsed(text: str) -> URL:
    """Read an address, or a reference to one, and leave it as it is written if it can be sent so.

    yarl alone writes "%2C" as ",": whoever signs the addresses that he gives out knows no such one.

    Raises:
        ValueError: It is none.
    """
    try:
        url, given = URL(text), URL(text, encoded=True)
    except IndexError as error:  # yarl 1.25 on "http://[]@"
        raise ValueError(text) from error
    if not _SENDABLE.fullmatch(text) or "/." in given.raw_path:
        return url
    query = given.raw_query_string
    return URL.build(
        scheme=url.scheme, authority=url.raw_authority, path=given.raw_path, query_string=query, encoded=True
    )


def _web_url(url: URL) -> URL:
    """Give it back, or raise ValueError: not http(s), or no host."""
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("not an http or https address")
    return url


def _whole(seconds: float) -> timedelta:
    """Round up to whole seconds, in which HTTP counts; less than one is none."""
    return timedelta(seconds=math.ceil(seconds) if seconds >= 1 else 0)


def _joined(headers: Mapping[str, str]) -> dict[str, str]:
    """Lower the names; join the values of repeated ones (RFC 9110 §5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


async def _credentials(source: Source, start: URL) -> str | None:
    """Find "user:password"; raise OSError or ValueError where auth_file does not hold it."""
    if source.auth_file is not None:
        return await asyncio.to_thread(_first_line, source.auth_file)
    if start.user is None and start.password is None:
        return None
    return f"{start.user or ''}:{start.password or ''}"


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        line = file.readline(_AUTH_FILE_BYTES).decode().rstrip("\r\n")
    if ":" not in line:
        raise ValueError("not user:password")
    return line
