import json
from datetime import UTC, datetime

import pytest

from aggregator.load.recording import read_recording

LINE = {"uri": "u1", "source": "Antara", "title": "Gempa", "link": None, "published": "2026-11-25T10:12:00+07:00"}


def lines(*records: object) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def test_headlines_come_back_by_their_dates_whatever_order_they_were_written_in() -> None:
    early = {**LINE, "uri": "u2", "published": "2026-11-25T03:11:59Z", "language": "id", "story": "ignored"}
    headlines, faults = read_recording([*lines(LINE, early), b"\n"])

    assert faults == ()
    assert [each.id for each in headlines] == ["u2", "u1"]
    assert (headlines[0].language, headlines[0].story) == ("id", "u2")
    assert headlines[1].published_at == datetime(2026, 11, 25, 3, 12, tzinfo=UTC)


def test_a_date_without_a_zone_is_utc_and_a_number_may_be_a_uri() -> None:
    ((headline,), _) = read_recording(lines({**LINE, "uri": 6628456790, "published": "2021-07-01 12:47:00"}))

    assert (headline.id, headline.published_at) == ("6628456790", datetime(2021, 7, 1, 12, 47, tzinfo=UTC))


def test_what_a_line_need_not_have_may_be_null() -> None:
    ((headline,), faults) = read_recording(lines({**LINE, "language": None, "summary": None}))

    assert (headline.url, headline.language, headline.summary, faults) == (None, None, "", ())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json", "the line: Invalid JSON"),
        (b"[]", "the line: "),
        (b"\xff{", "the line: "),
        (json.dumps({**LINE, "title": None}).encode(), "title: "),
        (json.dumps({**LINE, "published": "kemarin"}).encode(), "published: "),
        (json.dumps({**LINE, "published": "0001-01-01T00:00:00+07:00"}).encode(), "published: off the calendar"),
    ],
    ids=["text", "list", "bytes", "no-title", "no-date", "year-0"],
)
def test_a_line_that_cannot_be_read_is_a_fault_and_costs_only_itself(line: bytes, said: str) -> None:
    headlines, (fault,) = read_recording([line, *lines(LINE)])

    assert [each.id for each in headlines] == ["u1"]
    assert fault.line == 1
    assert fault.text.startswith(said)
    assert "uri, source, title, link, published" in fault.text or "write it as" in fault.text
