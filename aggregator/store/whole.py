"""Small files that are replaced whole, and are of no account if they are not: what they say can be found out anew.

The CRC-32 (4 bytes) of what follows, and that.
"""

import mmap
import os
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Final
from zlib import crc32

from aggregator.disk import READ, sync_folder

_CRC_BYTES: Final = 4


def put_whole(path: Path, pieces: Sequence[bytes], *, surely: bool = False) -> None:
    """Replace a file by one that holds these pieces, one behind the other. Only its owner may read it.

    Unless it is to be there `surely`, it is not synced: after a power cut, it is the old one, the new one, or none.

    Raises:
        OSError: The old one stays.
    """
    checksum = reduce(lambda crc, piece: crc32(piece, crc), pieces, 0)
    aside = path.with_name(f"{path.name}.tmp")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines((checksum.to_bytes(_CRC_BYTES), *pieces))
        if surely:
            file.flush()
            os.fsync(descriptor)
    aside.replace(path)
    if surely:
        sync_folder(path.parent)


def whole(path: Path) -> memoryview | None:
    """Map what a file holds: a copy of so much would stay with the process. None: there is none, or it is not whole."""
    try:
        with os.fdopen(os.open(path, READ), "rb") as file:
            image = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):  # ValueError: it is empty
        return None
    if len(image) == _CRC_BYTES or image[:_CRC_BYTES] != crc32(image[_CRC_BYTES:]).to_bytes(_CRC_BYTES):
        return None
    return image[_CRC_BYTES:]
