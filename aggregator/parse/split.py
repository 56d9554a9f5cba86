"""An XML feed → the byte ranges of its entries → the same feed with some entries left out.

A feed of fifty entries in which one is new costs the parsing of one: expat finds where each entry begins and ends, the
bytes are hashed, and feedparser is given the document without those that are known. Nothing here reads what an entry
says, so there is no second opinion on what a feed means.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final
from xml.parsers import expat

# Where an entry stands: anywhere else, an element of that name is something else.
_PATHS: Final = {("rss", "channel", "item"), ("rdf", "item"), ("feed", "entry")}
_CONTEXTS: Final = {path[:length] for path in _PATHS for length in range(1, len(path))}


class _OddError(Exception):
    """The document is not one to take apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A feed taken apart.

    Attributes:
        body: The whole document.
        ranges: Of each entry: the offsets of its first byte and of the byte after its last one, in their order.
        fingerprints: Of each entry: 16 hexadecimal digits of its bytes and of what they mean something in: the XML
            declaration, the start tags around it (namespaces, xml:base, xml:lang) and the charset of the answer.
    """

    body: bytes
    ranges: tuple[tuple[int, int], ...]
    fingerprints: tuple[str, ...]

    def without(self, known: frozenset[str], *, limit: int) -> bytes:
        """Put the document together again with the first `limit` entries, less those whose fingerprints are known."""
        kept, end = [], 0
        for index, ((first, after), name) in enumerate(zip(self.ranges, self.fingerprints, strict=True)):
            if name in known or index >= limit:
                kept.append(self.body[end:first])
                end = after
        return b"".join([*kept, self.body[end:]])


def split(body: bytes, charset: str = "") -> Split | None:
    """Find the entries of a feed.

    Args:
        body: RSS, RDF or Atom, beginning with its first "<" or a byte order mark.
        charset: From the answer's Content-Type; "" where it named none.

    Returns:
        None where the document must be read whole: it is not well-formed, has a DOCTYPE, is in UTF-16 or UTF-32 or an
        encoding that expat lacks, has another root, or an entry without content.
    """
    if b"\0" in body[:64]:
        return None
    finder = _Finder(body)
    try:
        finder.run()
    except (expat.ExpatError, ValueError, LookupError, _OddError):  # ValueError, LookupError: an encoding expat lacks
        return None
    context = repr((charset.lower(), finder.declaration, finder.context)).encode("utf-8", "backslashreplace")
    fingerprints = (fingerprint(context, body[first:after]) for first, after in finder.ranges)
    return Split(body=body, ranges=tuple(finder.ranges), fingerprints=tuple(fingerprints))


def fingerprint(context: bytes, entry: bytes) -> str:
    """Make 16 hexadecimal digits that change if the entry does, or what its bytes mean something in."""
    seen = blake2b(entry, digest_size=8, key=blake2b(context, digest_size=32).digest())
    return seen.hexdigest()


class _Finder:
    """One run of expat over one document."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.ranges: list[tuple[int, int]] = []
        self.declaration: tuple[str | None, ...] = ()
        self.context: list[tuple[str, dict[str, str]]] = []
        self._path: tuple[str, ...] = ()  # as far as it may lead to an entry
        self._below = 0  # open elements that do not
        self._first: int | None = None
        self._parser = expat.ParserCreate()
        self._parser.XmlDeclHandler = self._note_declaration
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def run(self) -> None:
        self._parser.Parse(self.body, True)  # noqa: FBT003  the parameter has no name

    def _note_declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.declaration = (version, encoding, str(standalone))

    def _refuse_doctype(self, *_: object) -> None:
        raise _OddError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._below or self._first is not None:
            self._below += 1
            return
        path = (*self._path, name.rpartition(":")[2].lower())
        if path in _PATHS:
            self._first = self._parser.CurrentByteIndex
        elif path in _CONTEXTS:
            self._path = path
            self.context.append((name, attributes))
        elif len(path) == 1:
            raise _OddError
        else:
            self._below = 1

    def _end(self, name: str) -> None:
        if self._below:
            self._below -= 1
        elif self._first is not None:
            self._close(self._first, self._parser.CurrentByteIndex, name)
        else:
            self._path = self._path[:-1]

    def _close(self, first: int, last_tag: int, name: str) -> None:
        if not self.body.startswith(b"</" + name.encode(), last_tag):
            raise _OddError  # <item/>: what feedparser makes of it depends on its neighbours
        self.ranges.append((first, self.body.index(b">", last_tag) + 1))
        self._first = None
