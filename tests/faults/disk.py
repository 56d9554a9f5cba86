"""A disk that fails under a running daemon which knows nothing of it. Linux, with a C compiler."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("disk.c")
FAULTS: Final = {
    "read-only": f"{errno.EROFS} cwstrmu",
    "EIO": f"{errno.EIO} w",
    "EIO of a sync": f"{errno.EIO} s",
    "EDQUOT": f"{errno.EDQUOT} cwm",
}
"""What fails, and how: see disk.c."""


class Disk:
    """A folder on which calls fail when we say so.

    Attributes:
        env: Of whoever is to see it so.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        """Make ready, in a folder of its own, what stands before a program's calls below `root`."""
        self._fault = folder / "fault"
        library = folder / "disk.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
        self.env: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "DISK_FAULT": str(self._fault),
            "DISK_ROOT": f"{root}",
        }

    @contextmanager
    def failing(self, fault: str) -> Iterator[None]:
        """Have calls fail meanwhile: see FAULTS."""
        aside = self._fault.with_suffix(".tmp")
        aside.write_text(FAULTS[fault], encoding="ascii")
        aside.replace(self._fault)
        try:
            yield
        finally:
            self._fault.unlink()

    @staticmethod
    def is_possible() -> bool:
        return os.uname().sysname == "Linux" and shutil.which("gcc") is not None


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path | None]:
    """Mount a disk of our own. None: we may not."""
    folder.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(line, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no room on a disk, not even for a byte."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as written:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    written.write(b"x" * size)
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()
