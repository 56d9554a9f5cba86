import csv
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.entry import Entry, Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.job import Job
from aggregator.parse.page import read_page
from aggregator.source import PageList

TESTS = Path(__file__).parent.parent
PAGES = sorted((TESTS / "pages").glob("list_*.html"))
REAL = Path("/work/shared/corpus/html_id")
JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2025, 12, 29, 3, 30, tzinfo=UTC)
UL = (TESTS / "pages" / "list_ul.html").read_bytes()


def read(
    body: bytes | str,
    page: PageList | None = None,
    *,
    content_type: str = "",
    known: frozenset[str] = frozenset(),
    now: datetime = NOW,
) -> Reading:
    return read_page(
        Job(
            body=body if isinstance(body, bytes) else body.encode(),
            url="https://selat.example/berita/",
            content_type=content_type,
            page=page or PageList(),
            zone=JAKARTA,
            language="id",
            now=now,
            known=known,
        )
    )


def listed(entries: tuple[Entry, ...]) -> list[tuple[datetime | None, str]]:
    return [(entry.published_at, entry.title) for entry in entries]


def expected(name: str) -> list[tuple[datetime | None, str]]:
    with (TESTS / "expected" / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(datetime.fromisoformat(at), title) for at, title in rows]


def real(name: str) -> bytes:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path.read_bytes()


def items(count: int, line: str = '<li><a href="/{0}">Judul berita nomor {0}</a></li>') -> str:
    return "".join(line.format(number) for number in range(count))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
@pytest.mark.parametrize(("heading", "name"), [("Populer", "populer"), ("UPDATE", "update"), ("Update", "update")])
def test_a_list_is_read_below_its_heading_whatever_it_is_made_of(page: Path, heading: str, name: str) -> None:
    entries = read(page.read_bytes(), PageList(heading=heading)).entries

    assert listed(entries) == expected(name)
    assert [entry.index for entry in entries] == list(range(len(entries)))


def test_our_pages_cover_seven_ways_of_making_a_list() -> None:
    assert len(PAGES) == 7
    assert len(expected("populer")) == 7
    assert len(expected("update")) == 10


def test_entries_of_a_page_have_absolute_links_and_no_guid() -> None:
    reading = read(UL, PageList(heading="UPDATE"))

    assert (reading.kind, reading.origin.title) == ("page", "list_ul - Harian Selat")
    assert reading.origin.id == reading.origin.link == "https://selat.example/berita/"
    assert {entry.guid for entry in reading.entries} == {None}
    assert reading.entries[6].link == "https://selat.example/dua-klub-catur-rukun-lagi"


def test_lines_without_links_have_no_links() -> None:
    reading = read((TESTS / "pages" / "list_without_links.html").read_bytes(), PageList(heading="Populer"))

    assert {entry.link for entry in reading.entries} == {None}


def test_links_are_relative_to_the_base_of_the_page() -> None:
    reading = read('<base href="//cdn.selat.example/x/">' + items(5, '<li><a href="{0}">Judul berita {0}</a>'))

    assert reading.entries[4].link == "https://cdn.selat.example/x/4"


def test_selectors_name_the_list() -> None:
    cards = (TESTS / "pages" / "list_cards.html").read_bytes()
    page = PageList(item=".card", title=".judul a", link=".judul a@href", date=".time")

    assert listed(read(cards, page).entries) == expected("populer") + expected("update")


def test_selectors_leave_the_title_the_link_and_the_date_to_the_shape_of_the_item() -> None:
    assert listed(read(UL, PageList(item="aside li")).entries) == expected("populer") + expected("update")


def test_a_selector_may_name_an_attribute_of_the_item_itself() -> None:
    body = '<a class="h" href="/1" data-at="2025-12-29T10:12:00+07:00"><b>Satu</b></a>'

    entry = read(body, PageList(item="a.h", link="@href", date="@data-at")).entries[0]

    assert (entry.title, entry.link) == ("Satu", "https://selat.example/1")
    assert entry.published_at == datetime(2025, 12, 29, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (PageList(item="li["), '"li\\[" is no CSS selector'),
        (PageList(item="li", title=">>"), '">>" is no CSS selector'),
        (PageList(item=".nowhere"), 'item: "\\.nowhere"'),
        (PageList(heading="Terlaris"), 'reads "Terlaris"'),
    ],
)
def test_a_list_that_is_not_there_is_named(page: PageList, words: str) -> None:
    with pytest.raises(NotAFeedError, match=words):
        read(UL, page)


