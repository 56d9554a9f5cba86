"""feeds.yaml on the disk → FeedsFile."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.errors import Fault, FeedsFileError
from aggregator.load.check import LIMIT_FAULTS, FeedsFile, check
from aggregator.load.keys import Outside
from aggregator.load.tree import read_tree
from aggregator.topic import Match

__all__ = ["FeedsFile", "Found", "find_feeds_file", "read_feeds_file"]

LIMIT_BYTES: Final = 32 * 1024 * 1024  # 100,000 sources take 8

_PACKAGE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Which feeds.yaml is meant.

    Attributes:
        path: Perhaps of no file: reading it says so.
        shipped: It is the one that came with the program.
    """

    path: Path
    shipped: bool


def find_feeds_file(named: Path | None) -> Found:
    """Choose the file: the one named (`--feeds`), else ./feeds.yaml, else the one that came with the program.

    A wheel carries it inside the package; a checkout (an editable install) has it beside pyproject.toml.
    """
    here = Path("feeds.yaml")
    if named is not None or here.exists():
        return Found(path=named or here, shipped=False)
    packed = _PACKAGE / "feeds.yaml"
    return Found(path=packed if packed.exists() else _PACKAGE.parent / "feeds.yaml", shipped=True)


def read_feeds_file(path: Path, *, read_match: Callable[[str], Match], check_cron: Callable[[str], None]) -> FeedsFile:
    """Read and check a whole file.

    Args:
        path: Relative paths inside the file start at its folder.
        read_match: Compiles a match expression, or raises ValueError with what is wrong.
        check_cron: Raises ValueError with what is wrong with a cron expression.

    Raises:
        FeedsFileError: The file cannot be used. It names every fault, at most LIMIT_FAULTS of them.
    """
    folder = path.absolute().parent
    outside = Outside(read_match=read_match, check_cron=check_cron, find_file=lambda name: _find_file(folder / name))
    root, unread = read_tree(_read_text(path))
    feeds, faults = (None, ()) if root is None else check(root, path=path, outside=outside)
    if feeds is None or unread:
        raise FeedsFileError(str(path), _first(unread + faults))
    return feeds


def _first(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    if len(faults) <= LIMIT_FAULTS:
        return faults
    told = sorted(faults)[:LIMIT_FAULTS]
    return (*told, Fault(line=told[-1].line, text="more faults follow; mend these first"))


def _read_text(path: Path) -> str:
    def fault(text: str, line: int = 0) -> FeedsFileError:
        return FeedsFileError(str(path), (Fault(line=line, text=text),))

    try:
        with path.open("rb") as file:
            written = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise fault("there is no such file; name another with --feeds") from None
    except IsADirectoryError:
        raise fault("is a folder; name a file with --feeds") from None
    except OSError as error:
        raise fault(f"cannot be read: {error.strerror}; look at its permissions") from error
    if len(written) > LIMIT_BYTES:
        raise fault(f"is larger than {LIMIT_BYTES // 1024 // 1024} MiB; split it")
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len((written[: error.start].decode() + "?").splitlines())
        raise fault("is not UTF-8 here; save the file as UTF-8", line) from error


def _find_file(path: Path) -> Path:
    try:
        if not path.is_file():  # opening a pipe would wait for its writer
            raise ValueError("there is no such file; write the path of a file that can be read")
        with path.open("rb"):
            return path
    except OSError as error:
        raise ValueError(f"{error.strerror}; write the path of a file that can be read") from error
