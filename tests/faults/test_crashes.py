"""A crash, or a power cut, between any two calls of a run that change something: nothing that was told is lost.

All that may be left is opened, and in a sample of it we go on; `python -m tests.long.crashes` goes on in all of it.
"""

import errno
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.lives import AGAIN, FEEDS, FIRST, LIVES, NEWS, SEALING, Life, small
from tests.faults.power import moments
from tests.faults.promises import died, documents, record, survive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a descriptor is open on")


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    with small():
        yield


def _name(lives: tuple[Life, ...]) -> str:
    return lives[-1].name


def _fault(number: int | None) -> str:
    return "short" if number is None else errno.errorcode[number]


@pytest.mark.parametrize("lives", LIVES, ids=_name)
def test_whatever_a_power_cut_leaves_of_a_run_opens_holds_what_was_told_and_leads_on(lives: tuple[Life, ...]) -> None:
    recorded = record(lives)
    walked = recorded.walk(crashes=13, cuts=399)
    at_the_end = recorded.walk(since=len(recorded.calls), cuts=2)

    assert walked.folders > at_the_end.folders >= 3


@pytest.mark.parametrize(
    ("name", "path", "then"),
    [
        ("a first start", ".", FIRST),
        ("a first start", "state", FIRST),
        ("a first start", "state/archive", FIRST),
        ("a new generation", "state/snapshot.2.tmp", NEWS),
        ("news", "state/journal.1", AGAIN),
        ("news", "state/archive/update/2026-10.jsonl", NEWS),
        ("news", "state/public", NEWS),
        ("a month that is sealed", "state/archive/update/2026-10.jsonl", SEALING),
    ],
)
def test_what_a_killed_run_left_unsure_is_sure_before_the_next_goes_on_from_it(
    name: str, path: str, then: Life
) -> None:
    recorded = record(next(lives for lives in LIVES if _name(lives) == name))
    calls = [(call.kind, call.path) for call in recorded.calls]
    renamed = ("rename", path)  # a generation has its name then, if no power cut comes
    at = (
        calls.index(renamed) + 1
        if renamed in calls
        else max(at for at, call in enumerate(calls) if call == ("sync", path))
    )
    twice = died(recorded, at, then)
    walked = twice.walk(since=at, crashes=99, cuts=199)
    at_the_end = twice.walk(since=len(twice.calls), cuts=3)

    assert walked.folders >= at_the_end.folders >= 3


def test_no_power_cut_brings_back_the_note_that_what_is_published_is_all_by_the_earlier_feeds_yaml() -> None:
    without_archives = replace(FEEDS, archive_months=0)  # they sync the folder, too
    edited = replace(without_archives, site=replace(FEEDS.site, title="Kabar"))
    recorded = record((replace(FIRST, feeds=without_archives), replace(AGAIN, feeds=edited)))
    note, whole, spoilt = "state/edition", documents(recorded.start), 0
    for _, _, folder in moments(recorded.start, recorded.calls):
        for left in folder.after_a_power_cut():
            if documents(left) != whole:
                spoilt += 1
                assert left.get(note) != recorded.start[note]

    assert spoilt > 10


@pytest.mark.parametrize("fault", [errno.EIO, errno.EDQUOT, None], ids=_fault)
def test_whichever_call_fails_once_a_run_goes_on_and_ends_as_if_it_had_not(fault: int | None) -> None:
    for nth, lives in enumerate(LIVES):
        recorded, at = record(lives), 1 + nth
        while survive(recorded, fault, at):
            at += 97
        assert at > 1 + nth
