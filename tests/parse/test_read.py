import pytest

from aggregator.errors import NotAFeedError
from aggregator.parse.read import read_document
from aggregator.source import PageList
from tests.parse.documents import job, our, rss


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rss_everything.xml", "rss20"),
        ("rss_space-before-declaration.xml", "rss20"),
        ("rss_utf-16.xml", "rss20"),
        ("rdf.xml", "rss10"),
        ("atom_texts-and-bases.xml", "atom10"),
        ("atom_inside-a-page.xml", "atom10"),
        ("json_11.json", "json11"),
    ],
)
def test_the_format_is_found_by_sniffing(name: str, kind: str) -> None:
    reading = read_document(our(name))
    assert reading.kind == kind
    assert reading.entries


def test_the_media_type_decides_nothing() -> None:
    assert read_document(job(rss("<title>a</title>"), content_type="text/html")).entries[0].title == "a"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page_front.html", 'an HTML page ("Dunia – depan")'),
        ("page_challenge.html", "Cloudflare"),
        ("page_captive-portal.html", "log in to the network"),
    ],
)
def test_a_page_where_a_feed_was_expected_says_what_it_is(name: str, text: str) -> None:
    with pytest.raises(NotAFeedError) as caught:
        read_document(our(name))
    assert text in str(caught.value)


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf\n"])
def test_an_empty_body_is_not_an_empty_feed(body: bytes) -> None:
    with pytest.raises(NotAFeedError, match="empty"):
        read_document(job(body))


def test_a_page_is_read_as_its_source_says() -> None:
    lines = "".join(f"<li><a href='/{word}'>Berita {word} hari ini</a></li>" for word in ("satu", "dua", "tiga"))
    page = f"<!doctype html><html><body><ul>{lines}</ul></body></html>".encode()
    reading = read_document(job(page, page=PageList(item="li")))
    assert reading.kind == "page"
    assert [entry.link for entry in reading.entries] == [f"https://news.example/{w}" for w in ("satu", "dua", "tiga")]


def test_a_feed_is_read_as_a_feed_whatever_its_source_says() -> None:
    assert read_document(job(rss("<title>a</title>"), page=PageList())).kind == "rss20"
