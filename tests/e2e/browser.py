"""Chromium without a window, driven over a pipe: the DevTools protocol needs no driver and no library.

with Chromium(folder) as browser:
    page = browser.open("http://127.0.0.1:8080/", width=360)
    assert page.ask("document.title") == "Kabar"
"""

import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

PROGRAM: Final = shutil.which("chromium")

_SWITCHES: Final = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe")
_AT_PIPES: Final = 'exec "$@" 3<&{} 4>&{}'  # the protocol comes in at 3 and goes out at 4


class Chromium:
    """One browser with one page, ended with the block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._session = ""
        self._unread = b""
        self._told: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        shell = ["bash", "-c", _AT_PIPES.format(theirs_in, theirs_out), "bash"]  # dash knows fds of one digit only
        self._process = subprocess.Popen(
            [*shell, str(PROGRAM), *_SWITCHES, f"--user-data-dir={self._folder}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            self._attach()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _attach(self) -> None:
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Accessibility"):
            self.do(f"{domain}.enable")

    def _end(self) -> None:
        os.close(self._out)  # it ends with its pipe
        os.close(self._in)
        self._process.wait(60)

    def open(self, url: str, *, width: int = 1280, scheme: str = "light") -> Self:
        """Load a page, and wait until it and all that belongs to it is there."""
        self._told.clear()
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.do("Emulation.setDeviceMetricsOverride", **size)
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.do("Page.navigate", url=url)
        while not any(each["method"] == "Page.loadEventFired" for each in self._told):
            self._told.append(next(self._messages()))
        return self

    def ask(self, expression: str) -> Any:
        """Give what a JavaScript expression comes to."""
        answer = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9}[key])

    def roles(self) -> list[str]:
        """Give the roles of all that assistive programs are told of."""
        nodes = self.do("Accessibility.getFullAXTree")["nodes"]
        return [node["role"]["value"] for node in nodes if not node["ignored"]]

    @property
    def complaints(self) -> list[str]:
        """What was logged since the page was opened: violations of its policy, what could not be loaded, errors."""
        logged = [each["params"]["entry"] for each in self._told if each["method"] == "Log.entryAdded"]
        thrown = [str(each["params"]) for each in self._told if each["method"] == "Runtime.exceptionThrown"]
        return [entry["text"] for entry in logged if not entry.get("url", "").endswith("/favicon.ico")] + thrown

    def do(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give a command, and wait for its answer."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps({**command, **session}).encode() + b"\0")
        for message in self._messages():
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._told.append(message)
        raise AssertionError("the browser has ended")

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            while b"\0" not in self._unread:
                assert select.select([self._in], [], [], 60)[0], "the browser says nothing"
                piece = os.read(self._in, 1 << 16)
                assert piece, "the browser has ended"
                self._unread += piece
            message, _, self._unread = self._unread.partition(b"\0")
            yield json.loads(message)
