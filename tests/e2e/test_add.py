"""`aggregator add`, as the operator sees it: against a site of our own on loopback."""

import os
import pty
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.running import Origin, Page, aggregator, command

PAGES: Final = Path(__file__).parents[1] / "pages"
RSS: Final = Page(body=(PAGES / "rss_hints.xml").read_bytes())
LISTS: Final = Page(body=(PAGES / "list_ul.html").read_bytes(), content_type="text/html")
FEEDS: Final = """\
# The desk's own.
poll:
  host_gap: 0s
  allow_private: [127.0.0.1/32]   # loopback
sources:
  - {name: Lama, url: "https://lama.example/rss"}   # an old friend

# Topics
topics:
  - {slug: dunia, title: Luar Negeri}
"""


def site(head: str = "", body: str = "<p>Selamat datang") -> Page:
    return Page(body=f"<html><head>{head}</head><body>{body}</body></html>".encode(), content_type="text/html")


def feeds_at(folder: Path) -> Path:
    path = folder / "feeds.yaml"
    path.write_text(FEEDS, encoding="utf-8")
    return path


def test_a_feed_is_added_and_the_daemon_would_read_it(tmp_path: Path) -> None:
    feeds = feeds_at(tmp_path)
    with Origin({"/rss": RSS}) as origin:
        added = aggregator("add", origin.url("/rss"), "--yes", "--topic", "dunia", cwd=tmp_path)
        again = aggregator("add", origin.url("/rss/"), cwd=tmp_path)
        new = f"  - {{name: Dunia, url: '{origin.url('/rss')}', topics: [dunia]}}\n"

        assert (added.returncode, again.returncode) == (0, 0)
        assert feeds.read_text("utf-8") == FEEDS.replace("an old friend\n", f"an old friend\n{new}")
        assert added.stdout.splitlines()[0] == "  1  Dunia (rss20, 3 entries, newest 2022-09-30 00:13)"
        assert added.stdout.splitlines()[2] == "       2022-09-30 00:13  Gempa guncang Lombok"
        assert again.stdout == 'feeds.yaml: has it already, as "Dunia"; nothing is changed\n'
        assert len(origin.asked) == 1  # what is there already is not asked for
    assert aggregator("check", cwd=tmp_path).returncode == 0


def test_the_feeds_that_a_page_names_are_shown_and_the_first_is_taken(tmp_path: Path) -> None:
    feeds_at(tmp_path)
    links = "".join(
        f'<link rel=alternate type="application/rss+xml" href="{path}">' for path in ("/nowhere", "a.xml", "/b.xml")
    )
    with Origin({"/blog/": site(links), "/blog/a.xml": RSS, "/b.xml": RSS, "/rss": RSS}) as origin:
        ended = aggregator("add", origin.url("/blog/"), "--first", "--name", "Kabar: Kita", cwd=tmp_path)
        assert [asked.path for asked in origin.asked] == ["/blog/", "/nowhere", "/blog/a.xml", "/b.xml"]
        assert f"{origin.url('/nowhere')}: 404 Not Found" in ended.stderr
        assert f'feeds.yaml: added "Kabar: Kita", {origin.url("/blog/a.xml")}\n' in ended.stdout
        assert [line[:3] for line in ended.stdout.splitlines() if line[:3].strip()] == ["  1", "  2", "fee"]


def test_a_feed_under_a_common_path_is_found_where_the_page_names_none(tmp_path: Path) -> None:
    feeds_at(tmp_path)
    with Origin({"/": site(), "/rss.xml": RSS, "/feed.xml": RSS}) as origin:
        ended = aggregator("add", origin.url(), "--yes", cwd=tmp_path)
        assert [asked.path for asked in origin.asked] == ["/", "/feed", "/rss", "/rss.xml"]
        assert f'added "Dunia", {origin.url("/rss.xml")}' in ended.stdout


def test_a_site_that_asks_to_be_left_alone_is(tmp_path: Path) -> None:
    feeds_at(tmp_path)
    with Origin({"/": site(), "/feed": Page(status=429), "/rss": RSS}) as origin:
        ended = aggregator("add", origin.url(), "--yes", cwd=tmp_path)
        assert (ended.returncode, [asked.path for asked in origin.asked]) == (1, ["/", "/feed"])


