import asyncio
import socket
import subprocess
import sys
import threading

import pytest
from aiohttp.abc import ResolveResult

from aggregator.fetch.names import Names, look_up


async def test_names_and_addresses_of_loopback_are_found() -> None:
    found = await Names().resolve("localhost", 8080, socket.AF_INET)

    assert [(each["hostname"], each["host"], each["port"]) for each in found] == [("localhost", "127.0.0.1", 8080)]


async def test_a_name_that_does_not_exist_is_an_os_error() -> None:
    with pytest.raises(OSError, match=r"."):
        await Names().resolve("no-such-host.invalid", 80)


async def test_a_label_of_64_letters_is_no_name() -> None:
    with pytest.raises(UnicodeError):
        await Names().resolve("a" * 64 + ".example", 80)


async def test_a_hundred_silent_names_do_not_delay_the_next_one() -> None:
    answered = threading.Event()

    def silent(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        if host != "localhost":
            assert answered.wait(60)
        return look_up(host, port, family)

    names = Names(silent)
    waiting = [asyncio.create_task(names.resolve(f"dead{number}.invalid")) for number in range(100)]
    try:
        async with asyncio.timeout(30):
            assert await names.resolve("localhost", 80)
        assert not any(task.done() for task in waiting)
    finally:
        answered.set()
        await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize("runner", ["asyncio", "uvloop"])
def test_the_program_ends_while_a_name_server_is_silent(runner: str) -> None:
    program = f"""
import asyncio, threading, {runner}
from aggregator.fetch.names import Names

async def main():
    names = Names(lambda *_: threading.Event().wait(600))
    try:
        async with asyncio.timeout(0.1):
            await names.resolve("dead.invalid")
    except TimeoutError:
        print("waited no longer")

{runner}.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert (ended.stdout, ended.stderr) == ("waited no longer\n", "")
