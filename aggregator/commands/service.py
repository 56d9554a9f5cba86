"""The daemon → a service manager that wants to know how it does: systemd, or any that speaks sd_notify(3).

Nothing is told unless the manager asked for it, by NOTIFY_SOCKET in the environment.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Final

_SECONDS: Final = 1.0  # that a manager may keep us waiting
_BEATS: Final = 3  # in the time after which the manager takes us for stuck

_log = logging.getLogger("aggregator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    r"""Who is told.

    Attributes:
        address: Of its datagram socket; "\0…" for an abstract one. None: nobody is told.
        watchdog_seconds: It restarts us when it has heard nothing for so long. None: it does not.
    """

    address: str | None
    watchdog_seconds: float | None

    def tell(self, *lines: str) -> None:
        """Send one message."""
        if self.address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as mail:
                mail.settimeout(_SECONDS)
                mail.sendto("\n".join(lines).encode(), self.address)
        except OSError as error:
            _log.warning("the service manager could not be told %s: %s", lines[0], error)

    async def attend(self) -> None:
        """Tell that we are ready, then that the event loop still turns, and at last that we are about to end."""
        self.tell("READY=1")
        try:
            while self.watchdog_seconds is not None:
                await asyncio.sleep(self.watchdog_seconds / _BEATS)
                self.tell("WATCHDOG=1")
            await asyncio.Event().wait()
        finally:
            self.tell("STOPPING=1")

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """Tell that feeds.yaml is read again, and when that is over, well or not."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            yield
        finally:
            self.tell("READY=1")


def manager_in(environment: MutableMapping[str, str]) -> Manager:
    """Find out who is to be told, and take it out of the environment: our children are not to speak in our name."""
    address = environment.pop("NOTIFY_SOCKET", "")
    microseconds, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
    is_ours = pid in {"", str(os.getpid())}
    return Manager(
        address=(f"\0{address[1:]}" if address.startswith("@") else address) or None,
        watchdog_seconds=int(microseconds) / 1e6
        if microseconds.isdecimal() and int(microseconds) and is_ours
        else None,
    )
