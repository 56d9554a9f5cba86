"""Publishers of every manner: what each answers at an instant, and what it means by that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from tests.etiquette.log import Told, Wishes

MONDAY: Final = datetime(2026, 11, 23, tzinfo=UTC)
"""When every week begins."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, as an outlet sees it.

    Attributes:
        now: UTC.
        number: Of requests to this outlet before it.
        headers: With lower-case names.
        elsewhere: The URL of the outlet's other address, to which it may redirect.
    """

    now: datetime
    number: int
    headers: Mapping[str, str]
    elsewhere: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent, and what it means.

    Attributes:
        told: For the judge.
        headers: Apart from the validators and Location, which `told` holds.
        body: Of a 200; b"" otherwise.
    """

    told: Told
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_bytes(self, now: datetime, port: int) -> bytes:
        """Write it as HTTP/1.1. A Location gets the port, which no URL in a log has."""
        told = self.told
        location = told.location and told.location.replace(".example/", f".example:{port}/")
        own = {"ETag": told.etag, "Last-Modified": told.last_modified, "Location": location}
        headers = {name: value for name, value in own.items() if value is not None}
        headers |= {"Date": http_date(now), **self.headers}
        if told.status != HTTPStatus.NOT_MODIFIED:
            headers["Content-Length"] = f"{len(self.body)}"
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([f"HTTP/1.1 {told.status} {HTTPStatus(told.status).phrase}", *lines, "", ""])
        return head.encode("latin-1") + self.body


