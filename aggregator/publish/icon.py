"""The site's picture: a sheet with a headline and some lines. Drawn here, so that it is the same bytes everywhere."""

import struct
from typing import Final
from zlib import adler32, crc32

PNG_TYPE: Final = "image/png"
ICON_PATH: Final = "icon.png"
LARGE_ICON_PATH: Final = "icon-512.png"
ICON_PIXELS: Final = "144"
"""Of its width and its height: RSS 2.0 allows no wider picture."""

_INK: Final = "c0392b"
_PAPER: Final = "ffffff"
_DRAWING: Final = (
    "................",
    "................",
    "..############..",
    "..############..",
    "..############..",
    "................",
    "..#####.######..",
    "..#####.........",
    "..#####.######..",
    "..#####.........",
    "..#####.######..",
    "................",
    "..############..",
    "................",
    "..#########.....",
    "................",
)


def icon(scale: int) -> bytes:
    """Draw it as a PNG of 16 × `scale` pixels a side, white on red, one bit a pixel (RFC 2083).

    Its rows are stored, not compressed: what zlib makes of them differs between builds of it.
    """
    side = len(_DRAWING) * scale
    rows = b"".join(_row(line, scale) * scale for line in _DRAWING)
    stored = struct.pack("<BHH", 1, len(rows), len(rows) ^ 0xFFFF) + rows  # RFC 1951 §3.2.4: one block, the last
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes.fromhex(_INK + _PAPER)),
            _chunk(b"IDAT", b"\x78\x01" + stored + struct.pack(">I", adler32(rows))),
            _chunk(b"IEND", b""),
        )
    )


def _row(line: str, scale: int) -> bytes:
    bits = "".join(("1" if dot == "#" else "0") * scale for dot in line)
    return b"\0" + int(bits, 2).to_bytes(len(bits) // 8)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc32(kind + content))
