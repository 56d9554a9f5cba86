from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.demo.layout import Pace
from aggregator.demo.outlets import OUTLETS, Outlet
from aggregator.demo.wire import listing

OPENED = datetime(2025, 12, 29, 3, 12, tzinfo=UTC)
WIRE = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4)).map(
    lambda wire: timedelta(seconds=wire // timedelta(seconds=1))
)


@given(wire=WIRE, seconds=st.integers(0, 100_000), speed=st.floats(0.1, 10_000))
def test_a_wire_time_has_come_exactly_when_its_printed_date_has(wire: timedelta, seconds: int, speed: float) -> None:
    pace = Pace(opened_at=OPENED, speed=speed)
    now = OPENED + timedelta(seconds=seconds)

    assert (wire <= pace.elapsed(now)) == (pace.instant(wire) <= now)


@settings(max_examples=25, deadline=None)
@given(outlet=st.sampled_from(OUTLETS), seed=st.integers(), one=WIRE, other=WIRE)
def test_lists_only_ever_grow_at_the_top(outlet: Outlet, seed: int, one: timedelta, other: timedelta) -> None:
    earlier, later = sorted((one, other))
    before = listing(outlet, seed=seed, elapsed=earlier, limit=outlet.size)
    after = listing(outlet, seed=seed, elapsed=later, limit=outlet.size)

    assert all(told.sent > earlier for told in after if told not in before)
    assert [told for told in after if told in before] == list(before[: sum(told in before for told in after)])
