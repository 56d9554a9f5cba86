import asyncio
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.schedule.recurring import Recurring, wind
from tests.newsroom import NOON

SECOND, YEAR = timedelta(seconds=1), timedelta(days=365)


def test_turns_follow_each_other_at_their_distance() -> None:
    trigger = Recurring(60, first=5)

    assert trigger.get_next_fire_time(None, NOON) == NOON + 5 * SECOND
    assert trigger.get_next_fire_time(NOON, NOON + SECOND) == NOON + 60 * SECOND


def test_ten_years_that_a_clock_skips_are_one_turn() -> None:
    assert Recurring(0.25, first=0.25).get_next_fire_time(NOON, NOON + 10 * YEAR) == NOON + 10 * YEAR + SECOND / 4


async def test_work_that_waits_for_a_clock_to_catch_up_is_done_at_once() -> None:
    done, scheduler = asyncio.Event(), AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    try:
        job = scheduler.add_job(done.set, Recurring(3600, first=3600))
        now = datetime.now(UTC)
        wind(scheduler, now=now)
        assert job.next_run_time > now + 3000 * SECOND  # a clock that goes on hurries nothing
        job.modify(next_run_time=now + YEAR)
        wind(scheduler, now=now)
        await asyncio.wait_for(done.wait(), 30)
    finally:
        scheduler.shutdown(wait=False)
