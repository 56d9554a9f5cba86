import asyncio
import heapq
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.fetch.pace import SLOW_FOR_EACH, SLOW_MOST, Pace
from tests.fetch.origin import polling


class Clock:
    """A clock of our own: time passes when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, id(awake), awake))
        await awake

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        await self._settle()
        while not all(task.done() for task in tasks):
            self.now, _, awake = heapq.heappop(self._sleepers)
            if not awake.done():
                awake.set_result(None)
            await self._settle()
        for task in tasks:
            task.result()

    async def _settle(self) -> None:
        for _ in range(20):  # everybody who can go on does
            await asyncio.sleep(0)


class Track:
    """Requests that take a given time; who started and ended when."""

    def __init__(
        self,
        *,
        at_once: int = 32,
        per_host: int = 1,
        host_gap: float = 0,
        slow_after: float = float("inf"),
        most: int = 1_000_000,
    ) -> None:
        self.clock = Clock()
        settings = replace(polling(), at_once=at_once, per_host=per_host, host_gap=timedelta(seconds=host_gap))
        self.pace = Pace(settings, clock=self.clock, sleep=self.clock.sleep, slow_after_seconds=slow_after, most=most)
        self.started: list[tuple[str, float]] = []
        self.waited: list[float] = []
        self.running = 0
        self.most = 0

    async def request(self, name: str, host: str, seconds: float) -> None:
        async with self.pace.turn(host) as waited_seconds:
            self.waited.append(waited_seconds)
            self.started.append((name, self.clock.now))
            self.running += 1
            self.most = max(self.most, self.running)
            await self.clock.sleep(seconds)
            self.running -= 1

    async def run(self, *requests: tuple[str, str, float]) -> None:
        await self.clock.run(*[asyncio.create_task(self.request(*request)) for request in requests])


async def test_one_host_is_asked_one_at_a_time_with_a_gap_in_order() -> None:
    track = Track(host_gap=1.5)
    await track.run(("a", "x", 2), ("b", "x", 1), ("c", "x", 1))
    assert track.started == [("a", 0), ("b", 3.5), ("c", 6)]
    assert track.waited == [0, 3.5, 6]


async def test_no_gap_means_no_pause() -> None:
    track = Track()
    await track.run(("a", "x", 2), ("b", "x", 1))
    assert track.started == [("a", 0), ("b", 2)]


async def test_hosts_do_not_wait_for_each_other() -> None:
    track = Track(host_gap=9)
    await track.run(("a", "x", 2), ("b", "y", 2), ("c", "x", 1))
    assert track.started == [("a", 0), ("b", 0), ("c", 11)]


async def test_a_host_may_be_given_more_at_a_time() -> None:
    track = Track(per_host=2, host_gap=1)
    await track.run(("a", "x", 2), ("b", "x", 5), ("c", "x", 1), ("d", "x", 1))
    assert track.started == [("a", 0), ("b", 0), ("c", 3), ("d", 5)]


async def test_no_more_than_at_once() -> None:
    track = Track(at_once=3)
    await track.run(*[(str(number), f"host{number}", 1) for number in range(9)])
    assert track.most == 3
    assert [at for _, at in track.started] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


async def test_who_takes_long_makes_way_for_those_that_wait() -> None:
    track = Track(at_once=2, slow_after=1)
    await track.run(*[(f"silent{number}", f"silent{number}", 20) for number in range(6)], ("good", "good", 0.1))
    assert [at for _, at in track.started] == [0, 0, 1, 1, 2, 2, 3]
    assert track.most == 7


async def test_nobody_makes_way_where_nobody_waits() -> None:
    track = Track(at_once=2, slow_after=1)
    await track.run(("a", "x", 20), ("b", "y", 20))
    assert (track.pace._places._usher, track.clock.now) == (None, 20)


async def test_a_host_that_was_slow_takes_no_place_from_the_quick_until_it_is_quick_again() -> None:
    track = Track(at_once=1, slow_after=1)
    await track.run(("first", "slow", 20))
    await track.run(("second", "slow", 0.5), ("a", "x", 0.5), ("b", "y", 0.5))
    assert track.started[1:] == [("second", 20), ("a", 20), ("b", 20.5)]
    await track.run(("c", "z", 0.5), ("third", "slow", 0.5))
    assert track.started[4:] == [("c", 21), ("third", 21.5)]


async def test_the_slow_are_not_without_number() -> None:
    track = Track(at_once=1, slow_after=1)
    await track.run(*[(str(number), f"host{number}", 50) for number in range(30)])
    assert track.most == 1 + SLOW_FOR_EACH
    await track.run(*[(str(number), f"host{number}", 50) for number in range(30)])
    assert track.most == 1 + SLOW_FOR_EACH


async def test_the_slow_are_never_more_than_descriptors_allow() -> None:
    track = Track(at_once=512, slow_after=1)
    await track.run(*[(str(number), f"host{number}", 50) for number in range(1_200)])
    assert 1_000 < track.most <= 512 + SLOW_MOST


@pytest.mark.parametrize("most", [1, 2, 8])
async def test_quick_and_slow_together_are_no_more_than_there_are_descriptors_and_one_of_each_at_least(
    most: int,
) -> None:
    track = Track(at_once=32, slow_after=1, most=most)
    await track.run(*[(str(number), f"host{number}", 50) for number in range(30)])
    assert track.most == max(2, most)


async def test_who_gives_up_waiting_for_a_place_leaves_no_trace() -> None:
    track = Track(at_once=1, slow_after=5)
    first = asyncio.create_task(track.request("a", "x", 1))
    await asyncio.sleep(0)
    quitter = asyncio.create_task(track.request("b", "y", 1))
    await asyncio.sleep(0)
    quitter.cancel()
    await asyncio.gather(quitter, return_exceptions=True)
    await track.clock.run(first, asyncio.create_task(track.request("c", "z", 1)))
    assert track.started == [("a", 0), ("c", 1)]


async def test_waiting_for_a_host_takes_no_place_from_others() -> None:
    track = Track(at_once=2, host_gap=100)
    await track.run(("a", "x", 1), ("b", "x", 1), ("c", "x", 1), ("d", "y", 1), ("e", "z", 1))
    started = dict(track.started)
    assert (started["d"], started["e"]) == (0, 1)
    assert (started["b"], started["c"]) == (101, 202)


async def test_other_settings_end_neither_turns_nor_pauses() -> None:
    track = Track(at_once=1, host_gap=10)
    settings = replace(polling(), per_host=1, host_gap=timedelta(seconds=5))
    first = asyncio.create_task(track.request("a", "x", 2))
    await asyncio.sleep(0)
    track.pace.follow(replace(settings, at_once=3))
    await track.clock.run(first, *[asyncio.create_task(track.request(name, name[0], 1)) for name in ("x", "y", "z")])
    assert track.started == [("a", 0), ("y", 0), ("z", 0), ("x", 7)]


async def test_another_number_of_turns_a_host_holds_at_once() -> None:
    track = Track(host_gap=10)
    await track.run(("a", "x", 1))
    track.pace.follow(replace(polling(), per_host=2))
    await track.run(("b", "x", 1), ("c", "x", 1))
    assert track.started == [("a", 0), ("b", 1), ("c", 1)]


@pytest.mark.parametrize("in_the_gap", [False, True], ids=["in-the-queue", "in-the-gap"])
async def test_who_gives_up_waiting_leaves_the_turn_to_others(*, in_the_gap: bool) -> None:
    track = Track(host_gap=100)
    first = asyncio.create_task(track.request("a", "x", 1))
    await asyncio.sleep(0)
    quitter = asyncio.create_task(track.request("b", "x", 1))
    if in_the_gap:
        await track.clock.run(first)
    await asyncio.sleep(0)
    quitter.cancel()
    await asyncio.gather(quitter, return_exceptions=True)
    assert quitter.cancelled()
    await track.clock.run(first, asyncio.create_task(track.request("c", "x", 1)))
    assert track.started == [("a", 0), ("c", 101)]


async def test_a_failed_request_gives_its_turn_back() -> None:
    track = Track(at_once=1)
    with pytest.raises(ZeroDivisionError):
        async with track.pace.turn("x"):
            raise ZeroDivisionError
    await track.run(("a", "x", 1))
    assert track.started == [("a", 0)]


async def test_idle_hosts_are_forgotten_but_never_one_in_its_gap() -> None:
    track = Track(host_gap=10)
    await track.run(*[(str(number), f"host{number}", 0) for number in range(3000)])
    await track.run(("late", "late", 20))
    for number in range(3000, 6500):
        async with track.pace.turn(f"host{number}"):
            pass
    assert len(track.pace._hosts) < 6000
    await track.run(("again", "host6499", 0))
    assert track.started[-1] == ("again", track.clock.now)
    assert track.clock.now >= 30
