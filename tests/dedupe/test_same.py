from datetime import UTC, datetime

import pytest

from aggregator.dedupe.identity import Recognised, with_earlier
from aggregator.dedupe.same import is_same_feed
from aggregator.entry import Origin
from aggregator.source import Listed
from tests.newsroom import headline

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KNOWN = headline(0)  # of a feed that calls itself "Dunia"


def listed(number: int) -> Listed:
    return Listed(fingerprint=f"{number:016x}", headline=headline(number).id)


def found(*, known: int, new: int) -> Recognised:
    fresh = tuple(headline(100 + number) for number in range(new))
    lines = (*(listed(number) for number in range(known)), *(listed(100 + number) for number in range(new)))
    return Recognised(new=fresh, revised=(), listing=lines)


@pytest.mark.parametrize(
    ("recognised", "title", "same"),
    [
        pytest.param(found(known=1, new=3), "Baru", True, id="a-quarter-is-known"),
        pytest.param(found(known=1, new=4), "Baru", False, id="less-is-known"),
        pytest.param(found(known=0, new=4), "DUNIA", True, id="all-is-new-under-the-same-name"),
        pytest.param(found(known=0, new=4), "", False, id="a-parked-domain"),
        pytest.param(found(known=0, new=0), "", False, id="nothing-is-listed"),
    ],
)
def test_a_feed_is_the_same_by_its_headlines_or_its_name(recognised: Recognised, title: str, *, same: bool) -> None:
    assert is_same_feed(recognised, Origin(id="x", title=title), KNOWN) is same


def test_before_anything_was_listed_there_is_nothing_to_compare() -> None:
    assert is_same_feed(found(known=0, new=4), Origin(id="x", title=""), None)


def test_what_a_partial_document_leaves_out_is_still_listed_up_to_a_limit() -> None:
    before = [listed(number) for number in range(1_999)]
    after = with_earlier([listed(1), listed(5_000), listed(5_001)], before)

    assert after[:4] == (listed(1), listed(5_000), listed(5_001), listed(0))
    assert len(after) == 2_000
    assert len({line.headline for line in after}) == 2_000
