from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.schedule.history import (
    answered,
    configured,
    failed,
    first_standing,
    gone,
    may_be_asked,
    revalidated,
    same_but_for_the_time,
    with_kept_ids,
    with_validators,
)
from aggregator.source import Hints, PageList, Source, Standing, Validators

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, SECOND = "https://dunia.example/rss", "https://mirror.example/rss"
TAG = Validators(etag='"a"', last_modified="Mon, 23 Nov 2026 12:00:00 GMT")


def source(name: str = "Dunia", *urls: str, **settings: Any) -> Source:
    urls = urls or (FIRST, SECOND)
    return Source(**{"id": urls[0], "name": name, "urls": urls, **settings})


ONE = source("Dunia", FIRST)
TWO = source()
ASKED = replace(
    first_standing(TWO), validators=((FIRST, TAG),), body_hash="hash", first_asked_at=NOW - DAY, last_ok_at=NOW - DAY
)


def failing(standing: Standing, times: int) -> Standing:
    for _ in range(times):
        standing = failed(standing, "timeout", "no answer", now=NOW)
    return standing


def test_a_source_begins_at_its_first_url_with_nothing_known() -> None:
    standing = first_standing(TWO)

    assert (standing.source, standing.name, standing.urls) == (TWO.id, "Dunia", (FIRST, SECOND))
    assert (standing.url, standing.validators_of(FIRST), standing.first_asked_at) == (0, Validators(), None)


def test_the_next_url_is_tried_after_three_failures_and_the_first_again_after_three_more() -> None:
    assert [failing(ASKED, times).url for times in range(8)] == [0, 0, 0, 1, 1, 1, 0, 0]


def test_another_url_has_another_body_and_keeps_its_own_validators() -> None:
    assert (failing(ASKED, 2).body_hash, failing(ASKED, 3).body_hash) == ("hash", None)
    assert failing(ASKED, 3).validators == ASKED.validators


def test_a_source_with_one_url_keeps_it_and_its_body() -> None:
    standing = failing(replace(ASKED, urls=(FIRST,)), 3)

    assert (standing.url, standing.body_hash, standing.failures) == (0, "hash", 3)


def test_a_failure_is_told_and_an_answer_that_can_be_used_clears_it() -> None:
    broken = failed(ASKED, "503", "overloaded", now=NOW, hints=Hints(retry_after=HOUR))
    healed = answered(broken, "200", Hints(), now=NOW + HOUR)

    assert (broken.last_answer, broken.last_error, broken.not_before) == ("503", "overloaded", NOW + HOUR)
    assert (broken.hints.retry_after, broken.last_ok_at, broken.failures) == (HOUR, NOW - DAY, 1)
    assert (healed.last_answer, healed.last_error, healed.not_before, healed.failures) == ("200", None, None, 0)
    assert (healed.hints.retry_after, healed.last_ok_at, healed.first_asked_at) == (None, NOW + HOUR, NOW - DAY)


@pytest.mark.parametrize("note", [answered, failed], ids=["usable", "failed"])
def test_the_first_answer_is_remembered_whatever_it_is(note: Any) -> None:
    extra: dict[str, Any] = {"error": "no answer"} if note is failed else {"hints": Hints()}

    assert note(first_standing(TWO), answer="200", now=NOW, **extra).first_asked_at == NOW


def test_a_failure_without_retry_after_ends_the_earlier_one() -> None:
    told = failed(ASKED, "503", "overloaded", now=NOW, hints=Hints(retry_after=DAY))
    later = failed(told, "500", "broken", now=NOW + DAY)

    assert (later.not_before, later.hints.retry_after) == (None, None)


@pytest.mark.parametrize(
    ("answer", "given", "kept"),
    [
        pytest.param("304", None, HOUR, id="304-keeps-the-earlier"),
        pytest.param("304", DAY, DAY, id="304-gives-another"),
        pytest.param("304", timedelta(0), timedelta(0), id="304-stale-at-once"),
        pytest.param("200", None, None, id="200-speaks-for-itself"),
    ],
)
def test_max_age_is_that_of_the_last_answer(answer: str, given: timedelta | None, kept: timedelta | None) -> None:
    before = replace(ASKED, hints=Hints(max_age=HOUR, ttl=DAY))

    assert answered(before, answer, Hints(max_age=given), now=NOW).hints == Hints(max_age=kept, ttl=DAY)


def test_a_304_renews_each_validator_on_its_own() -> None:
    renewed = revalidated(ASKED, FIRST, Validators(etag='"b"'))
    new = revalidated(ASKED, SECOND, Validators(etag='"m"'))

    assert renewed.validators_of(FIRST) == replace(TAG, etag='"b"')
    assert (new.validators_of(FIRST), new.validators_of(SECOND)) == (TAG, Validators(etag='"m"'))


def test_a_200_replaces_both_validators_of_its_url_alone() -> None:
    both = with_validators(ASKED, SECOND, TAG)
    after = with_validators(both, FIRST, Validators())

    assert dict(after.validators) == {FIRST: Validators(), SECOND: TAG}


def test_a_source_is_parked_when_all_its_urls_are_gone() -> None:
    once = gone(ASKED, "it is gone", now=NOW)
    twice = gone(once, "it is gone", now=NOW)

    assert (once.parked, once.url, once.last_answer) == (False, 1, "410")
    assert (twice.parked, twice.last_error) == (True, "it is gone")
    assert gone(first_standing(ONE), "it is gone", now=NOW).parked


