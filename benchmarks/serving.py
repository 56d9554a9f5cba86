"""How many readers one core serves, beside nginx in the same run. Needs wrk; nginx is left out where it is missing.

    python -m benchmarks.serving
    python -m benchmarks.serving --seconds 5 --rounds 3 --connections 64

One process of ours (uvloop) and one worker of nginx serve the same 50 kB; wrk asks from one thread. The two take turns
within a round. What a request costs is told twice: as requests a second, which on two cores also tells what wrk and
the rest of the machine left over, and as CPU time of the server, which does not.
"""

import argparse
import asyncio
import gc
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import uvloop

from aggregator.document import Document
from aggregator.serve.http import Server

SIZE: Final = 50_000
AIMS: Final = {"304": 0.4, "50 kB": 0.3}  # of nginx (issue 5)
NGINX: Final = """\
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  types {{ application/rss+xml rss; }}
  open_file_cache max=100;
  server {{
    listen 127.0.0.1:{port}; root {folder}/public;
    add_header Cache-Control "public, max-age=300"; add_header Vary Accept-Encoding;
    add_header X-Content-Type-Options nosniff; add_header Referrer-Policy no-referrer;
    add_header Access-Control-Allow-Origin "*"; add_header Access-Control-Expose-Headers ETag;
    add_header Content-Security-Policy "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'";
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A server that runs.

    Attributes:
        name: As printed.
        pid: Of the process that answers.
        url: Of the document.
        etag: Of the document, as this program has it.
    """

    name: str
    pid: int
    url: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One run of wrk.

    Attributes:
        rate: Requests a second.
        cpu: Microseconds of the server's CPU time for each.
    """

    rate: float
    cpu: float


async def serve(folder: Path) -> None:
    body = (folder / "public" / "update.rss").read_bytes()
    made = Document(
        path="update.rss",
        content_type="application/rss+xml; charset=utf-8",
        body=body,
        modified_at=datetime(2025, 12, 29, tzinfo=UTC),
        max_age=timedelta(minutes=5),
    )
    async with Server({made.path: made}, live={}) as server:
        print(await server.start("127.0.0.1", 0), flush=True)
        await asyncio.Event().wait()


@contextmanager
def ours(folder: Path) -> Iterator[Program]:
    line = [sys.executable, "-m", "benchmarks.serving", "--serve", str(folder)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"{process.stdout.readline().strip()}/update.rss"
            yield Program(name="aggregator", pid=process.pid, url=url, etag=etag(url))
        finally:
            process.terminate()


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[Program]:
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    with subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}/update.rss"
            tag = etag(url)
            worker = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
            yield Program(name="nginx", pid=int(worker), url=url, etag=tag)
        finally:
            process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def etag(url: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.headers["ETag"])
        except OSError:  # it does not listen yet
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(program: Program, what: str, *, seconds: int, connections: int) -> Figure:
    header = ["-H", f"If-None-Match: {program.etag}"] if what == "304" else []
    before = cpu_seconds(program.pid)
    line = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", *header, program.url]
    told = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(program.pid) - before
    count = int(re.search(r"(\d+) requests in", told)[1])  # type: ignore[index]  # wrk says it
    rate = float(re.search(r"Requests/sec: +([\d.]+)", told)[1])  # type: ignore[index]
    assert "Socket errors" not in told, told
    assert ("Non-2xx or 3xx" in told) is False, told
    return Figure(rate=rate, cpu=1e6 * used / count)


def tell(figures: dict[tuple[str, str], list[Figure]]) -> None:
    print("| what | program | requests / s | × nginx | CPU µs each | × nginx | aim (issue 5) |")
    print("|---|---|---|---|---|---|---|")
    for (what, name), several in figures.items():
        floor = figures.get((what, "nginx"))
        rate, cpu = (statistics.median(each) for each in zip(*((it.rate, it.cpu) for it in several), strict=True))
        cells = [what, name, f"{rate:,.0f}", "–", f"{cpu:.1f}", "–", "–"]
        if floor and name != "nginx":
            pairs = list(zip(several, floor, strict=True))
            cells[3] = f"{statistics.median(it.rate / other.rate for it, other in pairs):.2f}"
            cells[5] = f"{statistics.median(other.cpu / it.cpu for it, other in pairs):.2f}"
            cells[6] = f"≥ {AIMS[what]}"
        print("|", " | ".join(cells), "|")


def run(seconds: int, rounds: int, connections: int, port: int) -> None:
    figures: dict[tuple[str, str], list[Figure]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "public").mkdir()
        (folder / "public" / "update.rss").write_bytes(random.Random(1).randbytes(SIZE // 2).hex().encode())
        with ours(folder) as first:
            programs = [first]
            for _ in range(rounds):
                if shutil.which("nginx"):
                    with nginx(folder, port or free_port()) as second:
                        once([first, second], figures, seconds, connections)
                else:
                    once(programs, figures, seconds, connections)
    tell(figures)


def once(programs: list[Program], figures: dict[tuple[str, str], list[Figure]], seconds: int, connections: int) -> None:
    for what in AIMS:
        for program in programs:
            figure = measure(program, what, seconds=seconds, connections=connections)
            figures.setdefault((what, program.name), []).append(figure)


def main() -> None:
    arguments = argparse.ArgumentParser(description="How many readers one core serves, beside nginx.")
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--connections", type=int, default=64)
    arguments.add_argument("--port", type=int, default=0, help="for nginx; 0: any")
    arguments.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        gc.set_threshold(20_000, 10, 50)  # as `aggregator` does
        uvloop.run(serve(given.serve))
    elif shutil.which("wrk") is None:
        sys.exit("wrk is not on this machine: apt-get install wrk")
    else:
        run(given.seconds, given.rounds, given.connections, given.port)


if __name__ == "__main__":
    main()
