"""Who may read state/: its owner, and of public/ everybody."""

import re
import stat
from pathlib import Path
from typing import Final

_OURS: Final = re.compile(
    r"lock|((snapshot|journal)\.[1-9]\d*|edition|desk)(\.tmp)?|log(\.\d+)?|archive|(damaged|replaced)-\d+"
)
_FOLDER: Final = 0o711  # a web server goes through, to public/
_INSIDE: Final = 0o700


def tighten(directory: Path) -> tuple[str, ...]:
    """Take from everybody else what they may do in state/, where somebody let them.

    What is not ours stays as it is, and so does what is published. A folder that nobody may enter hides all in it.

    Returns:
        For people: what was changed.

    Raises:
        OSError: It may not be changed.
    """
    paths = [path for path in directory.iterdir() if _OURS.fullmatch(path.name)]
    return tuple(filter(None, (_tightened(directory, _FOLDER), *(_tightened(path, _INSIDE) for path in paths))))


def _tightened(path: Path, most: int) -> str | None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # another generation has begun
        return None
    before = stat.S_IMODE(mode)
    if stat.S_ISLNK(mode) or not before & 0o777 & ~most:
        return None
    path.chmod(before & most)
    return f"{path}: others could use it ({before:04o}); now it is {before & most:04o}"
