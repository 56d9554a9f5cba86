from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.schedule.scope import holds, host_of, moved, put_off
from aggregator.source import Due, Standing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def standing(url: str, not_before: datetime | None) -> Standing:
    return Standing(source=url, name=url, urls=(url,), not_before=not_before)


def test_a_host_is_held_until_the_last_of_its_retry_afters_is_over() -> None:
    asked = [
        standing("https://planet.example/a", NOW + HOUR),
        standing("https://PLANET.example:8443/b", NOW + 2 * HOUR),
        standing("https://planet.example/c", None),
        standing("https://other.example/", None),
    ]

    assert holds(asked) == {"planet.example": NOW + 2 * HOUR}
    assert holds(asked[:1], {"planet.example": NOW + 3 * HOUR}) == {"planet.example": NOW + 3 * HOUR}


def test_the_host_is_that_of_the_address_that_was_asked() -> None:
    moved = replace(standing("https://old.example/", NOW), adopted=(("https://old.example/", "https://new.example/"),))

    assert holds([moved]) == {"new.example": NOW}
    assert host_of("https://[::1]:8080/") == "::1"


def test_who_is_put_off_comes_after_the_hold_and_not_with_all_the_others() -> None:
    put = [put_off(Due(source=f"{number}", at=NOW, reason=""), NOW + HOUR, now=NOW).at for number in range(100)]

    assert min(put) >= NOW + HOUR
    assert max(put) <= NOW + 1.1 * HOUR
    assert len(set(put)) == 100


def test_who_is_put_off_was_asked_when_it_was() -> None:
    before = Due(source="a", at=NOW, reason="", wait=HOUR / 4)
    after = put_off(before, NOW + HOUR, now=NOW)

    assert after.at - after.wait == before.at - before.wait


def test_a_clock_that_is_set_neither_lengthens_nor_ends_a_wait() -> None:
    told, free = standing("https://planet.example/a", NOW + HOUR), standing("https://other.example/", None)

    assert [each.not_before for each in moved([told, free], -48 * HOUR)] == [NOW - 47 * HOUR]
