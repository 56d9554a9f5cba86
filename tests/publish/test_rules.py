"""Every MUST of the three formats that touches us, over plain and ugly topics. A row's id is its section."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from lxml import etree

from tests.publish.stories import BASE_URL, DISSOLVED, STORIES, UPDATE, press

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
RFC_822 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})")
SCHEMA = Path("/work/shared/corpus/atom.rng")


@dataclass(frozen=True)
class Feeds:
    channel: etree._Element
    atom: etree._Element
    json: dict[str, Any]

    @property
    def items(self) -> list[etree._Element]:
        return self.channel.findall("item")

    @property
    def entries(self) -> list[etree._Element]:
        return self.atom.findall(f"{ATOM}entry")


def feeds_of(kind: str) -> Feeds:
    rss, atom, json = press().feeds(UPDATE, STORIES[kind], DISSOLVED)
    return Feeds(etree.fromstring(rss.body)[0], etree.fromstring(atom.body), orjson.loads(json.body))


def text(parent: etree._Element, name: str) -> str:
    found = parent.findall(name)
    assert len(found) == 1, f"{len(found)} {name}"
    assert found[0].text
    return found[0].text


def is_web_link(link: str) -> bool:
    parts = urlsplit(link)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username


def channel_elements(feeds: Feeds) -> None:
    assert text(feeds.channel, "title")
    assert text(feeds.channel, "link") == f"{BASE_URL}/"
    assert text(feeds.channel, "description")


def channel_language(feeds: Feeds) -> None:
    assert text(feeds.channel, "language") == "id"


def channel_manners(feeds: Feeds) -> None:
    assert int(text(feeds.channel, "ttl")) > 0
    assert text(feeds.channel, "generator")
    assert is_web_link(text(feeds.channel, "docs"))


def last_build_date(feeds: Feeds) -> None:
    newest = max(parsedate_to_datetime(text(item, "pubDate")) for item in feeds.items)
    assert RFC_822.fullmatch(text(feeds.channel, "lastBuildDate"))
    assert parsedate_to_datetime(text(feeds.channel, "lastBuildDate")) == newest


def channel_self(feeds: Feeds) -> None:
    (link,) = feeds.channel.findall(f"{ATOM}link")
    assert (link.get("href"), link.get("rel")) == (f"{BASE_URL}/update.rss", "self")
    assert link.get("type") == "application/rss+xml"


def item_title_or_description(feeds: Feeds) -> None:
    assert all(text(item, "title") and text(item, "description") for item in feeds.items)


def is_body(markup: str) -> bool:
    """Whether it is paragraphs and web links, and of those, well-formed."""
    body = etree.fromstring(f"<body>{markup}</body>")
    elements = [each for each in body.iter() if each is not body]
    links = [each.get("href", "") for each in elements if each.tag == "a"]
    assert {each.tag for each in elements} <= {"p", "a"}
    assert all(set(each.attrib) <= {"href"} for each in elements)
    return bool(elements) and all(map(is_web_link, links))


def item_description_is_html(feeds: Feeds) -> None:
    assert all(is_body(text(item, "description")) for item in feeds.items)


def item_guid(feeds: Feeds) -> None:
    guids = [item.findall("guid") for item in feeds.items]
    assert all(len(guid) == 1 and guid[0].get("isPermaLink") == "false" for guid in guids)
    assert len({guid[0].text for guid in guids}) == len(feeds.items)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", guid[0].text or "") for guid in guids)


def item_pub_date(feeds: Feeds) -> None:
    assert all(RFC_822.fullmatch(text(item, "pubDate")) for item in feeds.items)


def item_link(feeds: Feeds) -> None:
    links = [link.text or "" for item in feeds.items for link in item.findall("link")]
    assert links
    assert all(is_web_link(link) for link in links)


def item_source(feeds: Feeds) -> None:
    assert all(is_web_link(item.findall("source")[0].get("url", "")) for item in feeds.items)
    assert all(text(item, "source") for item in feeds.items)


def item_enclosure(feeds: Feeds) -> None:
    assert any(item.findall("enclosure") for item in feeds.items)
    for item in feeds.items:
        for enclosure in item.findall("enclosure"):
            assert len(item.findall("enclosure")) == 1
            assert is_web_link(enclosure.get("url", ""))
            assert int(enclosure.get("length", "")) >= 0
            assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", enclosure.get("type", ""))


def item_creator(feeds: Feeds) -> None:
    assert all(text(item, f"{DC}creator") for item in feeds.items)
    assert not any(item.findall("author") for item in feeds.items)


def feed_elements(feeds: Feeds) -> None:
    assert text(feeds.atom, f"{ATOM}id").startswith("urn:uuid:")
    assert text(feeds.atom, f"{ATOM}title")
    assert RFC_3339.fullmatch(text(feeds.atom, f"{ATOM}updated"))
    assert feeds.atom.get(LANG) == "id"


def feed_self(feeds: Feeds) -> None:
    links = {link.get("rel"): link.get("href") for link in feeds.atom.findall(f"{ATOM}link")}
    assert links == {"self": f"{BASE_URL}/update.atom", "alternate": f"{BASE_URL}/"}


def feed_author(feeds: Feeds) -> None:
    assert feeds.atom.findtext(f"{ATOM}author/{ATOM}name")


def entry_elements(feeds: Feeds) -> None:
    assert all(text(entry, f"{ATOM}id") and text(entry, f"{ATOM}title") for entry in feeds.entries)


def entry_alternate_or_content(feeds: Feeds) -> None:
    for entry in feeds.entries:
        alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) <= 1
        assert bool(alternates) != bool(entry.findall(f"{ATOM}content"))


def entry_unique(feeds: Feeds) -> None:
    ids = [text(entry, f"{ATOM}id") for entry in feeds.entries]
    assert len(set(ids)) == len(ids)


def entry_links(feeds: Feeds) -> None:
    links = [link for entry in feeds.entries for link in entry.iter(f"{ATOM}link")]
    assert all(link.get("rel") in {"alternate", "related", "enclosure"} for link in links)
    assert all(is_web_link(link.get("href", "")) for link in links)


def entry_text_types(feeds: Feeds) -> None:
    titles = [entry.find(f"{ATOM}title") for entry in feeds.entries]
    bodies = [entry.findall(f"{ATOM}summary") + entry.findall(f"{ATOM}content") for entry in feeds.entries]
    assert all(title is not None and title.get("type") == "text" for title in titles)
    assert all(body.get("type") == "html" and is_body(body.text or "") for found in bodies for body in found)
    assert max(map(len, bodies)) == 1


def entry_dates(feeds: Feeds) -> None:
    for entry in feeds.entries:
        published, updated = (text(entry, ATOM + name) for name in ("published", "updated"))
        assert RFC_3339.fullmatch(published)
        assert RFC_3339.fullmatch(updated)
        assert published <= updated


def entry_source(feeds: Feeds) -> None:
    for entry in feeds.entries:
        (source,) = entry.findall(f"{ATOM}source")
        assert urlsplit(text(source, f"{ATOM}id")).scheme in {"http", "https", "tag", "urn"}
        assert text(source, f"{ATOM}title")
        assert RFC_3339.fullmatch(text(source, f"{ATOM}updated"))


def json_top(feeds: Feeds) -> None:
    assert feeds.json["version"] == "https://jsonfeed.org/version/1.1"
    assert feeds.json["title"]
    assert feeds.json["feed_url"] == f"{BASE_URL}/update.json"
    assert feeds.json["home_page_url"] == f"{BASE_URL}/"


def entry_deleted(feeds: Feeds) -> None:
    deleted = feeds.atom.findall("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert [each.get("ref") for each in deleted] == [f"urn:uuid:{each.story}" for each in DISSOLVED]
    assert all(RFC_3339.fullmatch(each.get("when", "")) for each in deleted)
    assert not {each.get("ref") for each in deleted} & {text(entry, f"{ATOM}id") for entry in feeds.entries}


def json_items(feeds: Feeds) -> None:
    ids = [item["id"] for item in feeds.json["items"]]
    assert all(is_body(item["content_html"]) for item in feeds.json["items"])
    assert len(set(ids)) == len(ids)
    assert all(isinstance(item["id"], str) and item["content_text"] for item in feeds.json["items"])


def json_dates(feeds: Feeds) -> None:
    stamps = [item[name] for item in feeds.json["items"] for name in ("date_published", "date_modified")]
    assert all(RFC_3339.fullmatch(stamp) for stamp in stamps)


def json_links(feeds: Feeds) -> None:
    items = feeds.json["items"]
    links = [item["url"] for item in items if "url" in item]
    links += [each["url"] for item in items for each in item.get("attachments", ())]
    links += [each["url"] for item in items for each in item["_aggregator"]["headlines"] if each["url"]]
    assert links
    assert all(is_web_link(link) for link in links)


def json_attachments(feeds: Feeds) -> None:
    attachments = [each for item in feeds.json["items"] for each in item.get("attachments", ())]
    assert attachments
    assert all(each["url"] and each["mime_type"] for each in attachments)


def json_extension(feeds: Feeds) -> None:
    for item in feeds.json["items"]:
        assert {"source", "source_url", "headlines", "heat"} == set(item["_aggregator"])


def json_authors(feeds: Feeds) -> None:
    assert all(author["name"] for item in feeds.json["items"] for author in item["authors"])


ALWAYS: dict[str, Callable[[Feeds], None]] = {
    "rss: channel title, link, description": channel_elements,
    "rss: language": channel_language,
    "rss: ttl, generator, docs": channel_manners,
    "rss profile: atom:link self": channel_self,
    "rfc4287 4.1.1 id, title, updated": feed_elements,
    "rfc4287 4.1.1 link self": feed_self,
    "rfc4287 4.1.1 author": feed_author,
    "rfc6721 3 deleted-entry": entry_deleted,
    "json: version, title, urls": json_top,
}
WITH_ITEMS: dict[str, Callable[[Feeds], None]] = {
    "rss: item title or description": item_title_or_description,
    "rss: description is html": item_description_is_html,
    "rss: guid": item_guid,
    "rss: pubDate": item_pub_date,
    "rss: item link": item_link,
    "rss: source": item_source,
    "rss: enclosure": item_enclosure,
    "rss profile: dc:creator": item_creator,
    "rfc4287 4.1.2 id, title": entry_elements,
    "rfc4287 4.1.2 alternate or content": entry_alternate_or_content,
    "rfc4287 4.1.1.1 no id twice": entry_unique,
    "rfc4287 4.2.7.2 link rel": entry_links,
    "rfc4287 3.1.1 text and html": entry_text_types,
    "rfc4287 3.3 dates": entry_dates,
    "rfc4287 4.2.11 source": entry_source,
    "json: item id, content": json_items,
    "json: dates": json_dates,
    "json: urls": json_links,
    "json: attachments": json_attachments,
    "json: extension": json_extension,
    "json: authors": json_authors,
}


@pytest.mark.parametrize("kind", ["plain", "ugly", "both", "none"])
@pytest.mark.parametrize("rule", ALWAYS.values(), ids=ALWAYS.keys())
def test_a_feed_keeps_the_rule(rule: Callable[[Feeds], None], kind: str) -> None:
    rule(feeds_of(kind))


@pytest.mark.parametrize("kind", ["plain", "ugly", "both"])
@pytest.mark.parametrize("rule", WITH_ITEMS.values(), ids=WITH_ITEMS.keys())
def test_an_item_keeps_the_rule(rule: Callable[[Feeds], None], kind: str) -> None:
    feeds = feeds_of(kind)
    assert len(feeds.items) == len(feeds.entries) == len(feeds.json["items"]) == len(STORIES[kind]) > 0
    rule(feeds)


def test_last_build_date_is_the_newest_change() -> None:
    last_build_date(feeds_of("plain"))


def test_an_empty_channel_was_never_built() -> None:
    assert feeds_of("none").channel.find("lastBuildDate") is None


def test_an_empty_atom_feed_was_updated_before_all_news() -> None:
    assert text(feeds_of("none").atom, f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize("kind", ["plain", "ugly", "both", "none"])
@pytest.mark.skipif(not SCHEMA.exists(), reason=f"{SCHEMA} is not here")
def test_atom_is_valid_by_the_schema_of_rfc_4287(kind: str) -> None:
    schema = etree.RelaxNG(etree.parse(SCHEMA))
    assert schema.validate(feeds_of(kind).atom), schema.error_log
