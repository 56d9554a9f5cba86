"""What keeps an open page current: a document of its own, because the pages' policy forbids scripts inside them."""

from importlib.resources import files
from typing import Final

SCRIPT_TYPE: Final = "text/javascript; charset=utf-8"
SCRIPT_PATH: Final = "live.js"


def script() -> bytes:
    """Give "live.js"."""
    return (files(__package__) / "templates" / SCRIPT_PATH).read_bytes()
