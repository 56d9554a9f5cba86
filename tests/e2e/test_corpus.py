"""The whole program on documents that were captured from real publishers (see /work/shared/corpus/README.md)."""

import csv
import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final
from xml.etree import ElementTree as ET

import feedparser
import pytest

from aggregator.store.embedded import EmbeddedStore
from tests.e2e.running import Origin, Page, aggregator, write_feeds
from tests.publish.judge.editions import judged
from tests.publish.judge.judging import Published

CORPUS: Final = Path("/work/shared/corpus")
TESTS: Final = Path(__file__).parents[1]
PAGES: Final = TESTS / "pages"
INDONESIAN: Final = "/feeds_id/"
REAL: Final = "/feeds_real/"

needs_corpus = pytest.mark.skipif(not (CORPUS / "feeds_real").is_dir(), reason="the corpus is not on this machine")

BROKEN: Final = {
    "/broken/empty.xml": Page(),
    "/broken/500.xml": Page(status=500, body=b"<p>out of order</p>", content_type="text/html"),
    "/broken/429.xml": Page(status=429, headers={"Retry-After": "3600"}),
    "/broken/login.html": Page(body=b"<!DOCTYPE html><title>Masuk</title><p>Silakan masuk", content_type="text/html"),
    "/broken/newlines.xml": Page(body=b"\n" * 300_000 + b"<rss><channel><item><title>x"),
    "/broken/loop.xml": Page(status=302, headers={"Location": "/broken/loop.xml"}),
    "/broken/noise.xml": Page(body=bytes(range(256)) * 400),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """What three passes of `once --all` over everything left behind.

    Attributes:
        origin: Who was asked. In the third pass it gave no 304.
        ended: How each pass ended.
        published: Path → bytes below state/public/, after each pass.
        listed: Path of a source → the lines of it that came out.
        headlines: What `headlines --json` then printed.
    """

    origin: Origin
    ended: tuple[CompletedProcess[str], ...]
    published: tuple[dict[str, bytes], ...]
    listed: dict[str, int]
    headlines: list[dict[str, str]]

    def of(self, folder: str) -> list[dict[str, str]]:
        return [headline for headline in self.headlines if headline["source"].startswith(folder)]


@pytest.fixture(scope="module")
def passes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passes]:
    folder = tmp_path_factory.mktemp("corpus")
    with Origin({**_captured(), **BROKEN}) as origin:
        feeds = write_feeds(folder, [_source(path, origin) for path in origin.pages])
        where = ("--feeds", feeds, "--state", folder / "state")
        ended, published = [], []
        for origin.revalidates in (True, True, False):
            ended.append(aggregator("once", "--all", *where, cwd=folder))
            published.append(_bytes_below(folder / "state" / "public"))
        listing = aggregator("headlines", "--json", *where, cwd=folder)
        with EmbeddedStore(folder / "state", read_only=True) as store:
            listed = {path: len(store.listing(origin.url(path))) for path in origin.pages}
        yield Passes(
            origin=origin,
            ended=tuple(ended),
            published=tuple(published),
            listed=listed,
            headlines=[json.loads(line) for line in listing.stdout.splitlines()],
        )


def _captured() -> dict[str, Page]:
    files = [*(CORPUS / "feeds_id").glob("*.xml"), *filter(Path.is_file, (CORPUS / name[1:] for name in _inventory()))]
    return {f"/{path.relative_to(CORPUS)}": _page(path) for path in files}


def _inventory() -> dict[str, dict[str, str]]:
    """Give what is known of each file: some are hand-made, some no feeds at all, and many are not on this machine."""
    with (CORPUS / "feeds_real" / "inventory.tsv").open(encoding="utf-8") as inventory:
        return {REAL + row["file"]: row for row in csv.DictReader(inventory, delimiter="\t")}


def _page(path: Path) -> Page:
    body = path.read_bytes()
    kind = "application/feed+json" if body.lstrip().startswith(b"{") else "application/xml"
    return Page(body=body, content_type=kind)


def _source(path: str, origin: Origin) -> dict[str, object]:
    zone = {"language": "id", "timezone": "Asia/Jakarta"} if path.startswith(INDONESIAN) else {}
    return {"name": path, "url": origin.url(path), **zone}


