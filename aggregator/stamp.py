"""What stands in state/public/, noted down beside it, so that the next run need not look."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

import orjson

from aggregator import VERSION
from aggregator.errors import StateError
from aggregator.site import Site
from aggregator.source import Source
from aggregator.store.whole import put_whole, whole
from aggregator.topic import Topic


def write_stamp(path: Path, stamp: Mapping[str, object], *, surely: bool = False) -> None:
    """Replace the stamp whole; `surely`: a power cut must not bring the earlier one back.

    Raises:
        StateError: The disk is full, or may not be written.
    """
    try:
        put_whole(path, (orjson.dumps(stamp),), surely=surely)
    except OSError as error:
        raise StateError(f"{path}: cannot be written: {error.strerror}; free disk space") from error


def spoil_stamp(path: Path, *, settings: str, base_url: str) -> None:
    """Have a stamp of other settings than these stand for none: from now on, some files are theirs and some are ours.

    Whoever takes feeds.yaml back after a crash, or a power cut, would else be shown a mixture until the next news.

    Raises:
        StateError: The disk is full, or may not be written.
    """
    try:
        stamp = orjson.loads(whole(path) or b"")
        archive, others = stamp["archive"], stamp["settings"]
        same_url = archive["base_url"] == base_url
    except (ValueError, KeyError, TypeError):  # there is none, or it is an older version's
        return
    if others != settings:
        spoilt = {**stamp, "settings": "", "archive": {**archive, "base_url": base_url if same_url else ""}}
        if spoilt != stamp:
            write_stamp(path, spoilt, surely=True)


@cache
def _program() -> tuple[tuple[str, int, int], ...]:
    """Name what writes documents: a checkout that is updated keeps its version, and is to write them anew."""
    folder = Path(__file__).parent / "publish"
    found = ((path, path.stat()) for path in folder.rglob("*") if path.suffix in {".py", ".html", ".css", ".js"})
    return tuple(sorted((path.name, status.st_size, status.st_mtime_ns) for path, status in found))


def settings_of(
    site: Site, base_url: str, topics: Sequence[Topic], sources: Sequence[Source], *, has_archives: bool
) -> str:
    """Name everything but the news that decides the bytes."""
    shown = [
        (it.slug, it.title, it.one_per, it.order, it.retell, it.half_life, it.limit, it.per_source) for it in topics
    ]
    names = [(source.id, source.name, source.weight) for source in sources]
    listed = [(source.urls, source.topics, source.page, source.language) for source in sources]
    rhythms = [(source.zone.key, source.every, source.cron) for source in sources]
    named = (VERSION, _program(), site, base_url, shown, names, listed, rhythms, has_archives)
    return blake2b(repr(named).encode(), digest_size=16).hexdigest()
