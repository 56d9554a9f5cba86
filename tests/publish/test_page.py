import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import pairwise
from typing import Final
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from aggregator.document import Document
from aggregator.publish.press import Press
from aggregator.publish.printed import printed_date
from aggregator.publish.words import Words, words
from aggregator.topic import Topic
from tests.publish.stories import (
    BASE_URL,
    KABAR,
    NAMES,
    NOON,
    PLAIN_STORIES,
    SITE,
    STORIES,
    TOPICS,
    headline,
    press,
    revised,
    story,
)

EKONOMI: Final = TOPICS[2]
ENDINGS: Final = ("rss", "atom", "json")
LANGUAGES: Final = ("en", "id", "de", "fr", "ru")
TOLD: Final = story(
    headline(1, topics=("update", "popular", "ekonomi")),
    revised(headline(2, KABAR, title="Banjir reda", url="https://kabar.example/9", language="en"), "Banjir", "Hujan"),
    headline(3, url=None),
)


def documents(kind: str, maker: Callable[[], Press] = press) -> dict[str, Document]:
    """All pages of a site of these stories, by path."""
    ours, stories = maker(), STORIES[kind]
    told = [each for each in stories if len(each.headlines) > 1]
    made = (*ours.pages(EKONOMI, stories, told), *ours.front(stories, stories[::-1]))
    return {each.path: each for each in made}


def read(document: Document) -> html.HtmlElement:
    return html.document_fromstring(document.body, parser=html.HTMLParser(encoding="utf-8"))


def page_of(kind: str, path: str = "index.html") -> html.HtmlElement:
    return read(documents(kind)[path])


def story_page(told: object = TOLD) -> html.HtmlElement:
    page, _ = press().pages(EKONOMI, (), [told])  # type: ignore[list-item]  # the tests pass stories
    return read(page)


def texts(found: Iterator[html.HtmlElement] | list[html.HtmlElement]) -> list[str]:
    return [" ".join(each.text_content().split()) for each in found]


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


def test_the_front_page_holds_both_lists_under_their_headings() -> None:
    page = page_of("plain")
    assert texts(page.findall(".//h1")) == ["Warta <Pagi>"]
    assert texts(page.findall(".//h2")) == ["UPDATE", "Populer", "Langganan"]
    latest, ranked = page.findall(".//ol")
    titles = [link.text for link in latest.iterfind('.//a[@class="title"]')]
    assert titles == ["Banjir surut di Semarang", "Berita 1", "Berita 4"]
    assert [link.text for link in ranked.iterfind('.//a[@class="title"]')] == titles[::-1]


def test_the_front_page_shows_the_top_of_long_lists_and_where_the_rest_is() -> None:
    many = [story(headline(number)) for number in range(50)]
    page = read(press().front_page(many, many))
    assert [len(each.findall("li")) for each in page.findall(".//ol")] == [20, 10]
    assert [link.get("href") for link in page.findall('.//p[@class="more"]/a')] == ["update/", "popular/"]
    assert texts(page.findall('.//p[@class="more"]/a')) == ["Selengkapnya: UPDATE", "Selengkapnya: Populer"]


def test_a_topics_page_holds_its_whole_list() -> None:
    many = [story(headline(number)) for number in range(50)]
    (page,) = press().pages(EKONOMI, many, ())
    assert page.path == "ekonomi/index.html"
    assert [link.text for link in read(page).iterfind('.//ol//a[@class="title"]')] == [f"Berita {n}" for n in range(50)]


def test_a_line_tells_when_who_and_how_many_and_leads_to_the_storys_page() -> None:
    for path, root, names in (("index.html", "", "Dunia"), ("ekonomi/index.html", "../", "Dunia , Kabar & Kota")):
        line = page_of("plain", path).findall(".//ol")[0].findall("li")[1]
        assert [time.get("datetime") for time in line.iter("time")] == ["2025-12-29T03:11:30Z"]
        shown = f"Senin, 29 Desember 2025 | 10:11 · {names} · 2 media: Berita 1".replace(" ,", ",")
        assert texts([line.find("small")]) == [shown]
        assert line.find("small/a").get("href") == f"{root}story/{PLAIN_STORIES[1].id}/"


def test_an_outlet_that_tells_a_story_twice_is_one_outlet_with_two_versions() -> None:
    twice = story(headline(1), headline(2))
    (page,) = press().pages(EKONOMI, [twice], ())
    assert texts(read(page).findall(".//li/small/a")) == ["2 versi: Berita 1"]