def _bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@needs_corpus
def test_all_53_indonesian_headlines_come_out_dated_and_with_their_titles(passes: Passes) -> None:
    came_out = sorted(
        (one["source"], one["title"], datetime.fromisoformat(one["published"])) for one in passes.of(INDONESIAN)
    )
    printed = sorted(
        (path, title, at)
        for path, page in passes.origin.pages.items()
        if path.startswith(INDONESIAN)
        for title, at in _printed(page.body)
    )
    assert len(came_out) == 53
    assert came_out == printed


def _printed(body: bytes) -> Iterator[tuple[str, datetime]]:
    """Read titles and dates without any code that the program uses."""
    for item in ET.fromstring(body.strip()).iter("item"):  # noqa: S314  a file of ours
        title, date = item.findtext("title"), item.findtext("pubDate")
        assert title
        assert date
        yield " ".join(html.unescape(title).split()), parsedate_to_datetime(date).astimezone(UTC)


@needs_corpus
def test_every_readable_capture_gives_at_least_the_entries_that_feedparser_gives(passes: Passes) -> None:
    """A line counts that is a headline in the state: two lines that are one headline are still two lines.

    Not counted for feedparser: entries without any title, text and web address. There is nothing in them to print.
    """
    rows = {path: row for path, row in _inventory().items() if path in passes.origin.pages}
    pages = passes.origin.pages
    plain = {path: _counted(pages[path], passes.origin.url(path), row) for path, row in rows.items()}
    fewer = {path: (passes.listed[path], count) for path, count in plain.items() if passes.listed[path] < count}

    assert sum(row["real"] == "1" for row in rows.values()) > 40
    assert sum(plain.values()) > 1000
    assert fewer == {}


def _counted(page: Page, url: str, row: Mapping[str, str]) -> int:
    if row["version"] == "json":
        return int(row["entries"])
    headers = {"content-type": page.content_type, "content-location": url}
    entries = feedparser.parse(page.body, response_headers=headers).entries
    return sum(any(map(entry.get, ("title", "summary"))) or _is_web(entry.get("link", "")) for entry in entries)


def _is_web(link: str) -> bool:
    """Say whether a link is one; feedparser takes an Atom id for a link where there is none."""
    return link.startswith(("http:", "https:"))


@needs_corpus
def test_no_failure_touches_another_source(passes: Passes) -> None:
    first = passes.ended[0]
    assert first.returncode == 0
    for path in BROKEN:
        assert f"\n{path}: " in f"\n{first.stderr}"
        assert passes.listed[path] == 0
    assert "Traceback" not in first.stderr


@needs_corpus
def test_all_means_all_but_who_asked_us_to_wait(passes: Passes) -> None:
    asked = [one.path for one in passes.origin.asked]
    assert (asked.count("/broken/429.xml"), asked.count("/broken/500.xml")) == (1, 3)


@needs_corpus
def test_a_second_pass_over_what_is_unchanged_parses_nothing_and_changes_no_byte(passes: Passes) -> None:
    second = passes.ended[1]
    assert second.returncode == 0
    assert second.stdout.rstrip().endswith(": 0 new headlines, 0 revised, 0 entries parsed")
    assert passes.published[1] == passes.published[0]
    assert {"update.rss", "update.atom", "update.json", "popular.rss", "index.html"} <= set(passes.published[0])


@needs_corpus
def test_what_is_published_breaks_no_rule_of_its_format(passes: Passes) -> None:
    for slug in ("update", "popular"):
        feeds = {kind: passes.published[0][f"{slug}.{kind}"] for kind in ("rss", "atom", "json")}
        documents = {
            kind: Published(
                f"http://127.0.0.1:8080/{slug}.{kind}", body, datetime.now(UTC), newest_first=slug == "update"
            )
            for kind, body in feeds.items()
        }
        assert judged(documents) == []


