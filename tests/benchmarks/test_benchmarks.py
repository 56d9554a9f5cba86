"""Each benchmark runs, in a tiny form. What they measure is for people to read: nothing is asserted on seconds."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def rows_of(module: str, *arguments: str) -> list[list[str]]:
    """Run a benchmark and give the cells of its table, without the heading."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    table = [line.strip("| \n").split(" | ") for line in done.stdout.splitlines() if line.startswith("|")]
    return table[2:]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and needs a subreaper")
def test_three_passes_are_measured_beside_the_limit() -> None:
    without = [part for program in ("reader", "newsboat", "sfeed") for part in ("--without", program)]
    rows = rows_of("passes", "--sources", "10", "--entries", "5", "--rounds", "1", *without)

    measured = [(row[0], row[1]) for row in rows if "aim" not in row[1]]
    passes = ("cold", "all 304", "10 % changed")
    assert measured == [(name, program) for name in passes for program in ("aggregator once", "bare loop")]
    assert all(float(row[2]) > 0 for row in rows if "aim" not in row[1])


def test_commits_are_measured_beside_a_bare_fdatasync(tmp_path: Path) -> None:
    rows = rows_of("commits", "--commits", "64", "--directory", str(tmp_path))

    assert [row[0] for row in rows] == ["bare write + fdatasync", "store, alone", "store, 32 at once"]


def test_telling_how_we_do_is_measured() -> None:
    rows = rows_of("status", "--sources", "10", "--rounds", "1")

    assert [row[0] for row in rows] == ["/status.json", "/metrics"]
    assert all(float(row[3]) > 0 for row in rows)


@pytest.mark.skipif(sys.platform != "linux", reason="gives every source an address of 127.0.0.0/8")
def test_good_sources_are_asked_beside_silent_ones() -> None:
    rows = rows_of("silence", "--silent", "4", "--good", "2", "--seconds", "3")

    assert [(row[0], row[1]) for row in rows] == [("good", "2"), ("silent", "4")]


def test_split_reading_is_measured_beside_feedparser() -> None:
    rows = rows_of("split", "--entries", "10", "--repeats", "2")

    assert [row[0] for row in rows] == ["feedparser, whole", *(f"ours, {new} new" for new in (0, 1, 5, 10))]


def test_rhythm_is_measured_beside_a_fixed_interval_and_commafeed(tmp_path: Path) -> None:
    rows = rows_of("rhythm", "--each", "1", "--weeks", "1", "--corpus", str(tmp_path / "none"))

    assert [row[0].split(",")[0].split(" of ")[0] for row in rows[:4]] == ["rhythm", "rhythm", "CommaFeed", "oracle"]
    assert all(float(row[1]) > 0 for row in rows[:4])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and needs a subreaper")
def test_a_running_daemon_is_measured_beside_the_limit() -> None:
    [row] = rows_of("steady", "--sources", "150", "--entries", "2", "--minutes", "0.03")

    assert float(row[0]) > 0
    assert int(row[3].split()[-1]) > 0  # polls
    assert row[3].split()[0] == row[3].split()[-1]  # all of them brought a 304


def test_stories_are_measured_against_gold_ones(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    rows = [
        ("1", "id", "2026-11-24 08:00:00", "a", "Kabut asap menipis di Riau"),
        ("2", "id", "2026-11-24 09:00:00", "a", "Kabut asap di Riau mulai menipis"),
        ("3", "de", "2026-11-24 09:00:00", "b", "Hochwasser an der Oder sinkt"),
        ("4", "de", "2026-11-24 10:00:00", "b", "Kein Wort davon hier gesagt"),
    ]
    lines = ["uri\tlang\tpublished_at\tcluster_id\ttitle", *map("\t".join, rows)]
    gold.write_text("\n".join(lines), encoding="utf-8")
    table = rows_of("stories", str(gold), "--window", "50")

    assert [row[0] for row in table] == ["de", "id", "mean"]
    assert [row[-3:] for row in table] == [["1.000", "0.500", "0.667"], ["1.000"] * 3, ["1.000", "0.750", "0.833"]]


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("wrk") is None, reason="needs wrk, and reads /proc")
def test_serving_is_measured_beside_nginx() -> None:
    rows = rows_of("serving", "--seconds", "1", "--rounds", "1", "--connections", "2")

    ours = [row for row in rows if row[1] == "aggregator"]
    assert [row[0] for row in ours] == ["304", "50 kB"]
    assert all(float(row[4]) > 0 for row in ours)


def test_rendering_is_measured_beside_feedgen_and_beside_a_copy() -> None:
    rows = rows_of("rendering", "--topics", "2", "--rounds", "1")

    assert {row[0] for row in rows} == {"rendered", "pages", "joined", "files", "feedgen, all items", "coded"}
    assert all(float(row[3]) > 0 for row in rows)