Answer: TypeAlias = Callable[[Visit], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One publisher.

    Attributes:
        name: Of its source in feeds.yaml.
        url: Of its feed.
        answer: What it answers there.
        answer_elsewhere: What it answers at `elsewhere`. None: nothing.
        falls_back: Its source has the other address as a fallback.
        settings: Of its source in feeds.yaml.
    """

    name: str
    url: str
    answer: Answer
    answer_elsewhere: Answer | None = None
    falls_back: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def elsewhere(self) -> str:
        """Give its other address."""
        return f"http://{self.name}.elsewhere.example/new.xml"

    @property
    def named(self) -> tuple[str, ...]:
        """Give the addresses that stand in feeds.yaml."""
        return (self.url, self.elsewhere) if self.falls_back else (self.url,)


def http_date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def printed(now: datetime, every: timedelta) -> datetime:
    """Give the instant of the newest edition of an outlet that prints at regular times."""
    return now - (now - MONDAY) % every


def document(edition: datetime, channel: str = "", *, lines: int = 3) -> bytes:
    """Print what is listed at an edition: it and those before it, as if there had been one each minute."""
    minute = int(edition.timestamp()) // 60
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>Berita nomor {number} hari ini</title></item>"
        for number in range(minute, minute - lines, -1)
    )
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    namespace = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"
    return f"<rss version='2.0' {namespace}><channel>{head}{channel}{items}</channel></rss>".encode()


def page(visit: Visit, body: bytes, *, headers: Mapping[str, str] | None = None, **meant: object) -> Reply:
    """Answer with a document, or 304 where the request's validators are those of `meant` (RFC 9110 §13.2.2)."""
    told = Told(status=200, **{"wishes": Wishes(), **meant})  # type: ignore[arg-type]
    if _matches(visit.headers, told):
        return Reply(told=replace(told, status=304, wishes=None), headers=headers or {})
    return Reply(told=told, headers={"Content-Type": "application/rss+xml", **(headers or {})}, body=body)


def _matches(headers: Mapping[str, str], told: Told) -> bool:
    if "if-none-match" in headers:
        return headers["if-none-match"] == told.etag
    return told.last_modified is not None and headers.get("if-modified-since") == told.last_modified


def refuse(status: int, *, retry_after: timedelta | None = None, written: str | None = None) -> Reply:
    """Answer without a document. Retry-After is in seconds unless it is written otherwise."""
    headers = {}
    if retry_after is not None:
        headers["Retry-After"] = written or f"{retry_after.total_seconds():.0f}"
    return Reply(told=Told(status=status, retry_after=retry_after), headers=headers)


def redirect(visit: Visit, status: int) -> Reply:
    return Reply(told=Told(status=status, location=visit.elsewhere))


# The outlets of the week.


def _tag(at: datetime, form: str = '"{}"') -> str:
    return form.format(f"{int(at.timestamp()):x}")


def _still(visit: Visit) -> Reply:
    return page(visit, document(MONDAY), etag='"5f3-0a;b"', last_modified=http_date(MONDAY))


def _dated(visit: Visit) -> Reply:
    edition = printed(visit.now, 6 * _HOUR)
    return page(visit, document(edition), last_modified=http_date(edition).replace("GMT", "+0000"))


def _weak(visit: Visit) -> Reply:
    edition = printed(visit.now, 5 * _HOUR)
    return page(visit, document(edition), etag=_tag(edition, 'W/"{}--gzip, \\"'))


def _restless(visit: Visit) -> Reply:
    """Change both validators with every answer, 304 too: only the last ones are right."""
    etag, last_modified = f'"{visit.number}"', http_date(MONDAY + visit.number * timedelta(seconds=1))
    before = f'"{visit.number - 1}"', http_date(MONDAY + (visit.number - 1) * timedelta(seconds=1))
    is_current = (visit.headers.get("if-none-match"), visit.headers.get("if-modified-since")) == before
    told = Told(status=304 if is_current else 200, etag=etag, last_modified=last_modified, wishes=Wishes())
    return Reply(told=told, body=b"" if is_current else document(MONDAY))


def _bare(visit: Visit) -> Reply:
    return page(visit, document(printed(visit.now, 8 * _HOUR)))


def _fresh(visit: Visit) -> Reply:
    """Say max-age with the documents only: it holds for the 304s after them."""
    edition, fresh_for = printed(visit.now, 30 * _HOUR), 12 * _HOUR
    reply = page(visit, document(edition), etag=_tag(edition), fresh_for=fresh_for)
    if reply.told.status == HTTPStatus.NOT_MODIFIED:
        return replace(reply, told=replace(reply.told, fresh_for=None))
    return replace(
        reply, headers={**reply.headers, "Cache-Control": f"public, max-age={fresh_for.total_seconds():.0f}"}
    )


def _expiring(visit: Visit) -> Reply:
    edition, fresh_for = printed(visit.now, 7 * _HOUR), 3 * _HOUR
    headers = {"Expires": http_date(visit.now + fresh_for)}
    return page(visit, document(edition), etag=_tag(edition), fresh_for=fresh_for, headers=headers)


def _hourly_by_ttl(visit: Visit) -> Reply:
    edition = printed(visit.now, 9 * _HOUR)
    return page(visit, document(edition, "<ttl>60</ttl>"), etag=_tag(edition), wishes=Wishes(least=_HOUR))


def _hourly_by_sy(visit: Visit) -> Reply:
    edition = printed(visit.now, 9 * _HOUR)
    asks = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>24</sy:updateFrequency>"
    return page(visit, document(edition, asks), last_modified=http_date(edition), wishes=Wishes(least=_HOUR))


def _sleeping(visit: Visit) -> Reply:
    """Want to be left alone at night and at the end of the week."""
    hours, days = frozenset({22, 23, 0, 1, 2, 3, 4}), frozenset({5, 6})
    asks = "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in sorted(hours)) + "</skipHours>"
    asks += "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"
    edition = printed(visit.now, 4 * _HOUR)
    wishes = Wishes(skip_hours=hours, skip_days=days)
    return page(visit, document(edition, asks), etag=_tag(edition), wishes=wishes)


def _nonsensical(visit: Visit) -> Reply:
    """Ask for what cannot be meant, everywhere."""
    asks = "<ttl>-1</ttl><sy:updatePeriod>nie</sy:updatePeriod><skipHours>"
    asks += "".join(f"<hour>{hour}</hour>" for hour in range(24)) + "</skipHours>"
    headers = {"Cache-Control": "max-age=-5, =,;", "Expires": "Fri, 31 Dec 9999 23:59:60 GMT"}
    edition = printed(visit.now, 12 * _HOUR)
    if visit.number % 10 == 9:
        return Reply(told=Told(status=503), headers={"Retry-After": "31 Dec 9999", **headers})
    return page(visit, document(edition, asks), etag=_tag(edition), headers=headers)


def _limiting(visit: Visit) -> Reply:
    """Answer 429 for most of each day."""
    if 4 <= visit.now.hour < 20:
        return refuse(429, retry_after=5 * _HOUR)
    return _still(visit)


def _in_repair(visit: Visit) -> Reply:
    """Answer 503 from 1 to 5 every morning, with the date at which it will be over."""
    if 1 <= visit.now.hour < 5:
        end = visit.now.replace(hour=5, minute=0, second=0, microsecond=0)
        now = visit.now.replace(microsecond=0)
        return refuse(503, retry_after=end - now, written=http_date(end))
    return _still(visit)


def _forbidding(visit: Visit) -> Reply:
    if visit.now.day % 2:
        return refuse(403, retry_after=7 * _HOUR)
    return _still(visit)


def _broken(visit: Visit) -> Reply:
    return _still(visit) if visit.number < 3 else refuse(500)


def _gone(visit: Visit) -> Reply:
    return _still(visit) if visit.now < MONDAY + 2 * _DAY else refuse(410)


def _moved(visit: Visit) -> Reply:
    return redirect(visit, 301)


def _elsewhere(visit: Visit) -> Reply:
    return redirect(visit, 302)


def _marking(visit: Visit) -> Reply:
    reply = _dated(visit)
    return replace(reply, headers={**reply.headers, "Set-Cookie": f"reader={visit.number}; Path=/; Max-Age=31536000"})


def _busy(visit: Visit) -> Reply:
    """Print every 20 minutes of a working day."""
    works = visit.now.weekday() < 5 and 6 <= visit.now.hour < 18
    edition = printed(visit.now, _HOUR / 3 if works else _DAY)
    return page(visit, document(edition), etag=_tag(edition), last_modified=http_date(edition))


def _ahead(visit: Visit) -> Reply:
    """Date the document a year ahead: what is printed later is never newer than that."""
    a_year_ahead = http_date(MONDAY + 365 * _DAY)
    return page(visit, document(printed(visit.now, 6 * _HOUR)), last_modified=a_year_ahead)


def _differing(visit: Visit) -> Reply:
    """Send only what is newer than what the reader has, if it asks for that (RFC 3229)."""
    edition = printed(visit.now, 3 * _HOUR)
    reply = page(visit, document(edition), etag=_tag(edition))
    if reply.told.status != HTTPStatus.OK or visit.headers.get("a-im") != "feed":
        return reply
    headers = {**reply.headers, "IM": "feed", "Cache-Control": "im"}
    return Reply(told=replace(reply.told, status=226), headers=headers, body=document(edition, lines=1))


def _mornings(visit: Visit) -> Reply:
    return _still(visit) if visit.now.hour < 12 else refuse(404)


def _evenings(visit: Visit) -> Reply:
    return _weak(visit) if visit.now.hour >= 9 else refuse(404)


def _flooding(visit: Visit) -> Reply:
    edition = printed(visit.now, timedelta(minutes=1))
    return page(visit, document(edition, lines=20), etag=_tag(edition))


def _pooled(visit: Visit) -> Reply:
    return page(
        visit,
        document(MONDAY),
        etag='"a"',
        fresh_for=_HOUR / 2,
        headers={"Cache-Control": "max-age=1800"},
    )


def _crowd(number: int) -> Outlet:
    """One of several sources of one host, all of which are asked at the same minute."""
    return Outlet(
        name=f"crowd{number}",
        url=f"http://crowd.example/{number}.xml",
        answer=_still,
        settings={"cron": "7 */2 * * *"},
    )


def _outlet(name: str, *, path: str = "/feed.xml", **more: Any) -> Outlet:
    return Outlet(name=name, url=f"http://{name}.example{path}", **more)


OUTLETS: Final = (
    _outlet("still", answer=_still),
    _outlet("dated", answer=_dated),
    _outlet("weak", answer=_weak),
    _outlet("restless", answer=_restless),
    _outlet("bare", answer=_bare),
    _outlet("fresh", answer=_fresh),
    _outlet("expiring", answer=_expiring),
    _outlet("ttl", answer=_hourly_by_ttl),
    _outlet("sy", answer=_hourly_by_sy),
    _outlet("sleeping", answer=_sleeping),
    _outlet("nonsensical", answer=_nonsensical),
    _outlet("limiting", answer=_limiting),
    _outlet("repair", answer=_in_repair),
    _outlet("forbidding", answer=_forbidding),
    _outlet("broken", answer=_broken),
    _outlet("gone", answer=_gone),
    _outlet("moved", answer=_moved, answer_elsewhere=_weak, settings={"every": 4 * _HOUR}),
    _outlet("elsewhere", answer=_elsewhere, answer_elsewhere=_dated, settings={"every": 4 * _HOUR}),
    _outlet("marking", answer=_marking, path="/feed.xml?lang=id"),
    _outlet("busy", answer=_busy),
    _outlet("fixed", answer=_hourly_by_ttl, settings={"every": timedelta(minutes=20)}),
    _outlet("pressed", answer=_expiring, settings={"every": timedelta(minutes=20)}),
    _outlet("appointed", answer=_limiting, settings={"cron": "*/30 * * * *"}),
    _outlet("mornings", answer=_mornings, answer_elsewhere=_evenings, falls_back=True),
    _outlet("ahead", answer=_ahead),
    _outlet("differing", answer=_differing),
    *map(_crowd, range(4)),
)
"""Those of the week."""

PLATFORM: Final = tuple(
    _outlet(f"blog{number}.platform", path="/", answer=_still, settings={"cron": "0 * * * *"}) for number in range(4)
)
"""Many names of one publisher."""

SHARED: Final = (
    Outlet(name="shared0", url="http://shared.example/0.xml", answer=_limiting, settings={"every": _HOUR}),
    Outlet(name="shared1", url="http://shared.example/1.xml", answer=_still, settings={"every": _HOUR}),
)
"""Two sources of one host, one of which is told to wait."""

FLOOD: Final = (_outlet("flood", answer=_flooding),)
"""A source with more news than we are willing to ask for."""

POOL: Final = tuple(
    Outlet(name=f"pool{number}", url=f"http://pool.example/{number}.xml", answer=_pooled) for number in range(30)
)
"""Many sources of one host, which must queue."""
