"""Laws of load/: any file is a FeedsFile or a FeedsFileError, and every fault is somewhere in the file."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.errors import Fault, FeedsFileError
from aggregator.headline import Headline
from aggregator.load.durations import read_duration, write_duration
from aggregator.load.feeds_yaml import FeedsFile, read_feeds_file
from aggregator.load.keys import SECTIONS
from aggregator.source import Source
from aggregator.topic import RESERVED, Match

KEYS = sorted({name for keys in SECTIONS.values() for name in keys.names()})
WORDS = [
    "Antara",
    "dunia",
    "update",
    "https://a.example/rss",
    "https://[x",
    "15m",
    "5s",
    "10",
    "id",
    "UTC",
    "a@href",
    "~",
]
PLAIN = st.recursive(
    st.sampled_from(WORDS) | st.text(max_size=20) | st.none() | st.integers() | st.floats() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)
SOURCES = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.text(min_size=1, max_size=8),
            "url": st.sampled_from(["https://a.example", "http://b.example/x"]) | PLAIN,
        },
        optional=dict.fromkeys(sorted(SECTIONS["sources"].names() - {"name", "url"}), PLAIN),
    ),
    max_size=4,
)
TOPICS = st.lists(
    st.fixed_dictionaries(
        {"slug": st.sampled_from(["dunia", "update", "popular", "index"])},
        optional=dict.fromkeys(sorted(SECTIONS["topics"].names() - {"slug"}), PLAIN),
    ),
    max_size=4,
)
FILES = st.fixed_dictionaries(
    {"sources": SOURCES}, optional={"site": PLAIN, "poll": PLAIN, "keep": PLAIN, "topics": TOPICS}
)


def read_match(text: str) -> Match:
    if "(" in text:
        raise ValueError("a bracket")

    def match(headline: Headline, _source: Source) -> bool:
        return text in headline.title

    return match


def check_cron(text: str) -> None:
    if len(text.split()) != 5:
        raise ValueError("not five fields")


def check_law(path: Path, written: bytes) -> FeedsFile | None:
    path.write_bytes(written)
    try:
        feeds = read_feeds_file(path, read_match=read_match, check_cron=check_cron)
    except FeedsFileError as error:
        check_faults(error.faults, lines=len(written.decode("utf-8", "replace").splitlines()))
        return None
    assert feeds.sources
    assert len({source.id for source in feeds.sources}) == len({source.name for source in feeds.sources})
    assert [topic.slug for topic in feeds.topics][:2] == ["update", "popular"]
    assert not RESERVED & {topic.slug for topic in feeds.topics}
    return feeds


def check_faults(faults: tuple[Fault, ...], *, lines: int) -> None:
    assert faults
    assert all(0 <= fault.line <= max(lines, 1) for fault in faults)
    assert all(fault.text.isprintable() for fault in faults)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load") / "feeds.yaml"


@given(st.binary())
@example(b"\xff\xfea\x00")
@example(b"a\x85\xe2\x80\xa8\t")
def test_any_bytes_are_a_file_or_its_faults(path: Path, written: bytes) -> None:
    check_law(path, written)


@given(st.text(alphabet=st.sampled_from("ab:-?,[]{}&*!|>'\"%@`#~<= \t\n\r\\x0u\x85\u2028\ufeff")) | st.text())
@example("a: &a *a")
@example("[" * 2_000)
@example('"\\ud800": 1')
@example("sources: [{name: 'a\u2028b', url: http://a}]")
def test_any_text_is_a_file_or_its_faults(path: Path, written: str) -> None:
    with suppress(UnicodeEncodeError):
        check_law(path, written.encode())


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=200)
@given(FILES)
def test_any_values_under_known_keys_are_a_file_or_its_faults(path: Path, written: object) -> None:
    check_law(path, yaml.safe_dump(written, allow_unicode=True).encode())


def test_the_law_is_not_held_by_faults_alone(path: Path) -> None:
    assert check_law(path, b"sources: [{name: A, url: http://a.example}]") is not None
    assert check_law(path, b"sources: [{name: A}]") is None


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3650)))
def test_a_duration_is_read_as_it_was_written(duration: timedelta) -> None:
    whole = timedelta(seconds=duration // timedelta(seconds=1) % 1_000_000)

    assert read_duration(write_duration(whole), least=timedelta(0), most=timedelta(days=3650)) == whole
