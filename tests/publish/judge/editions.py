"""What is judged: our stories, and what publishers wrote, as all three formats."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.dedupe.identity import lines_of, recognise
from aggregator.headline import Headline
from aggregator.parse.job import Job
from aggregator.parse.read import read_document
from aggregator.publish.forms import outline_of
from aggregator.publish.head import Head, head_of
from aggregator.publish.item import item_of
from aggregator.publish.jsonfeed import json_feed, json_item
from aggregator.publish.opml import feeds_opml
from aggregator.publish.syndication import atom_entry, atom_feed, rss_feed, rss_item
from aggregator.publish.words import words
from aggregator.source import PageList, Source
from aggregator.story import Dissolved, Story
from tests.publish.judge.atom import ATOM_RULES
from tests.publish.judge.json_feed import JSON_RULES
from tests.publish.judge.judging import Published, Rule, verdicts
from tests.publish.judge.opml import OPML_RULES
from tests.publish.judge.rss import RSS_RULES
from tests.publish.stories import (
    BASE_URL,
    DISSOLVED,
    NAMES,
    NOON,
    PLAIN_STORIES,
    SITE,
    TOPICS,
    UGLY_TITLES,
    UPDATE,
    press,
    story,
)

RULES: Final[dict[str, Sequence[Rule]]] = {"rss": RSS_RULES, "atom": ATOM_RULES, "json": JSON_RULES, "opml": OPML_RULES}
AS_IF_NEVER_PARSED: Final = {"ContainsHTML", "ContainsUndeclaredHTML"}
"""parse/ takes tags out of titles. What never went through it is harmless, but a validator takes it for HTML."""
NOW: Final = datetime(2026, 11, 26, tzinfo=UTC)

CURRENT: Final = replace(
    head_of(UPDATE, SITE, BASE_URL, NOON),
    hub_url="https://hub.example/",
    prev_archive_url=f"{BASE_URL}/update/2025-12",
)
ARCHIVE: Final = replace(
    CURRENT,
    url=f"{BASE_URL}/update/2025-12",
    stylesheet="../feed.css",
    prev_archive_url=f"{BASE_URL}/update/2025-11",
    next_archive_url=f"{BASE_URL}/update/2026-01",
    current_url=CURRENT.url,
    is_archive=True,
)


def edition(
    stories: Iterable[Story], head: Head = CURRENT, dissolved: Sequence[Dissolved] = ()
) -> dict[str, Published]:
    """Publish the stories in all formats under one head, which is dated as they are."""
    items = [item_of(told, NAMES) for told in stories]
    head = replace(head, updated_at=max(item.updated_at for item in items))
    ours = [words(item.language) for item in items]
    outlines = list(map(outline_of, items, ours))
    bodies = {
        "rss": rss_feed(head, map(rss_item, outlines)),
        "atom": atom_feed(head, map(atom_entry, outlines), dissolved),
        "json": json_feed(head, map(json_item, items, ours)),
    }
    return {kind: Published(f"{head.url}.{kind}", body, NOW) for kind, body in bodies.items()}


def pressed(stories: Sequence[Story]) -> dict[str, Published]:
    """Publish the stories as the daemon does."""
    documents = press().feeds(UPDATE, stories, DISSOLVED)
    return {
        document.path.rpartition(".")[2]: Published(f"{BASE_URL}/{document.path}", document.body, NOW)
        for document in documents
    }


def full() -> dict[str, Published]:
    """Publish all that a feed can hold, and the list of our feeds."""
    listed = Published(f"{BASE_URL}/feeds.opml", feeds_opml(SITE, BASE_URL, TOPICS), NOW)
    return {**edition(PLAIN_STORIES, CURRENT, DISSOLVED), "opml": listed}


def judged(documents: dict[str, Published], *, but: Iterable[str] = ()) -> list[str]:
    """Name all that is wrong with a topic's three documents, `but` what some rules find."""
    return [
        verdict
        for kind, document in documents.items()
        for verdict in verdicts([rule for rule in RULES[kind] if rule.name not in but], document)
    ]


def told(stories: Iterable[Headline]) -> list[Story]:
    """Give each headline a story of its own, the newest first."""
    return [story(each) for each in sorted(stories, key=lambda each: (each.published_at, each.id), reverse=True)]


def headlines_in(body: bytes, url: str, *, now: datetime = NOW, page: PageList | None = None) -> tuple[Headline, ...]:
    """Read and accept what a publisher wrote.

    Raises:
        NotAFeedError: There is no headline in it.
    """
    zone, nothing = ZoneInfo("Asia/Jakarta"), frozenset[str]()
    job = Job(body=body, url=url, page=page, zone=zone, language=None, now=now, known=nothing)
    reading = read_document(job)
    source = Source(id=url, name="Sumber & Sumber", urls=(url,), topics=(), zone=zone, language=None)
    return recognise(lines_of(reading, source), reading, source, (), known=lambda _: {}, now=now).new


def ugly_feed() -> bytes:
    """Write what a publisher would, of whom all that is ugly comes."""
    items = (
        f"<item><title>{shown}</title><link>https://ugly.example/{number}?a=|&amp;b=[{number}]&amp;c=é</link>"
        f"<guid>{number}</guid><description>{shown} &lt;img src=x onerror=alert(1)&gt;</description>"
        f"<category>{shown}</category><author>a@b.example ({shown})</author>"
        f'<enclosure url="/{number}.mp3" length="-1" type="not a type"/>'
        f'<media:thumbnail url="//cdn.example/{number} .jpg"/>'
        f"<pubDate>{_printed(number)}</pubDate></item>"
        for number, shown in enumerate(map(_written, UGLY_TITLES))
    )
    title = "<title>&lt;b&gt;Ugly&lt;/b&gt; &amp;amp; more</title>"
    head = f"{title}<language>english</language><pubDate>Mon, 01 Jan 2035 00:00:00 GMT</pubDate>"
    media = 'xmlns:media="http://search.yahoo.com/mrss/"'
    return f'<rss version="2.0" {media}><channel>{head}{"".join(items)}</channel></rss>'.encode("utf-8", "replace")


def _written(title: str) -> str:
    return escape(escape("".join(letter for letter in title if letter.isprintable() or letter == "�")))


def _printed(number: int) -> str:
    return (NOON - timedelta(days=number)).strftime("%a, %d %b %Y 00:00:00 +0000")


EDITIONS: Final[dict[str, Callable[[], dict[str, Published]]]] = {
    "plain": lambda: pressed(PLAIN_STORIES),
    "full": full,
    "none": lambda: pressed(()),
    "archive": lambda: edition(PLAIN_STORIES, ARCHIVE),
    "ugly as published": lambda: edition(
        told(headlines_in(ugly_feed(), "https://u:p@ugly.example/rss?token=verysecret"))
    ),
}
