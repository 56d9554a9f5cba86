from dataclasses import replace

import pytest

from aggregator.entry import Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.feed import read_feed
from aggregator.parse.split import Split, split
from tests.parse.documents import PAGES, job, real_documents, rss


def parts(body: bytes, charset: str = "") -> Split:
    found = split(body, charset)
    assert found is not None
    return found


def without_one(reading: Reading, index: int) -> frozenset[str]:
    return frozenset(reading.listing) - {reading.listing[index]}


def test_the_ranges_are_the_entries_to_the_byte() -> None:
    body = rss("<title>a</title>", "<title>é</title>")
    assert [body[first:after].decode() for first, after in parts(body).ranges] == [
        "<item><title>a</title></item>",
        "<item><title>é</title></item>",
    ]


def test_a_byte_order_mark_does_not_shift_the_ranges() -> None:
    body = b"\xef\xbb\xbf" + rss("<title>a</title>")
    ((first, after),) = parts(body).ranges
    assert body[first:after] == b"<item><title>a</title></item>"


def test_without_leaves_out_what_is_known_and_what_is_beyond_the_limit() -> None:
    whole = parts(rss("<title>a</title>", "<title>b</title>", "<title>c</title>"))
    known = frozenset(whole.fingerprints[:1])
    assert whole.without(known, limit=2) == rss("<title>b</title>")
    assert whole.without(frozenset(), limit=9) == whole.body


@pytest.mark.parametrize(
    ("other", "charset"),
    [
        pytest.param(rss("<title>b</title>"), "", id="its bytes"),
        pytest.param(
            rss("<title>a</title>").replace(b'version="2.0"', b'version="2.0" xml:lang="id"'), "", id="the root"
        ),
        pytest.param(rss("<title>a</title>").replace(b"<channel>", b'<channel xml:base="/x">'), "", id="the channel"),
        pytest.param(b"<?xml version='1.0' encoding='latin1'?>" + rss("<title>a</title>"), "", id="the declaration"),
        pytest.param(rss("<title>a</title>"), "koi8-r", id="the charset of the answer"),
    ],
)
def test_a_fingerprint_changes_with(other: bytes, charset: str) -> None:
    assert parts(rss("<title>a</title>")).fingerprints != parts(other, charset).fingerprints


def test_a_fingerprint_does_not_change_with_the_neighbours() -> None:
    alone = parts(rss("<title>a</title>", head="<title>x</title>"))
    second = parts(rss("<title>b</title>", "<title>a</title>", head="<title>y</title>"))
    assert alone.fingerprints[0] == second.fingerprints[1]
    assert len(alone.fingerprints[0]) == 16


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(rss("<title>a & b</title>"), id="not well-formed"),
        pytest.param(b"<!DOCTYPE rss>" + rss("<title>a</title>"), id="a DOCTYPE"),
        pytest.param(rss("<title>a</title>").decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b"<?xml version='1.0' encoding='euc-jp'?>" + rss(), id="an encoding that expat lacks"),
        pytest.param(b"<?xml version='1.0' encoding='no-such'?>" + rss(), id="an encoding that nobody has"),
        pytest.param(b"<opml><item>a</item></opml>", id="another root"),
        pytest.param(rss("<title>a</title>").replace(b"</channel>", b"<item/></channel>"), id="an empty entry"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_odd_is_not_taken_apart(body: bytes) -> None:
    assert split(body) is None


def test_an_item_elsewhere_is_no_entry() -> None:
    body = rss("<title>a</title><x><item>b</item></x>", head="<title>t</title><x><item>c</item></x>")
    assert len(parts(body).ranges) == 1


@pytest.mark.parametrize("name", ["rss_everything.xml", "rdf.xml", "atom_texts-and-bases.xml", "rss_windows-1251.xml"])
def test_each_entry_reads_the_same_alone_as_with_its_neighbours(name: str) -> None:
    body = (PAGES / name).read_bytes()
    assert split(body) is not None
    whole = read_feed(job(body))
    assert whole.entries
    for entry in whole.entries:
        assert read_feed(job(body, known=without_one(whole, entry.index))) == replace(whole, entries=(entry,))


def test_nothing_new_still_tells_the_listing_and_the_feed() -> None:
    body = (PAGES / "rss_everything.xml").read_bytes()
    whole = read_feed(job(body))
    assert read_feed(job(body, known=frozenset(whole.listing))) == replace(whole, entries=())


def test_each_entry_of_every_real_feed_reads_the_same_alone() -> None:
    compared = 0
    for name, body in real_documents():
        if split(body.lstrip()) is None:
            continue
        try:
            whole = read_feed(job(body))
        except NotAFeedError:
            continue
        if len(set(whole.listing)) < len(whole.listing):  # the same entry twice: known once, known twice
            continue
        # All of a short feed; every seventh of a long one, and its ends.
        for entry in {*whole.entries[:3], *whole.entries[::7], *whole.entries[-2:]}:
            alone = read_feed(job(body, known=without_one(whole, entry.index)))
            assert alone.entries == (entry,), name
            compared += 1
    assert compared > 300
