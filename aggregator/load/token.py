"""The file of `site.token_file` → the token."""

from pathlib import Path
from typing import Final

from aggregator.site import Token, secret_in

_LIMIT_BYTES: Final = 4_096


def read_token(path: Path) -> Token:
    """Read a file with one token.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no token; says what to write.
    """
    with path.open("rb") as file:
        return Token(file=path, secret=secret_in(file.read(_LIMIT_BYTES).decode("ascii", "replace")))
