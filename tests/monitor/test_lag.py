import asyncio
import time
from collections import deque

import pytest

from aggregator.monitor.lag import Lag, quantile


def test_the_worst_is_remembered_and_most_are_better_than_the_99th_of_100() -> None:
    lag = Lag()
    for milliseconds in [900, *range(99)]:
        lag.note(milliseconds / 1000)

    assert (lag.longest, lag.p99()) == (0.9, 0.098)


def test_the_worst_outlasts_the_minute_that_the_quantile_is_of() -> None:
    lag = Lag()
    for seconds in (0.5, *[0.001] * 3_000):
        lag.note(seconds)

    assert (lag.longest, lag.p99()) == (0.5, 0.001)


def test_a_call_that_came_early_was_not_late() -> None:
    lag = Lag()
    lag.note(-0.001)

    assert (lag.longest, lag.p99()) == (0, 0)


@pytest.mark.parametrize(("measured", "expected"), [([], 0), ([3], 3), ([3, 1, 2], 2)], ids=str)
def test_a_quantile_is_one_of_the_measurements(measured: list[float], expected: float) -> None:
    assert quantile(deque(measured), 0.5) == expected


async def test_a_loop_that_is_held_is_seen() -> None:
    lag = Lag()
    with lag.measured():
        await asyncio.sleep(0.05)
        time.sleep(0.2)  # noqa: ASYNC251  holds the loop on purpose
        await asyncio.sleep(0.05)
    seen = lag.longest

    assert seen >= 0.17
    time.sleep(0.5)  # noqa: ASYNC251  longer, and unmeasured
    await asyncio.sleep(0.05)
    assert lag.longest == seen
