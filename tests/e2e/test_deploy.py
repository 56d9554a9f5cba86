"""What deploy/ says, without systemd and without a container engine: the same command, probe, messages and signals."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.e2e.running import Running, daemon, eventually, write_feeds

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SERVICE = DEPLOY / "aggregator.service"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()


def words_after(instruction: str) -> list[str]:
    """Read the list after the last such instruction of the Containerfile."""
    words = json.loads(re.findall(rf"{instruction} (\[.*\])$", CONTAINERFILE, re.MULTILINE)[-1])
    assert isinstance(words, list)
    return words


def probe(running: Running) -> int:
    """Look as a container engine does; give the exit code."""
    python, *rest = words_after("    CMD")
    assert python == "python"
    line = [word.replace("http://127.0.0.1:8080", running.url) for word in rest]
    return subprocess.run([sys.executable, *line], check=False, capture_output=True, timeout=60).returncode


def test_the_daemon_as_it_is_deployed_tells_how_it_does(tmp_path: Path) -> None:
    command, options = words_after("^CMD")[0], set(words_after("^CMD")[1:]) & {"--no-view", "--log-format", "json"}
    assert (command, len(options)) == ("up", 3)
    feeds = write_feeds(tmp_path, [{"name": "Satu", "url": "http://127.0.0.1:9/"}], every="1h")
    lines: list[str] = []
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mail:
        mail.bind(f"{folder}/notify")
        mail.settimeout(0)

        def is_told(line: str) -> bool:
            while True:
                try:
                    lines.append(mail.recv(4096).decode().partition("\n")[0])
                except BlockingIOError:
                    return line in lines

        told = {"NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "300000"}
        with daemon(tmp_path, feeds, "--log-format", "json", env=told) as running:
            eventually(lambda: is_told("READY=1") and is_told("WATCHDOG=1"))
            assert lines[0] == "READY=1"
            assert probe(running) == 0
            running.process.send_signal(signal.SIGHUP)
            eventually(lambda: is_told("RELOADING=1") and "READY=1" in lines[lines.index("RELOADING=1") :])
        assert is_told("STOPPING=1")
        assert probe(running) == 1
        written = [json.loads(line) for line in running.log.read_text().splitlines()]

    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, written))
    assert any(each.get("source") == "Satu" and each["answer"] == "connect" for each in written)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_reads_the_unit_without_a_complaint_and_finds_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / SERVICE.name
    unit.write_text(
        SERVICE.read_text().replace("/opt/aggregator/bin/aggregator up", f"{sys.executable} -m aggregator up")
    )
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, check=False, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "LANG": "C"},
    )

    assert judged.returncode == 0, judged.stdout.splitlines()[-1:]


def test_both_give_the_same_command() -> None:
    started = re.search(r"^ExecStart=/opt/aggregator/bin/aggregator (.*)$", SERVICE.read_text(), re.MULTILINE)
    assert started
    contained = [word for word in words_after("^CMD") if word not in {"--log-format", "json"}]

    assert started[1].replace("127.0.0.1", "0.0.0.0").split() == contained
