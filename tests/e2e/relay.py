"""Between a client and the daemon: hands everything on as it is, and notes what was asked and how it was answered."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from tests.e2e.running import Asked

_OURS: Final = frozenset({"connection", "transfer-encoding"})  # of one connection, RFC 9110 §7.6.1


class Relay:
    """A port of its own in front of a daemon.

    Args:
        url: Of the daemon, without a trailing slash.
    """

    def __init__(self, url: str) -> None:
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, url.removeprefix("http://")))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url: Final = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(relay: Relay, authority: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            daemon = http.client.HTTPConnection(authority, timeout=10)
            daemon.request("GET", self.path, headers=dict(self.headers.items()))
            answer = daemon.getresponse()
            body = answer.read()
            daemon.close()
            noted = Asked(path=self.path, if_none_match=self.headers["If-None-Match"], status=answer.status)
            relay.asked.append(noted)
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OURS:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep standard error for what matters."""

    return Handler
