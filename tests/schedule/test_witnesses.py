from datetime import datetime, timedelta

import pytest

from aggregator.schedule.witnesses import Witnesses
from tests.newsroom import NOON

DAY = timedelta(days=1)
YEAR = 365 * DAY
THREE = (NOON, NOON, NOON)


def heard(*said: datetime, passed: datetime = NOON - YEAR) -> Witnesses:
    witnesses = Witnesses()
    witnesses.recall(passed)
    for number, at in enumerate(said):
        witnesses.hear(f"{number}.example", at)
    return witnesses


def test_nothing_is_sure_before_anybody_was_heard() -> None:
    assert heard().sure(NOON) is None
    assert heard().corrected(NOON) == NOON
    assert heard().doubt(NOON) is None


@pytest.mark.parametrize("wrong", [YEAR, 10 * YEAR, -YEAR])
def test_what_is_sure_has_passed_by_both_clocks(wrong: timedelta) -> None:
    assert heard(NOON).sure(NOON + wrong) == min(NOON, NOON + wrong)


def test_a_minority_that_lies_changes_nothing() -> None:
    some = heard(NOON, NOON + 10 * YEAR, NOON, NOON - 100 * DAY, NOON)

    assert some.sure(NOON) == NOON
    assert some.corrected(NOON) == NOON


def test_of_two_that_differ_the_earlier_is_believed() -> None:
    assert heard(NOON + YEAR, NOON).median == NOON


def test_one_host_has_one_voice_and_the_last_hosts_are_heard() -> None:
    witnesses = heard(NOON, NOON)
    for _ in range(99):
        witnesses.hear("liar.example", NOON + YEAR)
    assert witnesses.median == NOON
    for number in range(99):
        witnesses.hear(f"later{number}.example", NOON + DAY)
    assert witnesses.median == NOON + DAY


def test_a_clock_that_is_ahead_is_corrected() -> None:
    assert heard(*THREE).corrected(NOON + YEAR) == NOON
    assert heard(*THREE).corrected(NOON + DAY / 2) == NOON + DAY / 2


def test_a_clock_that_is_behind_is_corrected_only_where_it_is_behind_itself() -> None:
    assert heard(*THREE, passed=NOON - DAY).corrected(NOON - YEAR) == NOON
    assert heard(*[NOON + YEAR] * 3, passed=NOON - DAY).corrected(NOON) == NOON
    assert heard(NOON).corrected(NOON.replace(year=1970)) == NOON  # no clock is right then


@pytest.mark.parametrize("said", [NOON - YEAR / 2, NOON + YEAR])
def test_who_answers_first_or_second_sets_nobodys_clock(said: datetime) -> None:
    two = heard(said, NOON)

    assert two.corrected(NOON) == NOON
    assert two.doubt(NOON) is None


def test_a_clock_that_was_ahead_for_a_while_makes_the_right_one_no_worse() -> None:
    assert abs(heard(*THREE, passed=NOON + 10 * YEAR).corrected(NOON + DAY / 3) - NOON) < DAY


def test_the_operator_is_told_which_way_it_is_wrong() -> None:
    assert heard(*THREE).doubt(NOON + YEAR) == (
        "this machine's clock is 365 d ahead of those of most publishers: set it right; "
        "until then nothing that is old is taken away"
    )
    assert "365 d behind those" in (heard(*THREE).doubt(NOON - YEAR) or "")


def test_a_host_whose_own_battery_is_empty_has_no_voice() -> None:
    alone = heard(NOON.replace(year=1970))

    assert alone.corrected(NOON) == NOON
    assert alone.doubt(NOON) is None


class Weekend:
    """Seconds that go by while nobody is asked."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def heard_on_friday(count: int, *, slept: timedelta) -> Witnesses:
    witnesses, elapsed = heard(), Weekend()
    witnesses.go_by(elapsed)
    for number in range(count):
        witnesses.hear(f"{number}.example", NOON)
    elapsed.seconds += slept.total_seconds()
    return witnesses


@pytest.mark.parametrize("renewed", [0, 1, 19, 40])
def test_a_right_clock_is_right_after_a_weekend_asleep(renewed: int) -> None:
    witnesses = heard_on_friday(40, slept=3 * DAY)
    for number in range(renewed):
        witnesses.hear(f"{number}.example", NOON + 3 * DAY)

    assert witnesses.corrected(NOON + 3 * DAY) == NOON + 3 * DAY
    assert witnesses.doubt(NOON + 3 * DAY) is None


def test_three_that_are_asked_weekly_tell_every_day_what_time_it_is() -> None:
    witnesses = heard_on_friday(3, slept=6 * DAY)

    assert witnesses.corrected(NOON + 6 * DAY + YEAR) == NOON + 6 * DAY
    assert witnesses.sure(NOON + 6 * DAY) == NOON  # that much has passed, whoever is right
