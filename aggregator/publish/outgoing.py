"""The last gate: whatever a headline holds, only text and links that every format can carry leave by here.

parse/ has cleaned all this before. It is done again because one control character would cost a whole feed: feedgen
raises for it, and so does orjson for a lone surrogate.
"""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

LINK_LIMIT: Final = 4_096
UNTITLED: Final = "…"

# XML 1.0 §2.2 without the discouraged C1 controls and non-characters, and without what reorders the text around it.
_ILLEGAL: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_NOT_IN_A_LINK: Final = re.compile(r'[\s<>"\\]')
_TAG_OR_URN: Final = re.compile(r'(tag|urn):[^\s<>"\\]+')
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")


def one_line(text: str) -> str:
    """Give the text on one line, without characters that XML, JSON or a terminal would trip over. Idempotent."""
    return " ".join(_ILLEGAL.sub("", text).split())


def web_link(link: str | None) -> str | None:
    """Give an absolute http or https URL without its credentials. Idempotent.

    Returns:
        None where `link` is none, is of another scheme, has no host, or holds a character that could end an attribute
        or a header line.
    """
    if link is None or len(link) > LINK_LIMIT or _ILLEGAL.search(link) or _NOT_IN_A_LINK.search(link):
        return None
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:  # "https://[x"
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def iri(identifier: str) -> str | None:
    """Give what may stand in an `atom:id` (RFC 4287 §4.2.6): a tag (RFC 4151), a urn, or a web link; else None.

    Nobody is to follow an id, but some reader will: "javascript:" is an absolute IRI, too.
    """
    if len(identifier) <= LINK_LIMIT and not _ILLEGAL.search(identifier) and _TAG_OR_URN.fullmatch(identifier):
        return identifier
    return web_link(identifier)


def language_tag(tag: str | None) -> str | None:
    """Give the tag if it is formed as RFC 5646 §2.1 wants it, else None."""
    return tag if tag and _LANGUAGE.fullmatch(tag) else None


def media_type(name: str) -> str:
    """Give the name of a media type; the one for bytes of any kind (RFC 2046 §4.5.1) where it is none."""
    return name if _MEDIA_TYPE.fullmatch(name) else "application/octet-stream"