def test_a_page_without_a_list_is_a_failure_and_never_an_empty_one() -> None:
    with pytest.raises(NotAFeedError, match="at least 5"):
        read("<ul>" + items(4) + "</ul>")
    with pytest.raises(NotAFeedError):
        read(b"")


def test_the_largest_list_is_taken_if_nothing_is_said() -> None:
    menu = "<nav><ul>" + items(20, "<li><a href=/menu/{0}>Menu yang panjang sekali {0}</a></li>") + "</ul></nav>"
    reading = read(menu + "<ol>" + items(6) + "</ol>")

    assert [entry.title for entry in reading.entries] == [f"Judul berita nomor {number}" for number in range(6)]


def test_a_dated_list_is_larger_than_one_without_dates() -> None:
    undated = "<ul>" + items(20, "<li><a href=/menu/{0}>Tautan tanpa tanggal {0}</a></li>") + "</ul>"
    dated = items(5, "<p><i>29 Des 2025, 10.1{0} WIB</i> <a href=/{0}>Berita {0}</a></p>")

    reading = read(undated + dated)

    assert [entry.published_at and entry.published_at.minute for entry in reading.entries] == [10, 11, 12, 13, 14]


def test_nothing_is_listed_twice() -> None:
    twice = "<li><a href=/a><img></a> <a href=/a>Judul yang sama</a></li>" * 3

    assert len(read("<ul>" + items(5) + twice + "</ul>").entries) == 6


def test_known_lines_are_listed_but_not_read_again() -> None:
    first = read(UL, PageList(heading="UPDATE"))

    second = read(UL, PageList(heading="UPDATE"), known=frozenset(first.listing[1:]))

    assert second.listing == first.listing
    assert second.entries == first.entries[:1]
    assert all(re.fullmatch("[0-9a-f]{16}", fingerprint) for fingerprint in first.listing)
    assert len(set(first.listing)) == 10


def test_a_relative_date_is_no_part_of_what_a_line_is_known_by() -> None:
    earlier = read(items(5, "<li><a href=/{0}>Judul {0}</a> <i>2 jam yang lalu</i>"))
    later = read(items(5, "<li><a href=/{0}>Judul {0}</a> <i>3 jam yang lalu</i>"))

    assert earlier.entries[0].published_at == datetime(2025, 12, 29, 1, 30, tzinfo=UTC)
    assert later.listing == earlier.listing


def test_a_printed_date_is_part_of_what_a_line_is_known_by() -> None:
    line = "<li><a href=/{0}>Judul {0}</a> <i>29 Desember 2025 10:%s</i>"

    assert not set(read(items(5, line % "12")).listing) & set(read(items(5, line % "13")).listing)


def test_time_elements_tell_machines_more_than_they_print() -> None:
    line = "<li><a href=/{0}>Judul {0}</a> <time datetime=2025-12-29T10:12:00+07:00>2 jam lalu</time>"

    assert read(items(5, line)).entries[0].published_at == datetime(2025, 12, 29, 3, 12, tzinfo=UTC)


def test_nothing_but_space_between_two_dates_is_no_line() -> None:
    dates = "<i>29 Desember 2025 | 10:12</i><b> </b><u>29 Desember 2025 | 10:15</u>"

    entry = read(items(6, f"<li><a href=/{{0}}>Judul berita nomor {{0}}</a><p>{dates}</p></li>")).entries[0]

    assert (entry.title, entry.published_at) == ("Judul berita nomor 0", datetime(2025, 12, 29, 3, 12, tzinfo=UTC))


def test_a_date_inside_a_title_stays_in_the_title() -> None:
    line = "<li><a href=/{0}>Mengenang Gempa 26 Desember 2004 bagian {0}</a></li>"

    entry = read(items(5, line)).entries[0]

    assert (entry.title, entry.published_at) == ("Mengenang Gempa 26 Desember 2004 bagian 0", None)


