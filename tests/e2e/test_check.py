"""`aggregator check`, as the operator sees it."""

from pathlib import Path
from typing import Final

from tests.e2e.running import Origin, Page, aggregator, write_feeds

PAGES: Final = Path(__file__).parents[1] / "pages"


def _read(name: str) -> Page:
    return Page(body=(PAGES / name).read_bytes())


def test_trying_tells_of_each_source_what_came_or_why_nothing_did(tmp_path: Path) -> None:
    pages = {"/rss": _read("rss_hints.xml"), "/list": _read("list_ul.html"), "/gone": Page(status=410)}
    with Origin(pages) as origin:
        sources: list[dict[str, object]] = [
            {"name": "Dunia", "url": origin.url("/rss")},
            {"name": "Selat", "url": origin.url("/list"), "page": {}, "language": "id", "timezone": "Asia/Jakarta"},
            {"name": "Ufuk", "url": origin.url("/gone")},
            {"name": "Senja", "url": origin.url("/nowhere")},
        ]
        feeds = write_feeds(tmp_path, sources)
        ended = aggregator("check", "--try", "--feeds", feeds, cwd=tmp_path, env={"COLUMNS": "160"})
    first, heading, *rows = ended.stdout.splitlines()

    assert (ended.returncode, ended.stderr) == (0, "")
    assert first == f"{feeds}: right: 4 sources, 2 topics"
    assert heading.split() == ["Source", "Found", "Entries", "Dated", "Newest", "Warning"]
    assert [row.split()[0] for row in rows] == ["Dunia", "Selat", "Ufuk", "Senja"]
    assert rows[0].split()[1:6] == ["rss20", "3", "3", "2022-09-30", "07:13"]  # in the site's zone, as all dates are
    assert "skipHours or skipDays hold" in rows[0]
    assert rows[1].split()[1:4] == ["page", "7", "7"]
    assert "410 Gone, its publisher asks not to be polled" in rows[2]
    assert "404 Not Found: check the url in feeds.yaml" in rows[3]


def test_every_fault_is_told_at_once_and_the_exit_code_is_2(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("sources:\n  - {name: Dunia}\n  - {url: 'ftp://x.example/'}\n", "utf-8")
    ended = aggregator("check", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert {line.split(" ")[0] for line in ended.stderr.splitlines()} == {"feeds.yaml:2:", "feeds.yaml:3:"}


def test_a_missing_file_is_told_without_a_line(tmp_path: Path) -> None:
    ended = aggregator("check", "--feeds", "nowhere.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "nowhere.yaml: there is no such file; name another with --feeds\n"
