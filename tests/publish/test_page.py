from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from aggregator.publish.page import printed_date
from tests.publish.stories import NOON, PLAIN_STORIES, SITE, STORIES, press


def page_of(kind: str) -> html.HtmlElement:
    body = press().front_page(STORIES[kind], STORIES[kind][::-1]).body
    return html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))


def test_the_lists_of_feeds_and_sources_are_linked_from_head_and_foot() -> None:
    page = page_of("plain")
    lists = ["feeds.opml", "sources.opml"]
    assert [link.get("href") for link in page.findall('.//head/link[@type="text/x-opml"]')] == lists
    assert [link.get("href") for link in page.findall(".//footer/a")] == lists
    assert [link.text for link in page.findall(".//footer/a")] == ["Langganan (OPML)", "Sumber (OPML)"]


@pytest.mark.parametrize(
    ("language", "zone", "shown"),
    [
        ("id", "Asia/Jakarta", "Senin, 29 Desember 2025 | 10:12"),
        ("id", "Asia/Jayapura", "Senin, 29 Desember 2025 | 12:12"),
        ("en-us", "UTC", "Monday, 29 December 2025 | 03:12"),
        ("xx-unknown", "UTC", "Monday, 29 December 2025 | 03:12"),
    ],
)
def test_dates_are_printed_as_the_newsroom_prints_them(language: str, zone: str, shown: str) -> None:
    assert printed_date(NOON, replace(SITE, language=language, zone=ZoneInfo(zone))) == shown


def test_the_two_lists_stand_under_their_headings() -> None:
    page = page_of("plain")
    assert [heading.text for heading in page.findall(".//h2")] == ["UPDATE", "Populer", "Topik · Langganan"]
    latest, ranked = page.findall(".//ol")
    titles = [link.text for link in latest.findall(".//a")]
    assert titles == ["Banjir surut di Semarang", "Berita 1", "Berita 4"]
    assert [link.text for link in ranked.findall(".//a")] == titles[::-1]


def test_a_line_tells_when_who_and_how_many() -> None:
    line = page_of("plain").findall(".//ol")[0].findall("li")[1]
    assert [time.get("datetime") for time in line.iter("time")] == ["2025-12-29T03:11:30Z"]
    assert line.find("small").text_content() == "Senin, 29 Desember 2025 | 10:11 · Dunia · 2 media"


def test_every_topic_can_be_found_and_subscribed_to() -> None:
    page = page_of("none")
    expected = [f"{slug}.{ending}" for slug in ("update", "popular", "ekonomi") for ending in ("rss", "atom", "json")]
    assert [link.get("href") for link in page.findall('.//head/link[@rel="alternate"]')] == expected
    assert [link.get("href") for link in page.findall('.//span[@class="feeds"]/a')] == expected


def test_a_page_without_news_says_so() -> None:
    assert [line.text for line in page_of("none").findall(".//p")] == ["Belum ada berita."] * 2


def test_ugly_headlines_stay_text() -> None:
    page = page_of("ugly")
    latest, _ = page.findall(".//ol")
    assert len(latest.findall("li")) == len(STORIES["ugly"])
    assert not page.findall(".//script")
    assert not page.findall(".//svg")
    assert "<script>alert(1)</script>" in latest.text_content()
    assert all(link.get("href").startswith("https://") for link in latest.iter("a"))


def test_nothing_of_style_or_script_is_inside_the_page() -> None:
    body = press().front_page(PLAIN_STORIES, PLAIN_STORIES).body
    assert b"style=" not in body
    assert b"<style" not in body
    assert b"<script" not in body
    assert b'<link rel="stylesheet" href="style.css">' in body
    assert press().front((), ())[1].path == "style.css"
