import pytest
import yaml

from aggregator.dedupe.canonical import canonical_url
from aggregator.load.subscriptions import known_as, slug_of
from aggregator.source import PageList
from aggregator.subscription import Folder, Subscription
from aggregator.topic import RESERVED
from tests.load.conftest import Load
from tests.load.suggested import planned

DUNIA = Subscription(url="https://dunia.example/rss", name="Dunia")
FEEDS = """
sources:
  - {name: Dunia, url: [https://www.dunia.example/rss/, "https://dunia.example/atom"], topics: [luar-negeri]}
  - {name: UPDATE, url: https://rmol.example/, page: {list: UPDATE}}
topics:
  - {slug: luar-negeri, title: Luar Negeri & Asia}
"""


def test_what_is_there_already_is_left_as_it_is(load: Load) -> None:
    feeds = load(FEEDS)
    again = planned(
        DUNIA,
        Subscription(url="http://dunia.example/atom", folders=("Baru",)),
        Subscription(url="https://rmol.example", page=PageList(heading="update")),
        feeds=feeds,
    )
    assert (again.sources, again.topics, again.known, again.repeated) == ((), (), 3, 0)
    assert known_as(DUNIA, feeds, canonical_url) == "Dunia"


def test_another_list_of_a_page_and_a_feed_at_its_address_are_new(load: Load) -> None:
    feeds = load(FEEDS)
    new = planned(
        Subscription(url="https://rmol.example/", page=PageList(heading="Populer")),
        Subscription(url="https://rmol.example/", page=PageList()),
        Subscription(url="https://rmol.example/"),
        feeds=feeds,
    )
    assert (len(new.sources), new.known, new.repeated) == (3, 0, 0)


def test_a_feed_suggested_twice_is_added_once_with_the_topics_of_both() -> None:
    twice = planned(
        Subscription(url="https://a.example/rss", name="A", folders=("Tech",)),
        Subscription(url="http://www.a.example/rss", name="B", folders=("Berita", "Tech")),
    )
    assert twice.sources == ("{name: A, url: 'https://a.example/rss', topics: [tech, berita]}",)
    assert (twice.repeated, twice.names) == (1, ("A",))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "without an xmlUrl"),
        ("|cmd", "is no web address"),
        ("javascript:alert(1)", "is no web address"),
        ("file:///etc/passwd", "is no web address"),
        ("https://[x", "is no address"),
        ("https://a.example/ b", "has a space in it"),
        ("https://user:pw@a.example/", "auth_file"),
        ("https://a.example/" + "a" * 5_000, "write at most 4,096"),
        ("http://10.0.0.1/rss", "10.0.0.1 is not a public address"),
        ("https://a.example/\x1b[2J", "control character"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line_and_the_reason(url: str, reason: str) -> None:
    refused = planned(Subscription(url=url, name="x", folders=("Baru",), line=7), DUNIA)
    assert [fault.line for fault in refused.refused] == [7]
    assert reason in refused.refused[0].text
    assert "pw" not in refused.refused[0].text
    assert "\x1b" not in refused.refused[0].text
    assert (len(refused.sources), refused.topics) == (1, ())


def test_names_are_unique_case_aside() -> None:
    named = planned(
        DUNIA,
        Subscription(url="https://b.example/", name="DUNIA"),
        Subscription(url="https://b.example/2", name="dunia"),
        Subscription(url="https://www.c.example/"),
        Subscription(url="https://d.example/", name="x" * 300),
        Subscription(url="https://e.example/", name="x" * 300),
        Subscription(url="https://f.example/", name="a\u200fb\u2028c\n"),
    )
    assert named.names == (
        "Dunia",
        "DUNIA (b.example)",
        "dunia 2",
        "c.example",
        "x" * 100,
        "x" * 88 + " (e.example)",
        "abc",
    )


@pytest.mark.parametrize(
    ("folder", "slug"),
    [
        ("Dunia", "dunia"),
        ("Ekonomi & Bisnis", "ekonomi-bisnis"),
        ("Économie / Santé", "economie-sante"),
        ("  ../../etc/passwd", "etc-passwd"),
        ("Status", "status-topic"),
        ("x" * 200, "x" * 56),
        ("日本", "topic-e17c0dd5"),
        ("", "topic-cae66941"),
    ],
)
def test_a_folder_gives_a_slug_that_is_safe_in_a_path(folder: str, slug: str) -> None:
    if folder in {"日本", ""}:
        assert slug_of(folder).startswith("topic-")
        assert slug_of(folder) == slug_of(folder)
    else:
        assert slug_of(folder) == slug


@pytest.mark.parametrize("page", sorted(RESERVED))
def test_no_folder_takes_a_page_of_ours(page: str) -> None:
    new = planned(Subscription(url="https://a.example/", folders=(page, page.upper())))
    assert yaml.safe_load(new.sources[0])["topics"] == [f"{page}-topic"]


def test_a_topic_is_written_only_where_its_slug_does_not_say_its_title() -> None:
    new = planned(
        Subscription(url="https://a.example/", folders=("Dunia", "C++", "C", "luar-negeri")),
        Subscription(url="https://10.0.0.1/", folders=("Nobody's",)),
    )
    assert yaml.safe_load(new.sources[0])["topics"] == ["dunia", "c", "c-2", "luar-negeri"]
    assert new.topics == ("{slug: c, title: C++}", "{slug: c-2, title: C}")


def test_a_folder_that_is_called_like_a_topic_is_that_topic(load: Load) -> None:
    new = planned(Subscription(url="https://a.example/", folders=("luar negeri & asia", "UPDATE")), feeds=load(FEEDS))
    assert yaml.safe_load(new.sources[0])["topics"] == ["luar-negeri", "update"]
    assert new.topics == ()


def test_a_folder_that_says_its_slug_keeps_it() -> None:
    new = planned(
        Subscription(url="https://a.example/", folders=("ln",)),
        folders=(
            Folder(name="Luar Negeri", slug="ln"),
            Folder(name="Evil", slug="../x"),
            Folder(name="S", slug="status"),
        ),
    )
    assert yaml.safe_load(new.sources[0])["topics"] == ["ln"]
    assert new.topics == ("{slug: ln, title: Luar Negeri}",)


def test_a_topic_that_nothing_new_is_in_is_not_written(load: Load) -> None:
    assert planned(DUNIA, feeds=load(FEEDS), folders=(Folder(name="L. N.", slug="ln"),)).topics == ()