def test_a_line_of_another_language_says_so() -> None:
    foreign, ours = story(headline(1, language="en-gb")), story(headline(2, language="id"))
    (page,) = press().pages(EKONOMI, [foreign, ours], ())
    assert [each.get("lang") for each in read(page).iterfind('.//a[@class="title"]')] == ["en-gb", None]
    assert [each.get("lang") for each in read(page).iterfind('.//p[@class="summary"]')] == ["en-gb", None]


def test_a_page_without_news_says_so() -> None:
    assert texts(page_of("none").findall(".//section/p")) == ["Belum ada berita."] * 2
    assert texts(page_of("none", "ekonomi/index.html").findall(".//section/p"))[1:] == ["Belum ada berita."]


def test_a_topics_page_leads_to_the_months_of_its_archive_the_latest_first() -> None:
    (page,) = press().pages(EKONOMI, (), (), {"2026-09": 1, "2026-10": 3})
    links = read(page).findall('.//ul[@class="months"]/li/a')
    assert [(link.get("href"), link.text) for link in links] == [
        ("2026-10.atom", "Oktober 2026"),
        ("2026-10-2.atom", "2"),
        ("2026-10-3.atom", "3"),
        ("2026-09.atom", "September 2026"),
    ]
    assert links[1].get("aria-label") == "Oktober 2026, 2"
    assert "Arsip" not in texts(page_of("none", "ekonomi/index.html").findall(".//h2"))


def test_of_a_month_of_very_many_parts_the_last_are_named() -> None:
    (page,) = press().pages(EKONOMI, (), (), {"2026-10": 500})
    links = read(page).findall('.//ul[@class="months"]/li/a')
    assert [link.get("href") for link in (*links[:2], links[-1])] == [
        "2026-10.atom",
        "2026-10-472.atom",
        "2026-10-500.atom",
    ]
    assert len(links) == 30


def test_every_feed_can_be_discovered_and_subscribed_to() -> None:
    front, topic = page_of("none"), page_of("none", "ekonomi/index.html")
    everything = [f"{each.slug}.{ending}" for each in TOPICS for ending in ENDINGS]
    own = [f"../ekonomi.{ending}" for ending in ENDINGS]
    for page, expected in ((front, everything), (topic, own)):
        assert [link.get("href") for link in page.findall('.//head/link[@rel="alternate"]')] == expected
        assert [link.get("href") for link in page.findall('.//main//a[@class="button"]')] == expected
    types = ["application/rss+xml", "application/atom+xml", "application/feed+json"]
    assert [link.get("type") for link in topic.findall('.//head/link[@rel="alternate"]')] == types


def test_the_address_of_a_feed_can_be_copied_without_a_script() -> None:
    found = page_of("none", "ekonomi/index.html").findall(".//input")
    assert [each.get("value") for each in found] == [f"{BASE_URL}/ekonomi.{ending}" for ending in ENDINGS]
    assert all(each.get("readonly") is not None for each in found)
    names = [f'Alamat Ekonomi & "Pasar" {name}' for name in ("RSS", "Atom", "JSON Feed")]
    assert [each.get("aria-label") for each in found] == names


def test_the_lists_of_feeds_and_sources_are_linked_from_head_and_foot() -> None:
    page = page_of("plain")
    lists = ["feeds.opml", "sources.opml"]
    assert [link.get("href") for link in page.findall('.//head/link[@type="text/x-opml"]')] == lists
    assert [link.get("href") for link in page.findall(".//footer/a")] == lists
    assert texts(page.findall(".//footer/a")) == ["Langganan (OPML)", "Sumber (OPML)"]


def test_a_storys_page_tells_every_version_and_what_it_was() -> None:
    page = story_page()
    assert texts(page.findall(".//h1")) == ["Berita 1"]
    tellings = page.findall('.//ol[@class="tellings"]/li')
    assert texts(each.find('p[@class="outlet"]') for each in tellings) == ["Dunia", "Kabar & Kota", "Dunia"]
    assert [each.get("href") for each in page.iterfind('.//ol/li/a[@class="title"]')] == [
        "https://dunia.example/1",
        "https://kabar.example/9",
    ]
    assert [each.get("datetime") for each in tellings[1].iter("time")] == [
        "2025-12-29T03:10:30Z",
        "2025-12-29T05:10:30Z",
        "2025-12-29T04:10:30Z",
    ]
    assert texts(tellings[1].iter("s")) == ["Hujan", "Banjir"]
    assert [each.get("lang") for each in tellings[1].iter("s")] == ["en", "en"]
    assert tellings[2].find('span[@class="title"]').text == "Berita 3"


