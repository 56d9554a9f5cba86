"""Topics and sources → OPML 2.0: what we publish, and what we read. Without any date: only a change changes it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from aggregator.publish.outgoing import UNTITLED, language_tag, one_line, without_secrets
from aggregator.site import Site
from aggregator.source import Source
from aggregator.topic import Topic

OPML_TYPE: Final = "text/x-opml; charset=utf-8"
FEEDS_PATH: Final = "feeds.opml"
SOURCES_PATH: Final = "sources.opml"

# Our own attributes, for what OPML cannot say: our `import` reads them, other programs pass them over (OPML 2.0,
# "Extending OPML").
_NAMESPACE: Final = "https://github.com/headline-aggregator/headline-aggregator"


def feeds_opml(site: Site, base_url: str, topics: Iterable[Topic]) -> bytes:
    """List what we publish, one feed a topic: whoever takes them all gets each item once.

    Args:
        site: Its title is the list's.
        base_url: No trailing slash.
        topics: In the order of the front page.
    """
    outlines = (
        _outline(
            {
                "text": one_line(topic.title) or topic.slug,
                "title": one_line(topic.title) or topic.slug,
                "type": "rss",
                "version": "RSS2",
                "xmlUrl": f"{base_url}/{topic.slug}.rss",
                "htmlUrl": f"{base_url}/{topic.slug}/",
                "language": language_tag(site.language) or "",
            }
        )
        for topic in topics
    )
    return _document(site, base_url, outlines)


def sources_opml(site: Site, base_url: str | None, sources: Sequence[Source], topics: Iterable[Topic]) -> bytes:
    """List what we read, in a folder for each topic; what stands in several is in that of the first.

    Our `import` makes the same sources of it, but for their secrets: user names and what looks like a token in an
    address are left out, and `headers`, `user_agent`, `proxy`, `auth_file` and `allow_private` stay here.

    Args:
        site: Its title is the list's.
        base_url: No trailing slash. None: readers cannot reach us.
        sources: In the order of feeds.yaml.
        topics: All that the sources name.
    """
    titles = {topic.slug: one_line(topic.title) or topic.slug for topic in topics}
    folders: dict[str | None, list[Source]] = {None: []}
    for source in sources:
        folders.setdefault(next(iter(source.topics), None), []).append(source)
    outlines = (line for slug, held in folders.items() for line in _folder(slug, held, titles))
    return _document(site, base_url, outlines)


def _folder(slug: str | None, held: Iterable[Source], titles: Mapping[str, str]) -> Iterator[str]:
    outlines = [_outline(_attributes(source)) for source in held]
    if slug is None:
        yield from outlines
        return
    yield _outline({"text": titles.get(slug, slug), "aggregator:topic": slug}, closed=False)
    yield from (f"  {outline}" for outline in outlines)
    yield "</outline>"


def _attributes(source: Source) -> dict[str, str]:
    first, *others = map(without_secrets, source.urls)
    name = one_line(source.name) or UNTITLED
    attributes = {
        "text": name,
        "title": name,
        "type": "page" if source.page else "rss",  # of no feed, OPML must not say rss
        "xmlUrl": first,
        "language": language_tag(source.language) or "",
        "category": ",".join(f"/{slug}" for slug in source.topics),
        "aggregator:fallbacks": " ".join(others),
        "aggregator:timezone": "" if source.zone.key == "UTC" else source.zone.key,
        "aggregator:every": f"{int(source.every.total_seconds())}s" if source.every else "",
        "aggregator:cron": source.cron or "",
        "aggregator:weight": "" if source.weight == 1 else f"{source.weight:.6f}".rstrip("0").rstrip("."),
    }
    if source.page:
        page = source.page
        keys = {"list": page.heading, "item": page.item, "title": page.title, "link": page.link, "date": page.date}
        attributes |= {f"aggregator:{key}": text or "" for key, text in keys.items()}
    return attributes


def _outline(attributes: Mapping[str, str], *, closed: bool = True) -> str:
    written = " ".join(f'{name}="{escape(one_line(text))}"' for name, text in attributes.items() if text)
    return f"<outline {written}{'/' if closed else ''}>"


def _document(site: Site, base_url: str | None, outlines: Iterable[str]) -> bytes:
    lines = [f"    {outline}" for outline in outlines]
    # Declared only where it is used: validators warn of every namespace that they do not know.
    namespace = f' xmlns:aggregator="{_NAMESPACE}"' if any(" aggregator:" in line for line in lines) else ""
    title = escape(one_line(site.title) or UNTITLED)
    owner = [f"    <ownerId>{escape(base_url)}/</ownerId>"] if base_url else []
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<opml version="2.0"{namespace}>',
            "  <head>",
            f"    <title>{title}</title>",
            *owner,
            "  </head>",
            "  <body>",
            *lines,
            "  </body>",
            "</opml>",
            "",
        ]
    ).encode()
