"""The bytes of a page → text, in the order of the HTML standard: BOM, Content-Type, `<meta>`, then a guess."""

import codecs
import re
from typing import Final

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_IN_CONTENT_TYPE: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Either `<meta charset=…>` or `<meta http-equiv=content-type content="text/html; charset=…">`.
_IN_META: Final = re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_META_WITHIN_BYTES: Final = 4096

# Python knows more codecs than the web: punycode, unicode_escape and utf-7 must not be a publisher's to choose. UTF-16
# without a BOM is left out: a `<meta>` that can be read says so wrongly (HTML §13.2.3.2).
_CODECS: Final = re.compile(r"utf-8|cp\d+|iso8859-\d+|koi8-\w|gb\w+|big5\w*|euc_\w+|shift_jis\w*|mac-\w+")
# What is declared as these is windows-1252 in truth (WHATWG Encoding, "Names and labels").
_REALLY_1252: Final = frozenset({"iso8859-1", "ascii"})


def decode_page(body: bytes, content_type: str) -> str:
    """Decode a page; what cannot be decoded becomes U+FFFD, so nothing is raised.

    Args:
        body: As received, decompressed.
        content_type: The HTTP header; "" where there was none.

    Returns:
        The text without its BOM. Without any word about it: UTF-8 where the bytes are UTF-8, else windows-1252.
    """
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    declared = _known(_IN_CONTENT_TYPE.search(content_type)) or _known(_IN_META.search(body[:_META_WITHIN_BYTES]))
    if declared:
        return body.decode(declared, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _known(declared: re.Match[str] | re.Match[bytes] | None) -> str | None:
    if declared is None:
        return None
    label = declared[1] if isinstance(declared[1], str) else declared[1].decode("ascii", "replace")
    try:
        codec = codecs.lookup(label).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    if codec in _REALLY_1252:
        return "cp1252"
    return codec if _CODECS.fullmatch(codec) else None
