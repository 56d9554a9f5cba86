import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.parse.dates import find_date, parse_date, read_date

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2025, 12, 29, 10, 20, 5, tzinfo=UTC)


def parsed(text: str, language: str | None = "id", zone: ZoneInfo = JAKARTA) -> str | None:
    at = parse_date(text, zone=zone, language=language, now=NOW)
    assert at is None or at.tzinfo is UTC
    return at.isoformat(sep=" ")[:19] if at else None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Senin, 29 Desember 2025 | 10:12", "2025-12-29 03:12:00"),
        ("JUMAT, 30 SEPTEMBER 2022 | 07:13 WIB", "2022-09-30 00:13:00"),
        ("Jum'at, 17 Februari 2017 - 13:30 wib", "2017-02-17 06:30:00"),
        ("Jum’at, 17 Pebruari 2017 - 13:30 WITA", "2017-02-17 05:30:00"),
        ("Kamis, 05/11/2015 09:25 WIB", "2015-11-05 02:25:00"),
        ("Selasa, 23 Februari 2016 | 14:34 WIT", "2016-02-23 05:34:00"),
        ("29 Des 2025, 10.12 WIB", "2025-12-29 03:12:00"),
        ("17 Ags 2025 10.12", "2025-08-17 03:12:00"),
        ("17 Agt 2025 10.12", "2025-08-17 03:12:00"),
        ("17 Agust. 2025 pukul 10.12 WIB", "2025-08-17 03:12:00"),
        ("10:12 WIB - Senin, 29 Desember 2025", "2025-12-29 03:12:00"),
        ("10:12, Senin 29 Desember 2025", "2025-12-29 03:12:00"),
        ("29 Desember 2025", "2025-12-28 17:00:00"),
        ("29-Des-2025 10:12:13", "2025-12-29 03:12:13"),
    ],
)
def test_indonesian_date_lines(text: str, at: str) -> None:
    assert parsed(text) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-12-29T10:12:00Z", "2025-12-29 10:12:00"),
        ("2025-12-29T10:12:00.5+07:00", "2025-12-29 03:12:00"),
        ("2025-12-29 10:12:00 -0530", "2025-12-29 15:42:00"),
        ("2025-12-29", "2025-12-28 17:00:00"),
        ("2025/12/29 10:12", "2025-12-29 03:12:00"),
        ("2025年12月29日 10:12", "2025-12-29 03:12:00"),
        ("2025-06-30T23:59:60Z", "2025-06-30 23:59:59"),
        ("Mon, 29 Dec 2025 10:12:00 +0700", "2025-12-29 03:12:00"),
        ("Mon, 29 Dec 2025 10:12:00 +0700 (WIB)", "2025-12-29 03:12:00"),
        ("Mon, 29 Dec 25 10:12 EST", "2025-12-29 15:12:00"),
        ("Tue, 29 Dec 98 10:12 UT", "1998-12-29 10:12:00"),
        ("Sun, 29 Jun 2025 10:12:00 PDT", "2025-06-29 17:12:00"),
        ("Mon Dec 29 10:12:00 2025", "2025-12-29 03:12:00"),
        ("Mon Dec 29 10:12:00 PST 2025", "2025-12-29 18:12:00"),
    ],
)
def test_the_dates_of_the_standards(text: str, at: str) -> None:
    assert parsed(text) == at


def test_a_feed_that_writes_wib_is_not_read_as_utc() -> None:
    assert parsed("Mon, 29 Dec 2025 10:12:00 WIB", zone=ZoneInfo("UTC")) == "2025-12-29 03:12:00"
    assert parsed("Mon, 29 Dec 2025 10:12:00 WITA", zone=ZoneInfo("UTC")) == "2025-12-29 02:12:00"
    assert parsed("Mon, 29 Dec 2025 10:12:00 WIT", zone=ZoneInfo("UTC")) == "2025-12-29 01:12:00"


@pytest.mark.parametrize(
    ("text", "language", "at"),
    [
        ("Montag, 29. Dezember 2025, 10:12 Uhr", "de", "2025-12-29 03:12:00"),
        ("29.12.25, 10:12 Uhr", "de", "2025-12-29 03:12:00"),
        ("29. März 2025", "de-AT", "2025-03-28 17:00:00"),
        ("lundi 29 décembre 2025 à 10h12", "fr", "2025-12-29 03:12:00"),
        ("29 FEVRIER 2024", "fr", "2024-02-28 17:00:00"),
        ("Понедельник, 29 декабря 2025 г., 10:12", "ru", "2025-12-29 03:12:00"),
        ("29 дек. 2025 в 10:12 МСК", "ru", "2025-12-29 07:12:00"),
        ("29 de diciembre de 2025 a las 10:12 h", "es", "2025-12-29 03:12:00"),
        ("29 Mac 2025", "ms", "2025-03-28 17:00:00"),
        ("Monday, December 29th, 2025 at 10:12 pm", "en", "2025-12-29 15:12:00"),
        ("Dec 29, 2025 12:12 AM", "en", "2025-12-28 17:12:00"),
        ("29. prosince 2025 v 10:12", "cs", "2025-12-29 03:12:00"),
        ("29 December 2025 10:12", "x-klingon", "2025-12-29 03:12:00"),
        ("05/11/2015", "en-US", "2015-05-10 17:00:00"),
        ("05/11/2015", "en-gb", "2015-11-04 17:00:00"),
        ("05/11/2015", None, "2015-11-04 17:00:00"),
    ],
)
def test_dates_in_other_languages(text: str, language: str | None, at: str) -> None:
    assert parsed(text, language) == at


