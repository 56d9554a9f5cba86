"""An hour in which everybody fails, as the schedule decides it. The long form: `python -m tests.long.outage`."""

from datetime import timedelta

import pytest

from tests.long.outage import DOWN, END, EVERY, UP, Seen, judge, simulate

SOURCES = 500
WINDOW = timedelta(minutes=5)  # of so few, a minute has few questions by chance


@pytest.fixture(scope="module")
def seen() -> Seen:
    return simulate(SOURCES)


def test_all_who_fail_for_an_hour_are_asked_ever_less_and_come_back_without_a_rush(seen: Seen) -> None:
    broken = [words for kept, words in judge(seen, slack=timedelta(seconds=1), window=WINDOW) if not kept]
    assert not broken


def test_in_the_end_of_the_hour_half_as_many_are_asked_and_later_all_as_before(seen: Seen) -> None:
    usual, last, after = (sum(seen.rates(until - EVERY, until, WINDOW)) for until in (DOWN, UP, END))
    assert last < usual / 2
    assert after == pytest.approx(usual, rel=0.2)