def test_a_storys_page_begins_with_its_first_telling_and_names_its_topics() -> None:
    facts = story_page().find('.//p[@class="facts"]')
    assert texts([facts]) == ['Senin, 29 Desember 2025 | 10:09 · 2 media · Ekonomi & "Pasar"']
    assert facts.find("a").get("href") == "../../ekonomi/"


def test_a_storys_page_is_the_same_whatever_topic_it_is_told_in() -> None:
    later = replace(TOLD, heat=9.0, published_at=NOON, updated_at=NOON)
    ours = press()
    (first, _), (again, _) = ours.pages(EKONOMI, (), [TOLD]), ours.pages(EKONOMI, (), [later])
    assert first.path == f"story/{TOLD.id}/index.html"
    assert again is first
    assert press().pages(EKONOMI, (), [later])[0] == first


def test_a_storys_page_is_written_anew_when_a_headline_joins_or_another_leads() -> None:
    ours = press()
    bodies = {
        ours.pages(EKONOMI, (), [each])[0].body
        for each in (TOLD, replace(TOLD, lead=TOLD.headlines[1]), story(*TOLD.headlines, headline(4)))
    }
    assert len(bodies) == 3


def test_pages_of_stories_that_are_told_no_longer_are_forgotten() -> None:
    ours = Press(SITE, BASE_URL, [replace(TOPICS[0], limit=3)], NAMES)
    for number in range(20):
        ours.pages(EKONOMI, (), [story(headline(number), headline(100 + number))])
    assert len(ours._told) == 3


def test_what_is_missing_is_told_with_links_that_hold_at_any_depth() -> None:
    page = page_of("none", "404.html")
    assert texts(page.findall(".//h1")) == ["Halaman tidak ditemukan"]
    assert page.find('.//link[@rel="canonical"]') is None
    below = Press(SITE, "https://pages.example/warta", TOPICS, NAMES).front((), ())
    (missing,) = (each for each in below if each.path == "404.html")
    links = [link for _, _, link, _ in read(missing).iterlinks() if not link.startswith("#")]
    assert links
    assert all(link.startswith("/warta/") for link in links)


@pytest.mark.parametrize("kind", ["plain", "ugly", "none"])
def test_every_page_is_made_for_keyboards_and_screen_readers(kind: str) -> None:
    for path, page in ((path, read(each)) for path, each in documents(kind).items() if path.endswith(".html")):
        assert page.get("lang") == "id"
        assert [len(page.findall(f".//{tag}")) for tag in ("h1", "header", "nav", "main", "footer", "title")] == [1] * 6
        levels = [int(each.tag[1]) for each in page.iter("h1", "h2", "h3")]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        ids = [each.get("id") for each in page.iterfind(".//*[@id]")]
        assert len(ids) == len(set(ids))
        named = {each.get("aria-labelledby") for each in page.iterfind(".//*[@aria-labelledby]")}
        inside = {link.get("href")[1:] for link in page.iter("a") if link.get("href").startswith("#")}
        assert named | inside <= set(ids)
        assert page.find("body/a").get("href") == "#main"  # before anything else: past the topics
        assert all(each.text_content().strip() for each in page.iter("a", "h1", "h2", "title"))
        assert page.find("body").get("data-path") == path
        assert not page.findall(".//img")
        assert not [each.tag for each in page.iter("ol", "ul", "nav", "main") if each.get("role")]  # they have theirs
        assert {each.get("type") for each in page.iter("input")} <= {"text"}


def test_links_with_the_same_words_lead_to_the_same_place() -> None:
    """Who goes from link to link hears nothing of what stands around them."""
    for page in (page_of("plain"), page_of("plain", "ekonomi/index.html")):
        heard: dict[str, set[str]] = {}
        for link in page.iter("a"):
            heard.setdefault(" ".join(link.text_content().split()), set()).add(link.get("href"))
        assert {name: where for name, where in heard.items() if len(where) > 1} == {}


