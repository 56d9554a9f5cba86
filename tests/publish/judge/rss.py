"""RSS 2.0 (rssboard.org/rss-specification), its Best Practices Profile of 2007, and what extensions ask for in it."""

from collections.abc import Iterator
from typing import Final

from tests.publish.judge.judging import (
    RELATIONS,
    Check,
    Published,
    Rule,
    bad_characters,
    every,
    has_cdata,
    has_doctype,
    has_no_address,
    html_fragment,
    in_order,
    is_language,
    is_media_type,
    is_number,
    is_plain,
    is_rfc822,
    is_right_weekday,
    is_url,
    none,
    once,
    once_at_most,
    only,
    only_attributes,
    plausible,
    rfc822,
    some,
    unique,
    unknown_namespaces,
    wrong_declaration,
    wrong_self,
    wrong_stylesheet,
)

_RSS: Final = "RSS 2.0"
_PROFILE: Final = "RSS Best Practices Profile"
_CHANNEL: Final = (
    *("title", "link", "description", "category", "docs", "generator", "image", "item", "language"),
    *("lastBuildDate", "pubDate", "ttl", "skipHours", "skipDays", "copyright", "managingEditor", "webMaster", "cloud"),
    *("textInput", "atom:link", "fh:archive", "fh:complete", "sy:updateFrequency", "sy:updatePeriod", "sy:updateBase"),
)
_ITEM: Final = (
    *("title", "link", "description", "author", "category", "comments", "enclosure", "guid", "pubDate", "source"),
    *("content:encoded", "dc:creator", "dc:date", "dc:language", "dc:subject", "media:thumbnail"),
)
_DATES: Final = "//pubDate/text() | //lastBuildDate/text()"
_LINK: Final = "/rss/channel/atom:link"
_PLAIN: Final = (
    "//title/text() | //category/text() | //dc:creator/text() | //source/text() | /rss/channel/description/text()"
)


def _build_date_wrong(document: Published) -> Iterator[str]:
    published = [rfc822(text) for text in document.find("//item/pubDate/text()")]
    built = [rfc822(text) for text in document.find("/rss/channel/lastBuildDate/text()")]
    newest = max((instant for instant in published if instant), default=None)
    if (newest is None) != (not built) or any(instant and newest and instant < newest for instant in built):
        yield f"built {built}, newest {newest}"


def _guid_no_permalink(document: Published) -> Iterator[str]:
    for guid in document.find("//guid"):
        if guid.get("isPermaLink") != "false" and not is_url(guid.text or ""):
            yield guid.text


def _image_unlike(name: str) -> Check:
    def check(document: Published) -> Iterator[str]:
        ours, channels = document.find(f"//image/{name}/text()"), document.find(f"/rss/channel/{name}/text()")
        if ours and channels and ours != channels:
            yield f"{ours[0]}, not {channels[0]}"

    return check


def _misplaced(document: Published) -> Iterator[str]:
    yield from (each.tag for each in document.find("/rss/channel/item/following-sibling::*[not(self::item)]"))


def _not_by_numbers(document: Published) -> Iterator[str]:
    for line in document.body.decode("utf-8", "replace").splitlines():
        is_body = line.lstrip().startswith("<description>&#x3C;p&#x3E;")
        if not is_body and any(entity in line for entity in ("&amp;", "&lt;", "&gt;")):
            yield line.strip()


