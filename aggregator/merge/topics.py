"""Headline → the topics it is in."""

from collections.abc import Sequence

from aggregator.headline import Headline
from aggregator.source import Source
from aggregator.topic import Topic


def topics_of(headline: Headline, source: Source, topics: Sequence[Topic]) -> tuple[str, ...]:
    """Give the slugs of the topics that take a headline of this source, in the topics' order.

    A topic takes everything, or what its sources send it by name, or what meets all the rules that it gives.
    """
    return tuple(topic.slug for topic in topics if _takes(topic, headline, source))


def _takes(topic: Topic, headline: Headline, source: Source) -> bool:
    if topic.everything or topic.slug in source.topics:
        return True
    if topic.match is None and not topic.sources and not topic.languages:
        return False
    # Last what costs most.
    return (
        (not topic.sources or source.name in topic.sources)
        and (not topic.languages or _speaks(headline.language, topic.languages))
        and (topic.match is None or topic.match(headline, source))
    )


def rule_of(topic: Topic, headline: Headline, source: Source) -> str:
    """Say in words by which rule a topic takes a headline of this source; "" where it does not."""
    if not _takes(topic, headline, source):
        return ""
    if topic.everything:
        return "it takes everything"
    if topic.slug in source.topics:
        return f"{source.name} sends it all it has"
    return ", ".join(
        filter(
            None,
            [
                f"match: {topic.match_text}" if topic.match_text else "",
                f"sources: {', '.join(topic.sources)}" if topic.sources else "",
                f"languages: {', '.join(topic.languages)}" if topic.languages else "",
            ],
        )
    )


def _speaks(language: str | None, ranges: Sequence[str]) -> bool:
    """RFC 4647 §3.3.1, basic filtering: "en" takes "en-us", not "eng". "_" is read as "-", as many feeds write it."""
    if language is None:
        return False
    tag = language.lower().replace("_", "-")
    return any(tag == wanted or tag.startswith(f"{wanted}-") for wanted in ranges)
