from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_datetime
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.parse.dates import find_date, parse_date, read_date

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2025, 12, 29, 3, 30, tzinfo=UTC)
LANGUAGES = ("id", "ms", "en", "de", "fr", "nl", "es", "pt", "it", "ru")

shards = st.sampled_from(
    [
        "29",
        "31",
        "2025",
        "0000",
        "Desember",
        "Feb",
        "|",
        ":",
        ".",
        "10:12",
        "25:61",
        "WIB",
        "+07:00",
        "-99",
        "lalu",
        "jam",
    ]
)
texts = st.text(max_size=210) | st.lists(shards | st.text(max_size=3), max_size=12).map(" ".join)
minutes = st.datetimes(datetime(1995, 1, 1), datetime(2049, 12, 31)).map(  # noqa: DTZ001  a local time
    lambda local: local.replace(second=0, microsecond=0)
)


@given(text=texts, language=st.sampled_from([None, "id", "en-us", "xx"]))
@example(text="1" * 199, language="id")
@example(text="9999-12-31 23:59 -1200", language=None)
def test_any_text_is_an_instant_in_utc_or_none(text: str, language: str | None) -> None:
    at = parse_date(text, zone=JAKARTA, language=language, now=NOW)

    assert at is None or at.tzinfo is UTC


@given(before=texts, after=texts)
def test_a_found_date_stands_where_it_is_said_to_stand(before: str, after: str) -> None:
    line = f"{before} Senin, 29 Desember 2025 | 10:12 {after}"
    printed = find_date(line, zone=JAKARTA, language="id")
    if printed is None:
        return

    assert 0 <= printed.start < printed.end <= len(line)
    assert printed.at.tzinfo is UTC


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pattern", ["EEEE, d MMMM y | HH:mm", "d MMM y, HH.mm", "EEE d MMMM y HH:mm"])
@given(local=minutes)
def test_a_printed_date_reads_back_in_each_language(language: str, pattern: str, local: datetime) -> None:
    text = format_datetime(local, pattern, locale=language)

    printed = read_date(text, zone=JAKARTA, language=language, now=NOW)

    assert printed is not None
    assert printed.at == local.replace(tzinfo=JAKARTA).astimezone(UTC)
    assert not printed.relative


@given(at=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001  UTC below
def test_every_instant_of_rfc_3339_reads_back(at: datetime) -> None:
    assert parse_date(at.isoformat(), zone=JAKARTA, language=None, now=NOW) == at
