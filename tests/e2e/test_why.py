"""`aggregator why`, as a person who wonders uses it."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Page, aggregator, daemon, eventually, write_feeds

HEADLINES = "".join(
    f"<item><guid isPermaLink='false'>{number}</guid><title>Berita nomor {number}</title>"
    f"<pubDate>{format_datetime(datetime.now(UTC) - timedelta(minutes=20 * number))}</pubDate></item>"
    for number in range(1, 40)
)
RHYTHM = r"about (\d+ an hour|one in \d+ h) on \w+day \w+s"
HEAD = "<title>x</title><link>https://x.example/</link><description>d</description>"
FEED = Page(
    body=f'<rss version="2.0"><channel>{HEAD}{HEADLINES}</channel></rss>'.encode(),
    headers={"Cache-Control": "max-age=120"},
)


def test_why_tells_what_the_last_pass_left(tmp_path: Path) -> None:
    with Origin({"/a.xml": FEED, "/b.xml": Page(status=410)}) as origin:
        named = [{"name": "Antara", "url": origin.url("/a.xml")}, {"name": "Bekas", "url": origin.url("/b.xml")}]
        write_feeds(tmp_path, named, every="15m")
        aggregator("once", cwd=tmp_path)
        by_name, by_url = (
            aggregator("why", "antara", cwd=tmp_path),
            aggregator("why", origin.url("/a.xml"), cwd=tmp_path),
        )
        gone = aggregator("why", "Bekas", cwd=tmp_path)

    assert (by_name.returncode, by_name.stderr) == (0, "")
    told = {line[:12].strip(): line[13:] for line in by_name.stdout.splitlines()}
    assert list(told) == ["source", "next poll", "last answer", "hints", "rhythm"]
    assert told["source"] == f"Antara, {origin.url('/a.xml')}"
    assert re.fullmatch(rf"\w{{3}} [\d-]+ [\d:]+ WIB, in \d+ min( \d+ s)?: {RHYTHM}", told["next poll"])
    assert told["last answer"].startswith("200; a good one was noted ")
    assert told["hints"] == "Cache-Control: max-age 2 min"
    assert re.match(r"about \d\d a day", told["rhythm"])
    assert by_url.stdout.splitlines()[0] == by_name.stdout.splitlines()[0]
    assert "never: it answered 410 Gone" in gone.stdout


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Antaro", 'there is no source, item or link "Antaro"; write "Antara"\n'),
        ("?", "there is no source, item or link \"?\"; write a source's name, an item's id, or a link\n"),
    ],
    ids=["near", "far"],
)
def test_an_unknown_source_ends_with_1_and_names_one_that_is_near(tmp_path: Path, asked: str, words: str) -> None:
    (tmp_path / "state").mkdir()
    write_feeds(tmp_path, [{"name": "Antara", "url": "https://a.example/"}])
    told = aggregator("why", asked, cwd=tmp_path)

    assert (told.returncode, told.stdout, told.stderr) == (1, "", words)


def test_why_needs_a_state(tmp_path: Path) -> None:
    write_feeds(tmp_path, [{"name": "Antara", "url": "https://a.example/"}])
    told = aggregator("why", "Antara", cwd=tmp_path)

    assert told.returncode == 1
    assert told.stderr.startswith("state: there is no such folder")


def test_why_reads_beside_a_running_daemon(tmp_path: Path) -> None:
    with Origin({"/a.xml": FEED}) as origin:
        feeds = write_feeds(tmp_path, [{"name": "Antara", "url": origin.url("/a.xml")}], every="15m")
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: "Berita nomor 1" in running.read("/update.rss"))
            told = aggregator("why", "Antara", cwd=tmp_path)

    assert (told.returncode, told.stderr) == (0, "")
    assert re.search(RHYTHM, told.stdout)


def test_why_tells_where_a_headline_stands_and_what_makes_its_story(tmp_path: Path) -> None:
    def page(title: str, link: str) -> Page:
        item = f"<item><guid>{link}</guid><title>{title}</title><link>{link}</link></item>"
        return Page(body=f'<rss version="2.0"><channel>{HEAD}{item}</channel></rss>'.encode())

    pages = {
        "/a.xml": page("Gempa guncang Maluku Tengah", "https://a.example/1"),
        "/b.xml": page("Maluku Tengah diguncang gempa", "https://b.example/2"),
    }
    with Origin(pages) as origin:
        named = [{"name": "Antara", "url": origin.url("/a.xml"), "topics": ["nasional"]}]
        write_feeds(
            tmp_path,
            [*named, {"name": "Berita", "url": origin.url("/b.xml"), "weight": 2}],
            topics=[{"slug": "bumi", "title": "Bumi", "match": "gempa"}],
        )
        aggregator("once", cwd=tmp_path)
        told = aggregator("why", "http://www.a.example/1?utm_source=x", cwd=tmp_path)
        lines = told.stdout.splitlines()
        uri = next(line[13:] for line in lines if line.startswith("uri "))
        by_uri = aggregator("why", uri, cwd=tmp_path)

    assert (told.returncode, told.stderr) == (0, "")
    assert (by_uri.returncode, by_uri.stdout) == (0, told.stdout)
    facts = [(line[:12].strip(), line[13:]) for line in lines]
    assert ("source", "Antara, guid https://a.example/1") in facts
    assert [text for name, text in facts if name == "topic"] == [
        "update: it takes everything",
        "popular: it takes everything",
        "bumi: match: gempa",
        "nasional: Antara sends it all it has",
    ]
    assert "a day before we saw it" in dict(facts)["published"]
    assert dict(facts)["story"].endswith(", 2 headlines of 2 outlets")
    assert any("joined by similar words: " in line for line in lines)
    assert any("67% of its heat (weight 2)" in line for line in lines)
