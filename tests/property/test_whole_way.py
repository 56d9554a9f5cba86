"""What a publisher sends, whatever it is, ends as a failure that has a name or as three good feeds."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parse.documents import PAGES, rss
from tests.property.whole_way import Walked, walk

OURS = sorted(path.read_bytes() for path in PAGES.iterdir() if path.suffix in {".xml", ".json", ".html"})
TOKENS = (
    b"<item>",
    b"</title>",
    b"<![CDATA[",
    b"]]>",
    b"&#0;",
    b"&#x202e;",
    b"\xff",
    b"javascript:",
    b"xml:base='",
    b"",
)


def walked(body: bytes) -> Walked:
    return asyncio.run(walk(body))


@settings(max_examples=25, deadline=None)
@given(
    body=st.sampled_from(OURS),
    at=st.integers(0, 2_000),
    cut=st.integers(0, 200),
    put=st.sampled_from(TOKENS) | st.binary(max_size=8),
)
def test_a_spoiled_document_is_refused_by_name_or_published_well_formed_and_once(
    body: bytes, at: int, cut: int, put: bytes
) -> None:
    assert walked(body[:at] + put + body[at + cut :]).answer in {"200", "unreadable"}


@pytest.mark.parametrize(
    ("items", "titles"),
    [
        pytest.param(["<title>Satu</title>", "<title>Dua</title>"], {"Satu", "Dua"}, id="plain"),
        pytest.param(["<title>&amp;#27;]]&gt;&lt;b&gt;Satu</title>"], {"]]>Satu"}, id="markup"),
        pytest.param(["<guid>1</guid>", "<title>Satu</title>"], {"Satu"}, id="neither title nor link"),
    ],
)
def test_the_law_is_not_held_by_refusals_alone(items: list[str], titles: set[str]) -> None:
    assert set(walked(rss(*items)).titles) >= titles
