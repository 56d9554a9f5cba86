from datetime import UTC, datetime

from aggregator.report import Report
from aggregator.tally import Tally

NOW = datetime(2026, 11, 26, 5, tzinfo=UTC)
FIRST = Report(source="a", answer="200", ok=True, new=3)
SECOND = Report(source="a", answer="304", ok=True)


def test_each_report_is_told_beside_the_one_before_it() -> None:
    tally = Tally()

    assert [tally.count(report, at=NOW) for report in (FIRST, SECOND, FIRST)] == [None, FIRST, SECOND]


def test_a_source_that_was_taken_out_is_forgotten_and_the_others_are_not() -> None:
    tally, other = Tally(), Report(source="b", answer="200", ok=True)
    for report in (FIRST, other):
        tally.count(report, at=NOW)

    tally.keep({"b", "c"})

    assert [tally.count(report, at=NOW) for report in (FIRST, other)] == [None, other]
