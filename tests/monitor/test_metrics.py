import json
from dataclasses import replace

import pytest

from aggregator.monitor.metrics import read_status, status_json
from aggregator.report import Totals
from tests.monitor.samples import STATUS


def test_what_is_written_is_read_back() -> None:
    assert read_status(status_json(STATUS)) == STATUS


def test_instants_are_written_in_utc_and_topics_as_objects() -> None:
    told = json.loads(status_json(STATUS))

    assert told["now"] == "2026-11-23T03:12:00Z"
    assert told["topics"][0] == {"slug": "update", "title": "UPDATE"}


def test_keys_of_a_later_version_are_ignored() -> None:
    told = json.loads(status_json(STATUS)) | {"mood": "calm"}
    told["sources"][0]["mood"] = told["totals"]["mood"] = "calm"

    assert read_status(json.dumps(told).encode()) == STATUS


def test_a_whole_number_of_seconds_is_a_lateness_too() -> None:
    told = json.loads(status_json(STATUS))
    told["totals"]["lateness_p50"] = 0

    read = read_status(json.dumps(told).encode())

    assert read == replace(STATUS, totals=replace(STATUS.totals, lateness_p50=0.0))


@pytest.mark.parametrize("name", sorted(json.loads(status_json(STATUS))))
def test_a_missing_key_is_named(name: str) -> None:
    told = json.loads(status_json(STATUS))
    del told[name]

    with pytest.raises(ValueError, match=name):
        read_status(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("where", "name", "value", "words"),
    [
        ("sources", "state", "merry", "state is 'merry'"),
        ("sources", "next_at", "tomorrow", "next_at is 'tomorrow'"),
        ("sources", "next_at", "2026-11-23T10:12:00", "not an instant"),
        ("sources", "next_at", "9999-12-31T23:59:59Z", "not an instant"),
        ("sources", "failures", True, "failures is no int"),
        ("sources", "error", 5, "error is no str"),
        ("totals", "polls", "many", "polls is no int"),
        ("sources", "per_day", "many", "per_day is no float"),
        ("totals", "lateness_p99", None, "lateness_p99 is no float"),
    ],
)
def test_an_odd_value_is_named(where: str, name: str, value: object, words: str) -> None:
    told = json.loads(status_json(STATUS))
    (told["sources"][0] if where == "sources" else told["totals"])[name] = value

    with pytest.raises(ValueError, match=words):
        read_status(json.dumps(told).encode())


def test_a_notice_that_is_no_text_is_named() -> None:
    told = json.loads(status_json(STATUS)) | {"notices": ["fine", 5]}

    with pytest.raises(ValueError, match="notices holds what is no text"):
        read_status(json.dumps(told).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"topics": 5}', b'{"topics": [], "sources": [5]}', b"\xff"])
def test_what_is_no_status_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_status(body)


def test_a_daemon_that_has_just_started_has_counted_nothing() -> None:
    fresh = replace(STATUS, totals=Totals(), sources=())

    assert read_status(status_json(fresh)) == fresh
