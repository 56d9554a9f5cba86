from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.commands.accounts import account_of_source, account_of_story
from aggregator.schedule.rhythm import begun, learnt
from aggregator.source import Due, Hints, Source, Standing
from tests.newsroom import KABAR, POPULAR, headline

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")
DUNIA = Source(id="https://dunia.example/rss", name="Dunia", urls=("https://dunia.example/rss",), zone=JAKARTA)
STANDING = Standing(source=DUNIA.id, name="Dunia", urls=DUNIA.urls, last_answer="304", last_ok_at=NOON - HOUR)
MORNINGS = [NOON.replace(hour=1) - day * DAY + number * 10 * MINUTE for day in range(28) for number in range(6)]


def told(standing: Standing = STANDING, due: Due | None = None, asked: Source = DUNIA) -> dict[str, str]:
    return dict(account_of_source(asked, standing, due, zone=JAKARTA, now=NOON))


def due_in(wait: timedelta, reason: str = "about 3 an hour on Monday evenings") -> Due:
    return Due(source=DUNIA.id, at=NOON + wait, reason=reason)


def test_the_next_poll_is_told_with_its_reason_in_the_sites_zone() -> None:
    read = told(due=due_in(12 * MINUTE))
    assert read["next poll"] == "Mon 2026-11-23 19:12 WIB, in 12 min: about 3 an hour on Monday evenings"
    assert read["source"] == "Dunia, https://dunia.example/rss"


def test_a_poll_that_is_overdue_waits_for_the_daemon() -> None:
    overdue = told(due=due_in(-HOUR, "Retry-After 2 h"))["next poll"]
    assert overdue == "when the daemon runs, due for 1 h: Retry-After 2 h"


def test_a_source_that_was_never_asked_is_asked_when_the_daemon_runs() -> None:
    read = told(Standing(source=DUNIA.id, name="Dunia", urls=DUNIA.urls))
    assert read["next poll"] == "when the daemon runs: it was never asked"
    assert read["last answer"] == "none yet"
    assert "rhythm" not in read


def test_a_parked_source_is_polled_never() -> None:
    read = told(replace(STANDING, gone=STANDING.urls), due_in(HOUR))
    assert read["next poll"].startswith("never: it answered 410 Gone")


def test_the_last_answer_and_the_failures_are_told() -> None:
    failing = told(replace(STANDING, last_answer="503", failures=3, last_error="503 Service Unavailable"))
    assert failing["last answer"] == "503; a good one was noted Mon 2026-11-23 18:00 WIB"
    assert failing["failures"] == "3 in a row: 503 Service Unavailable"
    assert told(replace(STANDING, last_ok_at=None))["last answer"] == "304; none was good"
    assert "failures" not in told()


def test_an_address_that_was_adopted_and_a_redirect_under_way_are_told() -> None:
    new = "https://new.example/rss"
    adopted = told(replace(STANDING, adopted=((DUNIA.id, new),)))
    assert adopted["source"] == f"Dunia, {new}"
    assert adopted["moved"].startswith(f"it is asked at {new}")
    moving = told(replace(STANDING, moved_to=new, moved_since=NOON))
    assert moving["moved"] == f"it moves to {new} for good; asked there from 2026-11-30 on, if that stays so"
    assert "moved" not in told()


def test_a_hint_out_of_bounds_is_told_with_what_was_asked() -> None:
    assert told(replace(STANDING, hints=Hints(max_age=99 * DAY)))["hints"] == "Cache-Control: max-age 1 d (99 d asked)"


ALL_HINTS = Hints(max_age=10 * MINUTE, ttl=DAY, update_period=HOUR, skip_hours=(0, 23), skip_days=(6,))


@pytest.mark.parametrize(
    ("changes", "asked", "words"),
    [
        pytest.param({}, {}, "none in force", id="none"),
        pytest.param(
            {"hints": ALL_HINTS},
            {},
            "Cache-Control: max-age 10 min; <ttl> 1 h (1 d asked); sy:updatePeriod 1 h; "
            "skipHours 0, 23 (GMT); skipDays Sun (GMT)",
            id="all",
        ),
        pytest.param({"hints": ALL_HINTS}, {"every": HOUR}, "Cache-Control: max-age 10 min", id="fixed"),
        pytest.param({"hints": ALL_HINTS}, {"cron": "0 6 * * *"}, "Cache-Control: max-age 10 min", id="cron"),
        pytest.param({"not_before": NOON + DAY}, {}, "Retry-After, until Tue 2026-11-24 19:00 WIB", id="retry-after"),
        pytest.param({"not_before": NOON - DAY}, {}, "none in force", id="retry-after-over"),
    ],
)
def test_the_hints_in_force_are_told(changes: dict[str, Any], asked: dict[str, Any], words: str) -> None:
    assert told(replace(STANDING, **changes), asked=replace(DUNIA, **asked))["hints"] == words


def test_the_rhythm_is_told_with_the_busiest_hours_of_the_sources_day() -> None:
    rhythm = learnt(begun(now=NOON), MORNINGS, zone=JAKARTA, heard_at=None, now=NOON)
    read = told(replace(STANDING, rhythm=rhythm))["rhythm"]
    assert read == "about 6 a day, most from 08:00 (Asia/Jakarta); the latest Mon 2026-11-23 08:50 WIB"


def test_a_source_that_publishes_seldom_is_told_in_days() -> None:
    weekly = [NOON - number * 7 * DAY for number in range(10)]
    rhythm = learnt(begun(now=NOON), weekly, zone=JAKARTA, heard_at=None, now=NOON)
    assert told(replace(STANDING, rhythm=rhythm))["rhythm"].startswith("about one in 5 d, most from 19:00")
    assert told(replace(STANDING, rhythm=begun(now=NOON)))["rhythm"] == "no headline yet"


def test_what_is_not_told_as_news_adds_no_heat_to_its_story() -> None:
    told, untold = headline(1), replace(headline(2, KABAR), untold="older than the last reading")
    pair = [replace(told, topics=("popular",)), replace(untold, story=told.story, topics=())]
    rows = [text for _, text in account_of_story(pair, {}, {}, POPULAR, JAKARTA) if text.startswith("- ")]

    assert sorted(row.rpartition("; ")[2] for row in rows) == [
        "100% of its heat (weight 1)",
        "adds no heat: it is not among the popular",
    ]
