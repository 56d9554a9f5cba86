import pytest

from aggregator.publish.outgoing import iri, language_tag, media_type, one_line, web_link


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        (" two\r\n lines\t", "two lines"),
        ("a\x00b\x1b[2J\x9bc\x7f", "ab[2Jc"),
        ("\ud83d alone", "alone"),
        ("\ufffe\uffff\ufdd0", ""),
        ("abc\u202ecba\u2069", "abccba"),
        ("caf\ufffd", "caf?"),
        ("📰 عاجل", "📰 عاجل"),
    ],
)
def test_text_leaves_on_one_line_without_what_xml_forbids(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("link", "leaves"),
    [
        ("https://a.example/b?c=d&e=f#g", "https://a.example/b?c=d&e=f#g"),
        ("HTTPS://a.example/", "https://a.example/"),
        ("http://user:secret@a.example:81/", "http://a.example:81/"),
        ("https://münchen.example/ö?ü=[1]#ä", "https://xn--mnchen-3ya.example/%C3%B6?%C3%BC=%5B1%5D#%C3%A4"),
        ("https://straße.example:81/", "https://xn--strae-oqa.example:81/"),  # "strasse.example" is somebody else
        ("https://i❤.example/", "https://xn--i-7iq.example/"),  # no name by IDNA 2008, and registered all the same
        ("https://a.example/100%/a|b%2Fc#d#e", "https://a.example/100%25/a%7Cb%2Fc#d%23e"),
        ("https://[2001:db8::1]:81/", "https://[2001:db8::1]:81/"),
        ("http://´/", None),  # which IDNA makes a blank and an accent of
        (None, None),
        ("", None),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("jav\tascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("//evil.example/", None),
        ("/relative", None),
        ("https://a.example/\r\nSet-Cookie: x", None),
        ("https://a.example/ b", None),
        ('https://a.example/"onclick', None),
        ("https://a.example\\@evil.example/", None),
        ("https://a.example/\u202e", None),
        ("https://", None),
        ("https://[x", None),
        ("https://a.example/" + "x" * 4_096, None),
    ],
)
def test_only_web_links_leave(link: str | None, leaves: str | None) -> None:
    assert web_link(link) == leaves


@pytest.mark.parametrize(
    ("identifier", "leaves"),
    [
        ("tag:a.example,2025:1", "tag:a.example,2025:1"),
        ("tag:a.example,2025-12:1/2#3", "tag:a.example,2025-12:1/2#3"),
        ("tag:a.example:1", None),
        ("urn:uuid:7D0F5F4E-3a7e-5d36-9f5b-000000000001", "urn:uuid:7D0F5F4E-3a7e-5d36-9f5b-000000000001"),
        ("urn:uuid:1", None),
        ("urn:isbn:0451450523", "urn:isbn:0451450523"),
        ("urn:isbn:", None),
        ("http://a.example/feed?token=abc&page=2", "http://a.example/feed?page=2"),
        ("http://u:p@a.example/", "http://a.example/"),
        ("not an iri", None),
        ("42", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_an_atom_id_is_an_absolute_iri(identifier: str, leaves: str | None) -> None:
    assert iri(identifier) == leaves


@pytest.mark.parametrize(
    ("tag", "leaves"),
    [
        ("en-US", "en-US"),
        ("id", "id"),
        ("ban", "ban"),
        ("ID-id", "ID-id"),
        ("", None),
        (None, None),
        ("a b", None),
        ("english", None),
        ("qq", None),
    ],
)
def test_a_language_is_one_that_is_spoken(tag: str | None, leaves: str | None) -> None:
    assert language_tag(tag) == leaves


@pytest.mark.parametrize(
    ("name", "leaves"),
    [("image/svg+xml", "image/svg+xml"), ("", "application/octet-stream"), ('a/b"', "application/octet-stream")],
)
def test_a_media_type_is_a_type(name: str, leaves: str) -> None:
    assert media_type(name) == leaves
