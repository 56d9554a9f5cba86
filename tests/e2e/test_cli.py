"""The command line, as a person or a crontab uses it."""

import json
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Page, aggregator, command, daemon, eventually, processes_of, write_feeds

NOW = datetime.now(UTC).replace(microsecond=0)
FIELDS = [
    *("uri", "source", "title", "summary", "link", "published", "updated", "first_seen", "language", "categories"),
    *("story", "topics", "revisions"),
]
HEAVY = {"aiohttp", "apscheduler", "dateparser", "feedgen", "feedparser", "lark", "pebble", "pydantic", "selectolax"}


def feed(**hours_ago: float) -> Page:
    """List titles, each so many hours old."""
    items = "".join(
        f"<item><title>{title}</title><link>https://x.example/{title}</link>"
        f"<pubDate>{format_datetime(NOW - timedelta(hours=hours))}</pubDate></item>"
        for title, hours in hours_ago.items()
    )
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    return Page(body=f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode())


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """Name the packages that a command imports."""
    line = [sys.executable, "-X", "importtime", "-m", "aggregator", *arguments]
    told = subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=60, check=True)
    return {entry.rpartition("|")[2].strip().partition(".")[0] for entry in told.stderr.splitlines()}


@pytest.mark.parametrize("name", ["", "up", "once", "watch", "check", "parse", "headlines", "why", "replay", "demo"])
def test_help_fits_80_columns_and_shows_an_example_a_line(name: str, tmp_path: Path) -> None:
    told = aggregator(*filter(None, [name]), "--help", cwd=tmp_path, env={"COLUMNS": "80", "TERM": "dumb"})

    assert told.returncode == 0
    lines = told.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    examples = [line.strip() for line in lines if line.startswith("  • ")]
    assert all(line.startswith((f"• aggregator {name}", "• in a crontab: ")) for line in examples)
    assert bool(examples) == bool(name)


def test_help_loads_nothing_that_polling_needs(tmp_path: Path) -> None:
    loaded = loaded_by("--help", cwd=tmp_path)

    assert "typer" in loaded
    assert not loaded & (HEAVY | {"asyncio", "orjson", "tinydb", "uvloop", "yaml"})


def test_once_without_news_loads_nothing_that_only_news_need(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": feed(Gempa=1)}) as origin:
        write_feeds(tmp_path, [{"name": "Satu", "url": origin.url("/Satu.xml")}])
        aggregator("once", cwd=tmp_path)
        loaded = loaded_by("once", "--all", cwd=tmp_path)

        assert [request.status for request in origin.asked] == [200, 304]
        assert "aiohttp" in loaded
        assert not loaded & {"feedgen", "feedparser", "selectolax", "dateparser", "apscheduler", "lxml"}


def test_the_version_is_told(tmp_path: Path) -> None:
    told = aggregator("--version", cwd=tmp_path)

    assert (told.returncode, told.stdout.split()[0]) == (0, "aggregator")


@pytest.mark.parametrize("arguments", [["nosuch"], ["once", "--nosuch"], ["once", "--at-once", "0"]], ids=" ".join)
def test_wrong_usage_ends_with_2_and_points_at_the_help(tmp_path: Path, arguments: list[str]) -> None:
    told = aggregator(*arguments, cwd=tmp_path)

    assert (told.returncode, told.stdout) == (2, "")
    assert "-h' for help" in told.stderr
    assert arguments[min(len(arguments) - 1, 1)] in told.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [("aggregator on", ["once"]), ("aggregator once --a", ["--all", "--at-once"]), ("aggregator w", ["watch", "why"])],
    ids=["command", "option", "another"],
)
def test_bash_completes_commands_and_options(tmp_path: Path, words: str, offered: list[str]) -> None:
    asked = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        "_AGGREGATOR_COMPLETE": "complete_bash",
    }

    assert aggregator(cwd=tmp_path, env=asked).stdout.split() == offered


