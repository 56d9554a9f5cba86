from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from multidict import CIMultiDict

from aggregator.serve.access import knows
from aggregator.site import Token, secret_in

SECRET = "kunci-rahasia:+%/=?&"
TOKEN = Token(file=Path("token"), secret=SECRET.encode())


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "query", "admitted"),
    [
        (f"Bearer {SECRET}", "", True),
        (f"bearer  {SECRET}", "", True),
        (basic(f"joko:{SECRET}"), "", True),
        (basic(f":{SECRET}"), "", True),
        ("", f"token={quote(SECRET, safe='')}", True),
        ("", f"a=b&token={quote(SECRET, safe='')}", True),
        (basic("joko:other"), f"token={quote(SECRET, safe='')}", True),
        ("", "", False),
        ("Bearer", "", False),
        ("Bearer ", "token=", False),
        (f"Bearer {SECRET[:-1]}", "", False),
        (f"Bearer {SECRET}x", "", False),
        (f"Bearer {SECRET.upper()}", "", False),
        (f"Digest {SECRET}", "", False),
        (SECRET, "", False),
        (basic(SECRET.partition(":")[0]), "", False),
        (basic(f"{SECRET}:joko"), "", False),
        ("Basic !!!", "", False),
        ("Basic /w==", "", False),
        (f"Bearer \udcff{SECRET}", "token=%ff%00", False),
        ("Bearer kunci-rahäsia", "", False),
        ("", f"tokens={quote(SECRET, safe='')}", False),
        ("", "&".join(["token=x"] * 1_000), False),
    ],
    ids=ascii,
)
def test_only_who_shows_the_token_is_admitted(authorization: str, query: str, *, admitted: bool) -> None:
    headers = CIMultiDict({"authorization": authorization} if authorization else {})

    assert knows(TOKEN, headers, query) is admitted


@pytest.mark.parametrize(
    "text", ["", " \n", "too-short", "two tokens-of-sufficient-length", "k" * 513, "kunci-rahäsia-kita"]
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="it holds no token; write one of 16 to 512") as raised:
        secret_in(text)
    assert not text.strip() or text not in str(raised.value)


def test_blanks_around_a_token_are_no_part_of_it() -> None:
    assert secret_in(f"\n {SECRET}\r\n") == SECRET.encode()
    assert SECRET not in repr(TOKEN)
