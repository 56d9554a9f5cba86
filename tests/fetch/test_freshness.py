from datetime import UTC, datetime, timedelta

import pytest

from aggregator.fetch.freshness import LONGEST, answered_at, max_age, retry_after

DATE = "Mon, 05 Jan 2026 01:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"cache-control": "public, Max-Age=3600"}, 3600, id="max-age"),
        pytest.param({"cache-control": 'max-age="60"'}, 60, id="quoted"),
        pytest.param({"cache-control": "max-age=60, max-age=90"}, 60, id="first-counts"),
        pytest.param({"cache-control": "s-maxage=60"}, None, id="shared-caches-only"),
        pytest.param({"cache-control": "no-cache"}, None, id="no-cache"),
        pytest.param({"cache-control": "max-age=3600", "age": "600"}, 3000, id="less-age"),
        pytest.param({"cache-control": "max-age=60", "age": "600"}, 0, id="older-than-fresh"),
        pytest.param({"cache-control": "max-age=60", "age": "-600"}, 60, id="nonsense-age"),
        pytest.param({"cache-control": "max-age=0"}, 0, id="zero"),
        pytest.param({"cache-control": "max-age=-1"}, None, id="negative"),
        pytest.param({"cache-control": "max-age=²"}, None, id="not-ascii"),
        pytest.param({"cache-control": "max-age=1e9"}, None, id="float"),
        pytest.param({"cache-control": "max-age=" + "9" * 5000}, LONGEST.total_seconds(), id="astronomic"),
        pytest.param({"expires": "Mon, 05 Jan 2026 02:00:00 GMT", "date": DATE}, 3600, id="expires"),
        pytest.param({"expires": "Monday, 05-Jan-26 02:00:00 GMT", "date": DATE}, 3600, id="rfc-850"),
        pytest.param({"expires": "Mon Jan  5 02:00:00 2026", "date": DATE}, 3600, id="asctime"),
        pytest.param({"expires": "Mon, 05 Jan 2026 02:00:00 GMT"}, None, id="expires-without-date"),
        pytest.param({"expires": "0", "date": DATE}, None, id="expires-zero"),
        pytest.param({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "date": DATE}, 0, id="expired"),
        pytest.param({"expires": "Fri, 31 Dec 9999 23:59:59 GMT", "date": DATE}, LONGEST.total_seconds(), id="9999"),
        pytest.param(
            {"expires": "Tue, 06 Jan 2026 01:00:00 GMT", "date": DATE, "cache-control": "max-age=60"},
            60,
            id="max-age-beats-expires",
        ),
    ],
)
def test_max_age(headers: dict[str, str], seconds: float | None) -> None:
    assert max_age(headers) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 120 ", 120, id="blanks"),
        pytest.param("99999999", LONGEST.total_seconds(), id="three-years"),
        pytest.param("-1", None, id="negative"),
        pytest.param("0", None, id="zero"),
        pytest.param("abc", None, id="words"),
        pytest.param("", None, id="empty"),
        pytest.param("Mon, 05 Jan 2026 01:10:00 GMT", 600, id="date"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", None, id="1970"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST.total_seconds(), id="9999"),
        pytest.param("Mon, 01 Jan 0001 00:00:00 +1400", None, id="before-the-calendar"),
        pytest.param("Mon, 31 Feb 2026 00:00:00 GMT", None, id="31-february"),
        pytest.param("Mon, 05 Jan 2026 01:10:00 GMT" + " " * 99, None, id="too-long-for-a-date"),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value, "date": DATE}) == (
        None if seconds is None else timedelta(seconds=seconds)
    )


def test_a_retry_date_is_measured_by_the_publishers_own_clock() -> None:
    wrong_by_years = {"date": "Mon, 05 Jan 2009 01:00:00 GMT", "retry-after": "Mon, 05 Jan 2009 01:05:00 GMT"}
    assert retry_after(wrong_by_years) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("headers", "at"),
    [
        pytest.param({"date": DATE}, datetime(2026, 1, 5, 1, tzinfo=UTC), id="date"),
        pytest.param({"date": DATE, "age": "3600"}, datetime(2026, 1, 5, 2, tzinfo=UTC), id="a cache adds the age"),
        pytest.param({}, None, id="none"),
        pytest.param({"date": "yesterday"}, None, id="no date"),
        pytest.param({"date": "Fri, 31 Dec 9999 23:59:59 GMT", "age": "60"}, None, id="off the calendar's edge"),
    ],
)
def test_the_time_by_the_publishers_clock(headers: dict[str, str], at: datetime | None) -> None:
    assert answered_at(headers) == at
