from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.incident import Kind
from aggregator.schedule import history, moves
from aggregator.schedule.incidents import after_answer, after_news, after_reading, fallen_silent
from aggregator.source import Hints, PageList, Source, Standing
from tests.newsroom import DUNIA, NOON, source

HOUR = timedelta(hours=1)
TWO = source("Dunia", "https://dunia.example/rss", "https://dunia.example/atom")
PAGE = replace(DUNIA, page=PageList())
FINE = history.answered(history.first_standing(DUNIA), "200", Hints(), now=NOON)


class Told:
    """One source, answering again and again; what its operator is told of each answer."""

    def __init__(self, asked: Source = DUNIA) -> None:
        self.source = asked
        self.standing = history.first_standing(asked)
        self.text = ""

    def heard(self, after: Standing, *, is_online: bool = True) -> list[Kind]:
        after = moves.adopted(after, now=NOON)
        self.standing, incidents = after_answer(self.standing, after, self.source, is_online=is_online, now=NOON)
        assert all((each.source, each.name, each.at) == (DUNIA.id, "Dunia", NOON) for each in incidents)
        self.text = incidents[-1].text if incidents else ""
        return [incident.kind for incident in incidents]

    def fail(self, answer: str = "503", *, leave_url: bool = False, is_online: bool = True) -> list[Kind]:
        failed = history.failed(self.standing, answer, "it is down", now=NOON, leave_url=leave_url)
        return self.heard(failed, is_online=is_online)

    def gone(self) -> list[Kind]:
        return self.heard(history.gone(self.standing, "gone", now=NOON))

    def answer(self) -> list[Kind]:
        return self.heard(history.answered(self.standing, "200", Hints(), now=NOON))


def test_a_source_broke_when_it_failed_three_times_in_a_row_and_is_told_of_once_until_it_is_back() -> None:
    told = Told()
    assert [told.fail() for _ in range(5)] == [[], [], ["broke"], [], []]
    assert told.answer() == ["back"]
    assert told.text == "can be read again; it could not since 2026-11-23 12:00 UTC. Nothing is to be done."
    assert [told.answer(), told.fail(), told.fail(), told.fail()] == [[], [], [], ["broke"]]
    assert "3 times in a row: it is down. The last good answer was noted at 2026-11-23 12:00 UTC." in told.text


def test_two_failures_are_a_hiccup() -> None:
    told = Told()
    assert [told.fail(), told.fail(), told.answer(), told.fail(), told.fail(), told.answer()] == [[]] * 6


@pytest.mark.parametrize("answer", ["dns", "connect", "timeout", "reset"])
def test_while_nobody_answers_us_it_takes_six_failures_to_call_a_source_broken(answer: str) -> None:
    told = Told()
    assert [told.fail(answer, is_online=False) for _ in range(7)] == [[], [], [], [], [], ["broke"], []]
    told = Told()
    offline = [told.fail(answer, is_online=False) for _ in range(4)]
    assert [*offline, told.fail(answer)] == [[], [], [], [], ["broke"]]  # the others are back, and it is not


def test_whoever_says_no_was_reached() -> None:
    told = Told()
    assert [told.fail("503", is_online=False) for _ in range(3)] == [[], [], ["broke"]]


@pytest.mark.parametrize("answer", ["404", "blocked address", "bad url", "auth file"])
def test_what_asking_again_will_not_mend_is_told_at_once(answer: str) -> None:
    told = Told()
    assert [told.fail(answer), told.fail(answer), told.fail(answer)] == [["broke"], [], []]


@pytest.mark.parametrize("answer", ["404", "blocked address"])
def test_of_a_source_that_answered_a_404_now_and_then_is_a_hiccup(answer: str) -> None:
    told = Told()
    told.standing = FINE
    assert [told.fail(answer), told.answer(), told.fail(answer), told.answer()] == [[]] * 4
    assert [told.fail(answer) for _ in range(4)] == [[], [], ["broke"], []]


