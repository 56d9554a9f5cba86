"""Log lines: one event a line, and nothing from a source that a terminal could obey."""

import logging
import logging.handlers
from pathlib import Path
from typing import Any

_FILE_BYTES = 4 << 20
_UNPRINTABLE = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), "�")


class _OneLine(logging.Formatter):
    """Keeps what is logged on its line: a title with a newline or an escape must not write a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        record.message = record.message.translate(_UNPRINTABLE)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802  logging's name, and its three types
        """Keep the lines of a traceback, and indent them: what it quotes cannot look like a line of ours."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"    {line.translate(_UNPRINTABLE)}" for line in lines)


def log_to_stderr() -> None:
    """Log where a service manager or a shell sees it."""
    _log_to(logging.StreamHandler())


def log_to_file(path: Path) -> None:
    """Log into a file of at most 4 MiB, with one predecessor, while the terminal shows the live view."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    _log_to(logging.handlers.RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=1, encoding="utf-8"))
    path.chmod(0o600)


def _log_to(handler: logging.Handler) -> None:
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)-7s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aggregator").setLevel(logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns each second of work that takes longer
