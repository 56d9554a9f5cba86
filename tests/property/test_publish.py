from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree, html

from aggregator.document import Document
from aggregator.entry import Enclosure, Origin
from aggregator.headline import Headline, Revision
from aggregator.incident import Incident
from aggregator.parse.clean import clean_line, clean_link
from aggregator.publish import outgoing
from aggregator.publish.body import html_body
from aggregator.publish.forms import outline_of
from aggregator.publish.head import head_of
from aggregator.publish.item import item_of
from aggregator.publish.outgoing import iri, one_line, web_link
from aggregator.publish.syndication import (
    _atom_entry,
    _atom_head,
    _rss_entry,
    _rss_head,
    atom_entry,
    by_numbers,
    rss_item,
)
from aggregator.publish.words import words
from aggregator.story import Story
from tests.monitor.samples import STATUS
from tests.newsroom import DUNIA
from tests.publish.judge.editions import AS_IF_NEVER_PARSED, edition, judged
from tests.publish.stories import BASE_URL, KABAR, NAMES, NOON, SITE, UPDATE, headline, press, revised, story

# What text at random hardly ever holds, and what tries to get out of where text is written.
WAYS_OUT = st.sampled_from(
    [
        *(
            "]]>",
            "<![CDATA[",
            "--><!--",
            "<?xml?>",
            "<script>alert(1)</script>",
            "&lt;b&gt;",
            "&amp;amp;",
            "&#0;",
            "&x;",
        ),
        *(
            "</title>",
            "</script>",
            '"><img src=x onerror=a>',
            "' onclick='a",
            "javascript:a",
            "data:text/html,a",
            "//x",
        ),
        *("\r\nSet-Cookie: a=b", "\n\ndata: a", "\u2028", "\u2029", "\x85", "\x00", "\x1b[31m", "\x9b31m", "\u202e"),
        *("\u2067", "\ufeff", "\ufffe", "\uffff", "\ufdd0", "\U0001fffe", "\U0010ffff", "\ud800", "\udfff\ud83d"),
        *(
            "\U0001f468\u200d\U0001f469",
            "e" + "\u0301\u0316" * 500,
            "\u0301",
            "\ufdfa" * 50,
            "A" * 3_000,
            "{{7*7}}",
            "%0d%0a",
        ),
    ]
)
ANY_TEXT = (
    st.text(st.characters(), max_size=60)
    | st.text(st.characters(categories=["Cs", "Cc", "Cn"]), max_size=10)
    | st.lists(WAYS_OUT | st.text(st.characters(), max_size=3), max_size=6).map("".join)
)
ANY_LINK = st.none() | ANY_TEXT | ANY_TEXT.map("https://a.example/".__add__) | ANY_TEXT.map("https://".__add__)
HEAD = head_of(UPDATE, SITE, BASE_URL, NOON)
ATOM = "{http://www.w3.org/2005/Atom}"

stories = st.builds(
    lambda number, title, link, source, tag: story(
        headline(
            number,
            source,
            title=title,
            url=link,
            summary=title,
            authors=(title,),
            categories=(tag, title),
            language=tag,
            enclosures=(Enclosure(url=link or "", type=tag),),
            origin=Origin(id=tag, title=title, link=link),
            revisions=(Revision(title=tag, until=NOON),),
        ),
        revised(headline(number + 1, tag, title=tag, url=link), title),
    ),
    st.integers(1, 10_000),
    ANY_TEXT,
    ANY_LINK,
    ANY_TEXT,
    ANY_TEXT,
)


def titles_in_xml(body: bytes, path: str) -> list[str | None]:
    by_lxml = [each.text for each in etree.fromstring(body).iterfind(path)]
    by_expat = [each.text for each in ET.fromstring(body).iterfind(path)]  # noqa: S314  our own output
    assert by_lxml == by_expat
    return by_lxml


@settings(max_examples=60, deadline=None)
@given(st.lists(stories, min_size=1, max_size=3, unique_by=lambda each: each.id))
def test_any_headline_leaves_well_formed_and_with_one_title_in_all_formats(told: list[Any]) -> None:
    ours = press()
    rss, atom, json = ours.feeds(UPDATE, told)
    titles = [item["title"] for item in orjson.loads(json.body)["items"]]

    assert len(titles) == len(told)
    assert all(titles)
    assert titles_in_xml(rss.body, "channel/item/title") == titles
    bodies = [item["content_html"] for item in orjson.loads(json.body)["items"]]
    assert titles_in_xml(rss.body, "channel/item/description") == bodies
    assert all({each.tag for each in etree.fromstring(f"<b>{body}</b>")} == {"p"} for body in bodies)
    assert titles_in_xml(atom.body, f"{ATOM}entry/{ATOM}title") == titles


