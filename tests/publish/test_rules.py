"""Every MUST and SHOULD of RSS, Atom and JSON Feed that touches us, over plain and ugly topics: see judge/."""

from datetime import datetime

import feedparser
import pytest

from tests.publish.judge.atom import SCHEMA
from tests.publish.judge.editions import (
    AS_IF_NEVER_PARSED,
    EDITIONS,
    RULES,
    edition,
    headlines_in,
    judged,
    pressed,
    told,
    ugly_feed,
)
from tests.publish.judge.judging import Published
from tests.publish.stories import STORIES, UGLY_TITLES, headline, story

SECRET = "https://reader:secret@ugly.example/rss?token=verysecret&page=2"


def titles(documents: dict[str, Published]) -> dict[str, list[str]]:
    return {
        "rss": documents["rss"].find("//item/title/text()"),
        "atom": documents["atom"].find("/atom:feed/atom:entry/atom:title/text()"),
        "json": [item["title"] for item in documents["json"].json["items"]],
    }


@pytest.mark.parametrize("kind", EDITIONS)
def test_a_topic_keeps_every_rule(kind: str) -> None:
    assert judged(EDITIONS[kind]()) == []


@pytest.mark.parametrize("kind", STORIES)
def test_a_headline_that_nobody_cleaned_breaks_no_rule_that_a_reader_would_see(kind: str) -> None:
    assert judged(pressed(STORIES[kind]), but=AS_IF_NEVER_PARSED) == []


def test_of_ugly_titles_that_are_markup_alone_nothing_is_left() -> None:
    assert (len(UGLY_TITLES), len(headlines_in(ugly_feed(), SECRET))) == (9, 6)


@pytest.mark.parametrize("kind", STORIES)
def test_titles_are_the_same_text_in_every_format(kind: str) -> None:
    found = titles(pressed(STORIES[kind]))
    assert found["rss"] == found["atom"] == found["json"]
    assert len(found["rss"]) == len(STORIES[kind])


@pytest.mark.parametrize("title", ["5 < 6 & 7 > 3", "A &amp; B", "&lt;b&gt;", "<b>", "Q&A", "&#x26;", "R&D &copy;"])
def test_a_reader_shows_a_title_as_it_was_told(title: str) -> None:
    documents = pressed([story(headline(1, title=title))])
    assert {found[0] for found in titles(documents).values()} == {title}


def test_ids_links_and_dates_are_the_same_in_every_format() -> None:
    documents = EDITIONS["full"]()
    feeds = [feedparser.parse(documents[kind].body).entries for kind in ("rss", "atom")]
    rss, atom = ([(it.id, it.link, it.published_parsed[:6]) for it in entries] for entries in feeds)
    items = documents["json"].json["items"]

    assert rss == atom
    assert [(id_, link) for id_, link, _ in rss] == [(item["id"], item["url"]) for item in items]
    assert [datetime.fromisoformat(item["date_published"]).timetuple()[:6] for item in items] == [
        at for _, _, at in rss
    ]


def test_no_secret_of_a_source_leaves_in_its_address() -> None:
    documents = edition(told(headlines_in(ugly_feed(), SECRET)))
    assert all(b"secret" not in document.body for document in documents.values())
    assert all(b"https://ugly.example/rss?page=2" in document.body for document in documents.values())


def test_what_changed_at_one_instant_is_told_apart_by_parts_of_a_second() -> None:
    noon = headline(0).published_at
    same = [story(headline(number, published_at=noon, updated_at=noon)) for number in range(50)]
    assert judged(pressed(same)) == []


def test_a_feed_whose_own_date_cannot_be_is_dated_by_its_news() -> None:
    (first, *_) = EDITIONS["ugly as published"]()["atom"].find("//atom:source/atom:updated/text()")
    assert first == "2025-12-29T00:00:00Z"


@pytest.mark.skipif(not SCHEMA.exists(), reason=f"{SCHEMA} is not here")
def test_the_schema_of_rfc_4287_is_among_the_rules() -> None:
    broken = EDITIONS["full"]()["atom"].body.replace(b"<title ", b"<tilte ").replace(b"</title>", b"</tilte>")
    rules = [rule for rule in RULES["atom"] if rule.name == "RelaxNG"]
    assert list(rules[0].check(Published("https://warta.example/update.atom", broken, headline(0).published_at)))
