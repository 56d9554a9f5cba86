from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from aggregator.document import Document
from aggregator.publish.outgoing import without_secrets
from aggregator.source import PageList, Source
from aggregator.topic import Topic
from tests.newsroom import DUNIA, KABAR
from tests.publish.stories import BASE_URL, TOPICS, press

EKONOMI = TOPICS[2]


def documents(*sources: Source) -> tuple[Document, Document]:
    """The list of our feeds, and that of our sources."""
    by_path = {document.path: document for document in press(*sources).front((), ())}
    return by_path["feeds.opml"], by_path["sources.opml"]


def lists(*sources: Source) -> Iterator[etree._Element]:
    for document in documents(*sources):
        yield etree.fromstring(document.body, etree.XMLParser(resolve_entities=False))


def outlines(*sources: Source) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in outline.attrib.items()}
        for outline in list(lists(*sources))[1].iter("outline")
    ]


def test_both_lists_hold_what_opml_2_wants() -> None:
    for list_ in lists(DUNIA, replace(KABAR, topics=("ekonomi", "update"), page=PageList())):
        assert (list_.tag, list_.get("version")) == ("opml", "2.0")
        assert [child.tag for child in list_] == ["head", "body"]
        assert [(each.tag, each.text) for each in list_[0]] == [("title", "Warta <Pagi>"), ("ownerId", f"{BASE_URL}/")]
        assert len(list(list_.iter("outline"))) == 3
        for outline in list_.iter("outline"):
            assert outline.get("text")
            assert (outline.get("type") is None) == (outline.get("xmlUrl") is None) == (outline.get("title") is None)
            assert len(outline) == 0 or outline.get("xmlUrl") is None


def test_a_namespace_is_declared_only_where_it_is_used() -> None:
    kinds = [list_.nsmap for source in (DUNIA, replace(DUNIA, weight=2)) for list_ in lists(source)]
    assert [len(each) for each in kinds] == [0, 0, 0, 1]


def test_what_we_publish_is_one_feed_a_topic() -> None:
    found = [(each.get("text"), each.get("type"), each.get("xmlUrl")) for each in next(lists()).iter("outline")]
    assert found == [
        ("UPDATE", "rss", f"{BASE_URL}/update.rss"),
        ("Populer", "rss", f"{BASE_URL}/popular.rss"),
        ('Ekonomi & "Pasar"', "rss", f"{BASE_URL}/ekonomi.rss"),
    ]


def test_a_source_stands_in_the_folder_of_its_first_topic_and_names_the_others() -> None:
    found = outlines(replace(DUNIA, topics=("ekonomi", "update")), KABAR)
    assert [each["text"] for each in found] == ["Kabar", 'Ekonomi & "Pasar"', "Dunia"]
    assert found[2]["category"] == "/ekonomi,/update"


def test_a_page_is_not_called_a_feed() -> None:
    page = PageList(item="li > a", link='a[href="x"]@href')
    (found,) = outlines(replace(DUNIA, page=page))
    assert found["type"] == "page"
    assert {value for name, value in found.items() if name.startswith("{")} == {"li > a", 'a[href="x"]@href'}


def test_no_secret_leaves() -> None:
    canary = "s3cr3t"
    private = replace(
        DUNIA,
        urls=(f"https://u:{canary}@dunia.example/rss?token={canary}&a=1", f"https://dunia.example/?api_key={canary}"),
        headers=(("Authorization", canary),),
        user_agent=canary,
        proxy=f"http://{canary}.example",
        auth_file=Path(canary),
    )
    body = documents(private)[1].body.decode()
    assert canary not in body
    assert 'xmlUrl="https://dunia.example/rss?a=1"' in body


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/private.atom?token=AB12", "https://a.example/private.atom"),
        ("https://a.example/?b=1&feed_token=x&c=%26", "https://a.example/?b=1&c=%26"),
        ("https://a.example/?rssKey=x#y", "https://a.example/#y"),
        ("https://a.example/?%74oken=x", "https://a.example/"),
        ("https://a.example/?feed=0123456789abcdef0123456789abcdef01234567&user=b", "https://a.example/?user=b"),
        ("https://u@a.example:81/", "https://a.example:81/"),
        ("https://a.example/?b=1;token=x;c=2&d=3", "https://a.example/?b=1;c=2&d=3"),
        ("https://a.example/?b=1;c=2&sig=x", "https://a.example/?b=1;c=2"),
        ("https://a.example/?keyword=x&author=y&monkey=z", None),
        ("https://www.youtube.com/feeds/videos.xml?channel_id=UCBR8-60-B28hp2BmDPdntcQ", None),
        ("https://a.example/?", None),
        ("https://a.example/?a&&b=;", None),
    ],
)
def test_what_looks_like_a_token_is_left_out_of_an_address_and_the_rest_stays(url: str, kept: str | None) -> None:
    assert without_secrets(url) == (kept or url)


def test_the_lists_are_the_same_bytes_each_time_and_carry_no_date() -> None:
    sources = (replace(DUNIA, zone=ZoneInfo("Asia/Jakarta"), every=timedelta(minutes=15), weight=0.25), KABAR)
    assert documents(*sources) == documents(*sources)
    for document in documents(*sources):
        assert document.modified_at is None
        assert document.content_type == "text/x-opml; charset=utf-8"


def test_a_name_that_is_markup_stays_text() -> None:
    hostile = replace(DUNIA, name='"/><outline text="x" xmlUrl="http://evil/', topics=("<i>",))
    assert [each["text"] for each in outlines(hostile)] == ["<i>", hostile.name]


def test_topics_without_a_title_in_the_list_go_by_their_slug() -> None:
    assert outlines(replace(DUNIA, topics=("olahraga",)))[0]["text"] == "olahraga"
    assert Topic(slug="olahraga", title="Olahraga") not in TOPICS
    assert EKONOMI in TOPICS
