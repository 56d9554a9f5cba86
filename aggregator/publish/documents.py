"""Bytes → Document: coded and named once, at publishing, so that serving is a look-up."""

import gzip
from datetime import datetime
from hashlib import blake2b

from aggregator.document import Document


def document(path: str, content_type: str, body: bytes, modified_at: datetime | None) -> Document:
    """Finish a body. The same bytes give the same ETags on every run.

    Args:
        path: Below the site's root, without a leading slash.
        content_type: With its charset.
        body: As it will be sent.
        modified_at: UTC, whole seconds. None: it holds no news yet.
    """
    gzipped = gzip.compress(body, compresslevel=6, mtime=0)
    return Document(
        path=path,
        content_type=content_type,
        body=body,
        gzipped=gzipped,
        etag=_etag(body),
        etag_gzipped=_etag(gzipped),
        modified_at=modified_at,
    )


def _etag(coded: bytes) -> str:
    return f'"{blake2b(coded, digest_size=16).hexdigest()}"'
