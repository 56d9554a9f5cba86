import pytest

from aggregator.errors import StateError
from aggregator.troubles import Troubles


def test_what_failed_shows_until_it_is_done() -> None:
    troubles = Troubles()
    for work in ("poll", "publish"):
        with troubles.watched(work):
            raise StateError("state/ is full")
    with troubles.watched("poll"):
        pass

    assert (bool(troubles), troubles.health) == (True, "degraded: state/ is full")

    troubles.ended("publish")

    assert (bool(troubles), troubles.health) == (False, "ok")


def test_one_cause_is_logged_once_whatever_it_keeps_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    for work in ("poll", "publish", "poll"):
        troubles.began(work, "state/ is full")

    assert caplog.messages == ["state/ is full"]


def test_a_fault_of_ours_is_told_once_in_full_and_the_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    for _ in range(2):
        with troubles.watched("tidy"):
            raise KeyError("x")

    assert troubles.health == "degraded: tidy failed by a fault of ours; see the log"
    assert [record.exc_info is None for record in caplog.records] == [False]


def test_only_what_state_kept_from_being_done_is_done_again_before_its_turn() -> None:
    troubles = Troubles()
    for work, error in (("tidy", StateError("state/ is full")), ("listen", KeyError("x"))):
        with troubles.watched(work):
            raise error

    assert [troubles.is_held_up(work) for work in ("tidy", "listen", "poll")] == [True, False, False]

    troubles.ended("tidy")

    assert not troubles.is_held_up("tidy")
