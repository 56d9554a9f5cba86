"""A source that somebody suggests, and that feeds.yaml does not have yet: found in an OPML file or on a page."""

from dataclasses import dataclass

from aggregator.source import PageList


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What was suggested, unchecked: load/ judges it as it judges feeds.yaml. Text is "" where nothing was said.

    Attributes:
        url: As written. "": there was none, or it could not be read.
        name: Plain text, on one line.
        fallbacks: Further addresses, tried in order.
        folders: Names, outermost first, or slugs of topics.
        page: How to read it if it is an HTML page. None: a feed.
        language: RFC 5646.
        timezone: IANA.
        every: A duration, as feeds.yaml writes it.
        cron: Five fields.
        weight: A decimal number.
        line: In the file that suggests it, from 1. 0: no file does.
    """

    url: str
    name: str = ""
    fallbacks: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    page: PageList | None = None
    language: str = ""
    timezone: str = ""
    every: str = ""
    cron: str = ""
    weight: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What holds subscriptions in an OPML file, and becomes a topic.

    Attributes:
        name: Plain text, on one line.
        slug: The topic it was exported from. "": it says none.
    """

    name: str
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What one OPML file suggests.

    Attributes:
        subscriptions: In the order of the file; a feed may stand in it more than once.
        folders: Those that say from which topic they were exported.
    """

    subscriptions: tuple[Subscription, ...]
    folders: tuple[Folder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What a page offers to be subscribed to.

    Attributes:
        title: Plain text; "" where it has none.
        feeds: Addresses that its <head> names, in its order.
        headings: That stand above lists of headlines, as printed.
    """

    title: str
    feeds: tuple[str, ...]
    headings: tuple[str, ...]
