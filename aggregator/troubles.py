"""Recurring work that fails: told once, shown in our health, and done again at its next turn, or sooner."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.errors import StateError

_log = logging.getLogger(__name__)


class Troubles:
    """What is wrong at this moment, by the work that it keeps from being done. False: nothing is."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._of: dict[str, str] = {}
        self._by_state = set[str]()

    def __bool__(self) -> bool:
        """Say whether anything is wrong."""
        return bool(self._of)

    @property
    def health(self) -> str:
        """Say "ok", or what is wrong."""
        return f"degraded: {'; '.join(dict.fromkeys(self._of.values()))}" if self._of else "ok"

    def is_held_up(self, work: str) -> bool:
        """Say whether state/ kept a work from being done: the operator frees disk, and need not wait for its turn."""
        return work in self._by_state

    @contextmanager
    def watched(self, work: str) -> Iterator[None]:
        """Let recurring work fail: the next turn tries again."""
        try:
            yield
        except StateError as error:
            self.began(work, str(error))
        except Exception:  # noqa: BLE001  a bug; whatever it breaks, the other work goes on
            if work not in self._of:
                _log.exception("%s failed by a fault of ours; please report this", work)
            self._of[work] = f"{work} failed by a fault of ours; see the log"
            self._by_state.discard(work)
        else:
            self.ended(work)

    def began(self, work: str, error: str) -> None:
        """Note what is wrong with state/; it is logged if nothing else says the same."""
        if error not in self._of.values():
            _log.error("%s", error)
        self._of[work] = error
        self._by_state.add(work)

    def ended(self, work: str) -> None:
        """Note that a work was done."""
        self._of.pop(work, None)
        self._by_state.discard(work)
