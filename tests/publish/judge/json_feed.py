"""JSON Feed 1.1 (jsonfeed.org/version/1.1): a schema, in rules."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from tests.publish.judge.judging import (
    Check,
    Published,
    Rule,
    bad_characters,
    broken_html,
    is_language,
    is_media_type,
    is_plain,
    is_rfc3339,
    is_url,
    repeated,
    rfc3339,
)

_SPEC: Final = "JSON Feed 1.1"
_Object: TypeAlias = Mapping[str, Any]

_TOP: Final = {
    *("version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon"),
    *("authors", "language", "expired", "hubs", "items"),
}
_ITEM: Final = {
    *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image"),
    *("date_published", "date_modified", "authors", "tags", "language", "attachments"),
}
_TEXTS: Final = (_TOP | _ITEM) - {"authors", "expired", "hubs", "items", "tags", "attachments"}


def _objects(document: Published) -> Iterator[_Object]:
    yield document.json
    yield from document.json.get("items") or ()


def _items(document: Published) -> Iterator[_Object]:
    yield from document.json.get("items") or ()


def _each(
    find: Callable[[_Object], Any], fits: Callable[[Any], bool], among: Callable[[Published], Iterator[_Object]]
) -> Check:
    return lambda document: [found for each in among(document) if (found := find(each)) is not None and not fits(found)]


def _top(key: str, fits: Callable[[Any], bool]) -> Check:
    return lambda document: [] if fits(document.json.get(key)) else [document.json.get(key)]


def _item(key: str, fits: Callable[[Any], bool]) -> Check:
    return _each(lambda item: item.get(key), fits, _items)


def _any(key: str, fits: Callable[[Any], bool]) -> Check:
    return _each(lambda item: item.get(key), fits, _objects)


def _unknown_keys(document: Published) -> Iterator[str]:
    yield from (key for key in document.json if key not in _TOP and not key.startswith("_"))
    yield from (key for item in _items(document) for key in item if key not in _ITEM and not key.startswith("_"))


def _no_text(document: Published) -> Iterator[object]:
    for each in _objects(document):
        yield from (
            each[key] for key in _TEXTS & each.keys() if not isinstance(each[key], str) or not each[key].strip()
        )


def _unlike(key: str, fits: Callable[[_Object], bool]) -> Check:
    """Each object in the lists under this key must fit."""
    return lambda document: [one for each in _objects(document) for one in each.get(key, ()) if not fits(one)]


def _bad_html(document: Published) -> Iterator[str]:
    for item in _items(document):
        yield from broken_html(item.get("content_html", ""))


def _out_of_order(document: Published) -> Iterator[str]:
    instants = [rfc3339(item.get("date_published", "")) for item in _items(document)]
    known = [instant for instant in instants if instant]
    if document.newest_first and known != sorted(known, reverse=True):
        yield "not newest first"


def _is_loop(document: Published) -> Iterator[str]:
    if document.json.get("next_url") == document.json.get("feed_url", ""):
        yield document.url


def _starts_with_mark(document: Published) -> Iterator[bytes]:
    if not document.body.startswith(b"{"):
        yield document.body[:3]


def _not_twice(document: Published) -> Iterator[str]:
    yield from repeated(str(item.get("id")) for item in _items(document))


def _is_person(author: _Object) -> bool:
    return bool({"name", "url", "avatar"} & author.keys()) and all(isinstance(it, str) and it for it in author.values())


def _is_size(size: object) -> bool:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0


JSON_RULES: Final = (
    Rule("RFC 8259", "8.1", "NotUTF8", _starts_with_mark),
    Rule("field/hazards.md", "1.2", "BadCharacters", bad_characters),
    Rule(_SPEC, "top-level", "WrongVersion", _top("version", lambda text: text == "https://jsonfeed.org/version/1.1")),
    Rule(_SPEC, "top-level", "MissingTitle", _top("title", bool)),
    Rule(_SPEC, "top-level", "MissingItems", _top("items", lambda items: isinstance(items, list))),
    Rule(_SPEC, "top-level", "MissingHomePage", _top("home_page_url", lambda url: is_url(url or ""))),
    Rule(
        _SPEC,
        "top-level",
        "SelfDoesntMatchLocation",
        lambda document: [] if document.json.get("feed_url") == document.url else [document.json.get("feed_url")],
    ),
    Rule(_SPEC, "top-level", "InvalidIcon", _any("icon", is_url)),
    Rule(_SPEC, "top-level", "InvalidFavicon", _any("favicon", is_url)),
    Rule(_SPEC, "top-level", "InvalidNextUrl", _any("next_url", is_url)),
    Rule(_SPEC, "top-level", "NextIsSelf", _is_loop),
    Rule(_SPEC, "top-level", "InvalidExpired", _any("expired", lambda flag: isinstance(flag, bool))),
    Rule(
        _SPEC,
        "top-level",
        "InvalidHub",
        _unlike("hubs", lambda hub: hub.get("type") == "WebSub" and is_url(hub.get("url", ""))),
    ),
    Rule(_SPEC, "top-level", "MissingAuthors", _top("authors", bool)),
    Rule(_SPEC, "extensions", "UnknownKey", _unknown_keys),
    Rule(_SPEC, "top-level", "NotBlank", _no_text),
    Rule(_SPEC, "authors", "InvalidAuthor", _unlike("authors", _is_person)),
    Rule(
        _SPEC,
        "authors",
        "InvalidAuthorUrl",
        _unlike("authors", lambda author: "url" not in author or is_url(author["url"])),
    ),
    Rule(_SPEC, "language", "InvalidLanguage", _any("language", is_language)),
    Rule(_SPEC, "language", "MissingLanguage", _top("language", bool)),
    Rule(
        _SPEC,
        "items",
        "MissingId",
        lambda document: [item for item in _items(document) if not isinstance(item.get("id"), str) or not item["id"]],
    ),
    Rule(_SPEC, "items", "DuplicateValue", _not_twice),
    Rule(
        _SPEC,
        "items",
        "MissingContent",
        lambda document: [item for item in _items(document) if not {"content_html", "content_text"} & item.keys()],
    ),
    Rule(_SPEC, "items", "InvalidLink", _item("url", is_url)),
    Rule(_SPEC, "items", "InvalidImage", _item("image", is_url)),
    Rule(_SPEC, "items", "ContainsRelRefOrBadHTML", _bad_html),
    Rule(_SPEC, "items", "ContainsHTML", _item("title", is_plain)),
    Rule(_SPEC, "items", "InvalidPublished", _item("date_published", is_rfc3339)),
    Rule(_SPEC, "items", "InvalidModified", _item("date_modified", is_rfc3339)),
    Rule(_SPEC, "items", "NewestFirst", _out_of_order),
    Rule(
        _SPEC,
        "items",
        "InvalidTag",
        lambda document: [
            tag
            for item in _items(document)
            for tag in item.get("tags", ())
            if not isinstance(tag, str) or not tag.strip()
        ],
    ),
    Rule(_SPEC, "attachments", "InvalidAttachment", _unlike("attachments", lambda it: is_url(it.get("url", "")))),
    Rule(
        _SPEC,
        "attachments",
        "InvalidMIMEType",
        _unlike("attachments", lambda it: is_media_type(it.get("mime_type", ""))),
    ),
    Rule(
        _SPEC,
        "attachments",
        "InvalidSize",
        _unlike("attachments", lambda it: "size_in_bytes" not in it or _is_size(it["size_in_bytes"])),
    ),
)
