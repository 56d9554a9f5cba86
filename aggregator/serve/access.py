"""Request → whether it may be answered: only who knows the operator's token reads what is guarded by it."""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import hdrs

from aggregator.site import Token


def knows(token: Token, headers: Mapping[str, str], query: str) -> bool:
    """Say whether a request shows that it knows the token, in one of three ways.

    As `Authorization: Bearer TOKEN` (RFC 6750 §2.1), as the password of any user (RFC 7617), which every browser and
    most readers can, or in the address, as `?token=TOKEN`, for readers that can do neither.

    Args:
        token: Ours.
        headers: The request's.
        query: Of its target, without "?".
    """
    shown = [_credentials(headers.get(hdrs.AUTHORIZATION, "")), *_in_query(query)]
    return any(hmac.compare_digest(each.encode("utf-8", "surrogateescape"), token.secret) for each in shown)


def _credentials(field: str) -> str:
    scheme, _, credentials = field.partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            return _password(credentials.strip())
        case _:
            return ""


def _password(encoded: str) -> str:
    try:
        _, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # no Base64, or no UTF-8
        return ""
    return password


def _in_query(query: str) -> list[str]:
    if "token=" not in query:
        return []
    try:
        return [value for name, value in parse_qsl(query, max_num_fields=20) if name == "token"]
    except ValueError:
        return []
