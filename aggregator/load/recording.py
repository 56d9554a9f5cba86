"""Recorded headlines → Headline values: one JSON object a line, as `aggregator headlines --json` writes them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from aggregator.entry import Origin
from aggregator.errors import Fault
from aggregator.headline import Headline


class _Recorded(BaseModel):
    """One line. Whatever else it holds is ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    uri: str
    source: str
    title: str
    published: datetime
    link: str | None = None
    language: str | None = None
    summary: str | None = None
    categories: tuple[str, ...] = ()
    untold: str = ""


def read_recording(lines: Iterable[bytes]) -> tuple[tuple[Headline, ...], tuple[Fault, ...]]:
    """Read a recording, in any order.

    Args:
        lines: JSON objects with uri, source (a name), title and published (RFC 3339; UTC where it names no zone), and
            perhaps link, language, summary, categories and untold. Empty lines are skipped.

    Returns:
        The headlines, each its own story and in no topic, with the uri for an id; by published, then uri. And a fault
        for each line that cannot be read.
    """
    headlines, faults = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            headlines.append(_headline(_Recorded.model_validate_json(line)))
        except (ValidationError, OverflowError) as error:
            faults.append(Fault(line=number, text=_told(error)))
    return tuple(sorted(headlines, key=lambda headline: (headline.published_at, headline.id))), tuple(faults)


def _headline(recorded: _Recorded) -> Headline:
    published = recorded.published
    at = published.replace(tzinfo=UTC) if published.tzinfo is None else published.astimezone(UTC)
    return Headline(
        id=recorded.uri,
        source=recorded.source,
        keys=(),
        story=recorded.uri,
        topics=(),
        guid=None,
        url=recorded.link,
        title=recorded.title,
        summary=recorded.summary or "",
        authors=(),
        categories=recorded.categories,
        language=recorded.language,
        enclosures=(),
        origin=Origin(id=recorded.source, title=recorded.source),
        published_at=at,
        first_seen_at=at,
        updated_at=at,
        untold=recorded.untold,
    )


def _told(error: ValidationError | OverflowError) -> str:
    if isinstance(error, OverflowError):  # year 1 in a zone east of Greenwich
        return "published: off the calendar; write it as in 2026-10-01T07:00:00Z"
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the line"
    return f"{place}: {first['msg'][:200]}; write a JSON object with uri, source, title, link, published and language"
