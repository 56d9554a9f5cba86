"""Atom 1.0 (RFC 4287), archives (RFC 5005), entries that are gone (RFC 6721)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from tests.publish.judge.judging import (
    RELATIONS,
    Published,
    Rule,
    bad_characters,
    every,
    has_cdata,
    has_doctype,
    has_no_address,
    html_fragment,
    in_order,
    is_id,
    is_language,
    is_media_type,
    is_number,
    is_plain,
    is_rfc3339,
    is_url,
    none,
    once,
    once_at_most,
    only,
    only_attributes,
    plausible,
    rfc3339,
    some,
    unique,
    unknown_namespaces,
    wrong_declaration,
    wrong_self,
    wrong_stylesheet,
)

SCHEMA: Final = Path("/work/shared/corpus/atom.rng")

_ATOM: Final = "RFC 4287"
_FEED: Final = "/atom:feed"
_ENTRY: Final = "/atom:feed/atom:entry"
_DATES: Final = "//atom:updated/text() | //atom:published/text() | //at:deleted-entry/@when"
_PERSON: Final = "//atom:author/atom:name/text()"
_OF_A_FEED: Final = (
    *("author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights", "subtitle", "title"),
    *("updated", "entry"),
)
_OF_AN_ENTRY: Final = (
    *("author", "category", "content", "contributor", "id", "link", "published", "rights", "source", "summary"),
    *("title", "updated"),
)
_MANY: Final = ("atom:author", "atom:category", "atom:entry", "atom:link", "at:deleted-entry")


def _unlike_the_schema(document: Published) -> Iterator[str]:
    if SCHEMA.exists():
        schema = etree.RelaxNG(etree.parse(SCHEMA))
        if not schema.validate(document.root):
            yield str(schema.error_log)


def _published_after_update(document: Published) -> Iterator[str]:
    for entry in document.find(_ENTRY):
        published, updated = (entry.findtext(f"{{*}}{name}") or "" for name in ("published", "updated"))
        first, last = rfc3339(published), rfc3339(updated)
        if first and last and first > last:
            yield f"{published} > {updated}"


def _older_than_an_entry(document: Published) -> Iterator[str]:
    feed, entries = ((rfc3339(text) for text in document.find(f"{of}/atom:updated/text()")) for of in (_FEED, _ENTRY))
    changed, newest = max(filter(None, feed), default=None), max(filter(None, entries), default=None)
    if changed and newest and changed < newest:
        yield f"{changed} < {newest}"


def _alternate_or_content(document: Published) -> Iterator[str]:
    yield from (
        entry.findtext("{*}id")
        for entry in document.find(f"{_ENTRY}[not(atom:content or atom:link[@rel='alternate'])]")
    )


def _alternates_alike(document: Published) -> Iterator[str]:
    for parent in document.find(f"{_FEED} | {_ENTRY}"):
        alternates = [link for link in parent.iterfind("{*}link") if link.get("rel", "alternate") == "alternate"]
        kinds = [(link.get("type"), link.get("hreflang")) for link in alternates]
        if len(set(kinds)) != len(kinds):
            yield str(kinds)


def _deleted_but_there(document: Published) -> Iterator[str]:
    yield from {*document.find("//at:deleted-entry/@ref")} & {*document.find(f"{_ENTRY}/atom:id/text()")}


ATOM_RULES: Final = (
    Rule("XML 1.0", "2.8", "NotUTF8", wrong_declaration),
    Rule("XML 1.0", "2.8", "InvalidDoctype", has_doctype),
    Rule("XML 1.0", "2.2", "BadCharacters", bad_characters),
    Rule("XML stylesheets", "1.1", "Stylesheet", wrong_stylesheet),
    Rule("field/hazards.md", "1.2", "ContainsCDATA", has_cdata),
    Rule(_ATOM, "appendix B", "RelaxNG", _unlike_the_schema),
    Rule(_ATOM, "6", "UnknownNamespace", unknown_namespaces),
    Rule(_ATOM, "4.1.1", "MissingElement", once(_FEED, "atom:id", "atom:title", "atom:updated")),
    Rule(_ATOM, "4.1.1", "MissingAuthor", some(f"{_FEED}/atom:author")),
    Rule(_ATOM, "4.1.1", "UndefinedElement", only(f"{_FEED}/atom:*", (f"atom:{name}" for name in _OF_A_FEED))),
    Rule(_ATOM, "4.1.2", "UndefinedEntryElement", only(f"{_ENTRY}/atom:*", (f"atom:{name}" for name in _OF_AN_ENTRY))),
    Rule(_ATOM, "4.1.1", "DuplicateElement", once_at_most(f"{_FEED} | {_ENTRY}", _MANY)),
    Rule(_ATOM, "4.1.1", "MissingSelf", some(f"{_FEED}/atom:link[@rel='self'][@type='application/atom+xml']")),
    Rule(_ATOM, "4.1.1", "SelfDoesntMatchLocation", wrong_self(f"{_FEED}/atom:link[@rel='self']/@href")),
    Rule(_ATOM, "4.1.1", "MissingAlternate", some(f"{_FEED}/atom:link[@rel='alternate'][@type='text/html']")),
    Rule(_ATOM, "4.1.1", "DuplicateAtomLink", _alternates_alike),
    Rule(_ATOM, "4.1.1", "MisplacedMetadata", none(f"{_ENTRY}/following-sibling::*[not(self::atom:entry)]")),
    Rule(_ATOM, "4.1.1.1", "DuplicateEntries", unique(f"{_ENTRY}/atom:id/text()")),
    Rule(_ATOM, "4.1.1.1", "DuplicateUpdated", unique(f"{_ENTRY}/atom:updated/text()")),
    Rule(_ATOM, "4.1.2", "MissingEntryElement", once(_ENTRY, "atom:id", "atom:title", "atom:updated")),
    Rule(_ATOM, "4.1.2", "MissingContentOrAlternate", _alternate_or_content),
    Rule(_ATOM, "4.1.2", "MissingTextualContent", none(f"{_ENTRY}[not(atom:summary or atom:content)]")),
    Rule(_ATOM, "4.1.2", "MissingPublished", none(f"{_ENTRY}[not(atom:published)]")),
    Rule(_ATOM, "4.1.1", "NewestFirst", in_order(f"{_ENTRY}/atom:published/text()", rfc3339)),
    Rule(_ATOM, "4.2.6", "InvalidFullLink", every("//atom:id/text()", is_id)),
    Rule(
        _ATOM,
        "4.2.6",
        "OurIdIsNoUrn",
        every(f"{_FEED}/atom:id/text() | {_ENTRY}/atom:id/text()", lambda text: text.startswith("urn:uuid:")),
    ),
    Rule(
        _ATOM,
        "4.2.6",
        "UnexpectedWhitespace",
        none("//atom:id[. != normalize-space()] | //atom:updated[. != normalize-space()]"),
    ),
    Rule(_ATOM, "3.3", "InvalidRFC3339Date", every(_DATES, is_rfc3339)),
    Rule(_ATOM, "3.3", "ImplausibleDate", plausible(_DATES)),
    Rule(_ATOM, "4.2.15", "PublishedAfterUpdate", _published_after_update),
    Rule(_ATOM, "4.2.15", "FeedOlderThanEntry", _older_than_an_entry),
    Rule(_ATOM, "3.1.1", "TitleIsNoText", none("//*[self::atom:title or self::atom:subtitle][not(@type='text')]")),
    Rule(_ATOM, "4.2.12", "MissingSubtitle", some(f"{_FEED}/atom:subtitle[normalize-space()]")),
    Rule(
        _ATOM, "3.1.1", "InvalidTextType", none("//atom:summary[not(@type='html')] | //atom:content[not(@type='html')]")
    ),
    Rule(
        _ATOM,
        "3.1.1.1",
        "ContainsUndeclaredHTML",
        every(f"//atom:title/text() | {_PERSON} | //atom:category/@term", is_plain),
    ),
    Rule(_ATOM, "3.1.1.2", "ContainsRelRefOrBadHTML", html_fragment("//atom:summary/text() | //atom:content/text()")),
    Rule(
        _ATOM,
        "3.1.1",
        "NotBlank",
        none("//atom:title[not(normalize-space())] | //atom:summary[not(normalize-space())]"),
    ),
    Rule(_ATOM, "3.2.1", "MissingName", none("//atom:author[not(normalize-space(atom:name))]")),
    Rule(_ATOM, "3.2.1", "ContainsEmail", every(_PERSON, has_no_address)),
    Rule(_ATOM, "4.2.2.1", "MissingTerm", none("//atom:category[not(normalize-space(@term))]")),
    Rule(_ATOM, "4.2.4", "MissingGenerator", some(f"{_FEED}/atom:generator[@uri][normalize-space()]")),
    Rule(_ATOM, "4.2.4", "InvalidURI", every("//atom:generator/@uri", is_url)),
    Rule(_ATOM, "4.2.5", "MissingIcon", some(f"{_FEED}/atom:icon")),
    Rule(
        _ATOM, "4.2.5", "InvalidIcon", every("//atom:icon/text()", lambda text: text.endswith(".png") and is_url(text))
    ),
    Rule(_ATOM, "4.2.7.1", "InvalidLink", every("//atom:link/@href", is_url)),
    Rule(_ATOM, "4.2.7.1", "MissingHref", none("//atom:link[not(@href)]")),
    Rule(_ATOM, "4.2.7.2", "UnregisteredAtomLinkRel", every("//atom:link/@rel", RELATIONS.__contains__)),
    Rule(_ATOM, "4.2.7.3", "InvalidMIMEType", every("//atom:link/@type", is_media_type)),
    Rule(_ATOM, "4.2.7.3", "EnclosureWithoutType", none("//atom:link[@rel='enclosure'][not(@type)]")),
    Rule(_ATOM, "4.2.7.5", "AttrNotBlank", none("//atom:link/@*[not(normalize-space())]")),
    Rule(_ATOM, "4.2.7.6", "InvalidNonNegativeInteger", every("//atom:link/@length", is_number)),
    Rule(_ATOM, "4.2.7", "AtomLinkNotEmpty", none("//atom:link[node()]")),
    Rule(_ATOM, "4.2.11", "MissingSource", none(f"{_ENTRY}[not(atom:source)]")),
    Rule(_ATOM, "4.2.11", "MissingSourceElement", once("//atom:source", "atom:id", "atom:title", "atom:updated")),
    Rule(_ATOM, "4.2.11", "MissingSourceSelf", none("//atom:source[not(atom:link[@rel='self'])]")),
    Rule(_ATOM, "4.2.11", "EntryInSource", none("//atom:source/atom:entry")),
    Rule(_ATOM, "2", "InvalidLanguage", every("//@xml:lang", is_language)),
    Rule(_ATOM, "2", "MissingLanguage", none(f"{_FEED}[not(@xml:lang)]")),
    Rule("Media RSS 1.5.1", "thumbnail", "InvalidThumbnail", every("//media:thumbnail/@url", is_url)),
    Rule(
        "Media RSS 1.5.1", "thumbnail", "UnexpectedThumbnailAttribute", only_attributes("//media:thumbnail", ("url",))
    ),
    Rule("WebSub", "4", "HubInEntry", none(f"{_ENTRY}/atom:link[@rel='hub']")),
    Rule("RFC 5005", "4", "MissingCurrentInArchive", none(f"{_FEED}[fh:archive][not(atom:link[@rel='current'])]")),
    Rule(
        "RFC 5005",
        "4",
        "NotAnArchive",
        none(f"{_FEED}[not(fh:archive)]/atom:link[@rel='current' or @rel='next-archive']"),
    ),
    Rule("RFC 5005", "2", "FeedRelInCompleteFeed", none(f"{_FEED}[fh:complete]/atom:link[contains(@rel, 'archive')]")),
    Rule(
        "RFC 5005",
        "4",
        "FeedHistoryRelInEntry",
        none(f"{_ENTRY}/atom:link[contains(@rel, '-archive') or @rel='current']"),
    ),
    Rule("RFC 5005", "4", "ArchiveTellsVersion", none(f"{_FEED}[fh:archive]/atom:generator/@version")),
    Rule("RFC 5005", "4", "HubInArchive", none(f"{_FEED}[fh:archive]/atom:link[@rel='hub']")),
    Rule("RFC 5005", "4", "ArchiveNotEmpty", none("//fh:archive[node()]")),
    Rule(
        "RFC 5005",
        "4",
        "OwnNeighbour",
        none(f"{_FEED}/atom:link[contains(@rel, '-archive')][@href = ../atom:link[@rel='self']/@href]"),
    ),
    Rule("RFC 6721", "3", "DeletedWithoutRefOrWhen", none("//at:deleted-entry[not(@ref and @when)]")),
    Rule("RFC 6721", "3", "DeletedRefIsNoId", every("//at:deleted-entry/@ref", is_id)),
    Rule("RFC 6721", "3", "DeletedTwice", unique("//at:deleted-entry/@ref")),
    Rule("RFC 6721", "3", "DeletedButThere", _deleted_but_there),
    Rule("RFC 6721", "3", "DeletedElsewhere", none("//at:deleted-entry[not(parent::atom:feed)]")),
)
