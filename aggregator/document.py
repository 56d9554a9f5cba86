"""What is served under one path: made by publish/, kept in state/public/, handed out by serve/."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_STORY: Final = re.compile(r"story/([a-z0-9-]{1,64})/index\.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A finished body, identical for the same state on every machine.

    Attributes:
        path: Below the site's root, without a leading slash: "update.rss", "dunia/index.html".
        content_type: As sent, with its charset.
        body: As it lies in state/public/.
        modified_at: UTC, whole seconds: when we learnt the newest of its news. None: it holds none yet.
        max_age: For how long a copy may be used without asking again (RFC 9111 §5.2.2.1).
        immutable: It will never change (RFC 8246).
        location: Where readers are sent instead, relative to its own address; the body tells those whom a static host
            serves. None: it is what was asked for.
    """

    path: str
    content_type: str
    body: bytes
    modified_at: datetime | None
    max_age: timedelta
    immutable: bool = False
    location: str | None = None


def story_path(id_: str) -> str:
    """Give the path of a story's page."""
    return f"story/{id_}/index.html"


def story_at(path: str) -> str | None:
    """Give the id of the story of which a path is the page. None: it is another document's."""
    found = _STORY.fullmatch(path)
    return found[1] if found else None
