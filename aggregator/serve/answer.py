"""Document + request → the bytes of an answer, all but the date of the moment and whether the connection ends.

What can be said of a document is written when it is first asked for; after that, an answer is a choice among a few.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs

from aggregator.document import Document
from aggregator.serve.coding import PLAIN, Coded, coded
from aggregator.serve.conditional import coding_for, is_current, prefers

ALLOW: Final = "GET, HEAD, OPTIONS"

_coding_for = lru_cache(maxsize=64)(coding_for)  # programs write few different lines, and always the same
_prefers = lru_cache(maxsize=64)(prefers)

_FEEDS: Final = ("application/rss+xml", "application/atom+xml")
_MOST_WAITING: Final = 32
_SHOWN: Final = "application/xml"  # what a browser shows by the feed's own stylesheet; of feeds it shows the source

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; {}"
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPTS: Final = "script-src 'self'; connect-src 'self'; "
_ALWAYS: Final = {
    "Server": "aggregator",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PUBLIC: Final = {**_ALWAYS, "Access-Control-Allow-Origin": "*"}  # let pages elsewhere read it
_PREFLIGHT: Final = {
    **_PUBLIC,
    "Allow": ALLOW,
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match",  # without a preflight, a page may not send it
    "Access-Control-Max-Age": "86400",
}
# What `private` changes in a head, and what `unknown` adds to one.
_TO_ALL: Final = b"Access-Control-Allow-Origin: *\r\n"
_SHARED: Final = b"Cache-Control: public, "
_UNSHARED: Final = b"Cache-Control: private, "
_CHALLENGE: Final = b'WWW-Authenticate: Basic realm="aggregator", charset="UTF-8"\r\n'
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})  # RFC 9110 §8.6
_XML: Final = frozenset({"rss", "atom", "xml", "opml"})
_MOVED_SECONDS: Final = 3600
_HTML_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{0} {1}</title><link rel="stylesheet" href="/style.css">
<main><h1>{0} {1}</h1><p><a href="/">/</a></p></main></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent.

    Attributes:
        head: The status line and the fields, each with its line's end; without Date, Connection and the empty line.
        body: b"" where the method or the status lets none follow.
    """

    head: bytes
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One representation of a document: one coding, one type. Caches tell it by its own ETag (RFC 9111 §4.3.4)."""

    etag: str
    found: Answer
    not_modified: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What one coding of a document can be given as; `shown` is `plain` for who would rather have XML."""

    plain: _Form
    shown: _Form


class Coding:
    """Bodies are coded by one thread at a time: the loop has few, and commits want one. Each that waits is held.

    Attributes:
        waiting: How many do, the one that is being coded among them.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.waiting = 0
        self._alone = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Say whether no more may wait."""
        return self.waiting >= _MOST_WAITING

    async def coded(self, body: bytes, coding: str) -> Coded:
        """Code a body in its turn."""
        async with self._alone:
            return await asyncio.to_thread(coded, body, coding)


class Prepared:
    """The answers a document can get.

    Args:
        document: Of which they tell.
        queue: Where bodies are coded.
    """

    __slots__ = ("_choices", "_making", "_queue", "document")

    def __init__(self, document: Document, queue: Coding) -> None:
        self.document = document
        self._queue = queue
        self._choices: dict[str, _Choice] = {}  # by coding
        self._making: dict[str, asyncio.Task[_Choice]] = {}  # likewise

    def answer(self, method: str, headers: Mapping[str, str]) -> Answer | Coroutine[None, None, Answer]:
        """Choose the answer to GET, HEAD or OPTIONS. A Range is ignored, as RFC 9110 §14.2 allows.

        Who is the first to want a coding waits until a thread has made it, and so does whoever wants it meanwhile. It
        is made to its end, though all of them hang up: else each that comes and goes would have it begun anew. While
        too many wait for others, it is given as it is.
        """
        if method == "OPTIONS":
            return answer_of(HTTPStatus.NO_CONTENT, _PREFLIGHT)
        if self.document.location is not None:
            return moved(self.document.location)
        coding = _coding_for(headers.get(hdrs.ACCEPT_ENCODING, ""))
        if self._queue.is_busy and coding not in self._choices and coding not in self._making:
            coding = PLAIN
        choice = self._choices.get(coding)
        if choice is None and coding != PLAIN:
            return self._coded(coding, method, headers)
        return self._choose(choice or self._put(coding, coded(self.document.body, PLAIN)), method, headers)

    async def _coded(self, coding: str, method: str, headers: Mapping[str, str]) -> Answer:
        choice = self._choices.get(coding)
        if choice is None:
            if coding not in self._making:
                self._queue.waiting += 1
                self._making[coding] = asyncio.create_task(self._make(coding))
            choice = await asyncio.shield(self._making[coding])
        return self._choose(choice, method, headers)

    async def _make(self, coding: str) -> _Choice:
        try:
            return self._put(coding, await self._queue.coded(self.document.body, coding))
        finally:
            self._queue.waiting -= 1
            del self._making[coding]

    def _put(self, coding: str, sent: Coded) -> _Choice:
        choice = self._choices[coding] = _choice(self.document, sent)
        return choice

    def _choose(self, choice: _Choice, method: str, headers: Mapping[str, str]) -> Answer:
        form = choice.plain
        if choice.shown is not form and _prefers(headers.get(hdrs.ACCEPT, ""), _SHOWN, self.document.content_type):
            form = choice.shown
        if is_current(self.document, form.etag, headers):
            return form.not_modified
        return form.found if method == "GET" else without_body(form.found)


