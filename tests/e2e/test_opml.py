"""`aggregator import` and `export`, and the two lists that are served, as people meet them."""

from pathlib import Path
from typing import Final

import pytest
import yaml
from lxml import etree

from tests.e2e.running import Origin, Page, aggregator, daemon, write_feeds

PAGES: Final = Path(__file__).parents[1] / "pages"
CORPUS: Final = Path("/work/shared/corpus/feeds_list/opml_awesome")
FEEDS: Final = """\
sources:
  - {name: Lama, url: "https://lama.example/rss"}   # an old friend
"""
LIST: Final = """\
<?xml version="1.0"?>
<opml version="1.0"><body>
<outline text="Ekonomi & Bisnis">
<outline text="Pasar" type="rss" xmlUrl="https://pasar.example/rss?a=1&b=2"/>
<outline text="Lama lagi" type="rss" xmlUrl="http://www.lama.example/rss/"/>
<outline text="Perintah" type="rss" xmlUrl="|touch /tmp/x"/>
<outline text="Tetangga" type="rss" xmlUrl="http://192.168.0.1/rss"/>
</outline></body></opml>
"""


def test_a_list_is_imported_once_and_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    feeds, list_ = tmp_path / "feeds.yaml", tmp_path / "list.opml"
    feeds.write_text(FEEDS, encoding="utf-8")
    list_.write_text(LIST, encoding="utf-8")
    trial = aggregator("import", "list.opml", "--dry-run", cwd=tmp_path)
    untouched = feeds.read_text("utf-8")
    done = aggregator("import", "list.opml", cwd=tmp_path)
    again = aggregator("import", "list.opml", cwd=tmp_path)
    source = "  - {name: Pasar, url: 'https://pasar.example/rss?a=1&b=2', topics: [ekonomi-bisnis]}\n"
    topics = "topics:\n  - {slug: ekonomi-bisnis, title: Ekonomi & Bisnis}\n"

    assert [each.returncode for each in (trial, done, again)] == [0, 0, 0]
    assert untouched == FEEDS
    assert feeds.read_text("utf-8") == f"{FEEDS}{source}\n{topics}"
    assert trial.stdout == (
        f"sources:\n{source}{topics}feeds.yaml: 1 would be added, 1 there already, 0 listed twice, 2 refused\n"
    )
    assert done.stdout == "feeds.yaml: 1 added, 1 there already, 0 listed twice, 2 refused\n"
    assert again.stdout == "feeds.yaml: 0 added, 2 there already, 0 listed twice, 2 refused\n"
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()[:2]] == ["list.opml:6", "list.opml:7"]
    assert "192.168.0.1 is not a public address" in done.stderr


@pytest.mark.parametrize(
    ("list_", "code", "told"),
    [
        (b"<rss/>", 2, "there is no <outline> in it"),
        (b"<opml>" + b"<outline/>" * 1_000_000, 2, "more than 50,000 outlines"),
        (b"<opml>" + b" " * (10 << 20), 2, "larger than 10 MiB"),
        (b'<outline xmlUrl="x"/>', 1, "is no web address"),
        (None, 2, "No such file or directory; name an OPML file"),
    ],
    ids=["no list", "a million rows", "too large", "nothing usable", "no file"],
)
def test_what_is_no_list_changes_nothing(tmp_path: Path, list_: bytes | None, code: int, told: str) -> None:
    if list_ is not None:
        (tmp_path / "list.opml").write_bytes(list_)
    ended = aggregator("import", "list.opml", cwd=tmp_path)
    assert ended.returncode == code
    assert told in ended.stderr
    assert not (tmp_path / "feeds.yaml").exists()


def test_what_is_exported_is_imported_as_it_was(tmp_path: Path) -> None:
    feeds = write_feeds(
        tmp_path,
        [
            {"name": "A", "url": ["https://a.example/rss", "https://a.example/2"], "topics": ["dunia", "x"]},
            {"name": "B", "url": "https://b.example/", "page": {"list": "UPDATE"}, "timezone": "Asia/Jakarta"},
            {"name": "C", "url": "https://c.example/?token=s3cr3t", "headers": {"Cookie": "s3cr3t"}, "every": "20m"},
        ],
        topics=[{"slug": "dunia", "title": "Luar Negeri"}],
    )
    exported = aggregator("export", cwd=tmp_path)
    to_file = aggregator("export", "list.opml", cwd=tmp_path)
    imported = aggregator("import", "list.opml", "--feeds", "new.yaml", cwd=tmp_path)

    assert (exported.returncode, to_file.stdout, imported.returncode) == (0, "", 0)
    assert (tmp_path / "list.opml").read_text("utf-8") == exported.stdout
    assert exported.stderr == "C: its address is written without what looks like a secret\n"
    assert "s3cr3t" not in exported.stdout
    new = yaml.safe_load((tmp_path / "new.yaml").read_text("utf-8"))
    old = yaml.safe_load(feeds.read_text("utf-8"))
    old["sources"][2] = {"name": "C", "url": "https://c.example/", "every": "1200s"}
    assert sorted(new["sources"], key=lambda source: str(source["name"])) == old["sources"]
    assert new["topics"] == [{"slug": "dunia", "title": "Luar Negeri"}]


def test_both_lists_are_served_and_lie_beside_the_feeds(tmp_path: Path) -> None:
    with Origin({"/rss": Page(body=(PAGES / "rss_hints.xml").read_bytes())}) as origin:
        feeds = write_feeds(tmp_path, [{"name": "Dunia", "url": f"{origin.url('/rss')}?key=s3cr3t", "topics": ["x"]}])
        with daemon(tmp_path, feeds) as running:
            published, read = running.read("/feeds.opml"), running.read("/sources.opml")
            front = running.read("/")
        once = aggregator("once", cwd=tmp_path)

    addresses = [outline.get("xmlUrl") for outline in etree.fromstring(published.encode()).iter("outline")]
    assert addresses == [f"{running.url}/{slug}.rss" for slug in ("update", "popular", "x")]
    assert f'xmlUrl="{origin.url("/rss")}"' in read
    assert "s3cr3t" not in read
    assert front.count('href="feeds.opml"') == front.count('href="sources.opml"') == 2
    assert once.returncode == 0
    assert (tmp_path / "state" / "public" / "sources.opml").read_text("utf-8") == read.replace(
        running.url, "http://127.0.0.1:8080"
    )


def test_59_public_lists_make_one_feeds_yaml_that_is_right(tmp_path: Path) -> None:
    files = sorted(CORPUS.glob("*.opml"))
    if not files:
        pytest.skip("no corpus beside the project")
    whole = tmp_path / "all.opml"
    whole.write_bytes(b"\n".join(file.read_bytes() for file in files))
    done = aggregator("import", whole, cwd=tmp_path)
    again = aggregator("import", whole, "--dry-run", cwd=tmp_path)
    checked = aggregator("check", cwd=tmp_path)

    # 781 addresses, of which two differ by "www." alone.
    assert done.stdout == "feeds.yaml: 780 added, 0 there already, 6 listed twice, 0 refused\n"
    assert again.stdout == "feeds.yaml: 0 would be added, 786 there already, 0 listed twice, 0 refused\n"
    assert checked.stdout.startswith("feeds.yaml: right: 780 sources, ")
