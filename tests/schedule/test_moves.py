from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.schedule.history import configured, failed, first_standing, gone
from aggregator.schedule.moves import STEADY, adopted, moved, told
from aggregator.source import Source, Standing, Validators

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW, OTHER = "https://dunia.example/rss", "https://new.example/rss", "https://other.example/rss"
DUNIA = Source(id=OLD, name="Dunia", urls=(OLD,))
TAG = Validators(etag='"a"')
ASKED = replace(first_standing(DUNIA), validators=((OLD, TAG),), body_hash="hash", first_asked_at=NOW - DAY)


def after_days(standing: Standing, target: str | None, days: int, *, is_same: bool = True) -> Standing:
    """Live through so many days of one answer a day."""
    for day in range(days):
        now = NOW + day * DAY
        standing = adopted(moved(standing, target, is_same=is_same, now=now), now=now)
    return standing


ADOPTED = after_days(ASKED, NEW, 8)


def test_a_redirect_is_dated_from_its_first_sight() -> None:
    first = moved(ASKED, NEW, is_same=True, now=NOW)
    again = moved(first, NEW, is_same=True, now=NOW + DAY)
    other = moved(again, OTHER, is_same=True, now=NOW + DAY)

    assert (again.moved_to, again.moved_since) == (NEW, NOW)
    assert other.moved_since == NOW + DAY
    over = moved(other, None, is_same=True, now=NOW)
    assert (over.moved_to, over.moved_since) == (None, None)


def test_a_target_is_adopted_after_seven_steady_days_and_not_before() -> None:
    assert after_days(ASKED, NEW, 7).address == OLD
    assert ADOPTED.address == NEW
    assert (ADOPTED.source, ADOPTED.urls, ADOPTED.moved_to) == (DUNIA.id, (OLD,), None)
    assert STEADY == 7 * DAY


def test_a_day_without_the_redirect_starts_the_count_again() -> None:
    steady = after_days(ASKED, NEW, 6)
    now = NOW + 6 * DAY
    broken = adopted(moved(steady, None, is_same=True, now=now), now=now)
    back = adopted(moved(broken, NEW, is_same=True, now=now + DAY), now=now + DAY)

    assert (back.address, back.moved_since) == (OLD, now + DAY)


def test_the_validators_go_along_so_that_nothing_is_asked_without() -> None:
    assert ADOPTED.validators == ((NEW, TAG),)
    assert ADOPTED.validators_of(ADOPTED.address) == TAG
    assert ADOPTED.body_hash == "hash"


def test_what_once_read_as_another_feed_is_never_adopted() -> None:
    stranger = moved(ASKED, NEW, is_same=False, now=NOW)

    assert after_days(stranger, NEW, 30).address == OLD
    assert after_days(moved(after_days(ASKED, NEW, 6), NEW, is_same=False, now=NOW), NEW, 30).address == OLD


def test_a_failure_is_no_day_to_adopt_on() -> None:
    steady = after_days(ASKED, NEW, 7)
    failing = failed(steady, "503", "overloaded", now=NOW + 8 * DAY)

    assert adopted(failing, now=NOW + 8 * DAY).address == OLD


def test_an_adopted_target_that_fails_makes_way_for_the_configured_url() -> None:
    failing = ADOPTED
    for _ in range(3):
        assert failing.address == NEW
        failing = failed(failing, "dns", "no such name", now=NOW)
    lost = failed(ADOPTED, "404", "not found", now=NOW, leave_url=True)

    assert failing.address == lost.address == OLD
    assert failing.url == lost.url == 0


def test_an_adopted_target_that_is_gone_does_not_park_the_source_yet() -> None:
    once = gone(ADOPTED, "410", now=NOW)

    assert (once.parked, once.address) == (False, OLD)
    assert gone(once, "410", now=NOW).parked


def test_a_target_that_moves_on_is_followed_and_one_that_moves_back_is_forgotten() -> None:
    assert after_days(ADOPTED, OTHER, 8).adopted == ((OLD, OTHER),)
    home = after_days(ADOPTED, OLD, 8)
    assert (home.adopted, home.address, home.validators) == ((), OLD, ((OLD, TAG),))


def test_an_edit_of_the_url_ends_the_adoption_and_keeps_the_validators() -> None:
    edited = configured(ADOPTED, replace(DUNIA, urls=(NEW,)))

    assert (edited.adopted, edited.address, edited.validators_of(NEW)) == ((), NEW, TAG)


def test_the_operator_is_told_at_every_step() -> None:
    assert list(told(ASKED)) == []
    assert list(told(moved(ASKED, NEW, is_same=True, now=NOW))) == [
        f"it moves to {NEW} for good; asked there from 2026-11-30 on, if that stays so"
    ]
    assert list(told(moved(ASKED, NEW, is_same=False, now=NOW))) == [
        f"it redirects to {NEW} for good, which lists nothing that we know; if you trust it, write it as url"
    ]
    assert list(told(ADOPTED)) == [
        f"it is asked at {NEW}, where it moved for good; write that as its url in feeds.yaml"
    ]
