"""Dispatches → the document that lists them, in the format of its outlet, broken where the outlet is.

Nothing here is stamped "now": as long as the lines are the same, the bytes are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from json import dumps
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from aggregator.demo.outlets import Format, Outlet
from aggregator.demo.wire import Dispatch

CONTENT_TYPES: Final[dict[Format, str]] = {
    "rss20": "application/rss+xml",
    "rss10": "application/rdf+xml",
    "atom10": "application/atom+xml",
    "json11": "application/feed+json",
    "page": "text/html",
}

JAKARTA: Final = ZoneInfo("Asia/Jakarta")
_DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS: Final = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How wire time runs against the clock.

    Attributes:
        opened_at: Wire time zero. UTC, whole seconds.
        speed: Seconds of wire time in a second; above 0. The backlog is not compressed: what came before the opening
            keeps its plausible distance.
    """

    opened_at: datetime
    speed: float

    def elapsed(self, now: datetime) -> timedelta:
        """Give the wire time; it moves in steps of a whole second of the clock.

        Two documents of one outlet therefore never share a Last-Modified (RFC 9110 §8.8.2.2).
        """
        return (now - self.opened_at) // timedelta(seconds=1) * timedelta(seconds=self.speed)

    def instant(self, wire: timedelta) -> datetime:
        """Give the instant at which a wire time shows, in whole seconds: what is printed as its date."""
        if wire <= timedelta(0):
            return self.opened_at + wire
        steps = -(-wire // timedelta(seconds=self.speed))  # rounded up, without floats
        return self.opened_at + timedelta(seconds=steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One headline as an outlet lists it.

    Attributes:
        event: The number of what happened; no document tells it.
        guid: RSS guid, RDF about, Atom or JSON Feed id; of a page, the link.
        title: Plain text.
        link: Absolute.
        summary: Plain text.
        category: The section.
        published_at: UTC, whole seconds.
        updated_at: UTC, whole seconds: `published_at`, or the last revision.
    """

    event: int
    guid: str
    title: str
    link: str
    summary: str
    category: str
    published_at: datetime
    updated_at: datetime


def line_of(outlet: Outlet, told: Dispatch, *, base: str, pace: Pace, elapsed: timedelta, asked: int) -> Line:
    """Print a dispatch.

    Args:
        outlet: Who sent it.
        told: What it sent.
        base: The newsroom's address, without a trailing slash.
        pace: Turns wire time into instants.
        elapsed: Wire time of the printing.
        asked: How often the outlet was asked: what a restless outlet spoils its guids with.
    """
    link = base + told.link
    guid = link if outlet.format in ("page", "rss10") else f"tag:{outlet.slug}.example,2026:{told.event}"
    return Line(
        event=told.event,
        guid=f"{guid}:{asked}" if outlet.restless else guid,
        title=told.title_at(elapsed),
        link=link,
        summary=told.summary,
        category=told.subject,
        published_at=pace.instant(told.sent),
        updated_at=pace.instant(told.updated_by(elapsed)),
    )


def document(outlet: Outlet, lines: tuple[Line, ...], *, popular: tuple[Line, ...], home: str) -> bytes:
    """Write an outlet's document, UTF-8.

    Args:
        outlet: Decides the format and the damage.
        lines: Newest first; at least one.
        popular: The "Populer" list of a page; feeds have none.
        home: The outlet's own address.
    """
    match outlet.format:
        case "rss20":
            text = _rss20(outlet, lines, home)
        case "rss10":
            text = _rss10(outlet, lines, home)
        case "atom10":
            text = _atom10(outlet, lines, home)
        case "json11":
            text = _json11(outlet, lines, home)
        case "page":
            text = _page(outlet, lines, popular)
        case _:
            assert_never(outlet.format)
    return text.encode()


def article(outlet: Outlet, line: Line) -> bytes:
    """Write the page that a link leads to, UTF-8."""
    body = (
        f"<p>{escape(outlet.name)} · {escape(line.category)}</p>\n<h1>{escape(line.title)}</h1>\n"
        f"<p>{printed_date(line.published_at).upper()} WIB</p>\n<p>{escape(line.summary)}</p>"
    )
    return _html(outlet, line.title, body).encode()


def printed_date(instant: datetime) -> str:
    """Write a date as Indonesian newsrooms print it: "Senin, 29 Desember 2025 | 10:12", in WIB."""
    local = instant.astimezone(JAKARTA)
    return f"{_DAYS[local.weekday()]}, {local.day} {_MONTHS[local.month - 1]} {local.year} | {local:%H:%M}"


def _rss20(outlet: Outlet, lines: tuple[Line, ...], home: str) -> str:
    items = "\n".join(
        f"<item><title>{escape(line.title)}</title><link>{escape(line.link)}</link>"
        f'<guid isPermaLink="false">{escape(line.guid)}</guid>'
        + (f"<pubDate>{format_datetime(line.published_at)}</pubDate>" if outlet.dated else "")
        + f"<category>{line.category}</category><description>{escape(line.summary)}</description></item>"
        for line in lines
    )
    end = "\n<item><title>Iklan & promo" if outlet.ill_formed else "\n</channel></rss>\n"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>\n'
        f"<title>{escape(outlet.name)}</title><link>{escape(home)}</link>"
        f"<description>{escape(outlet.name)}</description><language>{outlet.language}</language>\n{items}{end}"
    )


def _rss10(outlet: Outlet, lines: tuple[Line, ...], home: str) -> str:
    contents = "".join(f'<rdf:li rdf:resource="{escape(line.guid)}"/>' for line in lines)
    items = "\n".join(
        f'<item rdf:about="{escape(line.guid)}"><title>{escape(line.title)}</title><link>{escape(line.link)}</link>'
        f"<description>{escape(line.summary)}</description><dc:date>{line.published_at.isoformat()}</dc:date></item>"
        for line in lines
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="{escape(home)}"><title>{escape(outlet.name)}</title><link>{escape(home)}</link>'
        f"<description>{escape(outlet.name)}</description><dc:language>{outlet.language}</dc:language>"
        f"<items><rdf:Seq>{contents}</rdf:Seq></items></channel>\n{items}\n</rdf:RDF>\n"
    )


def _atom10(outlet: Outlet, lines: tuple[Line, ...], home: str) -> str:
    entries = "\n".join(
        f"<entry><id>{escape(line.guid)}</id><title>{escape(line.title)}</title>"
        f'<link href="{escape(line.link)}"/><published>{line.published_at.isoformat()}</published>'
        f'<updated>{line.updated_at.isoformat()}</updated><category term="{line.category}"/>'
        f"<summary>{escape(line.summary)}</summary></entry>"
        for line in lines
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">\n'
        f"<id>tag:{outlet.slug}.example,2026:feed</id><title>{escape(outlet.name)}</title>"
        f'<link href="{escape(home)}"/><author><name>{escape(outlet.name)}</name></author>'
        f"<updated>{max(line.updated_at for line in lines).isoformat()}</updated>\n{entries}\n</feed>\n"
    )


def _json11(outlet: Outlet, lines: tuple[Line, ...], home: str) -> str:
    items = [
        {
            "id": line.guid,
            "url": line.link,
            "title": line.title,
            "content_text": line.summary,
            "date_published": line.published_at.isoformat(),
            "date_modified": line.updated_at.isoformat(),
            "tags": [line.category],
        }
        for line in lines
    ]
    version = "https://jsonfeed.org/version/1.1"
    feed = {"version": version, "title": outlet.name, "home_page_url": home, "language": outlet.language}
    return dumps({**feed, "items": items}, ensure_ascii=False, indent=1)


def _page(outlet: Outlet, lines: tuple[Line, ...], popular: tuple[Line, ...]) -> str:
    lead = lines[0]
    body = (
        f"<h1>{escape(outlet.name)}</h1>\n<article>\n<p>{lead.category.capitalize()}</p>\n"
        f"<h2>{escape(lead.title)}</h2>\n<p>{printed_date(lead.published_at).upper()} WIB | LAPORAN: REDAKSI</p>\n"
        f"<p>{escape(lead.summary)}</p>\n</article>\n"
        f"<section>\n<h3>Populer</h3>\n{_printed(popular)}</section>\n"
        f'<section>\n<h3>UPDATE</h3>\n{_printed(lines)}<p><a href="/{outlet.slug}/{outlet.file}">Selengkapnya</a></p>\n'
        "</section>"
    )
    return _html(outlet, outlet.name, body)


def _printed(lines: tuple[Line, ...]) -> str:
    items = "".join(
        f'<li><a href="{escape(line.link)}">{escape(line.title)}</a>\n'
        f"<span>{printed_date(line.published_at)}</span></li>\n"
        for line in lines
    )
    return f"<ul>\n{items}</ul>\n"


def _html(outlet: Outlet, title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{outlet.language}">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n<body>\n{body}\n</body>\n</html>\n"
    )
