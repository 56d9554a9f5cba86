import asyncio
import os
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from aggregator.commands.service import Manager, manager_in


@pytest.fixture(params=["a path", "an abstract address"])
def mail(request: pytest.FixtureRequest) -> Iterator[tuple[str, socket.socket]]:
    """A manager's socket, and what it would write in NOTIFY_SOCKET."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mail:
        address = f"{folder}/notify" if request.param == "a path" else f"@aggregator-{secrets.token_hex(8)}"
        mail.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        mail.settimeout(0)
        yield address, mail


def told(mail: socket.socket) -> list[str]:
    lines = []
    while True:
        try:
            lines.append(mail.recv(4096).decode())
        except BlockingIOError:
            return lines


async def test_a_manager_is_told_of_the_start_the_turning_loop_a_reload_and_the_end(
    mail: tuple[str, socket.socket],
) -> None:
    address, letters = mail
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000", "WATCHDOG_PID": str(os.getpid()), "TERM": "x"}
    manager = manager_in(environment)
    attending = asyncio.create_task(manager.attend())
    lines: list[str] = []
    async with asyncio.timeout(30):
        while lines.count("WATCHDOG=1") < 2:
            await asyncio.sleep(0.01)
            lines += told(letters)
    told(letters)
    time.sleep(0.05)  # noqa: ASYNC251  five beats, but the loop stands still
    assert told(letters) == []
    with manager.reloading():
        (begun,) = told(letters)
    attending.cancel()
    await asyncio.gather(attending, return_exceptions=True)

    assert environment == {"TERM": "x"}  # no child speaks in our name
    assert lines[0] == "READY=1"
    assert begun.startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert told(letters) == ["READY=1", "STOPPING=1"]


@pytest.mark.parametrize(
    ("environment", "manager"),
    [
        ({}, Manager(address=None, watchdog_seconds=None)),
        ({"NOTIFY_SOCKET": ""}, Manager(address=None, watchdog_seconds=None)),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "1500000"}, Manager(address="\0a", watchdog_seconds=1.5)),
        (
            {"NOTIFY_SOCKET": "/a", "WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"},
            Manager(address="/a", watchdog_seconds=None),
        ),
        ({"NOTIFY_SOCKET": "/a", "WATCHDOG_USEC": "often"}, Manager(address="/a", watchdog_seconds=None)),
        ({"NOTIFY_SOCKET": "/a", "WATCHDOG_USEC": "0"}, Manager(address="/a", watchdog_seconds=None)),
    ],
    ids=["nobody asks", "empty", "watchdog", "of another process", "no number", "zero"],
)
def test_the_environment_says_who_is_told(environment: dict[str, str], manager: Manager) -> None:
    assert manager_in(environment) == manager


def test_a_manager_that_is_gone_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Manager(address=str(tmp_path / "nobody"), watchdog_seconds=None).tell("READY=1")
    Manager(address=None, watchdog_seconds=None).tell("READY=1")

    assert [record.getMessage().partition(": ")[0] for record in caplog.records] == [
        "the service manager could not be told READY=1"
    ]
