"""What is served under one path: made by publish/, kept in state/public/, handed out by serve/."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A body in one content coding (RFC 9110 §8.4.1).

    Attributes:
        coding: "identity", "gzip" or "br".
        body: The bytes as they are sent.
        etag: Strong, quoted, of `body` (RFC 9110 §8.8.3): each coding has its own.
    """

    coding: str
    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A finished body, identical for the same state on every machine.

    Attributes:
        path: Below the site's root, without a leading slash: "update.rss", "index.html".
        content_type: As sent, with its charset.
        plain: Uncoded, as it lies in state/public/.
        coded: The same in other codings, the one to be preferred first.
        modified_at: UTC, whole seconds: when we learnt the newest of its news. None: it holds none yet.
        max_age: For how long a copy may be used without asking again (RFC 9111 §5.2.2.1).
    """

    path: str
    content_type: str
    plain: Coded
    coded: tuple[Coded, ...] = ()
    modified_at: datetime | None
    max_age: timedelta

    @property
    def body(self) -> bytes:
        """The bytes, uncoded."""
        return self.plain.body
