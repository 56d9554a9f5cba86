from dataclasses import replace

import feedparser
import pytest

from aggregator.publish.body import html_body
from aggregator.publish.forms import outline_of
from aggregator.publish.head import head_of
from aggregator.publish.item import Item, item_of
from aggregator.publish.syndication import (
    _around_entries,
    _atom_entry,
    _atom_head,
    _rss_entry,
    _rss_head,
    atom_entry,
    atom_feed,
    by_numbers,
    rss_feed,
    rss_item,
)
from aggregator.publish.words import words
from tests.publish.stories import (
    BASE_URL,
    DISSOLVED,
    DUNIA,
    FIRST,
    KABAR,
    NAMES,
    NOON,
    PLAIN_STORIES,
    SECOND,
    SITE,
    STORIES,
    THIRD,
    UPDATE,
    headline,
    press,
    story,
)

OURS = words("id")
COPIES = ((1, DUNIA, ""), (2, KABAR, ""), (3, KABAR, "?x"), (4, DUNIA, "?x"))
HEAD = head_of(UPDATE, SITE, BASE_URL, NOON)


def items_of(kind: str) -> list[Item]:
    return [item_of(story, NAMES) for story in STORIES[kind]]


@pytest.mark.parametrize("kind", STORIES)
def test_joined_rss_is_what_feedgen_writes_as_a_whole(kind: str) -> None:
    whole = _rss_head(HEAD)
    for item in items_of(kind):
        whole.add_entry(_rss_entry(item, html_body(item, OURS)), order="append")

    joined = rss_feed(HEAD, [rss_item(outline_of(item, OURS)) for item in items_of(kind)])
    assert joined == by_numbers(whole.rss_str(pretty=True))


@pytest.mark.parametrize("kind", STORIES)
def test_joined_atom_is_what_feedgen_writes_as_a_whole(kind: str) -> None:
    whole = _atom_head(HEAD, DISSOLVED)
    for item in items_of(kind):
        whole.add_entry(_atom_entry(item, html_body(item, OURS)), order="append")

    joined = atom_feed(HEAD, [atom_entry(outline_of(item, OURS)) for item in items_of(kind)], DISSOLVED)
    assert joined == by_numbers(whole.atom_str(pretty=True))


def test_the_head_of_a_feed_is_kept_once_however_many_stories_become_parts_of_others() -> None:
    _around_entries.cache_clear()
    for number in range(20):
        gone = [replace(each, story=f"{each.story}-{number}") for each in DISSOLVED]
        assert atom_feed(HEAD, (), gone).count(b"<at:deleted-entry ") == len(gone)

    assert _around_entries.cache_info().currsize == 1


def test_a_reader_of_rss_finds_what_was_told() -> None:
    rss, _, _ = press().feeds(UPDATE, PLAIN_STORIES)
    parsed = feedparser.parse(rss.body)

    assert not parsed.bozo
    assert parsed.feed.title == "UPDATE – Warta <Pagi>"
    assert [entry.title for entry in parsed.entries] == ["Banjir surut di Semarang", "Berita 1", "Berita 4"]
    first, second, third = parsed.entries
    assert first.link == "https://dunia.example/1?a=1&b=2"
    assert first.published_parsed[:6] == (2025, 12, 29, 3, 12, 30)
    assert [tag.term for tag in first.tags] == ["Daerah", "Cuaca"]
    assert first.enclosures[0].href == "https://dunia.example/1.mp3"
    assert (second.source.title, second.source.href) == ("Dunia!", "https://dunia.example/rss")
    assert second.summary.endswith(
        '<p>Juga: <a href="https://kabar.example/9">Kabar &amp; Kota</a>, '
        '<a href="https://dunia.example/3">Berita 3</a></p>'
    )
    assert third.author == "Pasar"


def test_a_reader_of_atom_finds_every_outlet_and_enclosure() -> None:
    _, atom, _ = press().feeds(UPDATE, PLAIN_STORIES)
    parsed = feedparser.parse(atom.body)

    assert not parsed.bozo
    first, second, _ = parsed.entries
    assert [(link.href, link.title) for link in second.links if link.rel == "related"] == [
        ("https://kabar.example/9", "Kabar & Kota: Banjir reda"),
        ("https://dunia.example/3", "Dunia: Berita 3"),
    ]
    assert [(each.href, each.get("length")) for each in first.enclosures] == [
        ("https://dunia.example/1.mp3", "1234"),
        ("https://dunia.example/1.jpg", None),
    ]
    assert first.source.id == "tag:dunia.example,2025:feed"
    assert (first.summary, first.author) == ("<p>Warga mulai pulang &amp; membersihkan rumah.</p>", "Rina")


def test_credentials_of_a_source_never_leave() -> None:
    assert any("secret" in headline.source for story in PLAIN_STORIES for headline in story.headlines)
    assert all(b"secret" not in each.body for each in press().feeds(UPDATE, PLAIN_STORIES))


def test_no_cdata_is_ever_written() -> None:
    rss, atom, _ = press().feeds(UPDATE, STORIES["ugly"])
    assert b"<![CDATA[" not in rss.body + atom.body


def test_a_source_that_lost_its_name_goes_by_its_feeds_title() -> None:
    (story,) = STORIES["plain"][:1]
    assert item_of(story, {KABAR: "Kabar"}).outlets == ("Dunia!",)


def test_outlets_are_named_once_and_every_headline_is_linked() -> None:
    item = item_of(story(SECOND, FIRST, THIRD), NAMES)

    assert item.outlets == ("Kabar & Kota", "Dunia")
    assert [telling.title for telling in item.tellings] == ["Banjir reda", "Berita 1", "Berita 3"]


def test_a_page_that_two_outlets_list_is_linked_once() -> None:
    page = "https://dunia.example/1"
    lines = (
        headline(1),
        headline(2, KABAR, url=page),
        headline(3, KABAR, url=f"{page}?x"),
        headline(4, url=f"{page}?x"),
    )
    entry = atom_entry(outline_of(item_of(story(*lines), NAMES), OURS))

    assert entry.count(b'rel="related"') == 1
    assert b"Kabar &#x26; Kota: Berita 3" in entry
