from datetime import UTC, datetime, timedelta

import pytest

from aggregator.schedule.crowd import OF_ONE_HOST, Crowd, crowd_of
from tests.newsroom import source

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_a_host_has_so_many_under_way_and_the_others_come_in_their_order() -> None:
    crowd = Crowd()
    admitted = [crowd.admits("many", NOW + timedelta(seconds=number), f"{number}") for number in range(OF_ONE_HOST + 2)]

    assert admitted == [True] * OF_ONE_HOST + [False] * 2
    assert crowd.admits("other", NOW, "of another host")
    assert crowd.aside == {f"{OF_ONE_HOST}", f"{OF_ONE_HOST + 1}"}
    assert crowd.next_of("many") is None
    for waits in (OF_ONE_HOST, OF_ONE_HOST + 1):
        crowd.ended("many")
        first = crowd.next_of("many")
        assert first == (NOW + timedelta(seconds=waits), f"{waits}")
        assert crowd.admits("many", *first)
        assert crowd.next_of("many") is None
    assert (crowd.aside, crowd.next_of("many"), crowd.next_of("unheard of")) == (frozenset(), None, None)


def test_what_has_ended_leaves_no_trace() -> None:
    crowd = Crowd()
    for number in range(100):
        assert crowd.admits(f"host{number}", NOW, f"{number}")
        crowd.ended(f"host{number}")

    assert not crowd._under_way
    assert not crowd._aside


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://planet.example/a?b", "https://planet.example"),
        ("http://me:secret@planet.example:8080/", "http://planet.example:8080"),
        ("http://[::1]:8080/rss", "http://[::1]:8080"),
    ],
)
def test_a_crowd_is_that_of_a_scheme_a_name_and_a_port(url: str, host: str) -> None:
    assert crowd_of(source("Warta", url)) == host