@pytest.mark.parametrize("base", ["https://pages.example/warta/", "https://warta.example/", "http://127.0.0.1:8080/"])
def test_links_among_our_pages_hold_below_any_address(base: str) -> None:
    made = documents("plain")
    known = {urljoin(base, path) for path in made} | {
        urljoin(base, f"{it.slug}.{end}") for it in TOPICS for end in ENDINGS
    }
    known |= {urljoin(base, f"{topic.slug}/index.html") for topic in TOPICS}
    for path, document in made.items():
        if not path.endswith(".html") or path == "404.html":
            continue
        for element, _, link, _ in read(document).iterlinks():
            if urlsplit(link).scheme or link.startswith("#"):
                continue
            where = urljoin(urljoin(base, path), link)
            assert (f"{where}index.html" if where.endswith("/") else where) in known, (path, element.tag, link)


def test_a_page_is_canonical_only_at_an_address_that_was_configured() -> None:
    unnamed = replace(SITE, url=None)
    for path, document in documents("plain").items():
        if path.endswith(".html") and path != "404.html":
            (link,) = read(document).findall('.//link[@rel="canonical"]')
            assert link.get("href") == f"{BASE_URL}/{path.removesuffix('index.html')}"
    derived = documents("plain", lambda: Press(unnamed, "http://127.0.0.1:8080", TOPICS, NAMES))
    assert not [path for path, each in derived.items() if b"canonical" in each.body]


@pytest.mark.parametrize(("language", "direction"), [("id", None), ("ar", "rtl"), ("he-il", "rtl"), ("x-none", None)])
def test_a_page_runs_as_its_language_is_written(language: str, direction: str | None) -> None:
    ours = Press(replace(SITE, language=language), BASE_URL, TOPICS, NAMES)
    assert read(ours.front_page(PLAIN_STORIES, ())).get("dir") == direction


def test_ugly_headlines_stay_text() -> None:
    for path, document in documents("ugly").items():
        page = read(document)
        assert not [each.tag for each in page.iter("svg", "style", "item", "entry", "img", "iframe")], path
        assert len(page.findall(".//script")) == (1 if path.endswith(".html") else 0)
        outward = [link for _, _, link, _ in page.iterlinks() if urlsplit(link).scheme]
        assert all(link.startswith("https://") for link in outward)
    assert "<script>alert(1)</script>" in page_of("ugly").find(".//ol").text_content()


def test_a_title_of_a_megabyte_is_a_title() -> None:
    long = story(headline(1, title="<b>&\u202e" * 100_000), headline(2))
    page, _ = press().pages(EKONOMI, [long], [long])
    assert read(page).find(".//h1").text_content() == "<b>&" * 100_000


def test_ugly_titles_of_topics_stay_text() -> None:
    ugly = Topic(slug="x", title='"><script>alert(1)</script>{{ 7 * 7 }}{}')
    ours = Press(SITE, BASE_URL, (*TOPICS, ugly), NAMES)
    for document in (*ours.pages(ugly, PLAIN_STORIES, ()), *ours.front(PLAIN_STORIES, ())):
        assert b"<script>" not in document.body
        assert b"49" not in document.body.replace(b"2049", b"")


def test_nothing_of_style_or_script_is_inside_a_page() -> None:
    for path, document in documents("plain").items():
        if path.endswith(".html"):
            page = read(document)
            assert not page.findall(".//*[@style]")
            assert not page.findall(".//style")
            scripts = [(each.get("src"), each.get("defer"), each.text) for each in page.iter("script")]
            root = "/" if path == "404.html" else "../" * path.count("/")
            assert scripts == [(f"{root}live.js", "defer", None)]
            assert not [name for each in page.iter() for name in each.attrib if name.startswith("on")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_we_speak_the_sites_language_throughout(language: str) -> None:
    ours = words(language)
    assert language == "en" or ours != words("en")
    holed = {field.name for field in fields(Words) if getattr(ours, field.name).count("{}") == 1}
    assert holed == {"outlets", "versions", "address"}
    # They go into a string of the stylesheet as they are.
    assert not re.search(r"[\"\\\n<&']", ours.feed + ours.archived)
    style = {
        each.path: each.body for each in Press(replace(SITE, language=language), BASE_URL, TOPICS, NAMES).front((), ())
    }
    assert f'content: "{ours.feed}"'.encode() in style["feed.css"]
