import struct
from zlib import adler32, crc32, decompress

import pytest

from aggregator.publish.icon import ICON_PIXELS, icon
from tests.publish.stories import press


def chunks(png: bytes) -> dict[bytes, bytes]:
    found, at = {}, 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        content, check = png[at + 8 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        assert struct.unpack(">I", check) == (crc32(kind + content),)
        found[kind] = content
        at += 12 + length
    return found


@pytest.mark.parametrize("scale", [9, 32])
def test_an_icon_is_a_square_png_of_two_colours(scale: int) -> None:
    side = 16 * scale
    png = icon(scale)
    found = chunks(png)
    rows = decompress(found[b"IDAT"])

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (side, side, 1, 3, 0, 0, 0)
    assert len(found[b"PLTE"]) == 6
    assert len(rows) == side * (1 + side // 8)
    assert struct.unpack(">I", found[b"IDAT"][-4:]) == (adler32(rows),)


def test_the_feeds_name_the_icon_in_its_size() -> None:
    documents = {document.path: document for document in press().front((), ())}
    assert (documents["icon.png"].content_type, documents["icon-512.png"].content_type) == ("image/png", "image/png")
    for path, side in (("icon.png", int(ICON_PIXELS)), ("icon-512.png", 512)):
        assert chunks(documents[path].body)[b"IHDR"].startswith(struct.pack(">II", side, side))
