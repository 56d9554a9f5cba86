"""`aggregator up`, with real signals, sockets and files."""

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.running import Origin, Page, Running, aggregator, command, daemon, eventually, write_feeds


def rss(*titles: str) -> Page:
    items = "".join(f"<item><guid>{title}</guid><title>{title}</title></item>" for title in titles)
    head = "<title>x</title><link>https://x.example/</link><description>d</description>"
    return Page(body=f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode())


def named(origin: Origin, *names: str) -> list[dict[str, object]]:
    """Describe the sources of these names, each at the path of its name."""
    return [{"name": name, "url": origin.url(f"/{name}.xml")} for name in names]


def titles(running: Running) -> list[str]:
    return [item["title"] for item in json.loads(running.read("/update.json"))["items"]]


def kept(folder: Path) -> list[tuple[str, str]]:
    """Give (title, uri) of all kept headlines."""
    told = aggregator("headlines", "--feeds", folder / "feeds.yaml", "--json", cwd=folder)
    assert told.returncode == 0, told.stderr
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    return sorted((line["title"], line["uri"]) for line in lines)


def asked(origin: Origin, path: str) -> int:
    return sum(request.path == path for request in origin.asked)


@contextmanager
def silent_port() -> Iterator[int]:
    """Accept connections (the system does), and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        yield port


def end(running: Running, *numbers: signal.Signals) -> float:
    """Send signals; give the seconds until the process ended, well."""
    sent_at = time.monotonic()
    for number in numbers:
        running.process.send_signal(number)
        time.sleep(0.1)
    assert running.process.wait(60) == 0, running.log.read_text()
    return time.monotonic() - sent_at


@pytest.mark.parametrize(
    "numbers",
    [[signal.SIGTERM, signal.SIGTERM], [signal.SIGINT]],
    ids=["sigterm-twice", "sigint"],
)
def test_a_signal_ends_it_well_while_a_source_hangs(tmp_path: Path, numbers: Sequence[signal.Signals]) -> None:
    with Origin({"/Satu.xml": rss("Gempa")}) as origin, silent_port() as port:
        hanging = {"name": "Diam", "url": f"http://127.0.0.1:{port}/"}
        feeds = write_feeds(tmp_path, [hanging, *named(origin, "Satu")])
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: titles(running) == ["Gempa"])
            seconds = end(running, *numbers)

        assert seconds < 20  # 5 s are promised; the machine is shared
        assert [title for title, _ in kept(tmp_path)] == ["Gempa"]


def test_hanging_sources_do_not_delay_the_others(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": rss("Gempa")}) as origin, silent_port() as port:
        hanging = [{"name": f"Diam {number}", "url": f"http://127.0.0.1:{port}/{number}"} for number in range(10)]
        feeds = write_feeds(tmp_path, [*hanging, *named(origin, "Satu")])
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: titles(running) == ["Gempa"])
            sources = json.loads(running.read("/status.json"))["sources"]

        assert {source["name"]: source["state"] for source in sources} == {
            **{source["name"]: "new" for source in hanging},  # their answers are still awaited
            "Satu": "ok",
        }


def test_without_any_reachable_source_it_stays_up_and_names_each_with_its_reason(tmp_path: Path) -> None:
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # bound, and nobody listens
        gone = f"http://127.0.0.1:{refusing.getsockname()[1]}/"
        sources = [{"name": "Tutup", "url": gone}, {"name": "Entah", "url": "https://no-such-host.invalid/rss"}]
        with daemon(tmp_path, write_feeds(tmp_path, sources)) as running:
            eventually(lambda: running.read("/status.json").count('"failing"') == 2)
            told = {each["name"]: each for each in json.loads(running.read("/status.json"))["sources"]}

            assert running.read("/healthz") == "ok\n"
            assert (told["Tutup"]["answer"], told["Entah"]["answer"]) == ("connect", "dns")
            assert all(each["error"] and each["next_at"] for each in told.values())
            log = running.log.read_text()
            assert re.search(r"WARNING Tutup: .+; we try again", log)
            assert re.search(r"WARNING Entah: .+; check the url in feeds.yaml", log)


def test_a_restart_asks_nobody_before_the_committed_time(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": rss("Gempa"), "/Dua.xml": rss("Banjir")}) as origin:
        feeds = write_feeds(tmp_path, named(origin, "Satu", "Dua"), every="1h")
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: sorted(titles(running)) == ["Banjir", "Gempa"])
            running.process.kill()
        for life in range(4):
            write_feeds(tmp_path, named(origin, "Satu", "Dua", f"Baru-{life}"), every="1h")
            with daemon(tmp_path, feeds) as running:
                assert sorted(titles(running)) == ["Banjir", "Gempa"]
                states = json.loads(running.read("/status.json"))["sources"]
                assert [each["state"] for each in states[:2]] == ["ok", "ok"]  # not "new": asked in an earlier life
                eventually(lambda: asked(origin, f"/Baru-{life}.xml"))  # noqa: B023  what is due was asked
                running.process.kill()

        assert (asked(origin, "/Satu.xml"), asked(origin, "/Dua.xml")) == (1, 1)


def reload(running: Running, words: str) -> None:
    """Have feeds.yaml read again, and wait for the line of the log that says how it went."""
    before = running.log.read_text().count(words)
    running.process.send_signal(signal.SIGHUP)
    eventually(lambda: running.log.read_text().count(words) > before)


def test_a_broken_feeds_yaml_is_refused_with_every_fault_and_the_running_one_goes_on(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": rss("Gempa")}) as origin:
        feeds = write_feeds(tmp_path, named(origin, "Satu"))
        with daemon(tmp_path, feeds) as running:
            eventually(lambda: titles(running) == ["Gempa"])
            feeds.write_text("poll: {every: 5s}\nsources:\n  - {name: Satu, url: ftp://x/}\n  - {nama: Dua}\n")
            reload(running, "not taken over")
            log = running.log.read_text()

            assert [f"ERROR   {feeds}:{line}: " in log for line in (1, 3, 4)] == [True] * 3
            assert "mend it; it is read when it changes, and on SIGHUP" in log
            feeds.unlink()
            reload(running, "not taken over")
            assert titles(running) == ["Gempa"]
            assert asked(origin, "/Satu.xml") == 1


def test_sighup_polls_added_sources_and_asks_unchanged_ones_nothing(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": rss("Gempa"), "/Dua.xml": rss("Banjir"), "/Tiga.xml": rss("Longsor")}) as origin:
        with daemon(tmp_path, write_feeds(tmp_path, named(origin, "Satu"), every="1h")) as running:
            eventually(lambda: titles(running) == ["Gempa"])
            write_feeds(tmp_path, named(origin, "Satu", "Dua", "Tiga"), every="1h")
            reload(running, "taken over, with 3 sources")
            eventually(lambda: sorted(titles(running)) == ["Banjir", "Gempa", "Longsor"])

        assert [asked(origin, f"/{name}.xml") for name in ("Satu", "Dua", "Tiga")] == [1, 1, 1]


def test_a_removed_source_comes_back_with_its_headlines_and_none_twice(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": rss("Gempa"), "/Dua.xml": rss("Banjir", "Longsor")}) as origin:
        with daemon(tmp_path, write_feeds(tmp_path, named(origin, "Satu", "Dua"))) as running:
            eventually(lambda: len(titles(running)) == 3)
            before = kept(tmp_path)
            write_feeds(tmp_path, named(origin, "Satu"))
            eventually(lambda: "taken over, with 1 sources" in running.log.read_text())  # without a signal
            assert len(json.loads(running.read("/status.json"))["sources"]) == 1
            origin.pages["/Dua.xml"] = rss("Banjir", "Longsor", "Topan")
            write_feeds(tmp_path, named(origin, "Satu", "Dua"))
            eventually(lambda: "taken over, with 2 sources" in running.log.read_text())
        aggregator("once", "--all", cwd=tmp_path)

        after = kept(tmp_path)
        assert set(before) < set(after)
        assert [title for title, _ in after] == ["Banjir", "Gempa", "Longsor", "Topan"]


def test_sighup_takes_over_how_sources_are_polled(tmp_path: Path) -> None:
    with (
        Origin({"/Satu.xml": rss("Gempa"), "/Dua.xml": rss("Banjir")}) as origin,
        daemon(tmp_path, write_feeds(tmp_path, named(origin, "Satu"), allow_private=[])) as running,
    ):
        eventually(lambda: "Satu: " in running.log.read_text())
        assert asked(origin, "/Satu.xml") == 0  # loopback is private
        write_feeds(tmp_path, named(origin, "Satu", "Dua"))
        reload(running, "taken over, with 2 sources")
        eventually(lambda: titles(running) == ["Banjir"])


def test_a_port_that_is_taken_is_told_and_ends_with_1(tmp_path: Path) -> None:
    with Origin({}) as origin, silent_port() as port:
        feeds = write_feeds(tmp_path, named(origin, "Satu"))
        told = aggregator("up", "--no-view", "--listen", f"127.0.0.1:{port}", "--feeds", feeds, cwd=tmp_path)

        assert (told.returncode, told.stdout) == (1, "")
        assert told.stderr == (
            f"127.0.0.1:{port} is in use; stop what listens there, or add --listen 127.0.0.1:{port + 1}\n"
        )
        assert origin.asked == []


def test_an_address_of_another_machine_is_told_and_ends_with_1(tmp_path: Path) -> None:
    with Origin({}) as origin:
        feeds = write_feeds(tmp_path, named(origin, "Satu"))
        told = aggregator("up", "--no-view", "--listen", "203.0.113.1:0", "--feeds", feeds, cwd=tmp_path)

        assert told.returncode == 1
        assert "203.0.113.1:0 is no address of this machine" in told.stderr
        assert "Traceback" not in told.stderr


@pytest.mark.parametrize("arguments", [["up", "--no-view", "--listen", "127.0.0.1:0"], ["once"]], ids=["up", "once"])
def test_a_second_process_on_the_same_state_is_refused_naming_the_first(tmp_path: Path, arguments: list[str]) -> None:
    with Origin({"/Satu.xml": rss("Gempa")}) as origin:
        feeds = write_feeds(tmp_path, named(origin, "Satu"))
        with daemon(tmp_path, feeds) as running:
            refused = aggregator(*arguments, cwd=tmp_path)

            assert refused.returncode == 3
            assert f"in use by process {running.process.pid}; stop it first" in refused.stderr


@pytest.mark.parametrize("arguments", [["up", "--no-view"], ["once"], ["check"]], ids=["up", "once", "check"])
def test_a_bad_configuration_ends_with_2_and_tells_every_fault(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "feeds.yaml").write_text("poll: {every: 5s}\nsources:\n  - {name: Satu}\n  - {url: 7, nama: Dua}\n")
    told = aggregator(*arguments, cwd=tmp_path)

    assert (told.returncode, told.stdout) == (2, "")
    assert {line.split(":")[1] for line in told.stderr.splitlines()} >= {"1", "3", "4"}
    assert not (tmp_path / "state").exists()


def test_a_full_disk_is_told_and_what_was_committed_is_served_on(tmp_path: Path) -> None:
    with Origin({"/Satu.xml": rss("Gempa")}) as origin:
        write_feeds(tmp_path, named(origin, "Satu"))
        assert aggregator("once", cwd=tmp_path).returncode == 0
        origin.pages["/Satu.xml"] = rss("Gempa", *(f"Banjir {number}" for number in range(300)))
        full = subprocess.run(
            ["sh", "-c", 'ulimit -f 4; exec "$@"', "sh", *command("once", "--all")],  # 2 KiB
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert full.returncode == 1
        assert "Traceback" not in full.stderr
        assert "state" in full.stderr
        assert [title for title, _ in kept(tmp_path)] == ["Gempa"]
        assert aggregator("once", "--all", cwd=tmp_path).returncode == 0
        assert len(kept(tmp_path)) == 301
