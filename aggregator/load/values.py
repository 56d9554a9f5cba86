"""One written value → what it means. Each raises ValueError with a text that goes on after the key and the value."""

import re
from functools import cache
from ipaddress import ip_interface, ip_network
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from aggregator.load.wording import quoted, suggestion
from aggregator.site import Network
from aggregator.topic import RESERVED

LIMIT_URL: Final = 4_096
LIMIT_WEIGHT: Final = 1_000
LIMIT_MONTHS: Final = 1_200

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What ends a line or turns its direction: a title goes to terminals and pages.
_UNFIT_FOR_TITLES: Final = re.compile(r"[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SPACE: Final = re.compile(r"\s")
_SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,6}")  # RFC 5646 §2.1, what newsrooms use of it
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110 §5.6.2
_FIELD_VALUE: Final = re.compile(r"[\x21-\x7e]([\t\x20-\x7e]{0,4094}[\x21-\x7e])?")  # RFC 9110 §5.5, without obs-text
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_MONTHS: Final = re.compile(r"([0-9]{1,4})( ?months?)?")
_DECIMAL: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")

_OURS: Final = {
    "user-agent": "write user_agent instead",
    **dict.fromkeys(
        ("if-none-match", "if-modified-since"), "it is sent by itself where a publisher gave one; remove it"
    ),
    **dict.fromkeys(
        ("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade"),
        "the connection needs its own; remove it",
    ),
}


def one_text(written: object) -> str:
    """Take a value that is text and nothing else, without the blanks around it."""
    if not isinstance(written, str):
        kind = "a mapping" if isinstance(written, dict) else "a list" if isinstance(written, list) else "nothing"
        raise ValueError(f"must be one value, not {kind}; write it after the colon")  # noqa: TRY004  pydantic's contract
    text = written.strip()
    if not text:
        raise ValueError("is empty; write something between the quotes, or remove it")
    if _CONTROL.search(text):
        raise ValueError("holds a line break or a control character; remove it")
    return text


def title(text: str, *, most: int) -> str:
    """Read plain text that people will see, of at most `most` characters."""
    if len(text) > most:
        raise ValueError(f"has {len(text):,} characters; write at most {most:,}")
    if _UNFIT_FOR_TITLES.search(text):
        raise ValueError("holds characters that break or turn a line; remove them")
    return text


def fit_title(text: str, *, most: int) -> str:
    """Make of any text one that `title` reads, or ""."""
    return " ".join(_UNFIT_FOR_TITLES.sub("", _CONTROL.sub(" ", text)).split())[:most].rstrip()


def http_url(text: str) -> str:
    """Read an absolute http or https URL without credentials; it is kept as written."""
    if len(text) > LIMIT_URL:
        raise ValueError(f"has {len(text):,} characters; write at most {LIMIT_URL:,}")
    if _SPACE.search(text):
        raise ValueError("has a space in it; write %20 for it, or remove it")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError("is no address; look at its brackets and its port") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError('is no web address; write all of it, as in "https://news.example/rss"')
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password; put them in a file as user:password and name it in auth_file")
    return text


def site_url(text: str) -> str:
    """Read the URL that readers type for the site; it loses its trailing slashes."""
    url = http_url(text)
    if "?" in url or "#" in url:
        raise ValueError('has a "?" or "#" part; write the address without it')
    return url.rstrip("/")


def slug(text: str) -> str:
    """Read the name of a topic in paths."""
    if _SLUG.fullmatch(text) is None:
        raise ValueError("is no slug; write 1 to 64 small letters a-z, digits and hyphens")
    if text in RESERVED:
        raise ValueError("is a page of ours; write another slug")
    return text


def language(text: str) -> str:
    """Read a language tag (RFC 5646), in lower case."""
    if _LANGUAGE.fullmatch(text.lower()) is None:
        raise ValueError('is no language tag; write one as in "id", "en" or "pt-br"')
    return text.lower()


def zone(text: str) -> ZoneInfo:
    """Read an IANA time zone."""
    try:
        return ZoneInfo(text)
    except (ValueError, KeyError, OSError):  # no key at all, an unknown one, the name of a folder of zones
        advice = suggestion(text, _zones(), 'write one as in "Asia/Jakarta"')
        raise ValueError(f"is no time zone{advice}") from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def network(text: str) -> Network:
    """Read an address or a CIDR network."""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_interface(text).network
    except ValueError:
        raise ValueError('is no network; write one as in "10.0.0.0/8" or "fd00::/8"') from None
    raise ValueError(f"has bits set behind its mask; write {quoted(str(meant))}")


def whole(text: str, *, least: int, most: int) -> int:
    """Read a whole number from `least` to `most`, both allowed."""
    if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
        raise ValueError(f"is not in range; write a whole number from {least:,} to {most:,}")
    return int(text)


def months(text: str) -> int:
    """Read a number of months, as in "24 months"; 0 is "no"."""
    found = _MONTHS.fullmatch("0" if text == "no" else text)
    if found is None or int(found[1]) > LIMIT_MONTHS:
        raise ValueError(f'is no number of months; write one up to {LIMIT_MONTHS}, as in "24 months", or "no"')
    return int(found[1])


def weight(text: str) -> float:
    """Read a decimal number above 0, at most 1,000."""
    if _DECIMAL.fullmatch(text) is None or not 0 < float(text) <= LIMIT_WEIGHT:
        raise ValueError("is no weight; write a number above 0 and up to 1000, as in 1 or 0.5")
    return float(text)


def choice(text: str, *, of: tuple[str, ...]) -> str:
    """Read one word of a few."""
    if text not in of:
        raise ValueError("is unknown" + suggestion(text, of))
    return text


def selector(text: str) -> str:
    """Read a CSS selector, perhaps with "@attribute" behind it; whether it fits the page shows when it is read."""
    return title(text, most=500)


def header_name(text: str) -> str:
    """Read the name of a request header that is not ours to write."""
    if _TOKEN.fullmatch(text) is None:
        raise ValueError('is no header name; write letters, digits and hyphens, as in "Accept-Language"')
    if text.lower() in _OURS:
        raise ValueError(f"is not for feeds.yaml: {_OURS[text.lower()]}")
    return text


def header_value(text: str) -> str:
    """Read what is sent in a request header."""
    if _FIELD_VALUE.fullmatch(text) is None:
        raise ValueError("cannot be sent in a header; write at most 4,096 ASCII characters in one line")
    return text
