from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import feedparser
import pytest

from aggregator.entry import Enclosure
from aggregator.errors import NotAFeedError
from aggregator.parse.feed import ENTRIES_LIMIT, read_feed
from aggregator.source import Hints
from tests.parse.documents import CORPUS, URL, job, our, real_documents, rss

MORNING = datetime(2022, 9, 30, 0, 13, tzinfo=UTC)


def test_every_field_of_an_item_comes_out_clean() -> None:
    reading = read_feed(our("rss_everything.xml"))
    flood, evil = reading.entries
    assert (reading.kind, reading.language, reading.origin.title) == ("rss20", "id-id", "Dunia")
    assert (reading.origin.id, reading.origin.link) == (URL, "https://dunia.example/")
    assert reading.origin.updated_at == datetime(2022, 9, 30, 1, tzinfo=UTC)
    assert (flood.title, flood.link, flood.guid) == ("Banjir & longsor", "https://news.example/banjir", "dunia-1")
    assert (flood.published_at, flood.updated_at, flood.language) == (MORNING, None, None)
    assert flood.summary == "Air naik. Warga mengungsi."
    assert flood.authors == ("Sari Dewi", "Budi")
    assert flood.categories == ("Bencana", "Jawa")
    assert flood.enclosures == (Enclosure(url="https://dunia.example/foto.jpg", type="image/jpeg", length=1024),)
    assert (evil.title, evil.link, evil.published_at) == ("Tautan jahat", None, None)


def test_atom_texts_languages_and_bases_are_its_own() -> None:
    reading = read_feed(our("atom_texts-and-bases.xml"))
    literal, foreign, xhtml = reading.entries
    assert (reading.kind, reading.language, reading.origin.id) == ("atom10", "id", "tag:dunia.example,2022:feed")
    assert (literal.title, literal.summary) == ("Arti &lt; dan &amp;", "5 < 6 &amp; 7")
    assert (literal.link, literal.language) == ("https://cdn.example/berita/satu", None)
    assert (literal.published_at, literal.updated_at) == (MORNING, MORNING)
    assert (foreign.title, foreign.link) == ("Rain & wind", "https://other.example/x/two")
    assert (foreign.language, foreign.authors, foreign.categories) == ("en-gb", ("Jo Field",), ("Weather",))
    assert foreign.published_at == MORNING - timedelta(days=1)
    assert foreign.summary == "It rains."
    assert foreign.enclosures == (Enclosure(url="https://other.example/x/suara.mp3", type="audio/mpeg", length=77),)
    assert (xhtml.title, xhtml.link) == ("Kabar baru", None)


@pytest.mark.parametrize(
    ("markup", "thumbnail"),
    [
        ('<media:thumbnail url="/a.jpg" width="75"/><media:thumbnail url="/b.jpg"/>', "https://news.example/a.jpg"),
        (
            '<media:content url="/a.mp4" type="video/mp4"/><media:content url="/b.jpg" medium="image"/>',
            "https://news.example/b.jpg",
        ),
        ('<media:content url="//cdn.example/b" type="image/webp"/>', "https://cdn.example/b"),
        ('<media:content url="/a.jpg" medium="image"/><media:thumbnail url="/b.jpg"/>', "https://news.example/b.jpg"),
        ('<media:thumbnail url="javascript:alert(1)"/><media:thumbnail url="/b.jpg"/>', "https://news.example/b.jpg"),
        ("<media:thumbnail/>", None),
        ('<itunes:image href="https://dunia.example/c.jpg"/>', "https://dunia.example/c.jpg"),
        ('<media:content url="/a.mp3" type="audio/mpeg"/>', None),
        ("", None),
    ],
)
def test_an_entrys_picture_is_the_one_that_it_names(markup: str, thumbnail: str | None) -> None:
    names = 'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    body = rss(f"<title>Banjir</title>{markup}").replace(b"<rss ", f"<rss {names} ".encode())
    (entry,) = read_feed(job(body)).entries
    assert entry.thumbnail == thumbnail


def test_an_rdf_items_guid_is_its_about() -> None:
    reading = read_feed(our("rdf.xml"))
    assert (reading.kind, [entry.guid for entry in reading.entries]) == (
        "rss10",
        ["https://dunia.example/1", "https://dunia.example/2"],
    )
    assert (reading.entries[0].published_at, reading.entries[0].authors) == (MORNING, ("Sari",))


