"""What is served under one path: made by publish/, kept in state/public/, handed out by serve/."""

from dataclasses import dataclass
from datetime import datetime, timedelta


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
    """

    path: str
    content_type: str
    body: bytes
    modified_at: datetime | None
    max_age: timedelta
    immutable: bool = False