@needs_corpus
def test_every_document_that_was_read_whole_is_asked_for_with_its_etag(passes: Passes) -> None:
    """All Indonesian ones: white space before the declaration does not keep them from being read whole."""
    asked = [asked for asked in passes.origin.asked if asked.path.startswith(INDONESIAN)]
    statuses = {path: [one.status for one in asked if one.path == path] for path in {one.path for one in asked}}
    assert len(statuses) == 4
    assert all(answers == [200, 304, 200] for answers in statuses.values())


@needs_corpus
def test_a_publisher_that_never_answers_304_brings_nothing_new_either(passes: Passes) -> None:
    third = passes.ended[2]
    assert third.returncode == 0
    assert ", 1 not due: 0 new headlines, 0 revised, 0 entries parsed" in third.stdout
    assert "(0 not modified" in third.stdout
    first, last = ({**published, "status.atom": b""} for published in (passes.published[0], passes.published[2]))
    assert last == first  # what is wrong with one of them is told to the operator alone


def _parsed(document: Path, *arguments: str, cwd: Path) -> list[dict[str, object]]:
    ended = aggregator("parse", document, "--json", *arguments, cwd=cwd)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_parse_prints_an_object_a_line(tmp_path: Path) -> None:
    first, *rest = _parsed(PAGES / "rss_everything.xml", "--url", "https://x.example/rss", cwd=tmp_path)
    assert set(first) >= {"guid", "title", "link", "published", "updated", "summary", "author", "categories"}
    assert (first["title"], first["link"]) == ("Banjir & longsor", "https://x.example/banjir")
    assert first["published"] == "2022-09-30T00:13:00+00:00"
    assert len(rest) == 1


def test_parse_says_what_was_odd_beside_the_entries(tmp_path: Path) -> None:
    ended = aggregator("parse", PAGES / "rss_cut-off.xml", "--json", cwd=tmp_path)
    assert ended.returncode == 0
    assert "it ends before its end" in ended.stderr
    assert len(ended.stdout.splitlines()) == 2


@pytest.mark.parametrize(("heading", "hand_made"), [("UPDATE", "update"), ("populer", "populer")])
def test_parse_reads_exactly_the_list_under_a_heading(tmp_path: Path, heading: str, hand_made: str) -> None:
    zone = ("--language", "id", "--timezone", "Asia/Jakarta", "--url", "https://rakyat.example/")
    lines = _parsed(PAGES / "list_cards.html", "--list", heading, *zone, cwd=tmp_path)
    expected = (TESTS / "expected" / f"{hand_made}.tsv").read_text(encoding="utf-8").splitlines()
    assert len(expected) >= 7
    assert [f"{str(line['published'])[:16]}Z\t{line['title']}" for line in lines] == expected


def test_parse_shows_titles_before_links_where_there_is_little_room(tmp_path: Path) -> None:
    narrow = aggregator("parse", PAGES / "list_cards.html", cwd=tmp_path, env={"COLUMNS": "80"})
    words = " ".join(narrow.stdout.split())
    assert all(len(line) <= 80 for line in narrow.stdout.splitlines())
    assert "Published (UTC) Title Link" in words
    assert all(word in words for word in ("Cabai", "Raksasa", "Kilogram", "2025-12-24 07:26"))


def test_parse_reads_a_page_though_a_comment_stands_before_its_doctype(tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes(b"\n<!-- cache 7 -->" + (PAGES / "list_ul.html").read_bytes())
    url = ("--url", "https://rakyat.example/")
    assert _parsed(saved, *url, cwd=tmp_path) == _parsed(PAGES / "list_ul.html", *url, cwd=tmp_path)


def test_parse_names_what_a_document_without_headlines_is(tmp_path: Path) -> None:
    ended = aggregator("parse", PAGES / "page_captive-portal.html", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "page_captive-portal.html: " in ended.stderr
    assert "Traceback" not in ended.stderr


@needs_corpus
def test_parse_dates_every_line_of_an_index_page_by_its_printed_date(tmp_path: Path) -> None:
    page = CORPUS / "html_id" / "kompas-mainpage.html"
    lines = _parsed(page, "--language", "id", "--timezone", "Asia/Jakarta", cwd=tmp_path)
    assert len(lines) == len({str(line["link"]) for line in lines}) == 10
    assert all(str(line["published"]).startswith("2016-02-23T07:") for line in lines)
