from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.entry import Origin
from aggregator.headline import Headline, Revision
from aggregator.merge.rank import pick, story_of
from aggregator.merge.slip import Slip, slip_of
from aggregator.story import Story
from aggregator.topic import Retell, Topic

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ASAP = Topic(slug="asap", title="Asap")


def headline(id_: str, source: str = "dunia", story: str | None = None, at: datetime = NOON, late: int = 0) -> Headline:
    """One that was seen `late` hours after it was published."""
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
        first_seen_at=at + late * HOUR,
        updated_at=at,
    )


def revised(line: Headline, at: datetime) -> Headline:
    return replace(line, updated_at=at, revisions=(Revision(title="Asap", until=at),))


def told(*headlines: Headline, topic: Topic = ASAP, weights: dict[str, float] | None = None) -> Story:
    return story_of(topic, [(slip_of(line, weights or {}), line) for line in headlines])


FIRST = headline("1")
OTHER = headline("2", "warta", "1", NOON - HOUR, late=3)  # published before the first, and found after it


def test_the_headline_that_readers_know_the_story_since_leads_among_equals() -> None:
    later = [headline("2", "warta", "1", late=2), headline("3", "kabar", "1", late=1)]

    assert told(FIRST, *later).lead == FIRST
    assert told(*later).lead.id == "3"  # in a topic without the first


def test_who_claims_to_have_been_earlier_takes_no_item_over() -> None:
    story = told(FIRST, OTHER)

    assert (story.lead, story.published_at) == (FIRST, NOON)
    assert [line.id for line in story.headlines] == ["2", "1"]  # in the order of their dates, whoever leads


def test_the_weightiest_outlet_leads_and_moves_no_date() -> None:
    joined = headline("2", "warta", "1", NOON + HOUR, late=1)
    light, heavy = told(FIRST, joined), told(FIRST, joined, weights={"warta": 1.5})

    assert (light.lead.id, heavy.lead.id) == ("1", "2")
    assert (heavy.id, heavy.published_at, heavy.updated_at) == (light.id, light.published_at, light.updated_at)


def test_a_story_told_by_one_outlet_is_as_old_as_it() -> None:
    again = headline("3", story="1", at=NOON + HOUR, late=1)

    assert (told(FIRST).published_at, told(FIRST).updated_at) == (NOON, NOON)
    assert (told(FIRST, again).published_at, told(FIRST, again).updated_at) == (NOON, NOON)


@pytest.mark.parametrize(
    ("retell", "joined", "changed"),
    [
        pytest.param("never", NOON, NOON, id="never"),
        pytest.param("outlet", NOON + 2 * HOUR, NOON, id="outlet"),
        pytest.param("revision", NOON, NOON + 5 * HOUR, id="revision"),
    ],
)
def test_readers_are_told_again_of_what_the_topic_says_only(
    retell: Retell, joined: datetime, changed: datetime
) -> None:
    topic = replace(ASAP, retell=retell)
    further, edited = told(FIRST, OTHER, topic=topic), told(revised(FIRST, NOON + 5 * HOUR), topic=topic)

    assert (further.published_at, further.updated_at) == (joined, NOON + 2 * HOUR)
    assert (edited.published_at, edited.updated_at) == (changed, NOON + 5 * HOUR)


def test_who_is_found_late_joins_when_it_is_found() -> None:
    assert told(OTHER, FIRST).published_at == NOON
    assert told(OTHER, FIRST).updated_at == NOON + 2 * HOUR


def test_who_was_found_in_the_same_instant_as_the_first_does_not_date_the_story() -> None:
    assert told(headline("0", "warta", "1", NOON - HOUR, late=1), FIRST).published_at == NOON


def test_an_outlet_that_adds_a_headline_is_no_further_outlet() -> None:
    again = headline("3", "warta", "1", NOON + 9 * HOUR)

    assert told(FIRST, OTHER, again).updated_at == told(FIRST, OTHER).updated_at


def test_a_topic_without_the_storys_first_headline_knows_it_since_its_own_first() -> None:
    early, late = headline("8", "kabar", "1", NOON - 9 * HOUR, late=30), headline("9", "suara", "1", NOON, late=5)

    assert told(late).published_at == NOON
    assert told(late, early).published_at == NOON
    assert told(late, early, FIRST).published_at == NOON


def test_one_item_per_headline_is_the_headlines_own() -> None:
    each = replace(ASAP, one_per="headline")
    story = told(OTHER, topic=each)

    assert (told(OTHER).id, story.id, story.published_at, story.updated_at) == ("1", "2", NOON - HOUR, NOON - HOUR)


def test_the_order_of_arrival_changes_nothing() -> None:
    lines = [headline(f"{n}", f"source {n}", "0", NOON + n * HOUR, late=n % 3) for n in range(50)]

    assert told(*lines) == told(*lines[::-1])


def item(*headlines: Headline) -> tuple[Slip, ...]:
    return tuple(slip_of(line, {}) for line in headlines)


def stories(items: tuple[tuple[Slip, ...], ...]) -> list[str]:
    return [slips[0].story for slips in items]


def several() -> Iterator[tuple[Slip, ...]]:
    for n in range(9):
        yield item(headline(f"{n}", at=NOON - n * HOUR))
    yield item(headline("w", "warta", at=NOON - 20 * HOUR))


def test_a_chatty_source_does_not_flood_a_topic() -> None:
    assert stories(pick(replace(ASAP, per_source=2), several())) == ["0", "1", "w"]


def test_the_cap_counts_who_leads() -> None:
    led = [item(headline(f"{n}", at=NOON - n * HOUR), headline(f"{n}w", "warta", f"{n}")) for n in range(3)]
    led[1] = led[1][::-1]

    assert stories(pick(replace(ASAP, per_source=2), [*led, *several()])) == ["0", "1", "w"]


def test_the_limit_counts_after_the_cap() -> None:
    four = [item(headline(n, source)) for n, source in zip("1234", "ddwk", strict=True)]

    assert stories(pick(replace(ASAP, per_source=1, limit=2), four)) == ["1", "3"]


def test_picking_keeps_the_order_and_draws_no_more_than_it_needs() -> None:
    drawn: list[str] = []

    def endless() -> Iterator[tuple[Slip, ...]]:
        for n in range(1000):
            drawn.append(f"{n}")
            yield item(headline(f"{n}", at=NOON + n * HOUR))

    assert stories(pick(replace(ASAP, limit=3), endless())) == ["0", "1", "2"]
    assert drawn == ["0", "1", "2"]