def test_a_list_of_headlines_is_taken_where_there_is_no_feed(tmp_path: Path) -> None:
    feeds = feeds_at(tmp_path)
    with Origin({"/": LISTS}) as origin:
        ended = aggregator("add", origin.url(), "--yes", cwd=tmp_path)
        assert (ended.returncode, ended.stderr.count("\n")) == (0, 1)
        assert '(list "Populer", 7 entries' in ended.stdout
        assert '(list "UPDATE", 10 entries' in ended.stdout
        dates = [line.split()[0] for line in ended.stdout.splitlines()[2:5]]
        assert dates == sorted(dates, reverse=True)
        written = f"{{name: list_ul - Harian Selat – Populer, url: '{origin.url()}', page: {{list: Populer}}}}"
        assert written in feeds.read_text("utf-8")
        other = aggregator("once", cwd=tmp_path)
        assert "7 new headlines" in other.stdout


def test_whoever_sits_at_a_terminal_is_asked_which(tmp_path: Path) -> None:
    feeds = feeds_at(tmp_path)
    with Origin({"/": LISTS}) as origin:
        master, slave = pty.openpty()
        with subprocess.Popen(
            command("add", origin.url()), cwd=tmp_path, stdin=slave, stdout=slave, stderr=slave, env=os.environ
        ) as asking:
            os.close(slave)
            os.write(master, b"9\n2\n")
            told = _read_all(master)
            code = asking.wait(60)
    assert code == 0, told
    assert "there is no 9; write a number from 1 to 2" in told
    assert "page: {list: UPDATE}" in feeds.read_text("utf-8")


def _read_all(master: int) -> str:
    told = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            os.close(master)
            return told.decode()
        told += part


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/empty", "neither a feed nor headlines found"),
        ("/redirect", "127.0.0.2 is not a public address; if you mean it, name it in allow_private in feeds.yaml"),
        ("/gone", "answered Gone"),
    ],
)
def test_where_there_is_nothing_the_reason_is_told_and_nothing_is_written(tmp_path: Path, path: str, told: str) -> None:
    feeds = feeds_at(tmp_path)
    pages = {
        "/empty": site(),
        "/redirect": Page(status=302, headers={"Location": "http://127.0.0.2:1/rss"}),
        "/gone": Page(status=410),
    }
    with Origin(pages) as origin:
        ended = aggregator("add", origin.url(path), "--yes", cwd=tmp_path)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith(f"{origin.url(path)}: ")
    assert told in ended.stderr
    assert feeds.read_text("utf-8") == FEEDS


def test_a_page_cannot_lead_us_to_a_private_address(tmp_path: Path) -> None:
    feeds_at(tmp_path)
    link = '<link rel=alternate type="application/rss+xml" href="http://127.0.0.2:1/rss">'
    with Origin({"/": site(link)}) as origin:
        ended = aggregator("add", origin.url(), "--yes", cwd=tmp_path)
    assert ended.returncode == 1
    assert "http://127.0.0.2:1/rss: 127.0.0.2: 127.0.0.2 is not a public address" in ended.stderr


def test_without_a_terminal_somebody_must_have_said_yes(tmp_path: Path) -> None:
    feeds_at(tmp_path)
    ended = aggregator("add", "http://127.0.0.1:9/", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "there is no terminal to ask which feed is meant; add --yes to take the first\n"


def test_without_a_feeds_yaml_private_addresses_are_refused_and_none_is_begun(tmp_path: Path) -> None:
    with Origin({"/rss": RSS}) as origin:
        ended = aggregator("add", origin.url("/rss"), "--yes", cwd=tmp_path)
        assert ended.returncode == 1
        assert origin.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ftp://a.example/"], "it is no web address"),
        (["a.example", "--topic", "status"], "is a page of ours"),
        (["a.example", "--name", " "], "is empty"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(tmp_path: Path, arguments: list[str], told: str) -> None:
    ended = aggregator("add", *arguments, "--yes", cwd=tmp_path, env={"COLUMNS": "200", "TERM": "dumb"})
    assert ended.returncode == 2
    assert told in ended.stderr
