"""Files: found, read, or not."""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

import aggregator
from aggregator.errors import Fault, FeedsFileError
from aggregator.load.feeds_yaml import LIMIT_BYTES, FeedsFile, Found, find_feeds_file, read_feeds_file

Load = Callable[[str | bytes], FeedsFile]
Faults = Callable[[str | bytes], tuple[Fault, ...]]

SOURCE = "sources:\n  - {name: Antara, url: https://antara.example/rss}\n"
CHECKOUT = Path(aggregator.__file__).resolve().parents[1]


def read(path: Path) -> FeedsFile:
    return read_feeds_file(path, read_match=lambda _: lambda _headline, _source: True, check_cron=lambda _: None)


def test_the_shipped_file_has_no_fault() -> None:
    feeds = read(CHECKOUT / "feeds.yaml")

    assert 40 <= len(feeds.sources) <= 60
    assert {"update", "popular", "politik", "hukum", "nusantara", "ekonomi", "dunia", "olahraga"} <= {
        topic.slug for topic in feeds.topics
    }
    assert {source.page.heading for source in feeds.sources if source.page} == {"UPDATE", "Populer"}
    assert [source.urls[1:] for source in feeds.sources if source.name == "RMOL"] == [("https://rmol.id/rss",)]
    assert {source.zone.key for source in feeds.sources if source.language == "id"} == {"Asia/Jakarta", "Asia/Jayapura"}


def test_every_topic_of_the_shipped_file_lets_something_in() -> None:
    feeds = read(CHECKOUT / "feeds.yaml")
    named = {slug for source in feeds.sources for slug in source.topics}

    empty = [topic.slug for topic in feeds.topics if not (topic.everything or topic.match or topic.sources)]
    assert set(empty) <= named


def test_the_path_is_kept_as_it_was_named(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(SOURCE)
    monkeypatch.chdir(tmp_path)

    assert read(Path("feeds.yaml")).path == Path("feeds.yaml")


def test_credentials_are_found_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("user:password")
    (tmp_path / "feeds.yaml").write_text("sources: [{name: A, url: 'http://a.example', auth_file: secret}]")
    monkeypatch.chdir(tmp_path.parent)

    feeds = read(Path(tmp_path.name, "feeds.yaml"))

    assert feeds.sources[0].auth_file == tmp_path / "secret"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(load: Load) -> None:
    assert load(b"\xef\xbb\xbf" + SOURCE.replace("\n", "\r\n").encode()).sources == load(SOURCE).sources


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        (b"", 0, "the file is empty"),
        (b"\xef\xbb\xbf", 0, "the file is empty"),
        (b"site: {}\nkeep: \xff\n", 2, "is not UTF-8 here; save the file as UTF-8"),
        (SOURCE.encode("utf-16"), 1, "is not UTF-8 here"),
        (b"site:\n\x00", 2, 'the character "\\x00" is not allowed; remove it'),
        (b"#" * (LIMIT_BYTES + 1), 0, "is larger than 32 MiB; split it"),
    ],
    ids=["empty", "only a mark", "broken UTF-8", "UTF-16", "NUL", "too large"],
)
def test_a_file_that_cannot_be_read_is_one_clear_fault(faults: Faults, written: bytes, line: int, said: str) -> None:
    [fault] = faults(written)

    assert fault.line == line
    assert said in fault.text


def test_a_missing_file_a_folder_and_a_locked_file_are_faults(tmp_path: Path) -> None:
    with pytest.raises(FeedsFileError, match=r"absent\.yaml: there is no such file; name another with --feeds$"):
        read(tmp_path / "absent.yaml")
    with pytest.raises(FeedsFileError, match=r": is a folder; name a file with --feeds$"):
        read(tmp_path)
    with pytest.raises(FeedsFileError, match=r": cannot be read: File name too long"):
        read(tmp_path / ("x" * 300))


def test_a_fault_reads_as_file_line_text(load: Load, tmp_path: Path) -> None:
    with pytest.raises(FeedsFileError) as raised:
        load(SOURCE + "keep: 1h\n")

    assert str(raised.value) == f'{tmp_path}/feeds.yaml:3: keep "1h" is below 1 day; write "1d" or more'


def test_only_the_first_hundred_faults_are_told(faults: Faults) -> None:
    found = faults("sources:\n" + "  - {nam: x}\n" * 20_000)

    assert len(found) == 101
    assert found[-1].text == "more faults follow; mend these first"
    assert all(fault.line <= 52 for fault in found)


def test_a_file_that_is_nothing_but_faults_is_refused_quickly(faults: Faults) -> None:
    started = process_time()

    assert len(faults("sources:\n- {" + ", ".join(f"k{n}: 1" for n in range(100_000)) + "}\n")) == 101
    assert process_time() - started < 10


def test_the_named_file_comes_first(tmp_path: Path) -> None:
    assert find_feeds_file(tmp_path / "x.yaml") == Found(path=tmp_path / "x.yaml", shipped=False)


def test_then_the_file_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feeds.yaml").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)

    assert find_feeds_file(None) == Found(path=Path("feeds.yaml"), shipped=False)


def test_then_the_file_that_came_with_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = find_feeds_file(None)

    assert found.shipped
    assert found.path.is_file()
    assert found.path.is_relative_to(CHECKOUT)
