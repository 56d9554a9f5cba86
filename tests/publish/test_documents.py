import gzip
from datetime import timedelta

import brotli

from aggregator.document import Document
from aggregator.publish.documents import document
from tests.publish.stories import NOON

MINUTE = timedelta(minutes=1)


def made(body: bytes) -> Document:
    return document("a.rss", "text/plain", body, modified_at=NOON, max_age=MINUTE)


def test_a_document_is_the_same_on_every_run() -> None:
    assert made(b"news" * 99) == made(b"news" * 99)


def test_the_coded_bytes_hold_the_body_and_no_time() -> None:
    br, packed = made(b"news" * 99).coded
    assert (br.coding, packed.coding) == ("br", "gzip")
    assert brotli.decompress(br.body) == gzip.decompress(packed.body) == b"news" * 99
    assert packed.body[4:8] == bytes(4)


def test_each_coding_has_a_strong_quoted_etag_of_its_own() -> None:
    tags = [each.etag for body in (b"one", b"two") for it in [made(body)] for each in (it.plain, *it.coded)]
    assert len(set(tags)) == 6
    assert all(tag[0] == tag[-1] == '"' and tag.count('"') == 2 for tag in tags)
