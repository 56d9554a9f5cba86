"""The operator's daemon → what it answers. The one HTTP client beside fetch/."""

import http.client
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from aggregator.site import secret_in

BODY_LIMIT_BYTES: Final = 16 * 1024 * 1024
_SILENCE_SECONDS: Final = 5.0
_TOTAL_SECONDS: Final = 15.0
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Nothing that can be used.

    Attributes:
        why: For people: "Connection refused", "answered 404 Not Found".
    """

    why: str


def address(url: str) -> SplitResult:
    """Take apart the address of a daemon: "http://127.0.0.1:8080", or "https://news.example/below/a/path".

    Raises:
        ValueError: It is not http or https, has no host or an odd port, or carries credentials; for people.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write http:// or https:// and a host, as in http://127.0.0.1:8080")
    if parts.username is not None:
        raise ValueError("leave out the user name and the password: they would stay in the shell's history")
    _ = parts.port  # raises ValueError where it is none
    parts.hostname.encode("idna")  # the same: UnicodeError is a ValueError
    if not parts.path.isascii() or not parts.path.isprintable() or " " in parts.path:
        raise ValueError("write the path in percent-encoding")
    return parts


class Daemon:
    """A daemon as seen over HTTP. It remembers the ETag of each path, so an unchanged list costs a 304."""

    def __init__(self, url: str, *, token_file: Path | None = None) -> None:
        """Connect to nothing yet.

        Args:
            url: Where it serves.
            token_file: What its `site.token_file` names; read for each question, for it may change.

        Raises:
            ValueError: As for `address`.
        """
        parts = address(url)
        self._below = parts.path.rstrip("/")
        self._token_file = token_file
        self._etags: dict[str, str] = {}
        connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connection(parts.hostname or "", parts.port, timeout=_SILENCE_SECONDS)

    def ask(self, path: str) -> bytes | NoAnswer | None:
        """Ask for "/status.json" and the like. None: unchanged since it was last asked. No redirect is followed."""
        try:
            answer = self._exchange(path)
        except (OSError, http.client.HTTPException) as error:
            answer = NoAnswer(why=getattr(error, "strerror", None) or str(error) or type(error).__name__)
        if isinstance(answer, NoAnswer):
            self._connection.close()  # what is left unread would be taken for the next answer
        return answer

    def forget(self, path: str) -> None:
        """Ask for all of `path` next time: what came could not be read."""
        self._etags.pop(path, None)

    def rest(self) -> None:
        """Close the connection until the next question: one that idles may be gone by then."""
        self._connection.close()

    def _exchange(self, path: str) -> bytes | NoAnswer | None:
        try:
            headers = self._headers(path)
        except (OSError, ValueError) as error:
            return NoAnswer(why=f"{self._token_file}: {getattr(error, 'strerror', None) or error}")
        self._connection.request("GET", self._below + path, headers=headers)
        with self._connection.getresponse() as response:
            if response.status == HTTPStatus.NOT_MODIFIED:
                return None
            if response.status == HTTPStatus.UNAUTHORIZED:
                return NoAnswer(why="wants its token; name the file that holds it with --token-file")
            if response.status != HTTPStatus.OK:
                return NoAnswer(why=f"answered {response.status} {response.reason} to {path}")
            body = _read(response)
        if body is None:
            return NoAnswer(why=f"{path} is larger than 16 MiB, or came too slowly")
        tag = response.headers.get("ETag", "")
        # A folded header could smuggle a line break into our next request.
        self._etags[path] = tag if tag.isprintable() else ""
        return body

    def _headers(self, path: str) -> dict[str, str]:
        etag = self._etags.get(path)
        headers = {"If-None-Match": etag} if etag else {}
        if self._token_file is not None:
            headers["Authorization"] = f"Bearer {secret_in(self._token_file.read_text('ascii', 'replace')).decode()}"
        return headers


def _read(response: http.client.HTTPResponse) -> bytes | None:
    """Read the body; None where it is too large, or where it drips."""
    ends = time.monotonic() + _TOTAL_SECONDS
    parts: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK_BYTES):
        parts.append(chunk)
        size += len(chunk)
        if size > BODY_LIMIT_BYTES or time.monotonic() > ends:
            return None
    if response.length:  # read1() does not mind a body that was cut off
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)
