"""What is served under one path: made by publish/, kept in state/public/, handed out by serve/."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A finished body, identical for the same state on every machine.

    Attributes:
        path: Below the site's root, without a leading slash: "update.rss", "index.html".
        content_type: As sent, with its charset.
        body: The bytes.
        gzipped: The same, coded with gzip, mtime 0.
        etag: Strong, quoted, of `body` (RFC 9110 §8.8.3).
        etag_gzipped: The same of `gzipped`: each coding has its own.
        modified_at: UTC, whole seconds: of the newest news in it. None: it holds none yet.
    """

    path: str
    content_type: str
    body: bytes
    gzipped: bytes
    etag: str
    etag_gzipped: str
    modified_at: datetime | None
