import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from aggregator.commands.logs import log_to_file


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Log into a file; give the loggers back as they were."""
    root, ours, scheduler = logging.getLogger(), logging.getLogger("aggregator"), logging.getLogger("apscheduler")
    handlers, levels = root.handlers[:], [each.level for each in (root, ours, scheduler)]
    path = tmp_path / "state" / "log"
    log_to_file(path)
    yield path
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    for each, level in zip((root, ours, scheduler), levels, strict=True):
        each.setLevel(level)


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