def test_the_three_zones_of_indonesia_are_not_utc_and_an_impossible_date_is_none() -> None:
    dates = [entry.published_at for entry in read_feed(our("rss_zones-of-indonesia.xml")).entries]
    assert dates == [MORNING, MORNING, MORNING, None]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        pytest.param("<ttl>-1</ttl>", '<ttl> "-1" is no number of minutes', id="ttl"),
        pytest.param("<ttl>99999999999</ttl>", '<ttl> "99999999999" is no number of minutes', id="ttl-of-ages"),
        pytest.param("<ttl>60</ttl>", None, id="ttl-sane"),
        pytest.param(
            f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in range(24))}</skipHours>",
            "skipHours or skipDays leave no time to ask, and are ignored",
            id="every-hour",
        ),
        pytest.param("<skipHours><hour>25</hour></skipHours>", 'skipHours or skipDays hold "25"', id="no-hour"),
        pytest.param("<skipDays><day>Jumat</day></skipDays>", None, id="no-english-day"),
        pytest.param("<skipDays><day>Someday</day></skipDays>", 'skipHours or skipDays hold "someday"', id="no-day"),
        pytest.param(
            '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">now\n</sy:updatePeriod>',
            'sy:updatePeriod "now" is no period',
            id="period",
        ),
    ],
)
def test_what_a_document_cannot_mean_about_polling_is_named(head: str, told: str | None) -> None:
    reading = read_feed(job(rss("<title>a</title>", head=f"<title>Dunia</title>{head}")))
    assert reading.oddities == (() if told is None else (told,))


def test_hints_are_read_whole() -> None:
    assert read_feed(our("rss_hints.xml")).hints == Hints(
        ttl=timedelta(minutes=45), update_period=timedelta(hours=6), skip_hours=(0, 1), skip_days=(5, 6)
    )


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("sari@dunia.example (Sari Dewi)", ("Sari Dewi",)),
        ("sari@dunia.online", ()),
        ("sari@dunia.com", ()),
        ("Sari (Jakarta)", ("Sari (Jakarta)",)),
        ("Sari Dewi &lt;sari@dunia.com&gt;", ("Sari Dewi",)),
        ("Sari Dewi (mailto:sari@dunia.com)", ("Sari Dewi",)),  # as the specification of RSS 1.0 has them
        ("Sari Dewi &lt;mailto:sari@dunia.com&gt;", ("Sari Dewi",)),
        ("mailto:sari@dunia.com", ()),
    ],
)
def test_an_author_is_a_name_and_never_an_address(author: str, names: tuple[str, ...]) -> None:
    assert read_feed(job(rss(f"<author>{author}</author>"))).entries[0].authors == names


@pytest.mark.parametrize("ttl", ["", "0", "-5", "soon", "9" * 5000, "٣"])
def test_a_ttl_that_is_no_number_of_minutes_is_no_hint(ttl: str) -> None:
    assert read_feed(job(rss("<title>a</title>", head=f"<ttl>{ttl}</ttl>"))).hints == Hints()


@pytest.mark.parametrize(
    ("name", "titles", "oddity"),
    [
        ("rss_windows-1251.xml", ["Снег в Москве"], None),
        ("rss_utf-16.xml", ["Gempa guncang Lombok", "Harga beras turun", "Timnas menang 2-1"], None),
        ("rss_declared-utf-16.xml", ["Café di Bandung"], "not in the encoding"),
        (
            "rss_space-before-declaration.xml",
            ["Gempa guncang Lombok", "Harga beras turun", "Timnas menang 2-1"],
            "white space",
        ),
        (
            "rss_bare-ampersand.xml",
            ["Tom & Jerry kembali", "Gempa guncang Lombok", "Harga beras turun", "Timnas menang 2-1"],
            "line 8:",
        ),
        (
            "rss_nested-items.xml",
            ["Luar", "Dalam", "Gempa guncang Lombok", "Harga beras turun", "Timnas menang 2-1"],
            None,
        ),
        ("rss_doctype-entity.xml", ["Pantai Lombok"], "undefined entity"),
        ("rss_empty.xml", [], None),
    ],
)
def test_an_odd_feed_is_read_all_the_same(name: str, titles: list[str], oddity: str | None) -> None:
    reading = read_feed(our(name))
    assert [entry.title for entry in reading.entries] == titles
    assert reading.complete
    assert any(oddity in text for text in reading.oddities) if oddity else not reading.oddities


def test_a_feed_that_is_cut_off_gives_its_whole_entries_and_is_not_complete() -> None:
    reading = read_feed(our("rss_cut-off.xml"))
    assert [entry.title for entry in reading.entries] == ["Gempa guncang Lombok", "Harga beras turun"]
    assert not reading.complete
    assert any("ends before its end" in oddity for oddity in reading.oddities)


def test_a_feed_that_is_cut_off_in_its_first_entry_is_a_feed_without_entries_yet() -> None:
    body = rss("<title>Gempa guncang Lombok</title>")
    reading = read_feed(job(body[: body.index(b" Lombok")]))
    assert (reading.kind, reading.entries, reading.complete) == ("rss20", (), False)


