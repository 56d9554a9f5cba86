import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aggregator.monitor import ask
from aggregator.monitor.ask import Daemon, NoAnswer, address
from tests.monitor.samples import FakeDaemon, feed


def answered_with(raw: bytes) -> bytes | NoAnswer | None:
    """Ask a server that sends these very bytes and hangs up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in http.server
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        answer = Daemon(f"http://127.0.0.1:{server.server_port}").ask("/status.json")
        thread.join()
    return answer


def test_an_unchanged_list_is_asked_for_with_its_etag_and_costs_a_304() -> None:
    with FakeDaemon().serving() as fake:
        daemon = Daemon(fake.url)
        first, second = daemon.ask("/update.json"), daemon.ask("/update.json")
        fake.answers["/update.json"] = (200, feed("Something new"))
        third = daemon.ask("/update.json")
        daemon.rest()

    assert (first, second, third) == (feed("Harga beras turun"), None, feed("Something new"))
    assert [validator is None for _, validator in fake.asked] == [True, False, False]


def test_a_list_that_could_not_be_read_is_asked_for_whole() -> None:
    with FakeDaemon().serving() as fake:
        daemon = Daemon(fake.url)
        daemon.ask("/update.json")
        daemon.forget("/update.json")

        assert daemon.ask("/update.json") == feed("Harga beras turun")
        daemon.rest()


def test_a_daemon_below_a_path_is_asked_there() -> None:
    with FakeDaemon().serving() as fake:
        daemon = Daemon(f"{fake.url}/news/")
        daemon.ask("/status.json")
        daemon.rest()

    assert fake.asked == [("/news/status.json", None)]


def test_after_an_error_the_next_question_is_answered() -> None:
    with FakeDaemon().serving() as fake:
        daemon = Daemon(fake.url)

        assert daemon.ask("/nothing") == NoAnswer(why="answered 404 Not Found to /nothing")
        assert daemon.ask("/update.json") == feed("Harga beras turun")
        daemon.rest()


def test_nobody_listening_is_an_answer_too() -> None:
    with FakeDaemon().serving() as fake:
        url = fake.url

    assert Daemon(url).ask("/status.json") == NoAnswer(why="Connection refused")


def test_a_redirect_is_not_followed() -> None:
    answer = answered_with(b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    assert answer == NoAnswer(why="answered 301 Moved to /status.json")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
    ids=["silence", "not http", "cut off", "odd chunk", "too many headers", "too long a header"],
)
def test_what_is_no_http_is_no_answer(raw: bytes) -> None:
    assert isinstance(answered_with(raw), NoAnswer)


def test_a_body_without_an_end_is_not_read_to_it() -> None:
    body = b"x" * (ask.BODY_LIMIT_BYTES + 1)

    assert answered_with(b"HTTP/1.1 200 OK\r\n\r\n" + body[:-1]) == body[:-1]
    assert answered_with(b"HTTP/1.1 200 OK\r\n\r\n" + body) == NoAnswer(
        why="/status.json is larger than 16 MiB, or came too slowly"
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://news.example/below/", "http://[::1]:8080"])
def test_http_and_https_are_addresses_of_a_daemon(url: str) -> None:
    assert address(url).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://news.example",
        "file:///etc/passwd",
        "http://",
        "http://[x",
        "http://a:port",
        "http://a:99999",
        "http://user:secret@news.example",
        "http://news.example/a b",
        "http://news.example/é",
        "http://" + "a" * 70,
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Daemon(url)


def test_an_etag_with_a_line_break_is_not_sent_back() -> None:
    raw = b'HTTP/1.1 200 OK\r\nETag: "a\r\n b"\r\nContent-Length: 2\r\n\r\n{}'
    asked: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("If-None-Match"))
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in http.server
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        daemon = Daemon(f"http://127.0.0.1:{server.server_port}")
        for _ in range(2):
            assert daemon.ask("/") == b"{}"
            daemon.rest()
        server.shutdown()
        thread.join()

    assert asked == [None, None]
