"""feeds.yaml on the disk → the same with more sources: replaced as a whole, and only by what load/ has read and judged.

Shell: writes the operator's file.
"""

import codecs
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp

import yaml

from aggregator.errors import Fault, FeedsFileError
from aggregator.load.check import FeedsFile
from aggregator.load.insert import insert
from aggregator.load.subscriptions import Plan

_MODE = 0o644


def add_to_file(path: Path, plan: Plan, *, read: Callable[[Path], FeedsFile]) -> FeedsFile:
    """Write what is new into feeds.yaml; one that is missing is begun.

    Its comments, its layout and its permission bits stay. Where it is a symbolic link, the file it leads to changes.

    Args:
        path: Of feeds.yaml.
        plan: What is new.
        read: Reads and judges a whole file, or raises FeedsFileError.

    Returns:
        What the file says now.

    Raises:
        FeedsFileError: It cannot be used as it is, cannot be written, or cannot be added to; then it is as it was.
    """
    target = path.resolve()
    known = read(path) if target.exists() else None
    try:
        before = target.read_bytes() if known else b""
        descriptor, aside = mkstemp(prefix=".feeds-", suffix=".yaml", dir=target.parent)  # auth_file is beside it
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_extended(path, before, plan))
            file.flush()
            _take_over_rights(file.fileno(), target)
            os.fsync(file.fileno())
        feeds = _judged(path, Path(aside), plan, read=read, known=known)
        if before != (target.read_bytes() if target.exists() else b""):
            raise FeedsFileError(str(path), (Fault(line=0, text="changed meanwhile; try again"),))
        Path(aside).replace(target)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(aside).unlink()
    return feeds


def _take_over_rights(descriptor: int, target: Path) -> None:
    if not target.exists():
        os.fchmod(descriptor, _MODE)
        return
    old = target.stat()
    with contextlib.suppress(PermissionError):  # root may; to anybody else the file is theirs anyway
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, old.st_mode & 0o7777)  # after chown, which takes bits away


def _extended(path: Path, before: bytes, plan: Plan) -> bytes:
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    try:
        with_sources = insert(before.removeprefix(mark).decode(), "sources", plan.sources)
        return mark + insert(with_sources, "topics", plan.topics).encode()
    except (ValueError, yaml.YAMLError) as error:  # ValueError: no dash before a list
        raise FeedsFileError(str(path), _by_hand(plan)) from error


def _judged(
    path: Path, aside: Path, plan: Plan, *, read: Callable[[Path], FeedsFile], known: FeedsFile | None
) -> FeedsFile:
    """Read the new file: it must say all that the old one said, and the new sources."""
    try:
        feeds = read(aside)
    except FeedsFileError as error:
        raise FeedsFileError(str(path), (*_by_hand(plan), *error.faults)) from error
    kept = known.sources if known else ()
    if feeds.sources[: len(kept)] != kept or len(feeds.sources) != len(kept) + len(plan.sources):
        raise FeedsFileError(str(path), _by_hand(plan))
    return feeds


def _by_hand(plan: Plan) -> tuple[Fault, ...]:
    text = "cannot be added to without harm; write these below sources: yourself:"
    return (Fault(line=0, text="\n".join((text, *(f"  - {entry}" for entry in plan.sources[:5])))),)


def _unwritable(path: Path, error: OSError) -> FeedsFileError:
    text = f"cannot be written: {error.strerror}; look at its permissions and the disk"
    return FeedsFileError(str(path), (Fault(line=0, text=text),))