@settings(max_examples=60, deadline=None)
@given(stories)
@example(story(headline(1, title='"A" & <b>'), headline(2, KABAR, title="\"'", url="https://kabar.example/?a='&b=")))
def test_an_item_put_into_a_specimens_bytes_is_what_feedgen_writes_of_it(told: Any) -> None:
    item, ours = item_of(told, NAMES), words("id")
    body, outline = html_body(item, ours), outline_of(item, ours)
    feed = _atom_head(HEAD, ())
    rss = _rss_head(HEAD)
    rss.add_entry(_rss_entry(item, body))
    feed.add_entry(_atom_entry(item, body))

    assert rss_item(outline) in by_numbers(rss.rss_str(pretty=True))
    assert atom_entry(outline) in by_numbers(feed.atom_str(pretty=True))


@settings(max_examples=40, deadline=None)
@given(stories)
def test_no_headline_can_add_an_element_to_a_page_or_take_one_away(told: Any) -> None:
    """The elements are those of the same story in plain words."""
    plain = story(*map(_in_plain_words, told.headlines))
    assert [_skeleton(each.body) for each in _pages(told)] == [_skeleton(each.body) for each in _pages(plain)]


@settings(max_examples=25, deadline=None)
@given(ANY_TEXT.map(one_line), ANY_TEXT, ANY_LINK)  # of names, feeds.yaml takes no others
def test_nothing_that_is_told_of_a_source_adds_to_what_its_operator_reads(
    name: str, text: str, url: str | None
) -> None:
    assert _skeleton(_status_page(f"A{name}", f"A{text}")) == _skeleton(_status_page("A", "A"))

    (atom,) = press().status([Incident(source="a", kind="broke", at=NOON, name=name, url=url or "", text=text)])
    assert len(titles_in_xml(atom.body, f"{ATOM}entry/{ATOM}title")) == 1
    assert [_outlines(each) for each in _lists(name)] == [_outlines(each) for each in _lists("A")]


def _status_page(name: str, text: str) -> bytes:
    sources = tuple(replace(each, name=name, error=text, reason=name) for each in STATUS.sources)
    return press().status_page(replace(STATUS, sources=sources, notices=(name,)))


def _lists(name: str) -> list[Document]:
    return [each for each in press(replace(DUNIA, name=name)).front((), ()) if each.path.endswith("opml")]


def _outlines(opml: Document) -> list[list[str]]:
    return [sorted(map(str, each.attrib)) for each in etree.fromstring(opml.body).iter("outline")]


def test_a_megabyte_of_title_and_of_link_is_cut_where_it_comes_in_and_harmless_where_it_goes_out() -> None:
    for piece in ("e\u0301\u0316", "\U0001f468\u200d", "<b>", "&#x26;", "]]>", "\ud800", "\u202e"):
        much = piece * (1_000_000 // len(piece))
        assert len(clean_line(much)) <= 1_000
        assert clean_link(f"https://a.example/{much}", "") is web_link(f"https://a.example/{much}") is None
    much = "]]>\U0001f468\ud800" * 200_000
    rss, atom, json = press().feeds(UPDATE, [story(headline(1, title=much, url=f"https://a.example/{much}"))])
    (title,) = [item["title"] for item in orjson.loads(json.body)["items"]]
    huge = etree.XMLParser(huge_tree=True)
    assert etree.fromstring(rss.body, huge).findtext("channel/item/title") == title
    assert etree.fromstring(atom.body, huge).findtext(f"{ATOM}entry/{ATOM}title") == title


def _in_plain_words(line: Headline) -> Headline:
    summary = "A" if one_line(line.summary) else ""
    return replace(line, title="A", summary=summary, revisions=tuple(replace(it, title="A") for it in line.revisions))


def _pages(told: Story) -> tuple[Document, ...]:
    ours = press()
    return (*ours.pages(UPDATE, [told], [told]), ours.front_page([told], [told]))


def _skeleton(page: bytes) -> list[tuple[str, tuple[str, ...]]]:
    """Give every element with the names of its attributes, but `lang`, which the words decide."""
    whole = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    return [(each.tag, tuple(sorted(str(name) for name in each.attrib if name != "lang"))) for each in whole.iter()]


@settings(max_examples=50, deadline=None)
@given(st.lists(stories, min_size=1, max_size=4, unique_by=lambda each: each.id))
def test_any_headline_leaves_without_breaking_a_rule(told: list[Any]) -> None:
    newest_first = sorted(told, key=lambda each: each.published_at, reverse=True)
    # A source is always known by an address; those of these headlines are any text.
    but = {*AS_IF_NEVER_PARSED, "MissingSource", "MissingSourceSelf"}
    assert judged(edition(newest_first), but=but) == []


@given(ANY_TEXT)
def test_cleaning_text_twice_changes_nothing(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


@given(ANY_LINK)
def test_cleaning_a_link_twice_changes_nothing(link: str | None) -> None:
    assert web_link(web_link(link)) == web_link(link)


@given(st.from_regex(outgoing._PLAIN_LINK, fullmatch=True))
def test_what_passes_for_a_plain_link_is_what_cleaning_would_make_of_it(link: str) -> None:
    assert web_link(link) == link == web_link(f"{link}#")


@given(ANY_TEXT | ANY_TEXT.map("http://".__add__) | ANY_TEXT.map("urn:".__add__))
def test_any_identifier_is_an_iri_or_refused(identifier: str) -> None:
    found = iri(identifier)
    assert found is None or iri(found) == found