def test_who_fails_is_asked_again_though_its_fallback_is_gone_and_that_never() -> None:
    down = replace(ASKED, url=1, failures=3)
    back = gone(down, "it is gone", now=NOW)

    assert (back.parked, back.urls[back.url]) == (False, FIRST)
    for _ in range(6):
        back = failed(back, "timeout", "silent", now=NOW)
        assert back.urls[back.url] == FIRST


def test_a_retry_after_holds_off_operators_within_its_bounds_only() -> None:
    short, endless = (
        failed(ASKED, "429", "too many", now=NOW, hints=Hints(retry_after=wait)).not_before
        for wait in (timedelta(seconds=1), 366 * DAY)
    )

    assert (short, endless) == (NOW + timedelta(minutes=1), NOW + 7 * DAY)


def test_an_operator_may_ask_all_but_those_inside_a_retry_after_or_gone() -> None:
    told = failed(ASKED, "429", "too many", now=NOW, hints=Hints(retry_after=HOUR))

    assert may_be_asked(first_standing(TWO), now=NOW)
    assert may_be_asked(failing(ASKED, 7), now=NOW)
    assert not may_be_asked(told, now=NOW + HOUR - timedelta(seconds=1))
    assert may_be_asked(told, now=NOW + HOUR)
    assert not may_be_asked(gone(first_standing(ONE), "gone", now=NOW), now=NOW + DAY)


def test_an_edit_of_the_name_keeps_everything_else() -> None:
    assert configured(ASKED, replace(TWO, name="Dunia Baru")) == replace(ASKED, name="Dunia Baru")


def test_an_edit_of_the_urls_starts_over_with_the_first_and_the_validators_that_still_belong() -> None:
    parked = replace(ASKED, gone=ASKED.urls, failures=4, moved_to=SECOND, moved_since=NOW, hints=Hints(ttl=HOUR), url=1)
    edited = source("Dunia", "https://new.example/rss", FIRST, id=TWO.id)
    after = configured(parked, edited)

    assert after == replace(
        first_standing(edited), validators=((FIRST, TAG),), hints=Hints(ttl=HOUR), first_asked_at=NOW - DAY
    )


def test_another_fallback_does_not_cut_a_retry_after_short() -> None:
    told = failed(ASKED, "429", "too many", now=NOW, hints=Hints(retry_after=HOUR))
    more = source("Dunia", FIRST, SECOND, "https://third.example/rss")
    elsewhere = source("Dunia", "https://third.example/rss", FIRST)

    assert configured(told, more).not_before == NOW + HOUR
    assert configured(told, elsewhere).not_before is None


def test_only_the_time_of_the_last_answer_need_not_be_written() -> None:
    assert same_but_for_the_time(ASKED, replace(ASKED, last_ok_at=NOW))
    assert not same_but_for_the_time(ASKED, replace(ASKED, last_ok_at=NOW, last_answer="304"))


def kept(sources: Sequence[Source], *before: Source) -> list[str]:
    return [source.id for source in with_kept_ids(sources, map(first_standing, before))]


A, B, NEW = (f"https://{letter}.example/rss" for letter in ("a", "b", "new"))


@pytest.mark.parametrize(
    ("now", "before", "ids"),
    [
        pytest.param([source("X", A)], [], [A], id="never-seen"),
        pytest.param([source("X", A)], [source("X", A)], [A], id="unchanged"),
        pytest.param([source("Y", A)], [source("X", A)], [A], id="another-name"),
        pytest.param([source("X", B)], [source("X", A)], [A], id="another-url"),
        pytest.param([source("x", B)], [source("X", A)], [A], id="another-url-and-case"),
        pytest.param([source("Y", B, A)], [source("X", A)], [A], id="another-name-and-a-url-put-before"),
        pytest.param([source("Y", B)], [source("X", A)], [B], id="another-source"),
        pytest.param([source("X", B), source("Y", A)], [source("X", A)], [B, A], id="taken-by-its-own-url"),
        pytest.param([source("Y", NEW, A), source("X", B)], [source("X", A)], [NEW, A], id="a-name-beats-a-url"),
        pytest.param(
            [source("Z", NEW, A), source("X", B)],
            [source("X", A), source("Y", "https://y.example/", A)],
            ["https://y.example/", A],
            id="a-url-finds-whoever-is-left",
        ),
    ],
)
def test_sources_keep_the_ids_under_which_they_were_first_seen(
    now: list[Source], before: list[Source], ids: list[str]
) -> None:
    assert kept(now, *before) == ids


def test_a_feed_and_a_list_of_one_page_are_never_taken_for_each_other() -> None:
    page = PageList(heading="Populer")
    listed = source("Daftar", A, id=f"{A}#populer", page=page)

    assert kept([source("Umpan", B, A)], listed) == [B]
    assert kept([source("Lain", B, A, id=f"{B}#populer", page=page)], listed) == [listed.id]


def test_no_two_sources_ever_share_an_id() -> None:
    before = [source(f"S{n}", f"https://{n}.example/", A) for n in range(5)]
    now = [source(f"T{n}", f"https://new{n}.example/", A) for n in range(7)]

    assert len(set(kept(now, *before))) == 7


def test_ten_thousand_sources_that_moved_to_https_keep_their_ids() -> None:
    before = [source(f"S{n}", f"http://{n}.example/") for n in range(10_000)]
    now = [source(f"S{n}", f"https://{n}.example/") for n in range(10_000)]

    assert kept(now, *before) == [each.id for each in before]