def test_once_sums_up_and_ends_with_0_though_a_source_failed(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": feed(Gempa=1, Banjir=2), "/Dua.xml": Page(status=500)}) as origin:
        write_feeds(tmp_path, [{"name": name, "url": origin.url(f"/{name}.xml")} for name in ("Satu", "Dua")])
        first, second = aggregator("once", cwd=tmp_path), aggregator("once", cwd=tmp_path)

        assert (first.returncode, second.returncode) == (0, 0)
        assert first.stdout == (
            "2 polled (0 not modified, 1 failed), 0 not due: 2 new headlines, 0 revised, 2 entries parsed\n"
        )
        assert first.stderr.startswith("Dua: ")
        assert "500" in first.stderr
        assert second.stdout.startswith("0 polled (0 not modified, 0 failed), 2 not due: 0 new headlines")
        assert len(origin.asked) == 2
        assert "Gempa" in (tmp_path / "state/public/update.rss").read_text()


def test_once_all_asks_nobody_inside_a_retry_after_nor_after_a_410(tmp_path: Path) -> None:
    pages = {
        "/Sibuk.xml": Page(status=503, headers={"Retry-After": "3600"}),
        "/Tutup.xml": Page(status=410),
        "/Rusak.xml": Page(status=500),
    }
    with Origin(pages) as origin:
        names = [path[1:-4] for path in pages]
        write_feeds(tmp_path, [{"name": name, "url": origin.url(f"/{name}.xml")} for name in names])
        first, second = aggregator("once", cwd=tmp_path), aggregator("once", "--all", cwd=tmp_path)

        assert sorted(request.path for request in origin.asked[:3]) == sorted(pages), first.stderr
        assert [request.path for request in origin.asked[3:]] == ["/Rusak.xml"]
        assert second.stdout.startswith("1 polled (0 not modified, 1 failed), 2 not due")


def test_headlines_are_listed_newest_first_and_chosen_by_topic_and_time(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": feed(Lama=60, Gempa=1, Banjir=3)}) as origin:
        source = {"name": "Satu", "url": origin.url("/Satu.xml"), "language": "id"}
        topic = {"slug": "bumi", "title": "Bumi", "match": "gempa"}
        feeds = write_feeds(tmp_path, [source], topics=[topic])
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: "Gempa" in running.read("/update.rss"))
            beside = aggregator("headlines", cwd=tmp_path)  # while the daemon runs
        day = (NOW - timedelta(days=1)).strftime("%Y-%m-%d")  # in Jakarta it began 31 to 55 hours ago

        assert [line.split() for line in beside.stdout.splitlines()] == [
            [*told.split(), "Satu", title]
            for title, told in zip(
                ("Gempa", "Banjir", "Lama"),
                (f"{(NOW + timedelta(hours=7 - hours)):%Y-%m-%d %H:%M}" for hours in (1, 3, 60)),
                strict=True,
            )
        ]
        for chosen, titles in {
            ("--topic", "bumi"): ["Gempa"],
            ("--since", "2h"): ["Gempa"],
            ("--since", "1d"): ["Gempa", "Banjir"],
            ("--since", day): ["Gempa", "Banjir"],
            ("--since", "2020-01-01T07:00"): ["Gempa", "Banjir", "Lama"],
        }.items():
            told = aggregator("headlines", *chosen, cwd=tmp_path)
            assert [line.split()[-1] for line in told.stdout.splitlines()] == titles, chosen


def test_headlines_as_json_have_exactly_these_fields(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": feed(Gempa=1)}) as origin:
        source = {"name": "Satu", "url": origin.url("/Satu.xml"), "language": "id", "topics": ["bumi"]}
        write_feeds(tmp_path, [source])
        aggregator("once", cwd=tmp_path)
        (headline,) = map(json.loads, aggregator("headlines", "--json", cwd=tmp_path).stdout.splitlines())

        assert list(headline) == FIELDS
        assert (headline["source"], headline["title"], headline["language"]) == ("Satu", "Gempa", "id")
        assert headline["link"] == "https://x.example/Gempa"
        assert headline["uri"].startswith("urn:uuid:")
        assert headline["story"].startswith("urn:uuid:")
        assert headline["topics"] == ["update", "popular", "bumi"]
        assert datetime.fromisoformat(headline["published"]) == NOW - timedelta(hours=1)
        assert headline["updated"] == headline["published"]
        assert datetime.fromisoformat(headline["first_seen"]) >= NOW


def test_revised_headlines_are_listed_with_what_their_titles_were(tmp_path: Path) -> None:
    page = '<rss version="2.0"><channel><title>x</title>{}</channel></rss>'
    item = "<item><guid>{}</guid><title>{}</title></item>"
    first, second, third = "Gempa di Maluku", "Gempa kuat di Maluku", "UPDATE: Gempa di Maluku menewaskan dua orang"
    with Origin() as origin:
        write_feeds(tmp_path, [{"name": "Satu", "url": origin.url("/Satu.xml")}])
        for title in (first, second, third):
            lines = item.format(1, title) + item.format(2, "Banjir")
            origin.pages["/Satu.xml"] = Page(body=page.format(lines).encode())
            aggregator("once", "--all", cwd=tmp_path)
        told = aggregator("headlines", "--revised", cwd=tmp_path).stdout.splitlines()
        (revised,) = map(json.loads, aggregator("headlines", "--revised", "--json", cwd=tmp_path).stdout.splitlines())

        assert [line.split(maxsplit=3)[3] for line in told] == [third, second, first]
        assert all(line.startswith("  until ") for line in told[1:])
        assert [each["title"] for each in revised["revisions"]] == [first, second]
        assert revised["revisions"][1]["until"] == revised["updated"]


def test_a_reader_of_headlines_that_leaves_is_no_news(tmp_path: Path) -> None:
    many = {f"Banjir{number}": number / 100 for number in range(2_000)}
    with Origin({"/Satu.xml": feed(**many)}) as origin:
        write_feeds(tmp_path, [{"name": "Satu", "url": origin.url("/Satu.xml")}])
        aggregator("once", cwd=tmp_path)
        line = command("headlines", "--json")
        with subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
            assert listing.stdout
            assert listing.stderr
            assert listing.stdout.readline().startswith(b'{"uri"')
            listing.stdout.close()

            assert listing.stderr.read() == b""


@pytest.mark.parametrize("since", ["", "soon", "9999999999d", "0001-01-01", "2026-13-01"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, since: str) -> None:
    write_feeds(tmp_path, [{"name": "Satu", "url": "https://x.example/"}])
    told = aggregator("headlines", "--since", since, cwd=tmp_path)

    assert told.returncode == 2
    assert "is no time" in told.stderr


def test_escapes_in_titles_reach_no_terminal(tmp_path: Path) -> None:
    title = "Gempa &#27;[31m&#155;2J \u202e\u0007 berat"
    body = f'<rss version="2.0"><channel><title>x</title><item><title>{title}</title></item></channel></rss>'
    with Origin({"/Satu.xml": Page(body=body.encode())}) as origin:
        write_feeds(tmp_path, [{"name": "Satu", "url": origin.url("/Satu.xml")}])
        once = aggregator("once", cwd=tmp_path)
        listed = aggregator("headlines", cwd=tmp_path)

        assert "Gempa" in listed.stdout
        assert not set(once.stdout + once.stderr + listed.stdout) & set("\x1b\x9b\x07\u202e")


def test_check_try_tells_what_each_source_gave_and_keeps_nothing(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": feed(Gempa=1, Banjir=3), "/Dua.xml": Page(status=403)}) as origin:
        write_feeds(tmp_path, [{"name": name, "url": origin.url(f"/{name}.xml")} for name in ("Satu", "Dua")])
        told = aggregator("check", "--try", cwd=tmp_path, env={"COLUMNS": "120"})

        assert told.returncode == 0
        rows = {line.split()[0]: line.split() for line in told.stdout.splitlines()}
        assert rows["Satu"][2:4] == ["2", "2"]
        assert "403" in " ".join(rows["Dua"])
        assert not (tmp_path / "state").exists()


def test_parse_shows_a_document_as_a_table_and_as_json_and_refuses_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(feed(Gempa=1).body)
    (tmp_path / "none.bin").write_bytes(b"\x00\x01nothing")
    table = aggregator("parse", "feed.xml", cwd=tmp_path)
    lines = aggregator("parse", "feed.xml", "--json", cwd=tmp_path)
    refused = aggregator("parse", "none.bin", cwd=tmp_path)

    assert (table.returncode, lines.returncode, refused.returncode) == (0, 0, 1)
    assert "Gempa" in table.stdout
    assert json.loads(lines.stdout)["published"] == (NOW - timedelta(hours=1)).isoformat()
    assert refused.stderr.startswith("none.bin: ")


def test_parse_reads_whatever_address_is_named_and_is_led_to_no_other_private_one(tmp_path: Path) -> None:
    with Origin({"/feed.xml": feed(Gempa=1)}) as origin, socket.create_server(("127.0.0.2", 0)) as inside:
        inside.settimeout(0)
        target = f"http://127.0.0.2:{inside.getsockname()[1]}/"
        origin.pages["/pindah"] = Page(status=302, headers={"Location": target})
        read = aggregator("parse", origin.url("/feed.xml"), cwd=tmp_path)
        led = aggregator("parse", origin.url("/pindah"), cwd=tmp_path)
        with pytest.raises(BlockingIOError):
            inside.accept()

    assert (read.returncode, "Gempa" in read.stdout) == (0, True)
    assert (led.returncode, "127.0.0.2 is not a public address" in led.stderr) == (1, True)


def test_without_a_feeds_yaml_the_shipped_one_is_used_and_that_is_said(tmp_path: Path) -> None:
    told = aggregator("check", cwd=tmp_path)

    assert told.returncode == 0
    assert "no ./feeds.yaml here: using the shipped one, " in told.stderr
    assert "put your own at ./feeds.yaml" in told.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_once_that_is_interrupted_keeps_what_it_has_committed(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with Origin({"/Satu.xml": feed(Gempa=1)}) as origin, Origin({}) as hanging:
        waiting = f"{hanging.url('/')}"
        hanging._server.shutdown()  # it still listens, and never answers
        sources = [{"name": "Diam", "url": waiting}, {"name": "Satu", "url": origin.url("/Satu.xml")}]
        write_feeds(tmp_path, sources)
        with subprocess.Popen(command("once"), cwd=tmp_path, stderr=subprocess.PIPE) as running:
            eventually(lambda: (tmp_path / "state").exists() and b"Gempa" in journal(tmp_path))
            running.send_signal(number)
            assert running.stderr
            told = running.stderr.read()

        assert (running.returncode, told) == (code, b"")
        eventually(lambda: processes_of(tmp_path) == [])
        assert "Gempa" in aggregator("headlines", cwd=tmp_path).stdout


def journal(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "state").glob("journal*"))
