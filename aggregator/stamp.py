"""What stands in state/public/, noted down beside it, so that the next run need not look."""

from collections.abc import Mapping
from pathlib import Path

import orjson

from aggregator.errors import StateError


def write_stamp(path: Path, stamp: Mapping[str, object]) -> None:
    """Replace the stamp whole.

    Raises:
        StateError: The disk is full, or may not be written.
    """
    aside = path.with_suffix(".tmp")
    try:
        aside.write_bytes(orjson.dumps(stamp))
        aside.replace(path)
    except OSError as error:
        raise StateError(f"{path}: cannot be written: {error.strerror}; free disk space") from error


def spoil_stamp(path: Path, *, settings: str, base_url: str) -> None:
    """Have a stamp of other settings than these stand for none: from now on, some files are theirs and some are ours.

    Whoever takes feeds.yaml back after a crash would else be shown a mixture until the next news.

    Raises:
        StateError: The disk is full, or may not be written.
    """
    try:
        stamp = orjson.loads(path.read_bytes())
        archive, others = stamp["archive"], stamp["settings"]
        same_url = archive["base_url"] == base_url
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is an older version's
        return
    if others != settings:
        write_stamp(path, {**stamp, "settings": "", "archive": {**archive, "base_url": base_url if same_url else ""}})
