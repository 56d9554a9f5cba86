"""The last gate: whatever a headline holds, only text and links that every format can carry leave by here.

parse/ has cleaned all this before. It is done again because one control character would cost a whole feed: feedgen
raises for it, and so does orjson for a lone surrogate.
"""

import re
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

import idna
from babel import Locale

LINK_LIMIT: Final = 4_096
UNTITLED: Final = "…"

# XML 1.0 §2.2 without the discouraged C1 controls and non-characters, and without what reorders the text around it.
_ILLEGAL: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_NOT_IN_A_LINK: Final = re.compile(r'[\s<>"\\]')
# What `web_link` would give back as it is: most links are so.
_PLAIN_LINK: Final = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:/[\w.~!$&'()*+,;=:@/-]*)?(?:\?[\w.~!$&'()*+,;=:@/?-]+)?", re.ASCII
)
# RFC 3986 §3.3–3.5; a "%" is one of three characters that stand for one.
_IN_A_PATH: Final = "/:@!$&'()*+,;=~%"
_IN_A_QUERY: Final = _IN_A_PATH + "?"
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(:\d*)?", re.ASCII)
_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TAG: Final = re.compile(  # RFC 4151 §2.1
    r"tag:([\w.-]+@)?[A-Za-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[\w;/?:@&=+$.!~*'(),%-]*(#[\w;/?:@&=+$.!~*'(),%-]*)?",
    re.ASCII,
)
_URN: Final = re.compile(  # RFC 8141 §2, RFC 9562 §4
    r"urn:(?:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?!uuid:)[a-z0-9][a-z0-9-]{1,30}:(?:[\w()+,.:=@;$!*'/~&-]|%[0-9a-f]{2})+)",
    re.ASCII | re.IGNORECASE,
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")

_PAIR: Final = re.compile(r"[^&;]+[&;]?|[&;]")  # with what ends it: ";" is rare, and old, and still there
_SECRET_NAME: Final = re.compile(r"token|secret|passw|pwd|api_?key|auth_?key|signature|credential|jwt", re.IGNORECASE)
_SECRET_WORDS: Final = frozenset({"auth", "hash", "key", "pass", "session", "sig"})
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LIKE_A_SECRET: Final = re.compile(r"[0-9a-fA-F]{32,}")
_URL: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_AFTER_A_URL: Final = ".,;:)"


def one_line(text: str) -> str:
    """Give the text on one line, without characters that XML, JSON or a terminal would trip over. Idempotent.

    What an encoding lost stays visible as "?": validators warn of the character that Unicode has for it.
    """
    return " ".join(_ILLEGAL.sub("", text).replace("\ufffd", "?").split())


def web_link(link: str | None) -> str | None:
    """Give an absolute http or https URL without its credentials, in the characters of RFC 3986. Idempotent.

    Returns:
        None where `link` is none, is of another scheme, has no host, or holds a character that could end an attribute
        or a header line.
    """
    if link is not None and len(link) <= LINK_LIMIT and _PLAIN_LINK.fullmatch(link):
        return link
    if link is None or len(link) > LINK_LIMIT or _ILLEGAL.search(link) or _NOT_IN_A_LINK.search(link):
        return None
    try:
        parts = urlsplit(link)
        host = parts.hostname
        authority = _ascii(parts.netloc.rpartition("@")[2])
    except ValueError:  # "https://[x", and what is no host name in any alphabet
        return None
    if parts.scheme not in {"http", "https"} or not host or not _AUTHORITY.fullmatch(authority):
        return None
    address = urlunsplit(
        (
            parts.scheme,
            authority,
            _quoted(parts.path, _IN_A_PATH),
            _quoted(parts.query, _IN_A_QUERY),
            _quoted(parts.fragment, _IN_A_QUERY),
        )
    )
    return address if len(address) <= LINK_LIMIT else None


def iri(identifier: str) -> str | None:
    """Give what may stand in an `atom:id` (RFC 4287 §4.2.6): a tag (RFC 4151), a urn, or a web link; else None.

    Nobody is to follow an id, but some reader will: "javascript:" is an absolute IRI, too.
    """
    if len(identifier) <= LINK_LIMIT and (_TAG.fullmatch(identifier) or _URN.fullmatch(identifier)):
        return identifier
    link = web_link(identifier)
    return link and without_secrets(link)


def without_secrets(url: str) -> str:
    """Leave out of an address who we are: user and password, and query parameters that are named or look like a token.

    A token in the path cannot be told from a name, and stays.
    """
    parts = urlsplit(url)
    pairs = _PAIR.findall(parts.query)
    harmless = [pair for pair in pairs if not _is_secret(pair.rstrip("&;"))]
    if harmless == pairs and "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="".join(harmless).rstrip("&;")))


def text_without_secrets(text: str) -> str:
    """Leave out of a text what the addresses in it say of who we are. Idempotent."""
    return _URL.sub(_harmless, text) if "://" in text else text


def language_tag(tag: str | None) -> str | None:
    """Give the tag if it is formed as RFC 5646 §2.1 wants it and begins with a language that CLDR knows, else None."""
    is_known = tag and _LANGUAGE.fullmatch(tag) and tag.partition("-")[0].lower() in _languages()
    return tag if is_known else None


def media_type(name: str) -> str:
    """Give the name of a media type; the one for bytes of any kind (RFC 2046 §4.5.1) where it is none."""
    return name if _MEDIA_TYPE.fullmatch(name) else "application/octet-stream"


def rfc3339(instant: datetime) -> str:
    """Write an instant that is in UTC (RFC 3339 §5.6, in upper case)."""
    return instant.isoformat().replace("+00:00", "Z")


def _ascii(authority: str) -> str:
    if authority.isascii():
        return authority
    host, *port = authority.split(":")
    return ":".join([_punycode(host), *port])


def _punycode(host: str) -> str:
    """Name a host as browsers do. Python's own codec knows the rules of 2003, by which "straße" was "strasse"."""
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        return host.encode("idna").decode("ascii")  # "i❤.example": no name any more, and registered all the same


def _quoted(part: str, allowed: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", part), safe=allowed)


def _harmless(found: re.Match[str]) -> str:
    url = found[0].rstrip(_AFTER_A_URL)
    try:
        return without_secrets(url) + found[0][len(url) :]
    except ValueError:  # "https://[x"
        return "(an address)"


def _is_secret(pair: str) -> bool:
    name, _, value = unquote_plus(pair).partition("=")
    words = {word.lower() for word in _WORDS.findall(name)}
    return bool(_SECRET_NAME.search(name) or words & _SECRET_WORDS or _LIKE_A_SECRET.fullmatch(value))


@cache
def _languages() -> frozenset[str]:
    return frozenset(Locale("en").languages)
