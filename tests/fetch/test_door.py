"""An address that came from a source, a page or a list is asked by fetch/http.py or not at all (hazards S1)."""

import re
from pathlib import Path

import aggregator

OPENERS = re.compile(
    r"ClientSession\(|HTTPS?Connection\b|urlopen|open_connection|create_connection|sock_connect|\.connect\("
    r"|socket\.socket\(|import (requests|httpx|urllib3|ftplib|smtplib|telnetlib|pycurl)"
)


def test_nobody_opens_a_connection_but_the_guarded_door_and_the_view_to_its_own_daemon() -> None:
    package = Path(aggregator.__file__).parent
    opening = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if OPENERS.search(path.read_text("utf-8"))
    }

    # The view asks the operator's own daemon; a service manager is told by a datagram on this machine (AF_UNIX).
    assert opening == {"fetch/http.py", "monitor/ask.py", "commands/service.py"}
    assert "AF_INET" not in (package / "commands" / "service.py").read_text("utf-8")
