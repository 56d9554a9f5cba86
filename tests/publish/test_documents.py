import gzip

from aggregator.publish.documents import document
from tests.publish.stories import NOON


def test_a_document_is_the_same_on_every_run() -> None:
    assert document("a.rss", "text/plain", b"news" * 99, NOON) == document("a.rss", "text/plain", b"news" * 99, NOON)


def test_the_coded_bytes_hold_the_body_and_no_time() -> None:
    made = document("a.rss", "text/plain", b"news" * 99, NOON)
    assert gzip.decompress(made.gzipped) == made.body
    assert made.gzipped[4:8] == bytes(4)


def test_each_coding_has_a_strong_quoted_etag_of_its_own() -> None:
    made, other = (document("a.rss", "text/plain", body, NOON) for body in (b"one", b"two"))
    tags = [made.etag, made.etag_gzipped, other.etag, other.etag_gzipped]
    assert len(set(tags)) == 4
    assert all(tag[0] == tag[-1] == '"' and tag.count('"') == 2 for tag in tags)
