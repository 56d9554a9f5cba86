from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.entry import Origin
from aggregator.headline import Headline
from aggregator.merge.rank import HALF_LIFE, alone, pick, story_of
from aggregator.story import Story
from aggregator.topic import Topic

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def headline(id_: str, source: str = "dunia", story: str | None = None, at: datetime = NOON) -> Headline:
    return Headline(
        id=id_,
        source=source,
        keys=(),
        story=story or id_,
        topics=(),
        guid=None,
        url=None,
        title="Kabut",
        summary="",
        authors=(),
        categories=(),
        language=None,
        enclosures=(),
        origin=Origin(id=source, title=source),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
    )


def story(id_: str, source: str = "dunia", at: datetime = NOON) -> Story:
    return story_of([headline(id_, source, at=at)], {})


def ids(stories: tuple[Story, ...]) -> list[str]:
    return [story.id for story in stories]


def test_the_first_published_leads_among_equals() -> None:
    told = story_of([headline("1", "warta", "1", NOON + HOUR), headline("2", story="1"), headline("3", story="1")], {})

    assert (told.id, told.lead.id) == ("1", "2")
    assert [line.id for line in told.headlines] == ["2", "3", "1"]
    assert told.sources == ("dunia", "warta")


def test_the_weightiest_outlet_leads() -> None:
    told = story_of([headline("1"), headline("2", "warta", "1", NOON + HOUR)], {"warta": 1.5})

    assert told.lead.id == "2"
    assert told.published_at == NOON + HOUR


def test_twice_the_outlets_are_as_hot_as_one_a_half_life_later() -> None:
    two = story_of([headline("1"), headline("2", "warta", "1")], {})
    later = story_of([headline("3", at=NOON + HALF_LIFE)], {})

    assert two.heat == pytest.approx(later.heat, abs=1e-9)


def test_a_weight_of_two_counts_as_two_outlets() -> None:
    two = story_of([headline("1"), headline("2", "warta", "1")], {})
    heavy = story_of([headline("3")], {"dunia": 2.0})

    assert two.heat == pytest.approx(heavy.heat, abs=1e-9)


def test_an_outlet_that_repeats_itself_heats_nothing() -> None:
    once = story_of([headline("1")], {})
    often = story_of([headline("1"), *(headline(f"1{n}", story="1", at=NOON + n * HOUR) for n in range(1, 50))], {})

    assert once.heat == often.heat


def test_heat_does_not_depend_on_the_order_of_arrival() -> None:
    lines = [headline(f"{n}", f"source {n}", "0", NOON + n * HOUR) for n in range(50)]

    assert story_of(lines, {}) == story_of(lines[::-1], {})


def test_heat_is_a_number_at_either_end_of_the_calendar() -> None:
    lines = [headline("1", at=datetime(1995, 1, 1, tzinfo=UTC)), headline("2", "warta", "1", NOON)]

    assert story_of(lines, {}).heat == pytest.approx(story("3").heat)
    assert story_of(lines, {"dunia": 0.0, "warta": 0.0}).heat > 0


def test_a_headline_alone_has_its_own_id() -> None:
    folded = headline("2", story="1")

    assert (story_of([folded], {}).id, alone(folded, {}).id) == ("1", "2")


def test_a_chatty_source_does_not_flood_a_topic() -> None:
    topic = Topic(slug="asap", title="Asap", per_source=2)
    stories = [story(f"{n}", at=NOON - n * HOUR) for n in range(9)] + [story("w", "warta", NOON - 20 * HOUR)]

    assert ids(pick(topic, stories)) == ["0", "1", "w"]


def test_the_limit_counts_after_the_cap() -> None:
    topic = Topic(slug="asap", title="Asap", per_source=1, limit=2)
    stories = [story("1"), story("2"), story("3", "warta"), story("4", "kabar")]

    assert ids(pick(topic, stories)) == ["1", "3"]


def test_picking_keeps_the_order_and_draws_no_more_than_it_needs() -> None:
    drawn: list[str] = []

    def endless() -> Iterator[Story]:
        for n in range(1000):
            drawn.append(f"{n}")
            yield story(f"{n}", at=NOON + n * HOUR)

    assert ids(pick(Topic(slug="asap", title="Asap", limit=3), endless())) == ["0", "1", "2"]
    assert drawn == ["0", "1", "2"]
