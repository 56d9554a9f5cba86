"""`aggregator replay`: a day that was recorded is told again."""

import json
from pathlib import Path

from tests.e2e.running import Origin, Page, aggregator, write_feeds

HEAD = "<title>x</title><link>https://x.example/</link><description>d</description>"
ANTARA = {"name": "Antara", "url": "https://antara.example/rss"}
BRIDGES = {
    "a": "Gunung Lewotobi meletus dahsyat",
    "b": "Bandara Maumere ditutup abu vulkanik",
    "c": "Gunung Lewotobi meletus dahsyat, bandara Maumere ditutup abu vulkanik",
}


def feed(*titles: str) -> Page:
    items = "".join(f"<item><guid isPermaLink='false'>{title}</guid><title>{title}</title></item>" for title in titles)
    return Page(body=f'<rss version="2.0"><channel>{HEAD}{items}</channel></rss>'.encode())


def record(folder: Path, **titles: str) -> Path:
    """Write headlines of as many sources, a minute apart, the last first."""
    lines = [
        {"uri": uri, "source": uri.upper(), "title": title, "link": None, "published": f"2026-11-25T10:{minute}:00Z"}
        for minute, (uri, title) in enumerate(titles.items(), start=10)
    ]
    path = folder / "day.jsonl"
    path.write_text("\n".join(map(json.dumps, reversed(lines))), encoding="utf-8")
    return path


def stories_of(lines: list[dict[str, str]]) -> set[frozenset[str]]:
    """Group uris by story. Whose uri names it, is decided by who came first: live, that is who was polled first."""
    stories = {line["story"] for line in lines}
    return {frozenset(line["uri"] for line in lines if line["story"] == story) for story in stories}


def test_what_headlines_wrote_is_folded_and_filed_as_it_was(tmp_path: Path) -> None:
    topic = {"slug": "gempa", "title": "Gempa", "match": "gempa", "languages": ["id"]}
    with Origin({"/a.xml": feed("Gempa guncang Maluku Tengah", "Harga beras naik lagi")}) as origin:
        origin.pages["/b.xml"] = feed("UPDATE: Gempa guncang Maluku Tengah")
        sources = [{"name": name, "url": origin.url(f"/{name}.xml"), "language": "id"} for name in ("a", "b")]
        write_feeds(tmp_path, sources, topics=[topic])
        aggregator("once", cwd=tmp_path)
    recorded = aggregator("headlines", "--json", cwd=tmp_path).stdout
    (tmp_path / "day.jsonl").write_text(recorded, encoding="utf-8")
    replayed = aggregator("replay", "day.jsonl", "--json", cwd=tmp_path)

    kept, told = (
        [json.loads(line) for line in sorted(written.splitlines(), key=lambda line: str(json.loads(line)["uri"]))]
        for written in (recorded, replayed.stdout)
    )
    assert (replayed.returncode, replayed.stderr, len(kept)) == (0, "", 3)
    assert [(line["uri"], line["topics"]) for line in told] == [(line["uri"], line["topics"]) for line in kept]
    assert stories_of(told) == stories_of(kept)
    assert sorted(map(len, stories_of(told))) == [1, 2]


def test_what_was_not_told_as_news_is_not_told_when_it_is_replayed(tmp_path: Path) -> None:
    write_feeds(tmp_path, [ANTARA])
    line = json.loads(record(tmp_path, a="Kabut asap menipis").read_text(encoding="utf-8"))
    (tmp_path / "day.jsonl").write_text(json.dumps({**line, "untold": "older than the last reading"}), encoding="utf-8")
    told = aggregator("replay", "day.jsonl", "--json", cwd=tmp_path)

    assert json.loads(told.stdout) == {"uri": "a", "story": "a", "topics": []}


def test_a_bridge_moves_what_was_folded_before_it(tmp_path: Path) -> None:
    write_feeds(tmp_path, [ANTARA])
    two, three = ({uri: BRIDGES[uri] for uri in uris} for uris in ("ab", "abc"))

    def stories(**titles: str) -> list[str]:
        told = aggregator("replay", record(tmp_path, **titles), cwd=tmp_path).stdout
        return [line.split("\t")[1] for line in told.splitlines()]

    assert stories(**two) == ["a", "b"]
    assert stories(**three) == ["a", "a", "a"]


def test_two_configurations_are_told_apart_topic_by_topic(tmp_path: Path) -> None:
    day = record(tmp_path, a="Gempa di Maluku", b="Banjir di Demak")
    for name, match in (("old", "gempa"), ("new", "banjir")):
        (tmp_path / name).mkdir()
        write_feeds(tmp_path / name, [ANTARA], topics=[{"slug": "bumi", "title": "Bumi", "match": match}])
    feeds = ["--feeds", "old/feeds.yaml", "--feeds", "new/feeds.yaml"]
    told = aggregator("replay", day, *feeds, cwd=tmp_path)
    plain = aggregator("replay", day, *feeds, "--json", cwd=tmp_path)

    assert told.stdout == "bumi\t-\ta\tGempa di Maluku\nbumi\t+\tb\tBanjir di Demak\n"
    assert [json.loads(line)["change"] for line in plain.stdout.splitlines()] == ["-", "+"]
    assert not (tmp_path / "state").exists()
    assert aggregator("replay", day, *feeds, "--feeds", "x.yaml", cwd=tmp_path).returncode == 2


def test_bad_lines_are_named_and_left_out(tmp_path: Path) -> None:
    write_feeds(tmp_path, [ANTARA])
    day = record(tmp_path, a="Gempa di Maluku \u001b[2J")
    day.write_text(day.read_text() + '\n{"uri": "b"}\n\x1b]0;x\x07\n', encoding="utf-8")
    told = aggregator("replay", day, cwd=tmp_path)

    assert (told.returncode, told.stdout) == (1, "a\ta\tupdate,popular\n")
    assert [line.partition(": ")[0] for line in told.stderr.splitlines()] == [f"{day}:2", f"{day}:3"]
    assert "\x1b" not in told.stderr
    assert aggregator("replay", "missing.jsonl", cwd=tmp_path).returncode == 2
