"""Whatever a publisher writes into its headers or its body, a value comes out."""

import zlib
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

import brotli
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.answer import Fetched, Gone, NotModified, Refused
from aggregator.fetch.conditional import Reply, read_response, request_headers
from aggregator.fetch.decoding import Body, BodyError
from aggregator.fetch.freshness import LONGEST, max_age, retry_after
from aggregator.fetch.guard import is_public, may_connect
from aggregator.source import Hints, Validators

NAMES = (
    "cache-control",
    "expires",
    "age",
    "date",
    "retry-after",
    "etag",
    "last-modified",
    "content-type",
    "cf-mitigated",
)
DATES = st.from_regex(
    r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} ([+-][0-9]{4}|GMT)"
)
DATED = DATES | st.datetimes().map(lambda date: f"{date:%a, %d %b %Y %H:%M:%S} GMT")
VALUES = st.text() | DATED | st.integers().map(str) | st.integers().map(lambda number: f"max-age={number}")
HEADERS = st.dictionaries(st.sampled_from(NAMES), VALUES)
VALIDATORS = st.builds(Validators, etag=st.none() | st.text(), last_modified=st.none() | st.text())


@given(HEADERS)
def test_any_headers_give_durations_in_bounds_or_none(headers: dict[str, str]) -> None:
    for wait in (max_age(headers), retry_after(headers)):
        assert wait is None or timedelta(0) <= wait <= LONGEST


@given(st.integers(100, 999), HEADERS, st.binary(), VALIDATORS)
def test_any_response_is_an_answer_and_its_texts_are_clean(
    status: int, headers: dict[str, str], body: bytes, sent: Validators
) -> None:
    reply = Reply(status=status, headers=headers, body=body)
    answer = read_response(reply, sent, url="http://news.example/", moved_to=None)
    match answer:
        case Fetched():
            assert answer.content_type.isprintable()
            assert answer.hints == Hints(max_age=answer.hints.max_age)
        case NotModified():
            assert sent != Validators()
        case Refused():
            assert answer.detail.isprintable()
            assert answer.status == status
        case _:
            assert isinstance(answer, Gone)


@given(HEADERS)
def test_validators_are_copies_or_nothing_and_can_be_sent(headers: dict[str, str]) -> None:
    answer = read_response(Reply(status=200, headers=headers), Validators(), url="http://x/", moved_to=None)
    assert isinstance(answer, Fetched)
    kept = answer.validators
    assert kept.etag in {None, headers.get("etag")}
    assert kept.last_modified in {None, headers.get("last-modified")}
    for value in request_headers(kept).values():
        assert value.isprintable()
        assert value.encode()


@given(st.sampled_from(["", "gzip", "deflate", "br"]), st.lists(st.binary()))
def test_any_bytes_are_a_body_or_a_body_error(coding: str, chunks: list[bytes]) -> None:
    body = Body(coding, limit_bytes=1000, ratio=100)
    kind, document = None, b""
    try:
        for chunk in chunks:
            body.feed(chunk)
        document = body.finish()
    except BodyError as error:
        kind = error.failed.kind
    assert kind in {None, "protocol", "too large"}
    assert len(document) <= 1000


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000)))
def test_what_was_coded_comes_back_whatever_the_chunks(document: bytes, cuts: list[int]) -> None:
    for coding, coded in (("deflate", zlib.compress(document)), ("br", brotli.compress(document))):
        body = Body(coding, limit_bytes=5000, ratio=1000)
        places = sorted({0, len(coded), *(cut for cut in cuts if cut < len(coded))})
        for start, end in pairwise(places):
            body.feed(coded[start:end])
        assert body.finish() == document


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_as_itself(inner: IPv4Address) -> None:
    number = int(inner)
    mapped = IPv6Address(0xFFFF << 32 | number)
    nat64 = IPv6Address(0x64FF9B << 96 | number)
    sixtofour = IPv6Address(0x2002 << 112 | number << 80)
    assert {is_public(mapped), is_public(nat64), is_public(sixtofour)} == {is_public(inner)}
    assert not is_public(inner) or inner.is_global  # never laxer than the library


@given(st.ip_addresses())
def test_nobodys_permission_is_needed_for_public_addresses_alone(address: IPv4Address | IPv6Address) -> None:
    assert may_connect(address, ()) is is_public(address)
