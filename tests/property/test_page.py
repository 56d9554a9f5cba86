from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import NotAFeedError
from aggregator.parse.job import Job
from aggregator.parse.page import read_page
from aggregator.source import PageList

TAGS = (
    "li /li a /a p br h3 /h3 nav table b /b a.href=/x a.href='#i' a.href=javascript:x p.id=i time.datetime=2025-13-45"
)
WORDS = ["UPDATE", "Judul", "Senin, 29 Desember 2025 | 10:12", "2 jam lalu", "31 Februari 2025", "\0", "&#0;", "\ud800"]
shards = st.sampled_from([f"<{tag.replace('.', ' ')}>" for tag in TAGS.split()]) | st.sampled_from(WORDS)
soups = st.lists(shards | st.text(max_size=5), max_size=60).map(
    lambda parts: "".join(parts).encode(errors="surrogatepass")
)
pages = st.sampled_from([PageList(), PageList(heading="UPDATE"), PageList(item="li"), PageList(item="a", date="@href")])


def job(body: bytes, page: PageList, content_type: str = "") -> Job:
    return Job(
        body=body,
        url="https://selat.example/",
        content_type=content_type,
        page=page,
        zone=ZoneInfo("Asia/Jakarta"),
        language="id",
        now=datetime(2025, 12, 29, tzinfo=UTC),
        known=frozenset(),
    )


@given(body=st.binary(max_size=500) | soups, page=pages, charset=st.text(max_size=10))
def test_any_bytes_are_headlines_or_no_feed(body: bytes, page: PageList, charset: str) -> None:
    try:
        reading = read_page(job(body, page, f"text/html; charset={charset}"))
    except NotAFeedError:
        return

    assert len(reading.listing) == len(reading.entries) >= 1
    assert len({(entry.title, entry.link) for entry in reading.entries}) == len(reading.entries)
    assert all(entry.title and (entry.link or entry.published_at) for entry in reading.entries)


@given(body=soups, selector=st.text(max_size=20))
def test_any_selector_is_headlines_or_no_feed(body: bytes, selector: str) -> None:
    for page in (PageList(item=selector or "li"), PageList(item="a", title=selector, link=selector, date=selector)):
        try:
            read_page(job(body, page))
        except NotAFeedError:
            continue


@given(
    titles=st.lists(st.text("abcdefghij ", max_size=30), min_size=5, max_size=12, unique=True),
    minutes=st.lists(st.integers(0, 59), min_size=12, max_size=12),
)
def test_a_list_that_we_print_reads_back(titles: list[str], minutes: list[int]) -> None:
    lines = [
        f"<li><a href=/{place}>Judul {title}</a> <i>29 Des 2025, 10.{minute:02} WIB</i></li>"
        for place, (title, minute) in enumerate(zip(titles, minutes, strict=False))
    ]

    entries = read_page(job(f"<h2>Terkini</h2><ul>{''.join(lines)}</ul>".encode(), PageList(heading="terkini"))).entries

    assert [entry.title for entry in entries] == [" ".join(f"Judul {title}".split()) for title in titles]
    assert [entry.published_at and entry.published_at.minute for entry in entries] == minutes[: len(titles)]