def test_a_404_is_not_told_while_another_address_is_left_to_try() -> None:
    told = Told(TWO)
    assert [told.fail("404", leave_url=True), told.answer()] == [[], []]


def test_a_404_at_an_address_that_was_adopted_is_not_told_before_the_configured_one_was_tried() -> None:
    told = Told()
    told.standing = replace(FINE, last_ok_at=None, adopted=((DUNIA.urls[0], "https://new.example/rss"),))
    assert [told.fail("404", leave_url=True), told.fail("404", leave_url=True)] == [[], ["broke"]]


def test_a_page_without_its_list_is_told_as_such_and_any_other_failure_of_it_is_not() -> None:
    told = Told(PAGE)
    assert [told.fail("unreadable") for _ in range(3)] == [[], [], ["page"]]
    told = Told(PAGE)
    assert [told.fail("503") for _ in range(3)] == [[], [], ["broke"]]


def test_a_source_that_is_gone_is_told_at_once_and_comes_back_under_another_address() -> None:
    told = Told()
    assert told.gone() == ["gone"]
    assert "it is no longer asked. Remove it from feeds.yaml, or give its new address as its url." in told.text
    edited = replace(DUNIA, urls=("https://baru.example/rss",))
    told.standing = history.configured(told.standing, edited)
    assert told.answer() == ["back"]


def test_each_address_that_is_gone_is_told_and_what_is_still_asked() -> None:
    told = Told(TWO)
    assert told.gone() == ["gone"]
    assert "https://dunia.example/rss, which is no longer asked; its other addresses are" in told.text
    assert told.gone() == ["gone"]
    assert "it is no longer asked" in told.text


def test_a_redirect_is_told_when_it_is_adopted() -> None:
    told, steady = Told(), {"moved_to": "https://new.example/rss"}
    assert told.heard(replace(FINE, **steady, moved_since=NOON - timedelta(days=6))) == []  # type: ignore[arg-type]
    assert told.heard(replace(FINE, **steady, moved_since=NOON - timedelta(days=7))) == ["moved"]  # type: ignore[arg-type]
    assert "moved for good to https://new.example/rss and is asked there" in told.text
    assert told.answer() == []


def test_silence_is_told_and_its_end() -> None:
    silent, (incident,) = fallen_silent(replace(FINE, last_new_at=NOON - 99 * HOUR), DUNIA, now=NOON)
    spoke, (end,) = after_news(silent, replace(silent, last_new_at=NOON), DUNIA, now=NOON)

    assert (incident.kind, end.kind) == ("silent", "speaks")
    assert "no headline since 2026-11-19 09:00 UTC" in incident.text
    assert "after 4 d 3 h without one" in end.text
    assert (silent.told, spoke.told) == ((("silent", NOON),), ())
    assert after_news(spoke, spoke, DUNIA, now=NOON) == (spoke, ())


def test_news_at_another_address_ends_a_silence() -> None:
    silent, _ = fallen_silent(replace(FINE, last_new_at=NOON - 99 * HOUR), DUNIA, now=NOON)
    elsewhere = replace(DUNIA, urls=("https://dunia.example/new",))
    asked = history.configured(silent, elsewhere)
    spoke, (end,) = after_news(asked, replace(asked, last_new_at=NOON + HOUR), elsewhere, now=NOON + HOUR)

    assert (end.kind, spoke.told) == ("speaks", ())
    assert "after 1 h without one" in end.text


def test_a_document_that_reads_otherwise_is_told_until_one_reads_as_the_one_before_it() -> None:
    odd, (incident,) = after_reading(FINE, FINE, DUNIA, "all is new", now=NOON)
    again, nothing = after_reading(odd, odd, DUNIA, "all is new", now=NOON)
    normal, _ = after_reading(again, again, DUNIA, None, now=NOON)
    _, (of_page,) = after_reading(normal, normal, PAGE, "all is new", now=NOON)

    assert (incident.kind, nothing, normal, of_page.kind) == ("ids", (), FINE, "page")
    assert "mend its url" in incident.text
    assert "mend its page" in of_page.text
