"""Any document → Reading: finds out what it is, and hands it to the module that reads it."""

import re
from typing import Final

from aggregator.entry import Reading
from aggregator.errors import NotAFeedError
from aggregator.parse.clean import clean_line
from aggregator.parse.feed import read_feed
from aggregator.parse.job import Job
from aggregator.parse.jsonfeed import read_json_feed
from aggregator.parse.page import read_page

_SNIFFED_BYTES: Final = 65_536
_ROOT: Final = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(?P<feed>rss|rdf|feed)[\s>/]|<!doctype\s+html|<html[\s>]|<(?:head|body)[\s>]", re.IGNORECASE
)
_FEED_IN_PAGE: Final = re.compile(rb"<(?:feed\s+xmlns|rss\s+version)\s*=", re.IGNORECASE)  # met in a real blog's feed
_TITLE: Final = re.compile(rb"<title[^>]{0,200}>([^<]{1,400})", re.IGNORECASE)
_CHALLENGES: Final = (
    b"cdn-cgi/challenge-platform",
    b"cf-browser-verification",
    b"<title>just a moment",
    b"cf-error-details",
)
_PORTALS: Final = re.compile(rb"captive|hotspot|wi-?fi login|network login|wisp(?:r|accessgateway)", re.IGNORECASE)


def read_document(job: Job) -> Reading:
    """Read a feed, or the headline list of a page if the job says how. Pure: the same job, the same reading.

    Raises:
        NotAFeedError: No headline can be read in it; the text says what it is instead, and what to do.
    """
    start = job.body[:_SNIFFED_BYTES].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise NotAFeedError("the document is empty")
    if start.startswith((b"{", b"[")):
        return read_json_feed(job)
    root = _ROOT.search(start)
    if root is None or root["feed"]:
        return read_feed(job)
    if job.page is not None:
        return read_page(job)
    if _FEED_IN_PAGE.search(start):
        return read_feed(job)
    raise NotAFeedError(_about_page(start))


def _about_page(start: bytes) -> str:
    lower = start.lower()
    if any(mark in lower for mark in _CHALLENGES):
        return "Cloudflare asks for a browser instead of giving the feed; ask the publisher to let feed readers in"
    if _PORTALS.search(start):
        return "a network's login page came instead of the feed; log in to the network"
    title = _TITLE.search(start)
    named = f' ("{clean_line(title[1].decode("utf-8", "replace"), 80)}")' if title else ""
    return (
        f"an HTML page{named} came instead of a feed; give the address of its feed, or say page: to read its headlines"
    )
