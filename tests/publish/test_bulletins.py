"""Every MUST of RFC 4287 that touches the operator's feed, over plain and ugly incidents; what must not be in it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import feedparser
import pytest
from lxml import etree

from aggregator.document import Document
from aggregator.incident import Incident, Kind, latest_first
from tests.publish.judge.atom import ATOM_RULES
from tests.publish.judge.judging import Published, verdicts
from tests.publish.stories import BASE_URL, DUNIA, NOON, PASAR, UGLY_LINKS, UGLY_TITLES, press

ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NOT_OURS = {  # rules for what is republished: an HTML body, and where it came from; names are told as they are written
    *("InvalidTextType", "MissingSource", "ContainsRelRefOrBadHTML", "ContainsUndeclaredHTML"),
}

BROKE = Incident(source=DUNIA, kind="broke", at=NOON, name="Dunia", url=DUNIA, text="failed 3 times in a row: timeout.")
PLAIN = tuple(replace(BROKE, kind=kind, at=NOON - timedelta(hours=hours)) for hours, kind in enumerate(get_args(Kind)))
UGLY = tuple(
    replace(BROKE, at=NOON - timedelta(days=1 + days), name=title, url=link or "", text=f"moved to {link}. {title}")
    for days, (title, link) in enumerate(zip(UGLY_TITLES, UGLY_LINKS, strict=True))
)
TWINS = tuple(replace(BROKE, source=f"{number}") for number in range(9))
KINDS = {"plain": PLAIN, "ugly": UGLY, "twins": TWINS, "none": ()}


def feed(*incidents: Incident) -> Document:
    (document,) = press().status(incidents)
    return document


def text(parent: etree._Element, name: str) -> str:
    (found,) = parent.findall(name)
    assert found.text
    return found.text


@pytest.fixture(params=KINDS)
def atom(request: pytest.FixtureRequest) -> etree._Element:
    return etree.fromstring(feed(*KINDS[request.param]).body)


def test_the_feed_keeps_the_rules(atom: etree._Element) -> None:
    links = {link.get("rel"): link.get("href") for link in atom.findall(f"{ATOM}link")}
    assert links == {"self": f"{BASE_URL}/status.atom", "alternate": f"{BASE_URL}/"}
    assert text(atom, f"{ATOM}id").startswith("urn:uuid:")
    assert text(atom, f"{ATOM}title") == "Status – Warta <Pagi>"
    assert atom.findtext(f"{ATOM}author/{ATOM}name") == "Warta <Pagi>"
    assert atom.get(LANG) == "en"


def test_every_entry_keeps_the_rules(atom: etree._Element) -> None:
    entries = atom.findall(f"{ATOM}entry")
    assert len({text(entry, f"{ATOM}id") for entry in entries}) == len(entries)
    for entry in entries:
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text(entry, f"{ATOM}id"))
        assert text(entry, f"{ATOM}title") == entry.findtext(f"{ATOM}title", "").strip()
        assert text(entry, f"{ATOM}summary")
        assert [each.get("type") for each in entry.iter(f"{ATOM}title", f"{ATOM}summary")] == ["text"] * 2
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Warta <Pagi>"
        assert [each.get("term") in get_args(Kind) for each in entry.findall(f"{ATOM}category")] == [True]
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("rel") == "alternate"
        assert re.fullmatch(r"https?://[\w.]+/", link.get("href", ""))


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_every_rule_of_atom_feeds(kind: str) -> None:
    document = Published(url=f"{BASE_URL}/status.atom", body=feed(*KINDS[kind]).body, now=NOON + timedelta(hours=1))
    assert verdicts([rule for rule in ATOM_RULES if rule.name not in NOT_OURS], document) == []


def test_a_reader_finds_what_happened_and_when_and_no_stamp_of_our_looking() -> None:
    document = feed(*PLAIN)
    parsed = feedparser.parse(document.body)

    assert not parsed.bozo
    assert [entry.tags[0].term for entry in parsed.entries] == list(get_args(Kind))
    assert (parsed.entries[0].title, parsed.entries[0].link) == ("Dunia: cannot be read", "https://dunia.example/")
    assert parsed.entries[0].summary == "Dunia: failed 3 times in a row: timeout."
    assert parsed.feed.updated_parsed[:6] == parsed.entries[0].updated_parsed[:6] == (2025, 12, 29, 3, 12, 30)
    assert (document.path, document.modified_at) == ("status.atom", NOON.replace(microsecond=0))
    assert feed().modified_at is None


def test_the_same_incidents_give_the_same_bytes_whatever_was_told_before() -> None:
    used = press()
    used.status(PLAIN[:2])
    assert used.status(PLAIN) == press().status(PLAIN)
    assert len(used._bulletins) == len(PLAIN)
    used.status(PLAIN[2:4])
    assert len(used._bulletins) == 2  # those that are no longer told are not kept


def test_it_tells_no_secret() -> None:
    moved = "moved for good to https://me:hush1@new.example/rss?format=rss&token=hush2, and is asked there."
    of_pasar = replace(BROKE, url=PASAR, text=moved)
    private = replace(BROKE, url="https://a.example/private/hush3/rss?auth=hush4", at=NOON - timedelta(1))
    body = feed(of_pasar, private, *UGLY).body

    assert b"hush" not in body
    assert b"secret" not in body
    assert b"moved for good to https://new.example/rss?format=rss, and is asked there." in body
    assert b'href="https://a.example/"' in body


def test_what_happened_later_is_told_first_and_at_one_instant_in_one_order() -> None:
    assert sorted([*PLAIN[::-1], *TWINS], key=latest_first) == sorted([*TWINS[::-1], *PLAIN], key=latest_first)
    assert sorted({*PLAIN}, key=latest_first) == list(PLAIN)


def test_who_finds_out_the_same_again_gives_it_the_same_id() -> None:
    again = replace(BROKE, name="Dunia!", url="https://dunia.example/new", text="worded otherwise")
    assert again.id == BROKE.id
    assert len({BROKE.id, replace(BROKE, kind="gone").id, replace(BROKE, source="x").id, PLAIN[1].id}) == 4