def answer_of(status: int, fields: Mapping[str, str], body: bytes | None = b"") -> Answer:
    """Write an answer. `fields` hold no line ends: none of them comes from a request.

    Without a body, one of any length may follow; it ends with the connection.
    """
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    length = [] if body is None or status in _BODILESS else [f"Content-Length: {len(body)}"]
    lines = [line, *(f"{name}: {value}" for name, value in fields.items()), *length, ""]
    return Answer(head="\r\n".join(lines).encode("latin-1"), body=body or b"")


def live_answer(status: int, content_type: str, body: bytes | None, more: Mapping[str, str] | None = None) -> Answer:
    """Write an answer that holds for this moment only, and that, unless `more` says so, no page elsewhere may read."""
    fields = {
        **_ALWAYS,
        "Content-Security-Policy": _policy(content_type),
        "Content-Type": content_type,
        "Cache-Control": "no-store",
    }
    return answer_of(status, {**fields, **(more or {})}, body)


def private(answer: Answer) -> Answer:
    """Give it for one who knows the token: shared caches keep nothing of it, pages elsewhere read nothing."""
    return Answer(head=answer.head.replace(_TO_ALL, b"").replace(_SHARED, _UNSHARED), body=answer.body)


def unknown(*, path: str, accept: str) -> Answer:
    """Ask who does not show the token for it, as the password of any user: every browser knows how to (RFC 7617)."""
    answer = private(refusal(HTTPStatus.UNAUTHORIZED, path=path, accept=accept))
    return Answer(head=answer.head + _CHALLENGE, body=answer.body)


def refusal(status: int, *, path: str = "", accept: str = "", page: Document | None = None) -> Answer:
    """Say no in the format asked for: the path's ending decides, then whether the reader wants pages.

    Nothing of what was asked is repeated. `page` is what is said to people, where we have better than the bare words.
    """
    ending = path.rpartition("/")[2].rpartition(".")[2] if "." in path else ""
    phrase = HTTPStatus(status).phrase
    more = {**_PUBLIC, **({"Allow": ALLOW} if status == HTTPStatus.METHOD_NOT_ALLOWED else {})}
    if ending == "json":
        return live_answer(status, "application/json", f'{{"status":{status},"title":"{phrase}"}}\n'.encode(), more)
    if ending in _XML:
        body = f'<?xml version="1.0" encoding="utf-8"?>\n<error status="{status}">{phrase}</error>\n'
        return live_answer(status, "application/xml; charset=utf-8", body.encode(), more)
    if ending == "html" or path.endswith("/") or "text/html" in accept:
        said = page.body if page else _HTML_PAGE.format(status, phrase).encode()
        return live_answer(status, "text/html; charset=utf-8", said, more)
    return live_answer(status, "text/plain; charset=utf-8", f"{status} {phrase}\n".encode(), more)


def without_body(answer: Answer) -> Answer:
    """Give what HEAD gets of it."""
    return Answer(head=answer.head)


def moved(location: str) -> Answer:
    """Say where a document is; `location` is a path of ours, relative or from the root.

    For an hour: a story may be in a list again, and a browser that is told nothing keeps a 301 for good.
    """
    fields = {**_PUBLIC, "Cache-Control": f"public, max-age={_MOVED_SECONDS}", "Location": location}
    return answer_of(HTTPStatus.MOVED_PERMANENTLY, fields)


def _choice(document: Document, sent: Coded) -> _Choice:
    plain = _form(document, sent, document.content_type)
    if not document.content_type.startswith(_FEEDS):
        return _Choice(plain=plain, shown=plain)
    as_xml = replace(sent, etag=f'{sent.etag[:-1]}-xml"')
    return _Choice(plain=plain, shown=_form(document, as_xml, f"{_SHOWN}; charset=utf-8"))


def _form(document: Document, sent: Coded, content_type: str) -> _Form:
    immutable = ", immutable" if document.immutable else ""
    # What a cache is to go by is told with a 304 as well: RFC 9110 §15.4.5, RFC 9111 §4.3.4.
    both = {
        **_PUBLIC,
        "Access-Control-Expose-Headers": "ETag",
        "Content-Security-Policy": _policy(document.content_type),
        "ETag": sent.etag,
        "Cache-Control": f"public, max-age={int(document.max_age.total_seconds())}{immutable}",
        "Vary": "Accept-Encoding, Accept" if document.content_type.startswith(_FEEDS) else "Accept-Encoding",
    }
    if document.modified_at is not None:
        both["Last-Modified"] = format_datetime(document.modified_at, usegmt=True)
    coding = {} if sent.coding == PLAIN else {"Content-Encoding": sent.coding}
    found = answer_of(HTTPStatus.OK, {**both, "Content-Type": content_type, **coding}, sent.body)
    return _Form(etag=sent.etag, found=found, not_modified=answer_of(HTTPStatus.NOT_MODIFIED, both))


def _policy(content_type: str) -> str:
    """Give what a browser that opens this may load: only pages may have scripts, and only ours."""
    return _POLICY.format(_SCRIPTS if content_type.startswith("text/html") else "")