@pytest.mark.parametrize(
    ("text", "language", "at"),
    [
        ("2 jam yang lalu", "id", "2025-12-29 08:20:05"),
        ("3 menit lalu", "id", "2025-12-29 10:17:05"),
        ("kemarin", "id", "2025-12-27 17:00:00"),
        ("Kemarin, 10:12 WITA", "id", "2025-12-28 02:12:00"),
        ("vor 3 Stunden", "de", "2025-12-29 07:20:05"),
        ("il y a 2 heures", "fr", "2025-12-29 08:20:05"),
        ("2 часа назад", "ru", "2025-12-29 08:20:05"),
        ("2 hours ago", None, "2025-12-29 08:20:05"),
    ],
)
def test_dates_counted_from_now(text: str, language: str | None, at: str) -> None:
    printed = read_date(text, zone=JAKARTA, language=language, now=NOW)

    assert parsed(text, language) == at
    assert printed is not None
    assert printed.relative


@pytest.mark.parametrize(
    "text",
    [
        "31 Februari 2025",
        "29 Februari 2025 10:12",
        "29 Desember 2025 25:61",
        "2022-13-45",
        "0000-01-01",
        "2025-12-29T10:12:00+99:99",
        "32/12/2025",
        "0001-01-01",
        "9999-12-31T23:59:59-12:00",
        "999999999 tahun lalu",
    ],
)
def test_an_impossible_date_is_never_another_date(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mei",
        "Minggu",
        "2025",
        "29 Des",
        "2 jam",
        "74 komentar",
        "dibaca 53.203 kali",
        "Gempa 26 Desember 2004",
        "UPDATE Corona 29 Desember 2020",
        "29 Desember 2025 10:12 IST",
        "29 Desember 2025" + " " * 200 + "10:12",
    ],
)
def test_what_is_more_or_less_than_a_date_is_none(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize("endless", ["1" * 1_000_000, " " * 100_000 + "x", "2000-" * 100_000, "1:" * 500_000])
def test_a_date_without_an_end_is_none_and_costs_no_time(endless: str) -> None:
    began = time.process_time()
    assert parsed(endless) is None
    assert time.process_time() - began < 1


def test_a_date_is_found_between_other_words() -> None:
    line = "LAPORAN: RENI | JUMAT, 30 SEPTEMBER 2022 | 07:13 WIB | JAKARTA"

    printed = find_date(line, zone=JAKARTA, language="id")

    assert printed is not None
    assert printed.at == datetime(2022, 9, 30, 0, 13, tzinfo=UTC)
    assert line[printed.start : printed.end] == "JUMAT, 30 SEPTEMBER 2022 | 07:13 WIB"


def test_a_number_of_people_is_not_the_time_of_day() -> None:
    printed = find_date("Demo 29 Desember 2025, 10.000 orang", zone=JAKARTA, language="id")

    assert printed is not None
    assert not printed.clock


def test_the_first_date_of_a_line_counts_and_an_impossible_one_hides_the_rest() -> None:
    line = "31 Februari 2025, 1 Maret 2025"

    assert find_date(line, zone=JAKARTA, language="id") is None


@pytest.mark.parametrize("language", [None, "id", "de", "ru", "en-us", "ja"])
@pytest.mark.parametrize(
    "day", ["31 Jan 2026", "29 Feb 2025", "Sun, 1 Mar 2026", "09 Dec 0001", "00 Oct 1999", "30 Sep 9999"]
)
@pytest.mark.parametrize(
    "clock", ["00:00:00 GMT", "23:59:60 +0700", "24:00:00 -0000", "12:30:15 +2400", "23:59:59 -1200"]
)
def test_a_date_as_most_feeds_print_it_is_read_sooner_and_no_otherwise(
    day: str, clock: str, language: str | None
) -> None:
    for text in (f"{day} {clock}", f"2026-02-{day.split()[-3]}T{clock.split(maxsplit=1)[0]}{clock.split()[1][:3]}:00"):
        printed = read_date(text, zone=JAKARTA, language=language, now=NOW)
        assert parse_date(text, zone=JAKARTA, language=language, now=NOW) == (printed.at if printed else None), text