def test_no_file_is_read_for_an_external_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("rahasia")
    doctype = f'<!DOCTYPE rss [\n<!ENTITY s SYSTEM "{secret.as_uri()}">\n]>'.encode()
    reading = read_feed(job(doctype + rss("<title>Isi: &s;</title>")))
    assert len(reading.entries) == 1
    assert "rahasia" not in repr(reading)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_billion_laughs_stay_a_word(encoding: str) -> None:
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]>'
    reading = read_feed(
        job((text + rss("<title>Tertawa &l11;</title>", "<title>Gempa</title>").decode()).encode(encoding))
    )

    assert [entry.title for entry in reading.entries] == ["Tertawa &l11;", "Gempa"]


def test_windows_1252_that_is_declared_as_utf_8_is_read() -> None:
    body = b'<?xml version="1.0" encoding="utf-8"?>' + rss("<title>Caf\u00e9</title>").decode().encode("cp1252")
    assert [entry.title for entry in read_feed(job(body)).entries] == ["Caf\u00e9"]


def test_known_entries_of_an_ill_formed_feed_are_dropped_too() -> None:
    whole = read_feed(our("rss_bare-ampersand.xml"))
    again = read_feed(job(our("rss_bare-ampersand.xml").body, known=frozenset(whole.listing[1:])))
    assert again.listing == whole.listing
    assert again.entries == whole.entries[:1]


@pytest.mark.parametrize("spoiled", [b"", b" & "])
def test_two_thousand_entries_are_read_and_the_rest_is_named(spoiled: bytes) -> None:
    body = rss(*(f"<title>{number}</title>" for number in range(ENTRIES_LIMIT + 1)))
    reading = read_feed(job(body.replace(b"<title>7<", b"<title>7" + spoiled + b"<")))
    assert len(reading.listing) == len(reading.entries) == ENTRIES_LIMIT
    assert reading.oddities[-1] == "of 2,001 entries the first 2,000 were read"
    assert reading.complete


def test_the_charset_of_the_answer_counts() -> None:
    body = rss("<title>Привет</title>").decode().encode("koi8-r")
    assert read_feed(job(body, content_type="application/xml; charset=koi8-r")).entries[0].title == "Привет"


@pytest.mark.parametrize("charset", ["idna", "unicode_escape", "rot13", "undefined", "utf-16", "nonsense"])
def test_a_charset_that_is_none_does_not_lose_the_feed(charset: str) -> None:
    reading = read_feed(job(rss("<title>Kabar</title>"), content_type=f"text/xml; charset={charset}"))
    assert [entry.title for entry in reading.entries] == ["Kabar"]


def test_a_guid_of_a_megabyte_is_kept_as_its_hash() -> None:
    long = "x" * 1_000_000
    guids = [entry.guid for entry in read_feed(job(rss(f"<guid>{long}</guid>", f"<guid>{long}y</guid>"))).entries]
    assert len(set(guids)) == 2
    assert all(guid is not None and len(guid) < 100 for guid in guids)


@pytest.mark.parametrize("body", [b"", b"  ", b"hello", b"<opml><body/></opml>", b"\x00\x01\x02", b"/etc/hostname"])
def test_what_is_no_feed_says_so(body: bytes) -> None:
    with pytest.raises(NotAFeedError, match="no feed"):
        read_feed(job(body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"hello", "there is no markup in it"),
        (b"<foo>\n<bar>\n</foo>", "line 3:2: mismatched tag"),
        (b'<?xml version="1.0"?>\n<foo>\n<bar>\n</foo>', "line 4:2: mismatched tag"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<foo>\n<bar>\n</foo>', "line 4:2: mismatched tag"),
    ],
    ids=["text", "undeclared", "declared", "byte-order-mark"],
)
def test_what_is_no_feed_says_why_and_in_which_line(body: bytes, reason: str) -> None:
    with pytest.raises(NotAFeedError, match=f"is no feed: {reason};"):
        read_feed(job(body))


def test_the_53_entries_of_four_indonesian_feeds_are_all_dated() -> None:
    folder = CORPUS / "feeds_id"
    if not folder.exists():
        pytest.skip("no corpus beside the project")
    readings = {path.stem: read_feed(job(path.read_bytes())) for path in sorted(folder.glob("*.xml"))}
    dates = [entry.published_at for reading in readings.values() for entry in reading.entries]
    assert len(dates) == 53
    assert all(date is not None and (date.year, date.month) == (2015, 11) for date in dates)
    assert readings["antara"].entries[0].published_at == datetime(2015, 11, 5, 7, 56, 43, tzinfo=UTC)


def test_every_captured_feed_gives_as_many_entries_as_plain_feedparser() -> None:
    fewer = []
    read = 0
    for name, body in real_documents(captured_only=True):
        headers = {"content-location": URL, "content-type": "application/xml"}
        plain = feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False)
        if plain["entries"]:
            read += 1
            if len(read_feed(job(body)).listing) < len(plain["entries"]):
                fewer.append(name)
    assert not fewer
    assert read > 40
