"""Logs made by hand, of one request that offends and of its neighbours that do not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.etiquette.judge import Card, Row, Terms, judge
from tests.etiquette.log import Asked, Told, Wishes
from tests.etiquette.outlets import MONDAY

URL, NEW = "http://still.example/feed.xml", "http://still.elsewhere.example/new.xml"
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
TERMS = {URL: Terms(floor=5 * MINUTE)}
AGENT = "headline-aggregator/0.1.0 (+https://example.org/)"
GIVEN: dict[str, Any] = {"etag": 'W/"a"', "last_modified": "Mon, 23 Nov 2026 00:00:00 GMT"}
SENT = {"if-none-match": GIVEN["etag"], "if-modified-since": GIVEN["last_modified"]}


def asked(after: timedelta, *, url: str = URL, life: int = 1, under_way: int = 1, **told: Any) -> Asked:
    headers = {"user-agent": AGENT, "accept-encoding": "gzip, br"}
    meant = Told(**{"status": 200, **told})
    return Asked(at=MONDAY + after, life=life, url=url, headers=headers, under_way=under_way, told=meant)


def with_headers(request: Asked, **headers: str | None) -> Asked:
    merged = {**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return replace(request, headers={name: value for name, value in merged.items() if value is not None})


def revalidating(after: timedelta, **more: Any) -> Asked:
    request = asked(after, **{"status": 304, **more})
    return replace(request, headers={**request.headers, **SENT})


def failed(*log: Asked, terms: dict[str, Terms] = TERMS) -> set[Row]:
    return set(judge(log, terms, gap=SECOND).failed)


def test_a_reader_that_asks_now_and_then_with_what_it_was_given_offends_in_no_row() -> None:
    card = judge([asked(0 * HOUR, **GIVEN), revalidating(HOUR), revalidating(2 * HOUR)], TERMS, gap=SECOND)

    assert card.failed == set()
    assert set(card.cases) == set(Row)


def test_a_card_prints_every_row_and_tells_what_offends() -> None:
    card = judge([asked(0 * HOUR, **GIVEN), asked(HOUR)], TERMS, gap=SECOND)

    assert all(f"{row}" in str(card) for row in Row)
    assert f"        1  {Row.UNCONDITIONAL}" in str(card)
    assert f"Mon 01:00:00 {URL}: was given" in str(card)


@pytest.mark.parametrize(
    ("headers", "rows"),
    [
        pytest.param({}, {Row.UNCONDITIONAL}, id="none"),
        pytest.param({"if_none_match": 'W/"a"'}, {Row.LEFT_OUT}, id="one"),
        pytest.param({**SENT, "if-none-match": '"a"'}, {Row.ALTERED}, id="strong"),
        pytest.param({**SENT, "if-none-match": "W/a"}, {Row.ALTERED}, id="quotes"),
        pytest.param({**SENT, "if-modified-since": "Mon, 23 Nov 2026 01:00:00 +0100"}, {Row.ALTERED}, id="date"),
    ],
)
def test_validators_are_copied_to_the_byte(headers: dict[str, str], rows: set[Row]) -> None:
    assert failed(asked(0 * HOUR, **GIVEN), with_headers(asked(HOUR), **headers)) == rows


def test_a_validator_that_was_never_given_is_invented() -> None:
    invented = with_headers(asked(HOUR), if_modified_since="Mon, 23 Nov 2026 00:00:00 GMT")

    assert failed(asked(0 * HOUR), invented) == {Row.INVENTED}
    assert failed(with_headers(asked(0 * HOUR), if_none_match='"a"')) == {Row.INVENTED}


def test_the_validators_of_a_304_hold_from_then_on_and_those_it_does_not_repeat_hold_still() -> None:
    changed = revalidating(HOUR, etag='"b"')
    new, old = with_headers(revalidating(2 * HOUR), if_none_match='"b"'), revalidating(2 * HOUR)

    assert failed(asked(0 * HOUR, **GIVEN), changed, new) == set()
    assert failed(asked(0 * HOUR, **GIVEN), changed, old) == {Row.ALTERED}


def test_a_document_without_validators_ends_those_of_the_one_before() -> None:
    assert failed(asked(0 * HOUR, **GIVEN), revalidating(HOUR, status=200), asked(2 * HOUR)) == set()


def test_what_was_not_heard_counts_as_asked_but_not_as_told() -> None:
    unheard = asked(0 * HOUR, heard=False, fresh_for=2 * HOUR, **GIVEN)

    assert failed(unheard, asked(HOUR, life=2)) == set()
    assert failed(unheard, asked(MINUTE, life=2)) == {Row.RESTART}


@pytest.mark.parametrize(
    ("told", "right", "row"),
    [
        pytest.param({"fresh_for": 3 * HOUR}, 3 * HOUR, Row.FRESH, id="max-age"),
        pytest.param({"fresh_for": 72 * HOUR}, 24 * HOUR, Row.FRESH, id="max-age of days counts for one"),
        pytest.param({"wishes": Wishes(least=HOUR)}, HOUR, Row.WISHES, id="ttl"),
        pytest.param({"wishes": Wishes(least=9 * HOUR)}, HOUR, Row.WISHES, id="ttl of hours counts for one"),
        pytest.param({"wishes": Wishes(skip_hours=frozenset({0, 1}))}, 2 * HOUR, Row.SKIPPED, id="skipHours"),
        pytest.param({"wishes": Wishes(skip_days=frozenset({0}))}, 24 * HOUR, Row.SKIPPED, id="skipDays"),
        pytest.param({"status": 503, "retry_after": 2 * HOUR}, 2 * HOUR, Row.RETRY, id="Retry-After"),
        pytest.param({"status": 403, "retry_after": 20 * 24 * HOUR}, 7 * 24 * HOUR, Row.RETRY, id="of weeks"),
        pytest.param({}, 5 * MINUTE, Row.FLOOR, id="our own"),
        pytest.param({"status": 500}, 5 * MINUTE, Row.FLOOR, id="our own after a failure"),
    ],
)
def test_a_request_is_early_up_to_the_instant_it_was_told(told: dict[str, Any], right: timedelta, row: Row) -> None:
    assert failed(asked(0 * HOUR, **told), asked(right - 2 * SECOND)) == {row}
    assert failed(asked(0 * HOUR, **told), asked(right)) == set()


def test_what_a_document_asks_for_holds_over_304s_and_does_not_where_the_operator_fixed_the_interval() -> None:
    log = [asked(0 * HOUR, wishes=Wishes(least=HOUR), **GIVEN), revalidating(HOUR), revalidating(HOUR + 20 * MINUTE)]

    assert failed(*log) == {Row.WISHES}
    assert failed(*log, terms={URL: Terms(floor=20 * MINUTE, hears_wishes=False)}) == set()
    assert failed(*log, terms={URL: Terms(floor=21 * MINUTE, hears_wishes=False)}) == {Row.FLOOR}


def test_a_max_age_that_a_304_does_not_repeat_holds_from_that_304_on() -> None:
    first = asked(0 * HOUR, fresh_for=2 * HOUR, **GIVEN)

    assert failed(first, revalidating(2 * HOUR), revalidating(3 * HOUR)) == {Row.FRESH}
    assert failed(first, revalidating(2 * HOUR, fresh_for=HOUR), revalidating(3 * HOUR)) == set()


def test_who_wants_never_to_be_asked_is_not_taken_at_his_word() -> None:
    nonsense = Wishes(skip_hours=frozenset(range(24)), skip_days=frozenset(range(7)))

    assert failed(asked(0 * HOUR, wishes=nonsense), asked(HOUR)) == set()


def test_a_second_look_within_a_minute_is_one_too_many_and_after_a_restart_is_told_apart() -> None:
    assert failed(asked(0 * HOUR), asked(10 * SECOND)) == {Row.TWICE}
    assert failed(asked(0 * HOUR), asked(10 * SECOND, life=2)) == {Row.RESTART}
    assert failed(asked(0 * HOUR, fresh_for=HOUR), asked(30 * MINUTE, life=2)) == {Row.RESTART}


def test_nothing_may_follow_a_410() -> None:
    assert failed(asked(0 * HOUR), asked(HOUR, status=410), asked(99 * HOUR)) == {Row.GONE}


@pytest.mark.parametrize(
    ("headers", "row"),
    [
        ({"cookie": "a=b"}, Row.COOKIE),
        ({"referer": "http://here/"}, Row.REFERER),
        ({"accept_encoding": "identity"}, Row.GZIP),
        ({"accept_encoding": None}, Row.GZIP),
        ({"user_agent": "Python/3.13 aiohttp/3.13"}, Row.AGENT),
        ({"user_agent": "Mozilla/5.0 (X11; Linux x86_64)"}, Row.AGENT),
        ({"user_agent": None}, Row.AGENT),
    ],
    ids=str,
)
def test_headers(headers: dict[str, str | None], row: Row) -> None:
    assert failed(with_headers(asked(0 * HOUR), **headers)) == {row}


def test_a_host_is_asked_by_one_at_a_time_with_a_pause() -> None:
    other = "http://still.example/other.xml"
    terms = {URL: TERMS[URL], other: TERMS[URL]}

    assert failed(asked(0 * SECOND), asked(SECOND, url=other), terms=terms) == set()
    assert failed(asked(0 * SECOND), asked(0.9 * SECOND, url=other), terms=terms) == {Row.GAP}
    assert failed(asked(0 * SECOND), asked(0 * SECOND, url=other, under_way=2), terms=terms) == {Row.CONCURRENT}


def test_a_pause_and_a_retry_after_count_for_whom_they_were_agreed() -> None:
    other = "http://other.example/feed.xml"
    terms = {URL: TERMS[URL], other: TERMS[URL]}
    hasty = [asked(0 * HOUR, status=429, retry_after=HOUR), asked(0 * HOUR, url=other)]

    assert judge(hasty, terms, gap=SECOND).failed == set()
    assert judge(hasty, terms, gap=SECOND, paced=lambda _: "both").failed == {Row.GAP}
    assert judge(hasty, terms, gap=SECOND, held=lambda _: "both").failed == {Row.RETRY}


def test_only_what_somebody_named_is_asked() -> None:
    assert failed(asked(0 * HOUR, url="http://still.example/favicon.ico")) == {Row.UNINVITED}
    assert failed(asked(0 * HOUR, url=f"{URL}?_=1")) == {Row.CRUFT}
    written = {f"{URL}?lang=id": Terms(floor=MINUTE)}
    assert failed(asked(0 * HOUR, url=f"{URL}?lang=id"), terms=written) == set()


def moving(status: int, hours: Sequence[int]) -> list[Asked]:
    """Redirect; the validators are those of the end of the way, and hold for its beginning."""
    log: list[Asked] = []
    for hour in hours:
        ask = revalidating if log else asked
        log.append(ask(hour * HOUR, status=status, location=NEW))
        log.append(ask(hour * HOUR, url=NEW, **(GIVEN if hour == hours[0] else {})))
    return log


@pytest.mark.parametrize(
    ("status", "hours", "rows"),
    [
        (301, [0, 24, 167], set()),
        (308, [0, 24, 167], set()),
        (301, [0, 24, 166], {Row.UNINVITED}),
        (302, [0, 24, 167], {Row.UNINVITED}),
    ],
)
def test_a_new_address_is_asked_directly_after_seven_days_of_permanent_redirects_only(
    status: int, hours: list[int], rows: set[Row]
) -> None:
    directly = revalidating((hours[-1] + 1) * HOUR, url=NEW)

    assert failed(*moving(status, hours)) == set()
    assert failed(*moving(status, hours), directly, revalidating((hours[-1] + 2) * HOUR, url=NEW)) == rows


def test_a_redirect_that_ended_meanwhile_counts_anew() -> None:
    ended = revalidating(30 * HOUR)

    assert failed(*moving(301, [0, 24]), ended, *moving(301, [31])[1:], revalidating(168 * HOUR, url=NEW)) == {
        Row.UNINVITED
    }


def test_a_304_of_a_document_from_the_future_may_be_doubted_once_a_day() -> None:
    ahead: dict[str, Any] = {"last_modified": "Mon, 23 Nov 2099 00:00:00 GMT"}
    conditional = with_headers(asked(6 * HOUR, status=304), if_modified_since=ahead["last_modified"])
    first = [asked(0 * HOUR, **ahead), conditional]

    assert failed(*first, asked(24 * HOUR, **ahead)) == set()
    assert failed(*first, asked(24 * HOUR, **ahead), asked(47 * HOUR, **ahead)) == {Row.UNCONDITIONAL}
    assert failed(*first, asked(23 * HOUR, **ahead)) == {Row.UNCONDITIONAL}


def test_a_304_of_a_source_silent_far_beyond_its_rhythm_may_be_doubted_once_a_day() -> None:
    news = [asked(0 * HOUR, **GIVEN), *(revalidating(hour * HOUR, status=200, **GIVEN) for hour in (2, 4))]

    assert failed(*news, asked(44 * HOUR, **GIVEN)) == set()
    assert failed(*news, asked(44 * HOUR, **GIVEN), asked(67 * HOUR, **GIVEN)) == {Row.UNCONDITIONAL}
    assert failed(*news, asked(44 * HOUR, **GIVEN), asked(68 * HOUR, **GIVEN)) == set()
    assert failed(*news, asked(43 * HOUR, **GIVEN)) == {Row.UNCONDITIONAL}
    assert failed(asked(0 * HOUR, **GIVEN), asked(79 * HOUR, **GIVEN)) == {Row.UNCONDITIONAL}
    assert failed(asked(0 * HOUR, **GIVEN), asked(80 * HOUR, **GIVEN)) == set()


def test_the_figures_of_a_card_tell_what_is_neither_right_nor_wrong() -> None:
    card: Card = judge([asked(0 * HOUR), asked(30 * MINUTE), asked(2 * HOUR, life=2)], TERMS, gap=SECOND)

    assert [figure for _, figure in card.figures] == ["3", "1", "2", "1"]
