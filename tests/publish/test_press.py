from dataclasses import replace

import orjson

from aggregator.publish.press import Press
from tests.publish.stories import (
    BASE_URL,
    NAMES,
    NOON,
    PLAIN_STORIES,
    POPULAR,
    SITE,
    TOPICS,
    UPDATE,
    headline,
    press,
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
    assert not {each.etag for each in before} & {each.etag for each in after}


def test_what_is_kept_is_bounded() -> None:
    small = Press(SITE, BASE_URL, [replace(UPDATE, limit=3)], NAMES)
    for number in range(20):
        small.feeds(UPDATE, [story(headline(number))])
    assert len(small._written) == 6


def test_documents_were_modified_when_their_news_was() -> None:
    assert {each.modified_at for each in press().feeds(UPDATE, PLAIN_STORIES)} == {NOON.replace(microsecond=0)}
    assert {each.modified_at for each in press().feeds(UPDATE, ())} == {None}
    assert press().front_page(PLAIN_STORIES, ()).modified_at == NOON.replace(microsecond=0)


def test_a_topic_of_one_language_says_so() -> None:
    rss, _, json = press().feeds(TOPICS[2], ())
    assert b"<language>en-us</language>" in rss.body
    assert orjson.loads(json.body)["language"] == "en-us"


def test_json_tells_the_terminal_view_of_every_outlet() -> None:
    *_, json = press().feeds(UPDATE, PLAIN_STORIES)
    ours = orjson.loads(json.body)["items"][1]["_aggregator"]

    assert (ours["source"], ours["source_url"], ours["headlines"], ours["heat"]) == (
        "Dunia",
        "https://dunia.example/rss",
        3,
        1.5,
    )
    assert [(each["name"], each["title"], each["url"]) for each in ours["outlets"]] == [
        ("Dunia", "Berita 1", "https://dunia.example/1"),
        ("Kabar & Kota", "Banjir reda", "https://kabar.example/9"),
    ]
