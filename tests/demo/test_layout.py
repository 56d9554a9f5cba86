import json
from calendar import timegm
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from selectolax.lexbor import LexborHTMLParser

from aggregator.demo.layout import Line, Pace, article, document, line_of, printed_date
from aggregator.demo.outlets import OUTLETS, Outlet
from aggregator.demo.wire import listing, popular

OPENED = datetime(2025, 12, 29, 3, 12, tzinfo=UTC)
PACE = Pace(opened_at=OPENED, speed=60)
BASE = "http://127.0.0.1:8000"
ELAPSED = timedelta(hours=1)
FEEDS = [outlet for outlet in OUTLETS if outlet.format in ("rss20", "rss10", "atom10")]
PAGE = next(outlet for outlet in OUTLETS if outlet.format == "page")


def lines_of(outlet: Outlet, *, asked: int = 1) -> tuple[Line, ...]:
    told = listing(outlet, seed=7, elapsed=ELAPSED, limit=outlet.size)
    return tuple(line_of(outlet, one, base=BASE, pace=PACE, elapsed=ELAPSED, asked=asked) for one in told)


@pytest.mark.parametrize("outlet", FEEDS, ids=lambda outlet: outlet.slug)
def test_feedparser_reads_what_an_outlet_lists(outlet: Outlet) -> None:
    lines = lines_of(outlet)
    read = feedparser.parse(document(outlet, lines, popular=(), home=BASE + outlet.path))
    entries = read.entries[: len(lines)]

    assert read.version == outlet.format
    assert bool(read.bozo) == outlet.ill_formed
    assert read.feed.title == outlet.name
    assert [entry.title for entry in entries] == [line.title for line in lines]
    assert [entry.link for entry in entries] == [line.link for line in lines]
    assert [entry.id for entry in entries] == [line.guid for line in lines]
    dates = [timegm(entry.published_parsed) if "published" in entry else None for entry in entries]
    if outlet.format != "rss10":  # dc:date is read as `updated`
        assert dates == [line.published_at.timestamp() if outlet.dated else None for line in lines]


def test_the_outlets_are_broken_as_they_declare() -> None:
    assert [outlet.slug for outlet in FEEDS if outlet.ill_formed] == ["jendela-samudra"]
    assert [outlet.slug for outlet in FEEDS if not outlet.dated] == ["tanggap-bumi"]
    assert [outlet.slug for outlet in FEEDS if outlet.restless] == ["bitwise-courier"]


def test_the_json_feed_says_the_same() -> None:
    outlet = next(outlet for outlet in OUTLETS if outlet.format == "json11")
    lines = lines_of(outlet)
    read = json.loads(document(outlet, lines, popular=(), home=BASE))

    assert read["version"] == "https://jsonfeed.org/version/1.1"
    assert [(item["id"], item["title"], item["url"]) for item in read["items"]] == [
        (line.guid, line.title, line.link) for line in lines
    ]


def test_the_page_has_an_article_then_populer_then_update() -> None:
    told = popular(PAGE, seed=7, elapsed=ELAPSED)
    ranked = tuple(line_of(PAGE, one, base=BASE, pace=PACE, elapsed=ELAPSED, asked=1) for one in told)
    lines = lines_of(PAGE)
    tree = LexborHTMLParser(document(PAGE, lines, popular=ranked, home=BASE))
    sections = tree.css("section")

    assert [heading.text() for heading in tree.css("h2, h3")] == [lines[0].title, "Populer", "UPDATE"]
    assert [link.text() for link in sections[0].css("li a")] == [line.title for line in ranked]
    assert [link.text() for link in sections[1].css("li a")] == [line.title for line in lines]
    assert [date.text() for date in sections[1].css("li span")] == [printed_date(line.published_at) for line in lines]
    assert sections[1].css("p")[-1].text() == "Selengkapnya"


def test_dates_are_printed_in_jakarta_time() -> None:
    assert printed_date(OPENED) == "Senin, 29 Desember 2025 | 10:12"
    assert printed_date(datetime(2026, 7, 31, 17, 5, tzinfo=UTC)) == "Sabtu, 1 Agustus 2026 | 00:05"


def test_a_restless_outlet_changes_its_guids_with_each_answer_and_nothing_else() -> None:
    restless = next(outlet for outlet in OUTLETS if outlet.restless)
    first, second = lines_of(restless, asked=1), lines_of(restless, asked=2)

    assert {line.guid for line in first} & {line.guid for line in second} == set()
    assert [(line.title, line.link) for line in first] == [(line.title, line.link) for line in second]


def test_markup_in_a_headline_stays_text() -> None:
    line = Line(
        event=1,
        guid="g",
        title="<b>1 & 2</b>",
        link=f"{BASE}/a?b=1&c=2",
        summary='"<script>"',
        category="dunia",
        published_at=OPENED,
        updated_at=OPENED,
    )

    for outlet in FEEDS:
        read = feedparser.parse(document(outlet, (line,), popular=(), home=BASE), sanitize_html=False)
        assert (read.entries[0].title, read.entries[0].link) == ("<b>1 & 2</b>", line.link)
    assert [node.text() for node in LexborHTMLParser(article(PAGE, line)).css("h1")] == [line.title]


def test_wire_time_runs_faster_after_the_opening_and_the_backlog_keeps_its_distance() -> None:
    assert PACE.elapsed(OPENED + timedelta(seconds=2.9)) == timedelta(minutes=2)
    assert PACE.instant(timedelta(minutes=2)) == OPENED + timedelta(seconds=2)
    assert PACE.instant(timedelta(minutes=2, seconds=1)) == OPENED + timedelta(seconds=3)
    assert PACE.instant(timedelta(hours=-5)) == OPENED - timedelta(hours=5)
