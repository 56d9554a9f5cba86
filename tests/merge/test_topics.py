from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.entry import Origin
from aggregator.headline import Headline
from aggregator.merge.topics import topics_of
from aggregator.source import Source
from aggregator.topic import Topic

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DUNIA = Source(id="https://dunia.example/rss", name="Dunia", urls=("https://dunia.example/rss",))
KABUT = Headline(
    id="1",
    source=DUNIA.id,
    keys=(),
    story="1",
    topics=(),
    guid=None,
    url=None,
    title="Kabut",
    summary="",
    authors=(),
    categories=(),
    language="en-US",
    enclosures=(),
    origin=Origin(id=DUNIA.id, title="Dunia"),
    published_at=NOON,
    first_seen_at=NOON,
    updated_at=NOON,
)
ASAP = Topic(slug="asap", title="Asap")


def takes(headline: Headline, source: Source) -> bool:
    assert source is DUNIA
    return headline.title == "Kabut"


def leaves(headline: Headline, source: Source) -> bool:
    return not takes(headline, source)


@pytest.mark.parametrize(
    ("topic", "taken"),
    [
        pytest.param(replace(ASAP, everything=True), True, id="everything"),
        pytest.param(ASAP, False, id="no rule takes nothing"),
        pytest.param(replace(ASAP, match=takes), True, id="match"),
        pytest.param(replace(ASAP, match=leaves), False, id="no match"),
        pytest.param(replace(ASAP, sources=("Warta", "Dunia")), True, id="source"),
        pytest.param(replace(ASAP, sources=("Warta",)), False, id="another source"),
        pytest.param(replace(ASAP, languages=("id", "en")), True, id="language"),
        pytest.param(replace(ASAP, languages=("en-us",)), True, id="language and region"),
        pytest.param(replace(ASAP, languages=("en-gb",)), False, id="another region"),
        pytest.param(replace(ASAP, languages=("e",)), False, id="a piece of a language"),
        pytest.param(replace(ASAP, match=takes, sources=("Dunia",), languages=("en",)), True, id="all rules hold"),
        pytest.param(replace(ASAP, match=leaves, sources=("Dunia",), languages=("en",)), False, id="all but match"),
        pytest.param(replace(ASAP, match=takes, sources=("Warta",), languages=("en",)), False, id="all but source"),
        pytest.param(replace(ASAP, match=takes, sources=("Dunia",), languages=("id",)), False, id="all but language"),
    ],
)
def test_a_topic_takes_what_meets_its_rules(topic: Topic, *, taken: bool) -> None:
    assert topics_of(KABUT, DUNIA, [topic]) == (("asap",) if taken else ())


def test_a_source_names_a_topic_whatever_its_rules() -> None:
    dunia = replace(DUNIA, topics=("asap",))

    assert topics_of(KABUT, dunia, [replace(ASAP, sources=("Warta",))]) == ("asap",)


def test_no_language_is_in_no_language_topic() -> None:
    assert topics_of(replace(KABUT, language=None), DUNIA, [replace(ASAP, languages=("en",))]) == ()


def test_a_language_written_with_an_underscore_is_understood() -> None:
    assert topics_of(replace(KABUT, language="en_GB"), DUNIA, [replace(ASAP, languages=("en-gb",))]) == ("asap",)


def test_slugs_come_in_the_order_of_the_topics() -> None:
    topics = [replace(ASAP, slug=slug, everything=True) for slug in ("update", "popular", "asap")]

    assert topics_of(KABUT, DUNIA, topics) == ("update", "popular", "asap")
