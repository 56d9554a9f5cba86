"""An OPML file → what it suggests. 40 of 59 public lists are no XML: bare "&", and "<p>" inside of attributes.

So none is read as XML. What is no outline is passed over, entities that a file declares are never expanded, nothing is
fetched, and an outline that cannot be read costs itself.
"""

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from aggregator.errors import NotAFeedError
from aggregator.parse.charset import decode_page
from aggregator.parse.clean import clean_line
from aggregator.source import PageList
from aggregator.subscription import Folder, Subscription, Suggestions

LIMIT_OUTLINES: Final = 50_000
LIMIT_FOLDERS: Final = 10
"""Topics of one subscription; folders further inside are no topics, what is in them is read."""

_NAME_CHARACTERS: Final = 100
_TYPES: Final = frozenset({"rss", "atom", "page"})
# Each alternative takes what it has looked at, to the end of the file where it is never closed: linear in any bytes.
_TAG: Final = re.compile(
    r"""
      <!--.*?(?:-->|\Z)
    | <!\[CDATA\[.*?(?:\]\]>|\Z)
    | <!DOCTYPE[^>\[]*+(?:\[.*?(?:\]\s*+>|\Z)|>|\Z)
    | (?P<closing></outline\b)
    | <outline(?=[\s/>])(?P<attributes>(?:
          [^<>"']++ | "(?:[^"<]++|<(?!/?outline\b))*+" | (?<==)'(?:[^'<]++|<(?!/?outline\b))*+' | '
      )*+)>
    | (?P<broken><outline\b)
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(
    r"""(?<![^\s"'])([A-Za-z][\w:.-]{0,39}+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""", re.ASCII
)
# With its semicolon: in "?a=1&copy=2", which ought to be "&amp;copy=2", html.unescape() sees a "©".
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{1,40})""")


def read_opml(body: bytes) -> Suggestions:
    """Read a subscription list, OPML 1.0 to 2.0, well-formed or not.

    A folder gives its name to all that is in it, at any depth; so does each part of `category="/Berita/Politik"`.

    Raises:
        NotAFeedError: There is no outline in it, or more than 50,000.
    """
    draft = _Draft()
    for line, tag in _tags(_decoded(body)):
        draft.take(line, tag)
    if not draft.outlines:
        raise NotAFeedError("no list of subscriptions: there is no <outline> in it; give an OPML file")
    return Suggestions(subscriptions=tuple(draft.subscriptions), folders=tuple(draft.folders))


def _decoded(body: bytes) -> str:
    declared = _DECLARED.search(body[:200])
    named = f"charset={declared[1].decode('ascii', 'replace')}" if declared else ""
    # A declared UTF-16 that can be read as bytes is none (charset.py says the same of HTML).
    return decode_page(body, "" if body.startswith(codecs.BOM_UTF8) else named)


def _tags(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    line, counted = 1, 0
    for tag in _TAG.finditer(text):
        line, counted = line + text.count("\n", counted, tag.start()), tag.start()
        yield line, tag


@dataclass(slots=True)
class _Draft:
    """What has been read so far.

    Attributes:
        outlines: How many.
        open: Of each outline that is not closed yet: the names of the folders around what is in it.
    """

    outlines: int = 0
    subscriptions: list[Subscription] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    open: list[tuple[str, ...]] = field(default_factory=list)

    def take(self, line: int, tag: re.Match[str]) -> None:
        """Take one tag in."""
        if tag["closing"]:
            del self.open[-1:]
        elif tag["broken"]:
            self._count()
            self.subscriptions.append(Subscription(url="", line=line))
        elif tag["attributes"] is not None:
            self._count()
            self._open(line, _attributes(tag["attributes"]), closed=tag["attributes"].endswith("/"))

    def _count(self) -> None:
        self.outlines += 1
        if self.outlines > LIMIT_OUTLINES:
            raise NotAFeedError(f"more than {LIMIT_OUTLINES:,} outlines; split it")

    def _open(self, line: int, attributes: Mapping[str, str], *, closed: bool) -> None:
        around = self.open[-1] if self.open else ()
        if "xmlurl" in attributes or attributes.get("type", "").lower() in _TYPES:
            self.subscriptions.append(_subscription(line, attributes, around))
        elif not closed:
            name = _name(attributes)
            if slug := attributes.get("aggregator:topic"):
                self.folders.append(Folder(name=name, slug=slug))
                name = slug
            around = (*around, name) if name and len(around) < LIMIT_FOLDERS else around
        if not closed:
            self.open.append(around)


def _attributes(written: str) -> dict[str, str]:
    """Give them by their names in small letters; of two of one name, the first."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), _ENTITY.sub(lambda entity: html.unescape(entity[0]), double or single or bare))
    return found


def _subscription(line: int, attributes: Mapping[str, str], around: tuple[str, ...]) -> Subscription:
    said = {key: attributes.get(f"aggregator:{key}", "") for key in ("timezone", "every", "cron", "weight")}
    return Subscription(
        url=attributes.get("xmlurl", "").strip(),
        name=_name(attributes),
        fallbacks=tuple(attributes.get("aggregator:fallbacks", "").split()),
        folders=tuple(dict.fromkeys((*around, *_categories(attributes))))[:LIMIT_FOLDERS],
        page=_page(attributes) if attributes.get("type", "").lower() == "page" else None,
        language=attributes.get("language", ""),
        line=line,
        **said,
    )


def _name(attributes: Mapping[str, str]) -> str:
    return clean_line(attributes.get("text") or attributes.get("title") or "", _NAME_CHARACTERS)


def _categories(attributes: Mapping[str, str]) -> Iterator[str]:
    """Read OPML 2.0's "/Boston/Weather,/Berita"."""
    for part in re.split("[,/]", attributes.get("category", "")):
        if name := clean_line(part, _NAME_CHARACTERS):
            yield name


def _page(attributes: Mapping[str, str]) -> PageList:
    keys = {"heading": "list", "item": "item", "title": "title", "link": "link", "date": "date"}
    return PageList(**{field: attributes.get(f"aggregator:{key}") or None for field, key in keys.items()})
