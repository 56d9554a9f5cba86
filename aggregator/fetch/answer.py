"""How a publisher answers: every outcome of a request is one of these values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from aggregator.source import Hints, Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """200 (or 226): a document.

    Attributes:
        url: Where it was found, after redirects: the base of its relative links.
        body: Decoded; at most `Limits.body_bytes`.
        content_type: As received; "" where there was none.
        validators: As received.
        hints: max_age alone.
        moved_to: The target, if every redirect on the way was permanent (301, 308). None: no redirect, or a temporary
            one.
        wire_bytes: Received, before decompression.
        is_partial: 226: only what is newer than the validators that were sent; what it does not list is not missing.
        oddities: For people: what its headers say about polling that cannot be meant.
        asked_after: From the call to the request that brought it, whole seconds rounded up, for hosts have their turns;
            zero under a second. What it says about time counts from that request on.
        date: UTC: the time by its publisher's clock, when it came. None: it cannot be read.
    """

    url: str
    body: bytes
    content_type: str
    validators: Validators
    hints: Hints
    moved_to: str | None = None
    wire_bytes: int = 0
    is_partial: bool = False
    oddities: tuple[str, ...] = ()
    asked_after: timedelta = timedelta(0)
    date: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """304: nothing new since the validators.

    Attributes:
        validators: Those the 304 itself carried; each may be None.
        hints: max_age alone.
        moved_to: As for `Fetched`.
        oddities: As for `Fetched`.
        asked_after: As for `Fetched`.
        date: As for `Fetched`.
    """

    validators: Validators
    hints: Hints
    moved_to: str | None = None
    oddities: tuple[str, ...] = ()
    asked_after: timedelta = timedelta(0)
    date: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """410: the publisher asks not to be polled any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Any other status.

    Attributes:
        status: As received.
        hints: retry_after, where one was given.
        detail: For people: the status in words, and what is known of the cause.
        oddities: As for `Fetched`.
        asked_after: From the call to its answer, from which Retry-After counts (RFC 9110 §10.2.3); what the others say
            of freshness counts from the question (RFC 9111 §4.2.3).
        date: As for `Fetched`.
    """

    status: int
    hints: Hints
    detail: str
    oddities: tuple[str, ...] = ()
    asked_after: timedelta = timedelta(0)
    date: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """No answer that can be used.

    Attributes:
        kind: One or two words for tables: "timeout", "dns", "connect", "tls", "reset", "too large", "bomb", "slow",
            "redirects", "blocked address", "bad url", "auth file", "protocol".
        detail: For people: what happened; what to do.
        asked_after: As for `Fetched`.
    """

    kind: str
    detail: str
    asked_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """It was not asked, or its answer was not taken, and that says nothing of it.

    Attributes:
        why: For people: its host said meanwhile that it wants to be left alone; or we lack what it takes to ask, or the
            room for a large answer.
        soon: For want of something of ours it was not even begun: it may be asked as soon as we have that again.
        asked_after: As for `Fetched`: from the call to when it would have been asked.
    """

    why: str
    soon: bool = False
    asked_after: timedelta = timedelta(0)


Heard: TypeAlias = Fetched | NotModified | Gone | Refused | Failed
Answer: TypeAlias = Heard | Held
