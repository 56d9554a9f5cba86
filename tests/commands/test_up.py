import sys
import time
from pathlib import Path

import pytest

from aggregator.commands import up
from aggregator.commands.up import Orders


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Orders]:
    """What is ordered, in an empty folder, instead of being carried out."""
    given: list[Orders] = []

    async def note(orders: Orders) -> None:
        given.append(orders)

    monkeypatch.setattr(up, "keep_up", note)
    monkeypatch.chdir(tmp_path)
    return given


def test_the_shipped_feeds_yaml_is_a_notice_of_the_daemon_because_the_view_covers_the_terminal(
    orders: list[Orders], capsys: pytest.CaptureFixture[str]
) -> None:
    up.up(listen="127.0.0.1:0")

    (notice,) = orders[0].notices
    assert notice.startswith("using the shipped feeds.yaml; ")
    assert len(notice) + 2 <= 80
    assert "using the shipped one" in capsys.readouterr().err


def test_a_feeds_yaml_of_ones_own_is_no_notice(orders: list[Orders], tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("sources: [{name: Satu, url: 'http://127.0.0.1:1/'}]")
    up.up(listen="127.0.0.1:0")

    assert orders[0].notices == ()


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="Linux has both clocks")
@pytest.mark.parametrize(
    ("platform", "goes_on"), [("linux", "CLOCK_BOOTTIME"), ("darwin", "CLOCK_MONOTONIC")], ids=["Linux", "macOS"]
)
def test_a_sleep_is_told_from_a_clock_that_is_set_by_the_clock_that_goes_on_in_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, goes_on: str
) -> None:
    with monkeypatch.context() as there:
        there.setattr(sys, "platform", platform)
        there.setattr(time, "clock_gettime", float)
        told = up._elapsed()

    assert told == getattr(time, goes_on)
