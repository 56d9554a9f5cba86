"""What a publisher wrote → plain text and web addresses that are safe to print, serve and compare.

Every function cuts its input first, so that a megabyte of anything costs what a long headline costs.
"""

import html
import re
from hashlib import blake2b
from typing import Final
from unicodedata import normalize
from urllib.parse import urljoin, urlsplit

import nh3

_LINK_LIMIT: Final = 4_096
_GUID_LIMIT: Final = 1_000

# Markup may make a line longer than its text; what lies further out than this is cut before anything looks at it.
_MARKUP_PER_LINE: Final = 8
_MARKUP_PER_PROSE: Final = 20

# C0 (apart from white space), DEL and C1; soft hyphen; zero-width space, joiners of words, BOM; bidi embeddings,
# overrides and isolates; surrogates; noncharacters. ZWJ, ZWNJ and the plain direction marks are part of Persian,
# Arabic and of emoji: they stay.
_JUNK: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u180e\u200b\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0, 0x11_0000, 0x1_0000))
    + "]"
)
# int() refuses more than 4,300 digits, and html.unescape() does not expect it to (Python 3.11).
_ENDLESS_REFERENCE: Final = re.compile(r"&#\d{8,};?")
_TAG: Final = re.compile(r"<(?:/?[A-Za-z]|[!?])")
_BLOCK: Final = re.compile(
    r"<(?=/?(?:p|br|div|li|ul|ol|dl|dt|dd|tr|td|th|table|hr|h[1-6]|blockquote|pre|section|article|figure|figcaption)\b)",
    re.IGNORECASE,
)
_NOT_IN_LINKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]|(?! )\s|" + _JUNK.pattern)
# What all the steps of clean_link would give back as it is: most links are so.
_PLAIN_LINK: Final = re.compile(
    r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+/[\w.~%+,=&:@!$()*/-]*(?:\?[\w.~%+,=&:@!$()*/-]+)?", re.ASCII
)
_QUOTED_IN_LINKS: Final = str.maketrans({'"': "%22", "<": "%3C", ">": "%3E", " ": "%20"})
_HOST: Final = re.compile(r"""[^\s<>"'{}|\\^`%@/?#]+""")


def clean_line(text: str, limit: int = 1000) -> str:
    """Make one line of plain text of a title or a name.

    Entities are decoded once, tags taken out; control, bidi, zero-width and noncharacters and lone surrogates too.
    White space is collapsed, the rest is NFC. A "<" that opens no tag ("5 < 6") is text, and stays.

    Args:
        text: As published, of any length and content.
        limit: In characters; what is longer is cut.
    """
    text = text[: limit * _MARKUP_PER_LINE]
    return _one_line(text if _is_plain(text) else _without_tags(_decoded(text)), limit)


def clean_prose(markup: str, limit: int = 2000) -> str:
    """Make one paragraph of plain text of HTML; scripts and styles leave with their contents.

    Args:
        markup: As published, of any length and content.
        limit: In characters; what is longer is cut between words and ends in "…".
    """
    text = markup[: limit * _MARKUP_PER_PROSE]
    if not _is_plain(text):
        text = _JUNK.sub("", text)
        decoded = _decoded(nh3.clean(_BLOCK.sub(" <", text), tags=set()) if "<" in text else text)
        text = _without_tags(decoded[: limit * _MARKUP_PER_LINE])
    text = _one_line(text, limit * 2)
    if len(text) <= limit:
        return text
    words, _, _ = text[:limit].rpartition(" ")
    return (words or text[: limit - 1]) + "…"


def clean_guid(text: str) -> str | None:
    """Make an identity of a guid: as published, without control characters; None where nothing is left.

    One longer than 1,000 characters is replaced by its hash, so that two that begin alike stay two.
    """
    if len(text) > _GUID_LIMIT:
        return "blake2b:" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
    return " ".join(_JUNK.sub("", text).split()) or None


def clean_link(link: str | None, base: str) -> str | None:
    """Make an absolute http or https address of a link.

    Args:
        link: As published: absolute, or relative to `base`.
        base: The address of the document, or its xml:base.

    Returns:
        At most 4,096 characters, without user information, control characters or white space; None where the link is
        empty, of another scheme, or no address.
    """
    stripped = (link or "").strip()
    if _PLAIN_LINK.fullmatch(stripped) and len(stripped) <= _LINK_LIMIT:
        return stripped
    if not stripped or len(stripped) > _LINK_LIMIT or _NOT_IN_LINKS.search(stripped):
        return None
    try:
        parts = urlsplit(urljoin(base, stripped.translate(_QUOTED_IN_LINKS)))
        host, port = parts.hostname, parts.port
    except ValueError:  # "https://[x", "http://a:99999", and what NFKC would turn into another host
        return None
    # A browser reads "http://good\@evil" as good, Python as evil.
    if parts.scheme not in {"http", "https"} or not host or not _HOST.fullmatch(host) or "\\" in parts.netloc:
        return None
    authority = f"[{host}]" if ":" in host else host
    address = parts._replace(netloc=authority if port is None else f"{authority}:{port}").geturl()
    return address if len(address) <= _LINK_LIMIT else None


def _is_plain(text: str) -> bool:
    """Say whether no step of cleaning but the white space would find anything: most titles and many summaries."""
    return text.isascii() and text.isprintable() and "<" not in text and "&" not in text


def _decoded(text: str) -> str:
    return _JUNK.sub("", html.unescape(_ENDLESS_REFERENCE.sub("", text)))


def _one_line(text: str, limit: int) -> str:
    return normalize("NFC", " ".join(text.split()))[:limit].rstrip()


def _without_tags(text: str) -> str:
    """Take tags out from the inside, so that "<<b>script>" leaves none behind."""
    kept: list[str] = []  # pieces of text; each but the first begins with its "<"
    for piece in re.split(r"(?=<)", _BLOCK.sub(" <", text)):
        kept.append(piece)
        while len(kept) > 1 and ">" in kept[-1]:
            last = kept.pop()
            kept[-1] += last.partition(">")[2] if _TAG.match(last) else last
    return "".join(kept)
