"""What the parse tests read: our own documents in tests/pages, and real ones where a corpus lies beside the project."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.parse.job import Job
from aggregator.source import PageList

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://news.example/feeds/all.xml"
PAGES = Path(__file__).parents[1] / "pages"
CORPUS = Path("/work/shared/corpus")


def job(
    body: bytes, *, content_type: str = "", known: frozenset[str] = frozenset(), page: PageList | None = None
) -> Job:
    return Job(
        body=body,
        url=URL,
        content_type=content_type,
        page=page,
        zone=ZoneInfo("Asia/Jakarta"),
        language="id",
        now=NOW,
        known=known,
    )


def our(name: str) -> Job:
    return job((PAGES / name).read_bytes())


def rss(*items: str, head: str = "<title>Dunia</title>") -> bytes:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel>{head}{listed}</channel></rss>'.encode()


def real_documents(*, captured_only: bool = False) -> Iterator[tuple[str, bytes]]:
    """Give (name, bytes) of the corpus; the test is skipped where there is none."""
    inventory = CORPUS / "feeds_real" / "inventory.tsv"
    if not inventory.exists():
        pytest.skip("no corpus beside the project")
    for line in inventory.read_text(encoding="utf-8").splitlines()[1:]:
        name, *_, captured = line.split("\t")
        path = inventory.parent / name
        if (
            path.is_file()
            and path.suffix in {".xml", ".rss", ".atom", ".rdf"}
            and (captured == "1" or not captured_only)
        ):
            yield name, path.read_bytes()