def test_a_list_ends_where_words_head_the_next_one() -> None:
    lists = "<div><h3>UPDATE</h3><ul>{}</ul><div class=x>Pilihan Redaksi</div><ul>{}</ul></div>"
    second = items(5, "<li><a href=/p{0}>Pilihan redaksi nomor {0}</a></li>")

    assert len(read(lists.format(items(6), second), PageList(heading="UPDATE")).entries) == 6


def test_a_label_in_each_card_heads_no_other_list() -> None:
    card = "<div><p>Nusantara</p><h4><a href=/{0}>Judul berita nomor {0}</a></h4></div>"
    rows = "".join(f"<section>{items(2, card.replace('{0}', f'{row}{{0}}'))}</section>" for row in range(3))

    assert len(read(f"<h2>UPDATE</h2>{rows}", PageList(heading="UPDATE")).entries) == 6
    assert len(read(rows).entries) == 6


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<p>Café".encode("utf-8-sig"), "text/html; charset=windows-1251"),
        ("\ufeff<p>Café".encode("utf-16-le"), "text/html"),
        ("<p>Café".encode(), "text/html"),
        ("<p>Café".encode("cp1252"), "text/html"),
        ("<p>Café".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ('<meta charset="iso-8859-15"><p>Café'.encode("iso-8859-15"), "text/html; charset=unicode_escape"),
        ("<meta charset=utf-16><p>Café".encode(), "text/html; charset=nonsense"),
    ],
    ids=["bom", "utf-16", "utf-8", "windows-1252", "header", "meta", "nonsense"],
)
def test_the_characters_of_a_page(body: bytes, content_type: str) -> None:
    body += "<p>29 Des 2025".encode("utf-16-le" if b"\0" in body else "ascii")

    assert read(body, PageList(item="body"), content_type=content_type).entries[0].title == "Café"


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000 + items(5),
        "<h3>UPDATE</h3>" * 50_000,
        "<div>UPDATE" * 190 + "<h3>UPDATE</h3><p>Senin, 29 Desember 2025" * 10_000,
        items(20_000, "<li><a href=/{0}>Judul {0}</a><i>2 jam lalu</i><b>{0} komentar</b>"),
        "<a href='" * 300_000,
        "<" * 2_000_000,
        "<" + "a" * 2_000_000,
    ],
    ids=["deep", "headings", "scopes", "long", "quotes", "angles", "name"],
)
def test_a_hostile_page_costs_no_more_than_seconds(body: str) -> None:
    started = time.process_time()
    for page in (PageList(), PageList(heading="UPDATE")):
        try:
            assert 0 < len(read(body, page).listing) <= 2_000
        except NotAFeedError:
            continue

    assert time.process_time() - started < 20


def test_every_dated_headline_of_a_real_index_comes_out_once_and_nothing_else() -> None:
    body = real("kompas-mainpage.html")
    pattern = r'small">\w+, 23 Februari 2016 \| (\d\d):(\d\d) WIB</div>\s*<h3><a href="([^"]+)"'
    printed = [
        (datetime(2016, 2, 23, int(hour) - 7, int(minute), tzinfo=UTC), link)
        for hour, minute, link in re.findall(pattern, body.decode())
    ]

    entries = read(body, now=datetime(2016, 2, 23, 8, tzinfo=UTC)).entries

    assert len(printed) == 10
    assert [(entry.published_at, entry.link) for entry in entries] == printed


@pytest.mark.parametrize(
    ("name", "heading", "count", "dated"),
    [
        ("tempo-mainpage.html", "Terpopuler", 10, 0),
        ("tempo-singlepage.html", "Berita Terbaru", 10, 10),
        ("kompas-singlepage.html", "Terpopuler", 5, 0),
    ],
)
def test_lists_below_headings_of_real_pages(name: str, heading: str, count: int, dated: int) -> None:
    entries = read(real(name), PageList(heading=heading)).entries

    assert len({entry.link for entry in entries}) == len(entries) == count
    assert sum(entry.published_at is not None for entry in entries) == dated
    assert min(len(entry.title) for entry in entries) > 15


def test_relative_dates_of_a_real_page_are_counted_from_now() -> None:
    entries = read(real("tempo-mainpage.html")).entries

    assert sum(entry.published_at is not None for entry in entries) >= 15
    assert all(entry.published_at is None or entry.published_at <= NOW for entry in entries)
