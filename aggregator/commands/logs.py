"""Log lines: one event a line, and nothing from a source that a terminal could obey, nor of the operator's secrets."""

import json
import logging
import logging.handlers
import os
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

from aggregator.commands.options import LogFormat
from aggregator.publish.outgoing import rfc3339, text_without_secrets

_FILE_BYTES: Final = 4 << 20
_UNPRINTABLE: Final = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), "�")
_NOT_EXTRA: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "time",
    "level",
    "logger",
    "exception",
}


class _Text(logging.Formatter):
    """Keeps what is logged on its line: a title with a newline or an escape must not write a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        record.message = _fit(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802  logging's name, and its three types
        """Keep the lines of a traceback, and indent them: what it quotes cannot look like a line of ours."""
        return "\n".join(f"    {line}" for line in _traceback(super().formatException(ei)))


class _Json(logging.Formatter):
    """One object a line, in ASCII: any text is escaped. What was given as `extra` has fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _fit(record.getMessage()),
        }
        more = {key: _field(value) for key, value in vars(record).items() if key not in _NOT_EXTRA}
        if record.exc_info:
            more["exception"] = "\n".join(_traceback(self.formatException(record.exc_info)))
        return json.dumps({**told, **more})


class _File(logging.handlers.RotatingFileHandler):
    """A file that only we may read, from its first byte on. A full disk costs the lines that it has no room for."""

    def _open(self) -> TextIOWrapper:
        private = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return TextIOWrapper(os.fdopen(private, "ab"), encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Leave the terminal to the live view, which says that the disk is full."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def log_to_stderr(log_format: LogFormat) -> None:
    """Log where a service manager or a shell sees it."""
    _log_to(logging.StreamHandler(), log_format)


def log_to_file(path: Path, log_format: LogFormat) -> None:
    """Log into a file of at most 4 MiB, with one predecessor, while the terminal shows the live view."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    _log_to(
        _File(path, maxBytes=_FILE_BYTES, backupCount=1, encoding="utf-8", errors="backslashreplace"),
        log_format,
    )
    path.chmod(0o600)


def _log_to(handler: logging.Handler, log_format: LogFormat) -> None:
    is_json = log_format is LogFormat.JSON
    handler.setFormatter(_Json() if is_json else _Text("%(asctime)s %(levelname)-7s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("aggregator").setLevel(logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns each second of work that takes longer


def _fit(text: str) -> str:
    return text_without_secrets(text.translate(_UNPRINTABLE))


def _traceback(text: str) -> list[str]:
    return [_fit(line) for line in text.splitlines()]


def _field(value: object) -> str | float | bool | None:
    return value if value is None or isinstance(value, (int, float)) else _fit(str(value))
