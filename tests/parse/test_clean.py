import time
from collections.abc import Callable

import pytest

from aggregator.parse.clean import clean_line, clean_link, clean_prose

BASE = "https://news.example/feeds/all.xml"


@pytest.mark.parametrize(
    ("published", "title"),
    [
        pytest.param("5 < 6", "5 < 6", id="a comparison is text"),
        pytest.param("5 < 6 > 3", "5 < 6 > 3", id="so are two"),
        pytest.param("I <3 Jakarta", "I <3 Jakarta", id="and a heart"),
        pytest.param("<b>Ja</b>karta", "Jakarta", id="inline tags join"),
        pytest.param("Hujan<br/>deras", "Hujan deras", id="block tags part"),
        pytest.param("<<b>script>alert(1)", "alert(1)", id="a tag inside a tag"),
        pytest.param("a <b 5 < 6 >c", "a c", id="a tag that holds a <"),
        pytest.param("AT&amp;T", "AT&T", id="an entity"),
        pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="decoded once only"),
        pytest.param("&lt;script&gt;x&lt;/script&gt;", "x", id="an escaped tag"),
        pytest.param("<\u200bscript>x", "x", id="a tag behind a zero-width space"),
        pytest.param("\x1b[2J\x9b31m\x07Awas\x00", "[2J31mAwas", id="terminal escapes"),
        pytest.param("&#27;]0;pwn&#7;", "]0;pwn", id="terminal escapes as references"),
        pytest.param("a\u202eb\u2066c\u2069", "abc", id="bidi overrides and isolates"),
        pytest.param("a\ud800b\ufffec\ufdd0d\U0001ffff", "abcd", id="surrogates and noncharacters"),
        pytest.param(" a\n\tb\u2028c\xa0d ", "a b c d", id="white space"),
        pytest.param("Cafe\u0301", "Café", id="NFC"),
        pytest.param("👩\u200d🚀", "👩\u200d🚀", id="a joined emoji stays"),
        pytest.param("&#" + "9" * 5000 + ";x", "x", id="a reference that int() refuses"),
        pytest.param("<![CDATA[x", "<![CDATA[x", id="an opener that closes nothing"),
    ],
)
def test_a_title_is_one_line_of_plain_text(published: str, title: str) -> None:
    assert clean_line(published) == title


def test_a_long_title_is_cut() -> None:
    assert clean_line("x" * 5000) == "x" * 1000
    assert clean_line("kata " * 5000, limit=10) == "kata kata"


@pytest.mark.parametrize("clean", [clean_line, clean_prose])
@pytest.mark.parametrize("bomb", ["<", "<b", "< >", "<b>", "&lt;!--", "&", "<!--", "a\u0301\u0323", "]]>", "<p "])
def test_a_megabyte_costs_no_more_than_a_long_title(clean: Callable[[str], str], bomb: str) -> None:
    began = time.process_time()
    clean(bomb * (1_000_000 // len(bomb)))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("markup", "summary"),
    [
        pytest.param("<p>Satu <b>du</b>a.</p><p>Tiga.</p>", "Satu dua. Tiga.", id="paragraphs part, words do not"),
        pytest.param("a<script>alert(1)</script><style>p{}</style>b", "ab", id="scripts leave with their contents"),
        pytest.param("5 < 6 &amp; 7", "5 < 6 & 7", id="a comparison is text"),
        pytest.param("&lt;img src=x onerror=y&gt;Foto", "Foto", id="a tag escaped once too often"),
        pytest.param('<img src=x onerror="a>b">Foto', "Foto", id="a > inside an attribute"),
        pytest.param("x\x1b[2J\u202e<!-- y -->z", "x[2Jz", id="escapes, bidi and comments"),
    ],
)
def test_a_summary_is_one_paragraph_of_plain_text(markup: str, summary: str) -> None:
    assert clean_prose(markup) == summary


def test_a_long_summary_is_cut_between_words() -> None:
    assert clean_prose("kata dua " * 900, limit=12) == "kata dua…"
    assert len(clean_prose("x" * 9000)) == 2000


@pytest.mark.parametrize(
    ("published", "link"),
    [
        pytest.param(" https://a.example/x?y=1#z ", "https://a.example/x?y=1#z", id="absolute"),
        pytest.param("HTTPS://A.example/X", "https://a.example/X", id="scheme and host know no case"),
        pytest.param("../a b", "https://news.example/a%20b", id="relative, with a blank"),
        pytest.param("//cdn.example/x", "https://cdn.example/x", id="without a scheme"),
        pytest.param("http://u:secret@a.example:8080/", "http://a.example:8080/", id="credentials are taken out"),
        pytest.param("http://[::1]:80/x", "http://[::1]:80/x", id="IPv6"),
        pytest.param('https://a.example/"><b>', "https://a.example/%22%3E%3Cb%3E", id="markup is quoted"),
    ],
)
def test_a_web_address_is_made_absolute(published: str, link: str) -> None:
    assert clean_link(published, BASE) == link


@pytest.mark.parametrize(
    "published",
    [
        *["javascript:alert(1)", "JaVaScRiPt:alert(1)", "jav\tascript:alert(1)", "data:text/html,x", "vbscript:x"],
        *["file:///etc/passwd", "mailto:a@b.example", "http://a\r\nSet-Cookie: b", "http://a/\x1b[2J", "https://[x"],
        *["http://a:99999/", "http://good.example\\@evil.example/", "http:///x", "http://a b/", "http://a/\u202ex"],
        *["javascript://a.example/%0aalert(1)", "file://a.example/etc/passwd", "ftp://a.example/"],
        *["", "  ", None, "https://a.example/" + "x" * 4096, "http://a\u2100b/"],
    ],
)
def test_what_is_no_web_address_is_no_link(published: str | None) -> None:
    assert clean_link(published, BASE) is None


def test_a_base_that_is_no_address_harms_nothing() -> None:
    assert clean_link("/x", "https://[x") is None
    assert clean_link("/x", "") is None
