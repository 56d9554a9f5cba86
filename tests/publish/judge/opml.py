"""OPML 2.0 (opml.org/spec2.opml): what a list of feeds must hold."""

from typing import Final

from tests.publish.judge.judging import (
    Rule,
    bad_characters,
    every,
    has_cdata,
    has_doctype,
    is_language,
    is_url,
    none,
    once,
    some,
    unique,
    wrong_declaration,
)

_SPEC: Final = "OPML 2.0"
_KNOWN: Final = " or ".join(
    f"name()='{name}'" for name in ("text", "title", "type", "version", "xmlUrl", "htmlUrl", "language")
)

OPML_RULES: Final = (
    Rule("XML 1.0", "2.8", "NotUTF8", wrong_declaration),
    Rule("XML 1.0", "2.8", "InvalidDoctype", has_doctype),
    Rule("XML 1.0", "2.2", "BadCharacters", bad_characters),
    Rule("field/hazards.md", "1.2", "ContainsCDATA", has_cdata),
    Rule(_SPEC, "opml", "InvalidOPMLVersion", some("/opml[@version='2.0']")),
    Rule(_SPEC, "opml", "MissingHead", once("/opml/head", "title")),
    Rule(_SPEC, "head", "InvalidOwner", every("/opml/head/ownerId/text()", is_url)),
    Rule(_SPEC, "head", "NothingIsStampedNow", none("/opml/head/dateCreated | /opml/head/dateModified")),
    Rule(_SPEC, "body", "MissingOutline", some("/opml/body/outline")),
    Rule(_SPEC, "outline", "MissingText", none("//outline[not(normalize-space(@text))]")),
    Rule(_SPEC, "outline", "MissingTitleAttr", none("//outline[@type='rss'][not(normalize-space(@title))]")),
    Rule(_SPEC, "outline", "MissingXmlURL", none("//outline[@type='rss'][not(@xmlUrl)]")),
    Rule(_SPEC, "outline", "MissingOutlineType", none("//outline[@xmlUrl][not(@type)]")),
    Rule(_SPEC, "outline", "InvalidOutlineVersion", every("//outline/@version", {"RSS", "RSS1", "RSS2"}.__contains__)),
    Rule(_SPEC, "outline", "InvalidFullLink", every("//outline/@xmlUrl | //outline/@htmlUrl", is_url)),
    Rule(_SPEC, "outline", "InvalidLanguage", every("//outline/@language", is_language)),
    Rule(_SPEC, "outline", "ListedTwice", unique("//outline/@xmlUrl")),
    Rule(_SPEC, "outline", "UnknownNamespace", none("//namespace::*[not(name()='xml')]")),
    Rule(_SPEC, "outline", "UnexpectedAttribute", none(f"//outline/@*[not({_KNOWN})]")),
)
