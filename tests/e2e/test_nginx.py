"""state/public/ served by a real nginx as docs/hosting.md says, beside the daemon that wrote it."""

import gzip
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.running import Origin, Page, Running, daemon, eventually, write_feeds

ROOT: Final = Path(__file__).parents[2]
NGINX: Final = shutil.which("nginx") or "/usr/sbin/nginx"

pytestmark = pytest.mark.skipif(not Path(NGINX).is_file(), reason="nginx is not on this machine")

RSS: Final = b"""<rss version="2.0"><channel><title>Harian Selat</title>
<item><guid>1</guid><title>\xe2\x80\x9cKabut\xe2\x80\x9d menipis</title><link>https://selat.example/1</link></item>
</channel></rss>"""
AROUND: Final = """\
{user}
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
{server}
}}
"""
SAME_HEADERS: Final = (
    "Content-Type",
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Access-Control-Allow-Origin",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> tuple[object, ...]:
        """What must be the same whoever serves."""
        return self.status, *(self.headers.get(name) for name in SAME_HEADERS), self.body


def ask(url: str, method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=named), timeout=10) as answer:
            return Answer(status=answer.status, headers=answer.headers, body=answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, headers=dict(error.headers), body=error.read())


@contextmanager
def nginx(folder: Path, public: Path) -> Iterator[str]:
    """Run nginx with the server block of docs/hosting.md; give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield from _nginx(folder, public, listener)


def _nginx(folder: Path, public: Path, listener: socket.socket) -> Iterator[str]:
    """Lend it a socket that listens already, as one nginx does to the next: a free port may not be free any more."""
    port = listener.getsockname()[1]
    (block,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8"), re.DOTALL)
    block = block.replace("listen 80;", f"listen 127.0.0.1:{port};")
    block = block.replace("root /var/lib/aggregator/state/public;", f"root {public};")
    assert f"127.0.0.1:{port}" in block
    assert str(public) in block
    user = "user root;" if os.geteuid() == 0 else ""  # pytest's folders are closed to all others
    (folder / "nginx.conf").write_text(AROUND.format(user=user, folder=folder, server=block), encoding="utf-8")
    line = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "NGINX": f"{listener.fileno()};"},
        pass_fds=(listener.fileno(),),
    ) as process:
        try:
            eventually(lambda: _answers(process, f"http://127.0.0.1:{port}/"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, process.stderr and process.stderr.read()
    return ask(url).status == 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hosting")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    with Origin({"/selat.xml": Page(body=RSS)}) as origin:
        sources = [{"name": "Selat", "url": origin.url("/selat.xml")}]
        topics = [{"slug": "cuaca", "title": "Cuaca", "match": "kabut"}]
        with daemon(folder, write_feeds(folder, sources, topics=topics)) as running:
            eventually(lambda: "Kabut" in running.read("/cuaca.json"))
            eventually(lambda: "Kabut" in (folder / "state" / "public" / "index.html").read_text(encoding="utf-8"))
            yield running


@pytest.fixture(scope="module")
def hosted(folder: Path, running: Running) -> Iterator[str]:
    with nginx(folder, folder / "state" / "public") as url:
        assert running.url != url
        yield url


def test_nginx_serves_every_file_as_the_daemon_does(folder: Path, running: Running, hosted: str) -> None:
    public = folder / "state" / "public"
    names = sorted(path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file())
    assert {"index.html", "style.css", "update.rss", "cuaca.atom", "popular.json"} <= set(names)
    for path in ["/", *(f"/{name}" for name in names)]:
        assert ask(hosted + path).told == ask(running.url + path).told, path


def test_nginx_compresses_and_revalidates(running: Running, hosted: str) -> None:
    packed = ask(f"{hosted}/update.rss", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == ask(f"{running.url}/update.rss").body
    again = ask(f"{hosted}/update.rss", If_None_Match=ask(f"{hosted}/update.rss").headers["ETag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/none.json", "/none.rss", "/none.atom", "/none/", "/story/none/index.html"])
def test_nginx_refuses_what_is_not_there_as_the_daemon_does(running: Running, hosted: str, path: str) -> None:
    missing, expected = ask(hosted + path), ask(running.url + path)
    assert expected.status == 404
    assert missing.told == expected.told


@pytest.mark.parametrize("path", ["/none", "/none/", "/none.html", "/.update.rss.tmp", "/../../feeds.yaml"])
def test_nginx_has_nothing_but_what_is_published(hosted: str, path: str) -> None:
    assert ask(hosted + path).status in {400, 404}


def test_nginx_answers_a_preflight(running: Running, hosted: str) -> None:
    for url in (running.url, hosted):
        answer = ask(f"{url}/update.json", "OPTIONS", Origin="https://x.example", Access_Control_Request_Method="GET")
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
        assert answer.headers["Access-Control-Allow-Headers"] == "If-None-Match"
