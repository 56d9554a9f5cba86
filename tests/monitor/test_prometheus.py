import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from aggregator.monitor.prometheus import metrics_text
from aggregator.report import Status, Totals
from tests.monitor.samples import FAILING, NOW, OK, STATUS

PARKED = replace(OK, name="Arsip", state="parked", answer="410", next_at=None)
NEW = replace(OK, name="Baru", state="new", answer="", last_ok_at=None, polls=0, not_modified=0)
FULL = replace(STATUS, sources=(OK, FAILING, PARKED, NEW))

EXPECTED: Final[dict[str, dict[str, float]]] = {
    "aggregator_build_info": {"0.1.0": 1},
    "aggregator_start_time_seconds": {"": NOW.timestamp() - 5 * 3600},
    "aggregator_healthy": {"": 1},
    "aggregator_polls_total": {"": 1234},
    "aggregator_polls_not_modified_total": {"": 1000},
    "aggregator_polls_failed_total": {"": 7},
    "aggregator_received_bytes_total": {"": 12_345_678},
    "aggregator_headlines_accepted_total": {"": 90},
    "aggregator_headlines": {"": 567},
    "aggregator_stories": {"": 432},
    "aggregator_poll_lateness_seconds": {"0.5": 0.1, "0.99": 0.9},
    "aggregator_loop_lag_seconds": {"0.99": 0.002},
    "aggregator_loop_lag_max_seconds": {"": 0.031},
    "aggregator_source_up": {"Dunia Kita": 1, "Gema Harian": 0, "Arsip": 0},
    "aggregator_source_failures": {"Dunia Kita": 0, "Gema Harian": 3, "Arsip": 0, "Baru": 0},
    "aggregator_source_polls_total": {"Dunia Kita": 20, "Gema Harian": 3, "Arsip": 20},
    "aggregator_source_polls_not_modified_total": {"Dunia Kita": 17, "Gema Harian": 0, "Arsip": 17},
    "aggregator_source_last_answer": {"304 Dunia Kita": 1, "503 Gema Harian": 1, "410 Arsip": 1},
    "aggregator_source_last_success_timestamp_seconds": dict.fromkeys(
        ("Dunia Kita", "Arsip"), NOW.timestamp() - 14 * 60
    ),
    "aggregator_source_next_poll_timestamp_seconds": {
        "Dunia Kita": NOW.timestamp() + 45,
        "Gema Harian": NOW.timestamp() + 720,
        "Baru": NOW.timestamp() + 45,
    },
    "aggregator_source_headlines_per_day": {"Dunia Kita": 48.3, "Gema Harian": 0, "Arsip": 48.3, "Baru": 48.3},
}


def families(status: Status) -> list[Metric]:
    return list(text_string_to_metric_families(metrics_text(status).decode()))


def samples(status: Status, name: str) -> dict[str, float]:
    """Values by the values of their labels."""
    found = (sample for family in families(status) for sample in family.samples if sample.name == name)
    return {" ".join(value for _, value in sorted(sample.labels.items())): sample.value for sample in found}


def names(found: Iterable[Metric]) -> set[str]:
    return {sample.name for family in found for sample in family.samples}


def test_every_family_says_what_it_is_and_has_samples() -> None:
    told = families(FULL)

    assert all(family.documentation.endswith(".") and family.type in {"counter", "gauge"} for family in told)
    assert all(family.samples for family in told)
    assert len(names(told)) == len(told)


def test_names_follow_the_conventions() -> None:
    for family in families(FULL):
        for name in names([family]):
            assert name.startswith("aggregator_")
            assert name.endswith("_total") == (family.type == "counter")
    text = metrics_text(FULL).decode()
    assert "# TYPE aggregator_polls_total counter\n" in text
    assert "# HELP aggregator_polls_total Polls that ended, one way or another.\n" in text
    assert not {name for name in names(families(FULL)) if name.endswith(("_ms", "_ratio", "_kb", "_at"))}


def test_each_figure_of_the_status_is_a_sample() -> None:
    assert {name: samples(FULL, name) for name in names(families(FULL))} == EXPECTED


def test_a_sick_daemon_is_not_healthy() -> None:
    assert samples(replace(FULL, health="degraded: disk full"), "aggregator_healthy") == {"": 0}


@pytest.mark.parametrize(
    "name",
    [
        'Kabar "Pagi"',
        "a\\b",
        "a\nb",
        'x"} 5\naggregator_polls_total 9',
        "東京 👨\u200d👩",
        "a\x00\x1b[2Jb",
        "{}",
        "a=b,c",
    ],
)
def test_any_name_is_a_label_and_nothing_else(name: str) -> None:
    status = replace(STATUS, sources=(replace(OK, name=name),))

    assert samples(status, "aggregator_source_up") == {name: 1}
    assert samples(status, "aggregator_polls_total") == {"": 1234}


def test_half_a_character_is_a_question_mark() -> None:
    assert samples(replace(STATUS, sources=(replace(OK, name="a\ud800"),)), "aggregator_source_up") == {"a?": 1}


def test_the_words_of_errors_and_reasons_make_no_series() -> None:
    one, other = (replace(FAILING, error=text, reason=text) for text in ("timeout after 20 s", "back-off after 9"))

    assert metrics_text(replace(FULL, sources=(one,))) == metrics_text(replace(FULL, sources=(other,)))


def test_a_daemon_that_has_just_started_has_counted_nothing() -> None:
    fresh = replace(STATUS, totals=Totals(), sources=())

    assert samples(fresh, "aggregator_polls_total") == {"": 0}
    assert samples(fresh, "aggregator_source_up") == {}


def test_nobody_loads_prometheus_client_before_it_is_asked_for_metrics() -> None:
    rooms = "aggregator.daemon, aggregator.commands.up, aggregator.commands.once, aggregator.monitor.live"
    program = f"import sys, {rooms}; print('prometheus_client' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"


def test_two_daemons_in_one_process_share_nothing() -> None:
    assert metrics_text(FULL) == metrics_text(FULL)
    assert b"python_info" not in metrics_text(FULL)
