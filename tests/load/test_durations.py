from datetime import timedelta

import pytest

from aggregator.load.durations import read_duration, spell_duration, write_duration


def read(text: str) -> timedelta:
    return read_duration(text, least=timedelta(seconds=1), most=timedelta(days=30))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("4h", 14_400), ("30d", 2_592_000), ("90m", 5_400), ("015 m", 900)],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, seconds: int) -> None:
    assert read(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "m", "1.5h", "-1m", "1h30m", "PT15M", "15 min", "15M", "٣m", "9999999d", "1m\n"])
def test_what_is_no_duration_says_how_one_is_written(text: str) -> None:
    with pytest.raises(
        ValueError, match='is no duration; write a whole number and one unit: "30s", "15m", "4h", "30d"'
    ):
        read(text)


def test_a_bare_number_says_which_units_there_are() -> None:
    with pytest.raises(ValueError, match=r'^has no unit; write "15s", "15m", "15h" or "15d"$'):
        read("15")


def test_out_of_bounds_says_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r'^is below 1 second; write "1s" or more$'):
        read("0s")
    with pytest.raises(ValueError, match=r'^is above 30 days; write "30d" or less$'):
        read("31d")


@pytest.mark.parametrize(
    ("duration", "written", "spelled"),
    [
        (timedelta(0), "0s", "0 seconds"),
        (timedelta(minutes=1), "1m", "1 minute"),
        (timedelta(minutes=90), "90m", "90 minutes"),
        (timedelta(hours=24), "1d", "1 day"),
    ],
    ids=["zero", "minute", "ninety", "day"],
)
def test_a_duration_is_written_in_the_largest_unit_without_a_fraction(
    duration: timedelta, written: str, spelled: str
) -> None:
    assert (write_duration(duration), spell_duration(duration)) == (written, spelled)
