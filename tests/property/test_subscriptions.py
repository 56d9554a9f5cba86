"""Laws of subscriptions: what `export` writes, `import` reads back; no bytes hurt; what was in feeds.yaml stays."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.dedupe.canonical import canonical_url
from aggregator.errors import NotAFeedError
from aggregator.load.insert import insert, write_entry
from aggregator.load.rewrite import add_to_file
from aggregator.load.values import slug, title
from aggregator.parse.clean import clean_line
from aggregator.parse.opml import read_opml
from aggregator.publish.opml import sources_opml
from aggregator.publish.outgoing import without_secrets
from aggregator.site import Site
from aggregator.source import PageList, Source
from aggregator.topic import Topic
from tests.load.suggested import planned, read

SITE = Site(title="Warta", url=None, language="id", zone=ZoneInfo("UTC"))


def _is_title(text: str) -> bool:
    """Say whether feeds.yaml takes it, and no cleaning changes it: OPML's text may be markup, feeds.yaml's is not."""
    with suppress(ValueError):
        return title(text, most=100) == text == clean_line(text)
    return False


def _is_slug(text: str) -> bool:
    with suppress(ValueError):
        return slug(text) == text
    return False


NAMES = st.text(min_size=1, max_size=30).filter(_is_title)
SLUGS = st.sampled_from(["dunia", "update", "populer", "a--b", "-", "0", "topic", "x" * 64]) | st.from_regex(
    r"\A[a-z0-9-]{1,12}\Z"
).filter(_is_slug)
URLS = st.from_regex(r"\Ahttps?://[a-z]{1,8}\.example/[a-zA-Z0-9/&'()*+,;=:@.~%?#_-]{0,20}\Z").filter(
    lambda url: without_secrets(url) == url
)
SELECTORS = st.sampled_from(["li > a", 'a[href="x"]@href', "h3 a", ".judul & span", "time@datetime"])
PAGES = st.one_of(
    st.none(),
    st.just(PageList()),
    st.builds(PageList, heading=NAMES),
    st.builds(PageList, item=SELECTORS, title=st.none() | SELECTORS, link=st.none() | SELECTORS, date=SELECTORS),
)
SOURCES = st.builds(
    Source,
    id=st.just(""),
    name=NAMES,
    urls=st.lists(URLS, min_size=1, max_size=3).map(tuple),
    page=PAGES,
    topics=st.lists(SLUGS, max_size=4, unique=True).map(tuple),
    language=st.none() | st.sampled_from(["id", "en-us", "no"]),
    zone=st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Asia/Jakarta")]),
    every=st.none() | st.integers(60, 604_800).map(lambda seconds: timedelta(seconds=seconds)),
    weight=st.sampled_from([1.0, 0.5, 1000.0, 0.000001, 2.25]),
)


def _name(source: Source) -> str:
    return source.name


DISTINCT = st.lists(
    SOURCES,
    min_size=1,
    max_size=5,
    unique_by=(lambda source: source.name.casefold(), lambda source: canonical_url(source.urls[0])),
)


@settings(max_examples=50)
@given(DISTINCT, NAMES)
def test_the_sources_of_an_export_are_those_that_were_exported(sources: list[Source], named: str) -> None:
    topics = [Topic(slug=slug, title=named) for source in sources for slug in source.topics]
    body = sources_opml(SITE, None, sources, topics)
    etree.fromstring(body)
    suggested = read_opml(body)
    plan = planned(*suggested.subscriptions, folders=suggested.folders)
    with TemporaryDirectory() as folder:
        said = add_to_file(Path(folder) / "feeds.yaml", plan, read=read)
    again = planned(*suggested.subscriptions, feeds=said, folders=suggested.folders)

    assert sorted((replace(source, id="") for source in said.sources), key=_name) == sorted(sources, key=_name)
    assert (again.sources, again.topics, again.known) == ((), (), len(sources))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_list_or_none(body: bytes) -> None:
    with suppress(NotAFeedError):
        read_opml(body)


MARKS = [
    "<outline ",
    "</outline>",
    "/>",
    ">",
    "<",
    '"',
    "'",
    "&amp;",
    "&",
    "<!--",
    "-->",
    "<!DOCTYPE [",
    "]>",
    "\n",
    " ",
]
WORDS = ["text=", "xmlUrl=", "http://a/", 'type="page"', 'category="/a,b"', 'aggregator:topic="x"', "é", "\ud800"]
PARTS = st.sampled_from([*MARKS, *WORDS])


@settings(max_examples=200)
@given(st.lists(PARTS, max_size=40).map("".join))
def test_pieces_of_lists_in_any_order_give_rows_that_load_judges(text: str) -> None:
    with suppress(NotAFeedError):
        found = read_opml(text.encode("utf-8", "replace"))
        plan = planned(*found.subscriptions, folders=found.folders)
        for entry in (*plan.sources, *plan.topics):
            assert isinstance(yaml.safe_load(entry), dict)


ENTRIES = st.dictionaries(st.sampled_from(["name", "url", "x"]), st.text(max_size=10), min_size=1)
TREES = st.dictionaries(
    st.sampled_from(["site", "topics", "sources", "keep"]),
    st.lists(st.text(max_size=8) | ENTRIES | st.lists(st.text(max_size=5), max_size=2), max_size=3)
    | st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=3),
    min_size=1,
)


@settings(max_examples=150)
@given(TREES.filter(lambda tree: isinstance(tree.get("sources", []), list)), st.sampled_from([True, False, None]))
def test_a_list_grows_and_nothing_else_changes(tree: dict[str, object], flow: bool | None) -> None:
    before = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, width=20)
    grown = insert(before, "sources", [write_entry({"name": "Baru"})])
    listed = tree.get("sources", [])
    assert isinstance(listed, list)
    assert yaml.safe_load(grown) == {**tree, "sources": [*listed, {"name": "Baru"}]}
