import gzip
import os
import zlib

import brotli
import pytest

from aggregator.fetch.decoding import RATIO_APPLIES_ABOVE, Body, BodyError

MIB = 2**20
NOISE = os.urandom(50_000)


def pour(coded: bytes, coding: str, *, limit_bytes: int = 10 * MIB, ratio: int = 100, step: int = 4096) -> Body:
    body = Body(coding, limit_bytes=limit_bytes, ratio=ratio)
    for start in range(0, len(coded), step):
        body.feed(coded[start : start + step])
    return body


CODED = [
    pytest.param("", NOISE, id="plain"),
    pytest.param("identity", NOISE, id="identity"),
    pytest.param("gzip", gzip.compress(NOISE), id="gzip"),
    pytest.param("gzip", gzip.compress(NOISE[:100]) + gzip.compress(NOISE[100:]), id="gzip-members"),
    pytest.param("gzip", gzip.compress(NOISE) + bytes(600), id="gzip-padded"),
    pytest.param("deflate", zlib.compress(NOISE), id="deflate"),
    pytest.param("deflate", zlib.compress(NOISE, wbits=-15), id="bare-deflate"),
    pytest.param("br", brotli.compress(NOISE), id="br"),
]


@pytest.mark.parametrize("step", [1, 7, 4096, 10**6])
@pytest.mark.parametrize(("coding", "coded"), CODED)
def test_the_pieces_do_not_matter(coding: str, coded: bytes, step: int) -> None:
    body = pour(coded, coding, step=step)
    assert body.finish() == NOISE
    assert body.wire_bytes == len(coded)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", ""])
def test_no_bytes_are_an_empty_document(coding: str) -> None:
    assert pour(b"", coding).finish() == b""


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        pytest.param("gzip", gzip.compress(bytes(9 * MIB)), id="gzip"),
        pytest.param("deflate", zlib.compress(bytes(9 * MIB)), id="deflate"),
        pytest.param("br", brotli.compress(bytes(9 * MIB), quality=1), id="br"),
    ],
)
def test_a_bomb_is_found_out_long_before_it_is_decoded(coding: str, coded: bytes) -> None:
    body = Body(coding, limit_bytes=10 * MIB, ratio=100)
    with pytest.raises(BodyError) as raised:
        body.feed(coded)
    assert raised.value.failed.kind == "bomb"
    assert sum(len(piece) for piece in body._decoded) <= 2 * RATIO_APPLIES_ABOVE  # brotli's blocks overshoot


def test_a_small_document_may_be_as_regular_as_it_likes() -> None:
    blanks = bytes(RATIO_APPLIES_ABOVE)
    assert pour(gzip.compress(blanks), "gzip").finish() == blanks


@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_the_limit_is_exact(coding: str) -> None:
    coded = {"": NOISE, "gzip": gzip.compress(NOISE), "br": brotli.compress(NOISE)}[coding]
    roomy = max(len(coded), len(NOISE))
    assert pour(coded, coding, limit_bytes=roomy).finish() == NOISE
    with pytest.raises(BodyError) as raised:
        pour(coded, coding, limit_bytes=len(NOISE) - 1)
    assert raised.value.failed.kind == "too large"


def test_wire_bytes_that_decode_to_nothing_are_limited_too() -> None:
    empty_blocks = b"\x00\x00\x00\xff\xff" * 1000  # stored, of length 0
    with pytest.raises(BodyError) as raised:
        pour(empty_blocks, "deflate", limit_bytes=1000)
    assert raised.value.failed.kind == "too large"


def test_a_flood_of_gzip_members_is_refused() -> None:
    with pytest.raises(BodyError) as raised:
        pour(gzip.compress(b"") * 1000, "gzip")
    assert raised.value.failed.kind == "protocol"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_every_truncation_is_noticed(coding: str) -> None:
    coded = {
        "gzip": gzip.compress(b"news" * 9),
        "deflate": zlib.compress(b"news" * 9),
        "br": brotli.compress(b"news" * 9),
    }
    whole = coded[coding]
    assert pour(whole, coding).finish() == b"news" * 9
    for end in range(1, len(whole)):
        with pytest.raises(BodyError):
            pour(whole[:end], coding).finish()


@pytest.mark.parametrize("coding", ["zstd", "compress", "gzip, gzip", "gzip,br", "aes128gcm", "utf-8"])
def test_other_codings_are_refused_before_a_byte_is_read(coding: str) -> None:
    with pytest.raises(BodyError) as raised:
        Body(coding, limit_bytes=1, ratio=1)
    assert raised.value.failed.kind == "protocol"
