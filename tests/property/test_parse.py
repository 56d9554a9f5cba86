"""Laws of parse/: whatever comes in, a reading or NotAFeedError comes out, and what is read is clean."""

import unicodedata
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.entry import Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.clean import clean_line, clean_link, clean_prose
from aggregator.parse.read import read_document
from tests.parse.documents import PAGES, job, rss

OURS = [path.read_bytes() for path in sorted(PAGES.iterdir()) if path.suffix in {".xml", ".json"}]
TEXT = st.text(max_size=200) | st.text(alphabet="<>&;/!?-[]ab 5\x1b\u202e\ud800'\"=", max_size=200)
BASES = st.sampled_from(["https://a.example/x/", "http://[::1]/", "", "https://[x"])


def is_clean(text: str) -> bool:
    categories = {unicodedata.category(character) for character in text}
    return (
        not categories & {"Cc", "Cs", "Zl", "Zp"}
        and not any("\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069" for character in text)
        and unicodedata.is_normalized("NFC", text)
        and text == " ".join(text.split())
    )


def assert_clean(reading: Reading) -> None:
    for entry in reading.entries:
        texts = [entry.title, entry.summary, *entry.authors, *entry.categories, *(e.type for e in entry.enclosures)]
        assert all(map(is_clean, texts))
        links = [entry.link, *(enclosure.url for enclosure in entry.enclosures)]
        assert all(link is None or link.startswith(("http://", "https://")) for link in links)
        assert entry.fingerprint == reading.listing[entry.index]


@given(text=TEXT, limit=st.integers(2, 50))
def test_a_cleaned_line_is_clean_and_short(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert is_clean(line)
    assert len(line) <= limit


@given(text=TEXT, limit=st.integers(2, 50))
def test_cleaned_prose_is_clean_and_short(text: str, limit: int) -> None:
    prose = clean_prose(text, limit)
    assert is_clean(prose)
    assert len(prose) <= limit


@given(text=st.text(st.characters(max_codepoint=0x7F)))
def test_plain_text_is_cleaned_like_any_other(text: str) -> None:
    odd = text + "\u200b"  # a zero-width space, which cleaning takes out
    assert clean_line(text) == clean_line(odd)
    assert clean_prose(text) == clean_prose(odd)


@given(link=TEXT | st.from_regex(r"(?i)(https?|javascript|data|file):/{0,3}.*"), base=BASES)
def test_a_cleaned_link_leads_to_the_web_or_is_none(link: str, base: str) -> None:
    cleaned = clean_link(link, base)
    if cleaned is not None:
        assert cleaned.startswith(("http://", "https://"))
        assert not any(character.isspace() or unicodedata.category(character) in {"Cc", "Cs"} for character in cleaned)
        assert "@" not in cleaned.split("/")[2]
        assert clean_link(cleaned, base or "https://a.example/") in {cleaned, None}


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=300))
def test_any_bytes_are_a_reading_or_no_feed(body: bytes) -> None:
    with suppress(NotAFeedError):
        assert_clean(read_document(job(body)))


@settings(max_examples=150, deadline=None)
@given(
    body=st.sampled_from(OURS),
    at=st.integers(0, 2_000),
    cut=st.integers(0, 40),
    put=st.binary(max_size=20) | st.just(b"&#27;"),
)
def test_a_spoiled_feed_is_a_reading_or_no_feed(body: bytes, at: int, cut: int, put: bytes) -> None:
    with suppress(NotAFeedError):
        assert_clean(read_document(job(body[:at] + put + body[at + cut :])))


@settings(max_examples=100, deadline=None)
@given(titles=st.lists(st.text(max_size=40), max_size=4), spoil=st.booleans())
def test_any_title_is_read_without_harm_to_its_neighbours(titles: list[str], spoil: bool) -> None:
    items = [f"<title>{title if spoil else title.replace('<', '&lt;')}</title>" for title in titles]
    try:
        body = rss(*items, "<title>Tetangga</title>")
    except UnicodeEncodeError:
        return
    reading = read_document(job(body))
    assert_clean(reading)
    assert spoil or reading.entries[-1].title == "Tetangga"
