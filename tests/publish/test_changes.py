from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.headline import Revision
from aggregator.publish.changes import changes_of, max_age
from aggregator.story import Dissolved
from tests.publish.stories import NOON, headline, story

HOUR = timedelta(hours=1)


def test_a_feed_changed_when_its_headlines_came_to_us_not_when_they_were_published() -> None:
    early = headline(1, first_seen_at=NOON + HOUR)
    late = headline(2, first_seen_at=NOON + 2 * HOUR)
    assert changes_of([story(late, early), story(headline(3, first_seen_at=NOON + HOUR))]) == (
        NOON + HOUR,
        NOON + 2 * HOUR,
    )


def test_a_revision_is_a_change() -> None:
    revised = headline(1, updated_at=NOON + 3 * HOUR, revisions=(Revision(title="Lama", until=NOON + 3 * HOUR),))
    assert changes_of([story(revised)]) == (NOON + 3 * HOUR,)


def test_a_date_of_tomorrow_is_no_change_of_tomorrow() -> None:
    ahead = headline(1, published_at=NOON + HOUR, updated_at=NOON + HOUR, first_seen_at=NOON)
    assert changes_of([story(ahead)]) == (NOON,)


def at(*minutes: float) -> list[datetime]:
    return [datetime(2025, 12, 29, tzinfo=UTC) + timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        pytest.param(at(), 1, id="no news"),
        pytest.param(at(7), 1, id="one piece of news"),
        pytest.param(at(0, 40, 80, 120), 10, id="every 40 minutes"),
        pytest.param(at(0, 0.1, 0.2, 0.3), 1, id="seconds apart"),
        pytest.param(at(0, 1_440, 2_880), 30, id="daily"),
        pytest.param(at(0, 20, 40, 600, 620), 5, id="a quiet night"),
        pytest.param(at(0, 20, 20.1, 40, 60), 5, id="a burst"),
    ],
)
def test_a_copy_is_kept_for_a_quarter_of_the_usual_time_between_two_changes(
    changes: Sequence[datetime], minutes: int
) -> None:
    assert max_age(changes) == timedelta(minutes=minutes)


def test_a_story_that_is_part_of_another_one_now_is_a_change() -> None:
    gone = Dissolved(story="b", into="a", at=NOON + HOUR, topics=("update",))
    assert changes_of([story(headline(1, first_seen_at=NOON))], [gone]) == (NOON, NOON + HOUR)
