"""URL → the form in which two URLs of one page are equal."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlsplit

_UNRESERVED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?]")

_HOST: Final = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]+)?")
_DEFAULT_PORT: Final = re.compile(r"(?::(?:80|443)?|\.)+$")
_TWIN_HOST: Final = re.compile(r"^(?:(?:www|amp|m|mobile)\.)+(?=[^.:]+\.[^.:])")

_SESSION: Final = re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.IGNORECASE)
_TWIN_END: Final = re.compile(r"(?:/amp|\.amp|/)+$")
_TWIN_SUFFIX: Final = re.compile(r"(?:\.amp)+(?=\.html?$)")
_TWIN_START: Final = re.compile(r"^(?:/amp)+(?=/)")

_TRACKING_PREFIXES: Final = ("utm_", "at_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_", "ns_", "fb_", "guce_", "amp_")
# "sid" and "id" are missing on purpose: PHP-Nuke and many others tell their stories apart by them.
_TRACKING: Final = frozenset(
    {
        "__amp_source_origin",
        "__twitter_impression",
        "_branch_match_id",
        "_ga",
        "_hsenc",
        "_hsmi",
        "_openstat",
        "amp",
        "cmp",
        "cmpid",
        "dclid",
        "emc",
        "fbclid",
        "gbraid",
        "gclid",
        "gclsrc",
        "guccounter",
        "hsctatracking",
        "igsh",
        "igshid",
        "ito",
        "jsessionid",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "msclkid",
        "ncid",
        "ocid",
        "oly_anon_id",
        "oly_enc_id",
        "phpsessid",
        "s_cid",
        "smid",
        "smtyp",
        "soc_src",
        "soc_trk",
        "srnd",
        "taid",
        "ttclid",
        "twclid",
        "usqp",
        "vero_id",
        "wbraid",
        "wt.mc_id",
        "wt_mc",
        "wt_zmc",
        "xtor",
        "yclid",
        "ysclid",
    }
)
# Names that mean something elsewhere: only these values say no more than where the reader came from, or how an
# article is cut into pages (kompas.com ?page=all, detik.com ?single=1).
_TRACKING_PAIRS: Final = frozenset(
    {f"{name}={value}" for name in ("ref", "source", "src", "from", "partner") for value in ("rss", "feed", "atom")}
    | {"outputtype=amp", "output=amp", "page=all", "single=1"}
)


# What has nothing to be taken off or to be escaped but a twin host: most links to articles are so.
_PLAIN: Final = re.compile(r"https?://([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})((?:/[A-Za-z0-9._~-]+)+)")

_LONGEST_HOST: Final = 253  # RFC 1035 §2.3.4
_LONGEST_IDNA: Final = 64  # in letters: Python's IDNA takes 5 µs for each
_LONGEST: Final = 2_048  # no outlet links to its articles with more; taking 2,000 such apart would take a second


@lru_cache(maxsize=4096)  # a new headline's link is wanted for its identity, and a moment later for its story
def canonical_url(url: str) -> str:
    """Give what two URLs of one page have in common. For comparing, not for showing: it need not lead anywhere.

    Dropped: tracking parameters, sessions, fragments (not "#!" routes), default ports, user names, a trailing slash.
    Twins become one: http and https, `www.`, `m.` and `amp.` hosts, /amp, ?amp=1, .amp.html. Escapes are normalised
    as in RFC 3986 §6.2.2, and the query is sorted. Idempotent; never raises: what is no http(s) URL, or is longer than
    2,048 characters, comes back as is.
    """
    url = url.strip()
    if len(url) > _LONGEST:
        return url
    plain = _PLAIN.fullmatch(url)
    if plain is not None and len(plain[1]) <= _LONGEST_HOST:
        path = plain[2]
        return f"https://{_TWIN_HOST.sub('', plain[1])}{_without_twins(path) if 'amp' in path.lower() else path}"
    try:
        parts = urlsplit(url)
        host = _canonical_host(parts.netloc)
    except ValueError:  # "https://[x", or a label that IDNA refuses
        return url
    if parts.scheme not in {"http", "https"} or host is None:
        return url
    query = _canonical_query(parts.query)
    route = _normal_escapes(parts.fragment) if parts.fragment.startswith("!") else ""
    return f"https://{host}{_canonical_path(parts.path)}{query and '?'}{query}{route and '#'}{route}"


def _canonical_host(netloc: str) -> str | None:
    """None where it is no host that can be compared. Raises ValueError where IDNA (RFC 3490) cannot encode it."""
    host = netloc.rpartition("@")[2].lower()
    if len(host) > (_LONGEST_HOST if host.isascii() else _LONGEST_IDNA):
        return None
    if not host.isascii():
        host = host.encode("idna").decode("ascii").lower()
    host = _DEFAULT_PORT.sub("", host)
    host = _TWIN_HOST.sub("", host)
    return host if _HOST.fullmatch(host) else None


def _canonical_path(path: str) -> str:
    return _without_twins(_SESSION.sub("", _normal_escapes(path)))


def _without_twins(path: str) -> str:
    return _TWIN_START.sub("", _TWIN_SUFFIX.sub("", _TWIN_END.sub("", path)))


def _canonical_query(query: str) -> str:
    pairs = (_normal_escapes(pair.replace("+", "%20")) for pair in query.split("&") if pair)
    return "&".join(sorted(pair for pair in pairs if not _tracks(pair)))


def _tracks(pair: str) -> bool:
    pair = pair.lower()
    name = pair.partition("=")[0]
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES) or pair in _TRACKING_PAIRS


def _normal_escapes(text: str) -> str:
    return _ESCAPE.sub(_normal_escape, text)


def _normal_escape(found: re.Match[str]) -> str:
    token = found[0]
    if len(token) == 1:  # also a "%" that escapes nothing: left alone, it could join what is decoded after it
        return quote(token, safe="", errors="replace")
    character = chr(int(token[1:], 16))
    return character if character in _UNRESERVED else token.upper()
