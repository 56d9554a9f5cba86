from dataclasses import replace
from datetime import timedelta

import feedparser
import orjson
import pytest

from aggregator.publish.press import Press
from aggregator.topic import Topic
from tests.publish.stories import (
    BASE_URL,
    DISSOLVED,
    NAMES,
    NOON,
    PLAIN_STORIES,
    POPULAR,
    SITE,
    TOPICS,
    UPDATE,
    headline,
    press,
    revised,
    story,
)


def test_a_topic_is_three_documents() -> None:
    assert [(each.path, each.content_type) for each in press().feeds(UPDATE, PLAIN_STORIES)] == [
        ("update.rss", "application/rss+xml; charset=utf-8"),
        ("update.atom", "application/atom+xml; charset=utf-8"),
        ("update.json", "application/feed+json; charset=utf-8"),
    ]


def test_the_same_stories_give_the_same_documents_whatever_was_rendered_before() -> None:
    used = press()
    used.feeds(POPULAR, PLAIN_STORIES[:1])
    used.feeds(UPDATE, PLAIN_STORIES[::-1])
    used.front_page(PLAIN_STORIES, ())

    assert used.feeds(UPDATE, PLAIN_STORIES) == press().feeds(UPDATE, PLAIN_STORIES)
    assert used.front_page(PLAIN_STORIES, PLAIN_STORIES) == press().front_page(PLAIN_STORIES, PLAIN_STORIES)


def test_items_keep_the_order_given() -> None:
    *_, json = press().feeds(UPDATE, PLAIN_STORIES[::-1])
    assert [item["title"] for item in orjson.loads(json.body)["items"]] == [
        "Berita 4",
        "Berita 1",
        "Banjir surut di Semarang",
    ]


def test_a_story_is_written_once_for_all_topics_and_passes() -> None:
    ours, stories = press(), [story(headline(number)) for number in range(50)]
    ours.feeds(UPDATE, stories[1:])
    before = dict(ours._written)
    ours.feeds(UPDATE, stories[:-1])
    ours.feeds(POPULAR, stories)
    ours.front_page(stories, stories)

    assert len(before) == 49
    assert [each for each, written in ours._written.items() if written is not before.get(each)] == stories[:1]


def test_a_revised_title_is_written_anew() -> None:
    ours, first = press(), headline(1)
    before = ours.feeds(UPDATE, [story(first)])
    after = ours.feeds(UPDATE, [story(replace(first, title="Berita lain"))])

    assert all(b"Berita lain" in each.body for each in after)
    assert not {each.body for each in before} & {each.body for each in after}


def test_what_is_kept_is_bounded() -> None:
    small = Press(SITE, BASE_URL, [replace(UPDATE, limit=3)], NAMES)
    for number in range(20):
        small.feeds(UPDATE, [story(headline(number))])
    assert len(small._written) == 6


def test_documents_were_modified_when_their_news_came() -> None:
    noon = NOON.replace(microsecond=0)
    assert {each.modified_at for each in press().feeds(UPDATE, PLAIN_STORIES)} == {noon}
    assert {each.modified_at for each in press().feeds(UPDATE, ())} == {None}
    assert press().front_page(PLAIN_STORIES, ()).modified_at == noon


def test_news_of_an_earlier_date_modifies_a_document_all_the_same() -> None:
    """Whoever asks with If-Modified-Since would not be told of it otherwise."""
    ours, new = press(), headline(9, first_seen_at=NOON + timedelta(minutes=20))
    ours.feeds(UPDATE, PLAIN_STORIES)
    assert new.published_at < NOON
    assert {each.modified_at for each in ours.feeds(UPDATE, (*PLAIN_STORIES, story(new)))} == {
        NOON.replace(microsecond=0) + timedelta(minutes=20)
    }


def test_a_copy_may_be_kept_for_as_long_as_the_topics_rhythm_allows() -> None:
    hourly = [story(headline(number, first_seen_at=NOON - number * timedelta(hours=1))) for number in range(5)]
    assert {each.max_age for each in press().feeds(UPDATE, hourly)} == {timedelta(minutes=15)}
    assert press().front_page(hourly, ()).max_age == timedelta(minutes=15)
    assert press().front(hourly, ())[1].max_age == timedelta(hours=1)


def test_what_is_told_of_unchanged_bytes_does_not_depend_on_what_was_rendered_before() -> None:
    ours, later = press(), [story(headline(1, first_seen_at=NOON + timedelta(hours=1)))]
    before = ours.feeds(UPDATE, [story(headline(1))])
    after = ours.feeds(UPDATE, later)
    assert [each.body for each in before] == [each.body for each in after]
    assert before != after == press().feeds(UPDATE, later)


