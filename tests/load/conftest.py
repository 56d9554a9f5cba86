"""feeds.yaml as an operator would write it, and what is said about it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.errors import Fault, FeedsFileError
from aggregator.headline import Headline
from aggregator.load.feeds_yaml import FeedsFile, read_feeds_file
from aggregator.source import Source
from aggregator.topic import Match

Load = Callable[[str | bytes], FeedsFile]
Faults = Callable[[str | bytes], tuple[Fault, ...]]


def read_match(text: str) -> Match:
    """Stand in for merge/match.py: one word that a title must hold; a bracket is a fault."""
    if "(" in text:
        raise ValueError('expected ")"; write it')

    def match(headline: Headline, _source: Source) -> bool:
        return text in headline.title

    return match


def check_cron(text: str) -> None:
    """Stand in for schedule/: five fields."""
    if len(text.split()) != 5:
        raise ValueError("it has not five fields; write five")


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a file into an own folder and read it."""

    def load(written: str | bytes) -> FeedsFile:
        path = tmp_path / "feeds.yaml"
        path.write_bytes(written if isinstance(written, bytes) else written.encode())
        return read_feeds_file(path, read_match=read_match, check_cron=check_cron)

    return load


@pytest.fixture
def faults(load: Load) -> Faults:
    """Write a file that cannot be used; give what is wrong with it."""

    def faults(written: str | bytes) -> tuple[Fault, ...]:
        with pytest.raises(FeedsFileError) as raised:
            load(written)
        return raised.value.faults

    return faults
