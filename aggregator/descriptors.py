"""How many files this process may have open, and who gets how many: the system counts sockets among them.

Whoever takes the last one breaks the others: a publisher that cannot be asked for want of a socket is blamed for it.
"""

import resource
from typing import Final

_OURS: Final = 32
"""state/, the log, the parsing children's pipes, the listener, and what is written and looked up at the moment."""


def for_readers() -> int:
    """Give how many readers may be connected: half of what we leave."""
    return max(1, _left() // 2)


def for_publishers() -> int:
    """Give how many connections to publishers may be open: a quarter of what we leave."""
    return max(1, _left() // 4)


def _left() -> int:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if allowed == resource.RLIM_INFINITY else allowed - _OURS
