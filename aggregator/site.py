"""What feeds.yaml says about the whole newsroom: who we are and how we poll."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

Network: TypeAlias = IPv4Network | IPv6Network
PaceBy: TypeAlias = Literal["host", "ip", "domain"]

_SECRET: Final = re.compile(r"[\x21-\x7e]{16,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What readers have to know.

    Attributes:
        file: Where it is written.
        secret: The token, ASCII; it is shown nowhere.
    """

    file: Path
    secret: bytes = field(repr=False)


def secret_in(text: str) -> bytes:
    """Read what a token's file holds: one token, perhaps with blanks around it.

    Raises:
        ValueError: It holds none; says what to write, and nothing of what is there.
    """
    secret = text.strip()
    if not _SECRET.fullmatch(secret):
        raise ValueError("it holds no token; write one of 16 to 512 letters and digits, as from openssl rand -hex 24")
    return secret.encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who publishes.

    Attributes:
        title: Plain text; heads the front page and every feed.
        url: Absolute, without a trailing slash: what readers type. None: derived from `--listen`.
        language: RFC 5646, as in "id" or "en-us"; of pages and feeds, and of topics that name no other.
        zone: Dates are *shown* in this zone; everything kept and published as data is UTC.
        hub: The WebSub hub that feeds point to; whoever runs it has it told of news. None: there is none.
        token: What readers of the daemon have to know; no document tells of it. None: nothing.
    """

    title: str
    url: str | None
    language: str
    zone: ZoneInfo
    hub: str | None = None
    token: Token | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How sources are asked, unless a source says otherwise.

    Attributes:
        every: The first guess of a source's interval; at least a minute.
        at_once: Requests under way at the same time, over all hosts.
        per_host: Connections to one scheme + name + port at the same time.
        host_gap: From the end of one request to a host to the start of the next; zero switches the gap off.
        allow_private: Networks that may be polled though they are private (RFC 1918, loopback, …).
        pace_by: Whose turns `per_host` and `host_gap` count: of scheme + name + port, of all names at one IP address,
            or of a registrable domain (example.co.uk) with all names below it.
        retry_scope: Whom a Retry-After holds back: the source that got it, or every source of its host.
    """

    every: timedelta
    at_once: int
    per_host: int
    host_gap: timedelta
    allow_private: tuple[Network, ...]
    pace_by: PaceBy = "host"
    retry_scope: Literal["url", "host"] = "url"