def test_a_topic_of_one_language_says_so() -> None:
    rss, _, json = press().feeds(TOPICS[2], ())
    assert b"<language>en-us</language>" in rss.body
    assert orjson.loads(json.body)["language"] == "en-us"


def test_json_tells_the_terminal_view_of_every_outlet() -> None:
    *_, json = press().feeds(UPDATE, PLAIN_STORIES)
    ours = orjson.loads(json.body)["items"][1]["_aggregator"]

    assert (ours["source"], ours["source_url"], ours["heat"]) == ("Dunia", "https://dunia.example/rss", 1.5)
    assert [(each["source"], each["title"], each["url"]) for each in ours["headlines"]] == [
        ("Dunia", "Berita 1", "https://dunia.example/1"),
        ("Kabar & Kota", "Banjir reda", "https://kabar.example/9"),
        ("Dunia", "Berita 3", "https://dunia.example/3"),
    ]


def test_heat_is_told_as_exactly_as_all_machines_reckon_it() -> None:
    """The last bits of a logarithm are the C library's own: bytes would differ from one machine to the next."""
    documents = [
        press().feeds(UPDATE, [story(headline(1), heat=heat)]) for heat in (40_819.123_456_700_1, 40_819.123_456_7)
    ]
    assert documents[0] == documents[1]


def test_an_item_tells_what_its_title_was_in_its_own_language() -> None:
    telling = revised(headline(1, language="en-gb", summary="", title="Flood recedes"), "Flood & rain", "Flood")
    rss, atom, json = press().feeds(UPDATE, [story(telling)])
    (item,) = orjson.loads(json.body)["items"]

    assert item["content_text"] == "Was: Flood · Flood & rain"
    assert item["content_html"] == "<p>Was: Flood · Flood &amp; rain</p>"
    assert feedparser.parse(rss.body).entries[0].summary == item["content_html"]
    assert feedparser.parse(atom.body).entries[0].summary == item["content_html"]
    assert [each["title"] for each in item["_aggregator"]["headlines"][0]["was"]] == ["Flood", "Flood & rain"]
    assert item["date_modified"] > item["date_published"]


def test_an_item_in_a_language_that_we_have_no_words_of_speaks_the_sites() -> None:
    *_, json = press().feeds(UPDATE, [story(revised(headline(1, language="eo"), "Antaŭe"))])
    assert "Sebelumnya: Antaŭe" in orjson.loads(json.body)["items"][0]["content_text"]


def test_a_live_blog_shows_its_last_titles_only() -> None:
    *_, json = press().feeds(UPDATE, [story(revised(headline(1), *(f"Menit {n}" for n in range(24))))])
    (item,) = orjson.loads(json.body)["items"]

    assert item["content_text"].endswith("Sebelumnya: Menit 23 · Menit 22 · Menit 21 · Menit 20 · Menit 19")


def test_readers_are_told_which_stories_became_part_of_others() -> None:
    _, atom, _ = press().feeds(UPDATE, PLAIN_STORIES, DISSOLVED)
    _, none, _ = press().feeds(UPDATE, PLAIN_STORIES)

    assert [line.strip() for line in atom.body.decode().splitlines() if "deleted-entry" in line] == [
        f'<at:deleted-entry ref="urn:uuid:{each.story}" when="2025-12-29T03:12:30Z"/>' for each in DISSOLVED
    ]
    assert b"deleted-entry" not in none.body


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param(POPULAR, id="it was not in this topic"),
        pytest.param(replace(UPDATE, one_per="headline"), id="its headlines are items still"),
    ],
)
def test_what_was_no_item_is_not_told_to_be_gone(topic: Topic) -> None:
    _, atom, _ = press().feeds(topic, PLAIN_STORIES, DISSOLVED)
    assert b"deleted-entry" not in atom.body


def test_what_is_an_item_is_not_told_to_be_gone() -> None:
    alive = replace(DISSOLVED[0], story=PLAIN_STORIES[0].id)
    _, atom, _ = press().feeds(UPDATE, PLAIN_STORIES, [alive])

    assert b"deleted-entry" not in atom.body


def test_a_hundred_that_are_gone_are_told_at_most() -> None:
    many = [replace(DISSOLVED[0], story=f"{number}") for number in range(103)]
    _, atom, _ = press().feeds(UPDATE, [], many)

    assert [f'urn:uuid:{number}"' in atom.body.decode() for number in (2, 3, 102)] == [False, True, True]


def test_what_has_nothing_but_a_title_repeats_it_below() -> None:
    rss, atom, json = press().feeds(UPDATE, [story(headline(1, summary=""))])

    assert feedparser.parse(rss.body).entries[0].summary == "<p>Berita 1</p>"
    assert feedparser.parse(atom.body).entries[0].summary == "<p>Berita 1</p>"
    assert orjson.loads(json.body)["items"][0]["content_text"] == "Berita 1"
