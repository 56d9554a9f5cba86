import errno
import io
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.commands.logs import log_to_file
from aggregator.commands.options import LogFormat


@contextmanager
def logging_to(path: Path, log_format: LogFormat) -> Iterator[Path]:
    """Log into a file; give the loggers back as they were."""
    root, ours, scheduler = logging.getLogger(), logging.getLogger("aggregator"), logging.getLogger("apscheduler")
    handlers, levels = root.handlers[:], [each.level for each in (root, ours, scheduler)]
    log_to_file(path, log_format)
    yield path
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    for each, level in zip((root, ours, scheduler), levels, strict=True):
        each.setLevel(level)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    with logging_to(tmp_path / "state" / "log", LogFormat.TEXT) as path:
        yield path


@contextmanager
def telling(text: str) -> Iterator[None]:
    """Log what is raised, and raise it again."""
    try:
        yield
    except RuntimeError:
        logging.getLogger("aggregator").exception(text)
        raise


def test_what_a_source_says_stays_on_one_line_and_cannot_steer_a_terminal(log: Path) -> None:
    logging.getLogger("aggregator.poll").warning("%s: failed", "Satu\n2026 ERROR forged\x1b[31m\x9b2J\u2028")

    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert line.endswith("WARNING Satu�2026 ERROR forged�[31m�2J�: failed")


def test_a_traceback_is_whole_and_its_quotations_cannot_look_like_lines_of_the_log(log: Path) -> None:
    with suppress(RuntimeError), telling("Satu: the pass failed"):
        raise RuntimeError("quoted\n2026-01-01 ERROR forged \x1b[2J")

    first, *rest = log.read_text(encoding="utf-8").splitlines()
    assert first.endswith("ERROR   Satu: the pass failed")
    assert all(line.startswith("    ") for line in rest)
    assert rest[-1] == "    2026-01-01 ERROR forged �[2J"
    assert any("test_logs.py" in line for line in rest)


def test_other_libraries_are_heard_from_warnings_on_and_the_scheduler_from_errors_on(log: Path) -> None:
    for name in ("aggregator", "asyncio", "apscheduler.scheduler"):
        logging.getLogger(name).info("%s informs", name)
        logging.getLogger(name).warning("%s warns", name)
        logging.getLogger(name).error("%s fails", name)

    told = [line.split(maxsplit=3)[3] for line in log.read_text().splitlines()]
    assert told == [
        "aggregator informs",
        "aggregator warns",
        "aggregator fails",
        "asyncio warns",
        "asyncio fails",
        "apscheduler.scheduler fails",
    ]


def test_the_file_is_the_operators_alone(log: Path) -> None:
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o711


@pytest.fixture
def json_log(tmp_path: Path) -> Iterator[Path]:
    with logging_to(tmp_path / "log", LogFormat.JSON) as path:
        yield path


def objects(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="ascii").splitlines()]


def test_a_line_of_json_tells_when_how_bad_who_what_and_the_fields(json_log: Path) -> None:
    logging.getLogger("aggregator.daemon").warning(
        "%s: Führt", "Satu", extra={"source": "Satu", "status": 503, "x": ()}
    )

    (told,) = objects(json_log)
    at = datetime.fromisoformat(told["time"])
    assert told["time"].endswith("Z")
    assert at.utcoffset() == timedelta()
    assert told == {
        "time": told["time"],
        "level": "warning",
        "logger": "aggregator.daemon",
        "message": "Satu: Führt",
        "source": "Satu",
        "status": 503,
        "x": "()",
    }


@pytest.mark.parametrize("hostile", ["a\nb", "a\r\n{}", "\u2028", "\x85", "\x1b[2J", '", "level": "x', "\0"], ids=ascii)
def test_no_text_adds_a_line_or_a_field_or_steers_a_terminal(json_log: Path, hostile: str) -> None:
    logging.getLogger("aggregator").error("%s", hostile, extra={"source": hostile, "level": hostile})

    (told,) = objects(json_log)
    assert set(told) == {"time", "level", "logger", "message", "source"}
    assert told["level"] == "error"
    assert told["message"] == told["source"]
    assert not {*told["message"]} & {*map(chr, range(32)), "\x85", "\u2028"}


def test_half_a_character_is_escaped(json_log: Path) -> None:
    """Handed to our handler alone: what pytest captures besides has to travel from one process to another."""
    (handler,) = (it for it in logging.getLogger().handlers if isinstance(it, logging.FileHandler))
    handler.handle(logging.makeLogRecord({"msg": "\ud800", "name": "aggregator"}))

    assert [told["message"] for told in objects(json_log)] == ["\ud800"]


def test_an_exception_is_one_field(json_log: Path) -> None:
    with suppress(RuntimeError), telling("Satu: the pass failed"):
        raise RuntimeError("quoted\n{} \x1b[2J")

    (told,) = objects(json_log)
    first, *_, before_last, last = told["exception"].split("\n")
    assert first == "Traceback (most recent call last):"
    assert (before_last, last) == ("RuntimeError: quoted", "{} �[2J")


@pytest.mark.parametrize("log_format", LogFormat)
def test_addresses_are_logged_without_secrets(tmp_path: Path, log_format: LogFormat) -> None:
    secret = "https://joko:hunter2@news.example/feed?page=2&token=hunter2"
    with logging_to(tmp_path / "log", log_format) as log:
        with suppress(RuntimeError), telling(f"{secret}: failed; HTTP://x:hunter2@y/"):
            raise RuntimeError(f"cannot read <{secret}>, http://[hunter2 and http://a/?sig=hunter2")
        logging.getLogger("aggregator").warning("moved", extra={"source": secret})
        told = log.read_text(encoding="utf-8")

    assert "https://news.example/feed?page=2: failed" in told
    assert "cannot read <https://news.example/feed?page=2>, (an address) and http://a/" in told
    assert "hunter2" not in told


def test_the_log_and_what_it_was_before_are_the_operators_alone(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger().handlers[0], "maxBytes", 100)
    for number in range(4):
        logging.getLogger("aggregator").warning("line %d %s", number, "x" * 60)

    files = sorted(log.parent.glob("log*"))
    assert [path.name for path in files] == ["log", "log.1"]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600, 0o600]


class Full(io.StringIO):
    """A disk without room."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_under_the_log_ends_nothing_and_writes_nothing_over_the_live_view(
    log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handler, ours = logging.getLogger().handlers[0], logging.getLogger("aggregator")
    assert isinstance(handler, logging.StreamHandler)
    disk = handler.setStream(Full())
    ours.warning("Satu: %s", "x" * 100)
    handler.setStream(disk)
    ours.warning("Satu: there is space again")

    assert capfd.readouterr() == ("", "")
    assert log.read_text(encoding="utf-8").count("Satu") == 1
