import pytest

from aggregator.errors import NotAFeedError
from aggregator.parse.discover import LIMIT_FEEDS, look_around
from aggregator.parse.sandbox import Sandbox
from aggregator.subscription import Offers
from tests.parse.documents import job, our


def feeds(head: str, body: str = "") -> tuple[str, ...]:
    return look_around(job(f"<html><head>{head}</head><body>{body}</body></html>".encode())).feeds


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="/rss">', "https://news.example/rss"),
        ("<LINK REL='Alternate Home' TYPE='Application/Atom+XML; charset=x' HREF=a>", "https://news.example/feeds/a"),
        ('<link rel=alternate type=application/feed+json href="//cdn.example/f.json">', "https://cdn.example/f.json"),
        ('<base href="/b/"><link rel=alternate type=application/rss+xml href=c>', "https://news.example/b/c"),
        ("<link rel=alternate type=text/xml href=/index.rdf>", "https://news.example/index.rdf"),
        ("<link rel=alternate type=application/json href=/feed.json>", "https://news.example/feed.json"),
        ("<link rel=alternate type=application/json href=/wp-json/wp/v2/pages/2>", None),
        ("<link rel=alternate type=text/xml href=/opensearch>", None),
        ("<link rel=alternate type=text/xml+oembed href=/feed>", None),
        ('<link rel="alternate stylesheet" type=application/rss+xml href=/rss>', None),
        ("<link rel=alternate hreflang=en href=/rss>", None),
        ("<link rel=stylesheet type=application/rss+xml href=/rss>", None),
        ('<link rel=alternate type=application/rss+xml href="javascript:alert(1)">', None),
        ('<link rel=alternate type=application/rss+xml href="file:///etc/passwd">', None),
        ("<link rel=alternate type=application/rss+xml>", None),
        ("<!-- <link rel=alternate type=application/rss+xml href=/rss> -->", None),
    ],
)
def test_a_feed_is_what_the_head_calls_one(link: str, found: str | None) -> None:
    assert feeds(link) == ((found,) if found else ())


def test_links_in_the_body_are_anybodys() -> None:
    assert feeds("", "<p>Komentar: <link rel=alternate type=application/rss+xml href=https://evil.example/rss>") == ()


def test_feeds_come_in_the_order_of_the_page_each_once_and_not_too_many() -> None:
    links = [f"<link rel=alternate type=application/rss+xml href=/{number}>" for number in (2, 1, 2, *range(3, 50))]
    assert (
        feeds("".join(links))
        == tuple(f"https://news.example/{number}" for number in (2, 1, *range(3, 50)))[:LIMIT_FEEDS]
    )


def test_lists_are_named_by_the_headings_above_them() -> None:
    assert look_around(our("list_ul.html")) == Offers(
        title="list_ul - Harian Selat", feeds=(), headings=("Populer", "UPDATE")
    )


def test_a_heading_names_a_list_if_it_is_long_enough_and_has_no_name_yet() -> None:
    def listed(first: int, last: int) -> str:
        titles = (f"Berita panjang nomor {number} dari Selat" for number in range(first, last))
        return "".join(f"<li><a href=/{title[-14:-11]}>{title}</a></li>" for title in titles)

    body = (
        f"<div><h2>Ekonomi</h2><div><h3>Terbaru</h3><ul>{listed(10, 17)}</ul></div></div>"
        f"<div><h2>Pendek</h2><ul>{listed(20, 23)}</ul></div>"
    )
    assert look_around(job(f"<body>{body}".encode())).headings == ("Ekonomi",)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\0", b"<title>x"], ids=["nothing", "a tag", "a zero", "a title"])
def test_a_page_without_anything_offers_nothing(body: bytes) -> None:
    found = look_around(job(body))
    assert (found.feeds, found.headings) == ((), ())


async def test_a_page_is_looked_over_in_a_child() -> None:
    async with Sandbox(max_workers=1) as sandbox:
        assert (await sandbox.look_around(our("list_ul.html"))).headings == ("Populer", "UPDATE")
        with pytest.raises(NotAFeedError, match="inside one another"):
            await sandbox.look_around(job(b"<div>" * 10_000))
