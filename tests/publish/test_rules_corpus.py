"""The rules of judge/ over all that real publishers wrote: read, accepted and published as the daemon does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from aggregator.errors import NotAFeedError
from aggregator.headline import Headline
from aggregator.source import PageList
from tests.publish.judge.editions import edition, headlines_in, judged, told

CORPUS: Final = Path("/work/shared/corpus")
TOGETHER: Final = 100

pytestmark = pytest.mark.skipif(not (CORPUS / "feeds_real").is_dir(), reason="the corpus is not on this machine")


def documents() -> Iterator[Path]:
    for folder in ("feeds_real", "feeds_id", "html_id"):
        yield from (
            path
            for path in sorted((CORPUS / folder).rglob("*"))
            if path.suffix in {".xml", ".rss", ".atom", ".json", ".html"}
        )


def headlines() -> Iterator[Headline]:
    for path in documents():
        page = PageList() if path.suffix == ".html" else None
        try:
            yield from headlines_in(path.read_bytes(), f"https://corpus.example/{path.relative_to(CORPUS)}", page=page)
        except NotAFeedError:
            continue


def test_what_real_publishers_wrote_is_published_without_a_fault_or_a_warning() -> None:
    stories = told({headline.id: headline for headline in headlines()}.values())
    assert len(stories) > 1_000
    found = [
        verdict
        for first in range(0, len(stories), TOGETHER)
        for verdict in judged(edition(stories[first : first + TOGETHER]))
    ]
    assert found == []
