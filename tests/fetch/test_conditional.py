from datetime import timedelta

import pytest

from aggregator import VERSION
from aggregator.fetch.answer import Answer, Fetched, NotModified, Refused
from aggregator.fetch.conditional import Reply, operator_headers, printable, read_response, request_headers
from aggregator.source import Validators
from tests.fetch.origin import source

TAG = Validators(etag='"a"', last_modified="yesterday")


def read(status: int, sent: Validators = TAG, **headers: str) -> Answer:
    reply = Reply(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=b"x")
    return read_response(reply, sent, url="http://news.example/feed", moved_to=None)


def test_the_user_agent_is_honest() -> None:
    agent = request_headers(Validators())["User-Agent"]
    assert agent.startswith(f"headline-aggregator/{VERSION} (+https://")
    assert agent.endswith("; 1 subscriber)")


@pytest.mark.parametrize(
    ("validators", "conditions"),
    [
        pytest.param(Validators(), {}, id="none"),
        pytest.param(Validators(etag='W/"x"'), {"If-None-Match": 'W/"x"'}, id="etag"),
        pytest.param(Validators(last_modified="soon"), {"If-Modified-Since": "soon"}, id="last-modified"),
        pytest.param(TAG, {"If-None-Match": '"a"', "If-Modified-Since": "yesterday"}, id="both"),
    ],
)
def test_conditions_are_copies_of_the_validators(validators: Validators, conditions: dict[str, str]) -> None:
    headers = request_headers(validators)
    assert {name: value for name, value in headers.items() if name.startswith("If-")} == conditions


def test_only_what_is_newer_is_asked_for_where_an_etag_tells_what_that_is() -> None:
    assert request_headers(TAG)["A-IM"] == "feed"
    assert "A-IM" not in request_headers(Validators(last_modified="yesterday"))


@pytest.mark.parametrize(("im", "read_as"), [({}, Fetched), ({"im": "Feed"}, Fetched), ({"im": "vcdiff"}, Refused)])
def test_a_226_holds_a_part_unless_it_is_a_difference_of_bytes(im: dict[str, str], read_as: type) -> None:
    answer = read(226, TAG, etag='"b"', **im)
    assert isinstance(answer, read_as)
    if isinstance(answer, Fetched):
        assert answer.is_partial
        assert answer.validators.etag == '"b"'
    assert not getattr(read(200), "is_partial", True)


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        pytest.param(503, {"retry_after": "soon"}, 'Retry-After "soon" names no time to come', id="retry-word"),
        pytest.param(429, {"retry_after": "-1"}, 'Retry-After "-1" names no time to come', id="retry-negative"),
        pytest.param(
            403,
            {"retry_after": "Thu, 01 Jan 1970 00:00:00 GMT", "date": "Mon, 23 Nov 2026 12:00:00 GMT"},
            'Retry-After "Thu, 01 Jan 1970 00:00:00 GMT" names no time to come',
            id="retry-past",
        ),
        pytest.param(200, {"cache_control": "max-age=-5"}, 'Cache-Control: max-age "-5" is no number', id="max-age"),
        pytest.param(304, {"cache_control": "public, max-age=x\x1b"}, 'Cache-Control: max-age "x" is no', id="escape"),
        pytest.param(200, {"cache_control": "max-age=60", "retry_after": "x"}, None, id="sane"),
        pytest.param(200, {"cache_control": "no-cache", "expires": "0"}, None, id="expired-by-custom"),
        pytest.param(503, {"retry_after": "120"}, None, id="sane-retry"),
    ],
)
def test_headers_that_cannot_be_meant_are_named(status: int, headers: dict[str, str], told: str | None) -> None:
    answer = read(status, TAG, **headers)
    assert isinstance(answer, Fetched | NotModified | Refused)
    assert [oddity.startswith(told or "") for oddity in answer.oddities] == ([] if told is None else [True])
    assert all(oddity.isprintable() for oddity in answer.oddities)


def test_the_operator_may_add_headers_but_not_break_the_connection() -> None:
    written = (
        ("X-Key", "1"),
        ("ACCEPT", "text/xml"),
        ("Transfer-Encoding", "chunked"),
        ("host", "x"),
        ("Range", "0-1"),
    )
    asker = source("http://news.example/feed", headers=written, user_agent="ours/1")
    assert operator_headers(asker, None) == {"User-Agent": "ours/1", "X-Key": "1", "ACCEPT": "text/xml"}


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        pytest.param('"a"', '"a"', id="strong"),
        pytest.param("no quotes", "no quotes", id="opaque"),
        pytest.param('"é"', '"é"', id="utf-8"),
        pytest.param('"\udce9"', None, id="not-utf-8"),
        pytest.param('"a\x1b"', None, id="escape"),
        pytest.param("", None, id="empty"),
        pytest.param("a" * 5000, None, id="long"),
    ],
)
def test_a_validator_is_kept_as_it_is_or_not_at_all(etag: str, kept: str | None) -> None:
    answer = read(200, etag=etag, last_modified="Mon")
    assert isinstance(answer, Fetched)
    assert answer.validators == Validators(etag=kept, last_modified="Mon")


@pytest.mark.parametrize("status", [200, 226, 304])
def test_good_answers_carry_max_age_alone(status: int) -> None:
    answer = read(status, cache_control="max-age=60", retry_after="90")
    assert isinstance(answer, Fetched | NotModified)
    assert answer.hints.max_age == timedelta(seconds=60)
    assert answer.hints.retry_after is None


def test_a_refusal_carries_retry_after() -> None:
    answer = read(503, retry_after="90")
    assert isinstance(answer, Refused)
    assert answer.hints.retry_after == timedelta(seconds=90)
    assert answer.detail.startswith("503 Service Unavailable: ")


def test_a_304_is_not_modified_only_if_something_was_asked() -> None:
    assert isinstance(read(304, Validators(etag='"a"')), NotModified)
    assert isinstance(read(304, Validators(last_modified="x")), NotModified)
    assert isinstance(read(304, Validators()), Refused)


def test_printable_drops_escapes_and_direction_marks() -> None:
    assert printable("a\x1b[2J\u202eb\r\nc\udc80") == "a[2Jbc"
    assert len(printable("a" * 999)) == 200
