"""A crash, or a power cut, between any two calls of a run that change something: nothing that was told is lost.

All that may be left is opened, and in a sample of it we go on; `python -m tests.long.crashes` goes on in all of it.
"""

import sys
from collections.abc import Iterator

import pytest

from tests.faults.lives import LIVES, Life, small
from tests.faults.promises import died, record

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a descriptor is open on")


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    with small():
        yield


def _name(lives: tuple[Life, ...]) -> str:
    return lives[-1].name


@pytest.mark.parametrize("lives", LIVES, ids=_name)
def test_whatever_a_power_cut_leaves_of_a_run_opens_holds_what_was_told_and_leads_on(lives: tuple[Life, ...]) -> None:
    walked = record(lives).walk(every=89)

    assert walked.folders >= 15


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a first start", "."),
        ("a first start", "state"),
        ("a new generation", "state"),
        ("news", "state/journal.1"),
        ("news", "state/archive/update/2026-10.jsonl"),
        ("news", "state/public"),
        ("a month that is sealed", "state/archive/update/2026-10.jsonl"),
        ("tidying up", "state/public/update"),
    ],
)
def test_what_a_killed_run_left_unsure_is_sure_before_the_next_goes_on_from_it(name: str, path: str) -> None:
    recorded = record(next(lives for lives in LIVES if _name(lives) == name))
    at = max(at for at, call in enumerate(recorded.calls) if (call.kind, call.path) == ("sync", path))
    walked = died(recorded, at).walk(since=at, every=97, singly=False)

    assert walked.folders >= 5