RSS_RULES: Final = (
    Rule("XML 1.0", "2.8", "NotUTF8", wrong_declaration),
    Rule("XML 1.0", "2.8", "InvalidDoctype", has_doctype),
    Rule("XML 1.0", "2.2", "BadCharacters", bad_characters),
    Rule("XML stylesheets", "1.1", "Stylesheet", wrong_stylesheet),
    Rule("field/hazards.md", "1.2", "ContainsCDATA", has_cdata),
    Rule(_RSS, "rss", "InvalidRSSVersion", none("/rss[not(@version='2.0')] | /*[not(self::rss)] | /rss[count(*)!=1]")),
    Rule(_RSS, "channel", "MissingChannelElement", once("/rss/channel", "title", "link", "description")),
    Rule(_RSS, "channel", "UndefinedElement", only("/rss/channel/*", _CHANNEL)),
    Rule(_RSS, "item", "UndefinedItemElement", only("//item/*", _ITEM)),
    Rule(_RSS, "channel", "DuplicateElement", once_at_most("/rss/channel", ("item", "category", "atom:link"))),
    Rule(_RSS, "item", "DuplicateItemElement", once_at_most("//item", ("category", "dc:creator", "enclosure"))),
    Rule(_RSS, "attributes", "UnexpectedAttribute", none("//item/@* | /rss/channel/@* | //title/@* | //pubDate/@*")),
    Rule(_RSS, "link", "InvalidFullLink", every("//link/text() | //docs/text() | //comments/text()", is_url)),
    Rule(_RSS, "language", "InvalidLanguage", every("//language/text() | //dc:language/text()", is_language)),
    Rule(_RSS, "language", "MissingLanguage", some("/rss/channel/language")),
    Rule(_RSS, "pubDate", "ProblematicalRFC822Date", every(_DATES, is_rfc822)),
    Rule(_RSS, "pubDate", "IncorrectDOW", every(_DATES, is_right_weekday)),
    Rule(_RSS, "pubDate", "ImplausibleDate", plausible(_DATES)),
    Rule(_RSS, "pubDate", "MissingPubDate", none("//item[not(pubDate)]")),
    Rule(_RSS, "lastBuildDate", "LastBuildDateBeforeNewest", _build_date_wrong),
    Rule(_RSS, "ttl", "InvalidPositiveInteger", every("//ttl/text()", lambda text: is_number(text) and int(text) > 0)),
    Rule(_RSS, "ttl", "MissingTtl", none("/rss/channel[not(ttl) and not(fh:archive)]")),
    Rule(_RSS, "generator", "MissingGenerator", some("/rss/channel/generator")),
    Rule(_RSS, "docs", "MissingDocs", some("/rss/channel/docs[.='http://www.rssboard.org/rss-specification']")),
    Rule(_RSS, "image", "MissingImage", some("/rss/channel/image")),
    Rule(_RSS, "image", "MissingImageElement", once("//image", "url", "title", "link")),
    Rule(
        _RSS,
        "image",
        "ImageUrlFormat",
        every("//image/url/text()", lambda text: text.endswith(".png") and is_url(text)),
    ),
    Rule(
        _RSS,
        "image",
        "InvalidWidth",
        every("//image/width/text()", lambda text: is_number(text) and 0 < int(text) <= 144),
    ),
    Rule(
        _RSS,
        "image",
        "InvalidHeight",
        every("//image/height/text()", lambda text: is_number(text) and 0 < int(text) <= 400),
    ),
    Rule(
        _RSS,
        "skipHours",
        "InvalidHour",
        every("//skipHours/hour/text()", lambda text: is_number(text) and int(text) < 24),
    ),
    Rule("field/hazards.md", "3.7", "CloudIsNotOurs", none("//cloud")),
    Rule(_RSS, "item", "ItemMustContainTitleOrDescription", none("//item[not(title) and not(description)]")),
    Rule(
        _RSS,
        "item",
        "NotBlank",
        none("//item/*[not(self::enclosure or self::media:thumbnail)][not(normalize-space())]"),
    ),
    Rule(_RSS, "guid", "MissingGuid", none("//item[not(guid)]")),
    Rule(_RSS, "guid", "DuplicateValue", unique("//guid/text()")),
    Rule(_RSS, "guid", "InvalidPermalink", _guid_no_permalink),
    Rule(
        _RSS, "guid", "NotSufficientlyUnique", every("//guid/text()", lambda text: len(text) >= 9 or not text.isdigit())
    ),
    Rule(_RSS, "source", "MissingSource", none("//item[not(source)]")),
    Rule(_RSS, "source", "InvalidSourceUrl", every("//source/@url", is_url)),
    Rule(_RSS, "source", "MissingSourceUrl", none("//source[not(@url)]")),
    Rule(_RSS, "enclosure", "MissingAttribute", none("//enclosure[not(@url and @length and @type)]")),
    Rule(_RSS, "enclosure", "InvalidURLAttribute", every("//enclosure/@url", is_url)),
    Rule(_RSS, "enclosure", "UseZeroForUnknown", every("//enclosure/@length", is_number)),
    Rule(_RSS, "enclosure", "InvalidMIMEAttribute", every("//enclosure/@type", is_media_type)),
    Rule(_RSS, "extending RSS", "UnknownNamespace", unknown_namespaces),
    Rule(_PROFILE, "atom:link", "MissingAtomSelfLink", some(f"{_LINK}[@rel='self'][@type='application/rss+xml']")),
    Rule(_PROFILE, "atom:link", "SelfDoesntMatchLocation", wrong_self(f"{_LINK}[@rel='self']/@href")),
    Rule(_PROFILE, "atom:link", "InvalidLinkHref", every("//atom:link/@href", is_url)),
    Rule(_PROFILE, "atom:link", "MissingHref", none("//atom:link[not(@href)]")),
    Rule(_PROFILE, "atom:link", "UnregisteredAtomLinkRel", every("//atom:link/@rel", RELATIONS.__contains__)),
    Rule(_PROFILE, "atom:link", "DuplicateAtomLink", unique(f"{_LINK}[not(@rel='hub')]/@rel")),
    Rule(_PROFILE, "atom:link", "MissingAlternate", some(f"{_LINK}[@rel='alternate'][@type='text/html']")),
    Rule(_PROFILE, "atom:link", "AtomLinkNotEmpty", none("//atom:link[node()]")),
    Rule(_PROFILE, "character data", "CharacterData", _not_by_numbers),
    Rule(_PROFILE, "character data", "ContainsHTML", every(_PLAIN, is_plain)),
    Rule(_PROFILE, "character data", "ContainsRelRefOrBadHTML", html_fragment("//item/description/text()")),
    Rule(_PROFILE, "channel", "MisplacedItem", _misplaced),
    Rule(_PROFILE, "channel", "NewestFirst", in_order("//item/pubDate/text()", rfc822)),
    Rule(_PROFILE, "enclosure", "DuplicateEnclosure", none("//item[count(enclosure) > 1]")),
    Rule(_PROFILE, "image", "ImageTitleDoesntMatch", _image_unlike("title")),
    Rule(_PROFILE, "image", "ImageLinkDoesntMatch", _image_unlike("link")),
    Rule(_PROFILE, "textInput", "AvoidTextInput", none("//textInput")),
    Rule(_PROFILE, "content:encoded", "NeedDescriptionBeforeContent", none("//item[not(description)]/content:encoded")),
    Rule(_PROFILE, "author", "EmailFormat", none("//author | //managingEditor | //webMaster")),
    Rule(_PROFILE, "dc:creator", "MissingCreator", none("//item[not(dc:creator)]")),
    Rule("Dublin Core", "1.1", "ContainsEmail", every("//dc:creator/text()", has_no_address)),
    Rule(
        "Dublin Core",
        "1.1",
        "DuplicateSemantics",
        none("//item[dc:date and pubDate] | //item[dc:subject and category]"),
    ),
    Rule(
        "mod_syndication",
        "updatePeriod",
        "InvalidUpdatePeriod",
        none("//sy:updatePeriod[not(.='hourly' or .='daily')]"),
    ),
    Rule("mod_syndication", "updateFrequency", "InvalidFrequency", every("//sy:updateFrequency/text()", is_number)),
    Rule("mod_syndication", "updateBase", "UpdateBaseIsNobodys", none("//sy:updateBase")),
    Rule(
        "mod_syndication",
        "updatePeriod",
        "MissingPeriod",
        none("/rss/channel[not(sy:updatePeriod and sy:updateFrequency) and not(fh:archive)]"),
    ),
    Rule("Media RSS 1.5.1", "thumbnail", "InvalidThumbnail", every("//media:thumbnail/@url", is_url)),
    Rule(
        "Media RSS 1.5.1", "thumbnail", "UnexpectedThumbnailAttribute", only_attributes("//media:thumbnail", ("url",))
    ),
    Rule("RFC 5005", "4", "MissingCurrentInArchive", none("/rss/channel[fh:archive][not(atom:link[@rel='current'])]")),
    Rule(
        "RFC 5005",
        "4",
        "NotAnArchive",
        none("/rss/channel[not(fh:archive)]/atom:link[@rel='current' or @rel='next-archive']"),
    ),
    Rule(
        "RFC 5005", "2", "FeedRelInCompleteFeed", none("/rss/channel[fh:complete]/atom:link[contains(@rel, 'archive')]")
    ),
    Rule("RFC 5005", "4", "HubInArchive", none("/rss/channel[fh:archive]/atom:link[@rel='hub']")),
    Rule("RFC 5005", "4", "ArchiveNotEmpty", none("//fh:archive[node()]")),
    Rule(
        "RFC 5005",
        "4",
        "OwnNeighbour",
        none(f"{_LINK}[contains(@rel, '-archive')][@href = ../atom:link[@rel='self']/@href]"),
    ),
)
