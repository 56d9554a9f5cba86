from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.schedule.agenda import BEHIND, Agenda, CatchUp, is_behind, steady_rate
from aggregator.source import Due

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
TICK = timedelta(seconds=0.25)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)


def due(number: int, at: datetime, wait: timedelta = QUARTER) -> Due:
    return Due(source=f"{number}", at=at, reason="", wait=wait)


def live(dues: Sequence[Due], seconds: float, *, restart_after: float = float("inf")) -> list[tuple[float, str]]:
    """Live through so many seconds as the daemon does; give who was asked when."""
    kept = {each.source: each for each in dues}
    agenda, now, asked = Agenda(dues), NOW, []
    while (passed := (now - NOW).total_seconds()) < seconds:
        if passed == restart_after:
            agenda = Agenda(kept.values())
        while (taken := agenda.take(now)) is not None:
            at, source = taken
            assert at <= now
            wait = kept[source].wait
            kept[source] = Due(source=source, at=now + wait, reason="", wait=wait)
            agenda.put(kept[source])
            asked.append((passed, source))
        now += TICK
    return asked


def most_within(asked: Sequence[tuple[float, str]], seconds: float) -> int:
    instants = [at for at, _ in asked]
    return max(sum(start <= at < start + seconds for at in instants) for start in instants)


def test_who_kept_up_asks_all_that_are_due_at_once_the_longest_waiting_first() -> None:
    asked = live([due(number, NOW - BEHIND + number * TICK / 9) for number in reversed(range(50))], 60)

    assert asked == [(0.0, f"{number}") for number in range(50)]


@pytest.mark.parametrize(("late", "behind"), [(BEHIND, False), (BEHIND + TICK, True), (-HOUR, False)])
def test_a_few_seconds_are_not_behind(late: timedelta, *, behind: bool) -> None:
    assert is_behind(NOW - late, now=NOW) is behind


def test_the_steady_rate_is_that_of_all_waits() -> None:
    assert steady_rate([HOUR, HOUR / 2, timedelta(0)]) == pytest.approx(3 / 3600)


@pytest.mark.parametrize("slept", [timedelta(minutes=7), 8 * HOUR], ids=["half-an-interval", "a-night"])
@pytest.mark.parametrize("restart_after", [float("inf"), 100], ids=["in-one-go", "with-a-restart"])
def test_after_a_sleep_nobody_is_stormed_and_everybody_is_asked(slept: timedelta, restart_after: float) -> None:
    dues = [due(number, NOW - slept + QUARTER * number / 900) for number in range(900)]  # one a second
    asked = live(dues, 1800, restart_after=restart_after)

    assert most_within(asked, 60) <= 1.5 * 60 + 2
    overdue = [each.source for each in dues if each.at < NOW]
    firsts = [source for _, source in asked if source in overdue]
    assert firsts[: len(overdue)] == overdue
    assert {source for at, source in asked if at < 900} == {each.source for each in dues}


def test_who_falls_due_while_others_are_caught_up_with_is_on_time() -> None:
    late = [due(number, NOW - 8 * HOUR) for number in range(450)]
    asked = live([*late, *(due(number, NOW + QUARTER * number / 900) for number in range(450, 900))], 900)

    assert {source: at for at, source in asked if int(source) >= 450} == {
        f"{number}": float(number) for number in range(450, 900)
    }
    assert most_within(asked, 60) <= 1.5 * 60 + 2


def test_short_intervals_that_come_back_meanwhile_are_counted_too() -> None:
    waits = [HOUR / 12 if number % 2 else HOUR for number in range(600)]
    asked = live([due(number, NOW - 8 * HOUR, wait) for number, wait in enumerate(waits)], 3600)

    assert most_within(asked, 60) <= 1.5 * 60 * steady_rate(waits) + 2


def test_a_second_sleep_in_the_middle_is_caught_up_with_too() -> None:
    agenda = Agenda(due(number, NOW - HOUR + number * TICK) for number in range(900))
    assert agenda.take(NOW) == (NOW - HOUR, "0")
    assert agenda.take(NOW) is None
    agenda.put(due(0, NOW + QUARTER))
    assert agenda.overdue == 899

    woken = NOW + 8 * HOUR
    taken = sum(agenda.take(woken) is not None for _ in range(30))
    assert 14 <= taken <= 15  # ten seconds' worth: the sleep itself earned nothing
    assert agenda.overdue == 900 - taken


def test_a_clock_that_goes_back_earns_nothing_and_costs_nothing() -> None:
    behind = CatchUp(rate=1.5, looked_at=NOW)

    assert behind.look(NOW - HOUR).allowed == behind.allowed


def test_appointments_without_a_wait_come_to_their_end_too() -> None:
    agenda = Agenda(due(number, NOW - HOUR, timedelta(0)) for number in range(2))
    taken = [agenda.take(NOW + look * timedelta(seconds=10)) for look in range(8)]

    assert taken[0] is not None
    assert taken[1:6] == [None] * 5
    assert any(taken[6:])


def test_an_empty_agenda_asks_nobody() -> None:
    assert Agenda().take(NOW) is None
