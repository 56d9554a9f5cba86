from datetime import timedelta

from aggregator.dedupe.floods import GRACE, MOST_AT_ONCE, hold_back, in_words
from tests.newsroom import NOON, headline

MINUTE = timedelta(minutes=1)
ON_TIME = NOON - timedelta(hours=2)


def test_a_first_reading_is_told_whole_however_long_and_old_it_is() -> None:
    listed = [headline(number, published_at=NOON - number * timedelta(days=1)) for number in range(200)]

    assert all(not each.untold for each in hold_back(listed, since=None, before=()))


def test_what_is_older_than_the_last_reading_and_a_grace_is_kept_but_not_told() -> None:
    late = headline(1, published_at=ON_TIME - GRACE - MINUTE)
    edited_long = headline(2, published_at=ON_TIME - GRACE)

    held, told = hold_back([late, edited_long], since=ON_TIME, before=())

    assert (held.untold, told.untold) == ("older than the last reading", "")


def test_of_too_many_at_once_the_newest_are_told() -> None:
    flood = [headline(number) for number in range(MOST_AT_ONCE + 2)]

    sorted_out = hold_back(flood, since=ON_TIME, before=())

    assert [each.id for each in sorted_out] == [each.id for each in flood]
    assert [each.id for each in sorted_out if each.untold] == [each.id for each in flood[-2:]]


def test_everything_under_new_ids_with_the_same_titles_is_not_told_again() -> None:
    before = [f"Berita nomor {number} hari ini" for number in range(8)]
    moved = [headline(number, title=title.upper()) for number, title in enumerate(before)]
    news = headline(9)

    *again, told = hold_back([*moved, news], since=ON_TIME, before=before)

    assert {each.untold for each in again} == {"listed before under another id"}
    assert told.untold == ""


def test_two_rubrics_that_bear_the_titles_of_yesterday_are_told() -> None:
    rubrics = [headline(number, title=title) for number, title in enumerate(("Prakiraan cuaca", "Kurs rupiah"))]

    told = hold_back(rubrics, since=ON_TIME, before=("Prakiraan cuaca", "Kurs rupiah"))

    assert [each.untold for each in told] == ["", ""]


def test_the_operator_is_told_how_many_were_held_back_and_why() -> None:
    late = [headline(number, published_at=NOON - timedelta(days=40)) for number in range(3)]

    held = hold_back([headline(9), *late], since=ON_TIME, before=())

    assert in_words(held) == ("3 kept, not told as news: older than the last reading",)
    assert in_words(hold_back(late, since=None, before=())) == ()
