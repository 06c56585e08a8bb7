"""Whole documents inside of Office documents: a table in a letter, a drawing among slides."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from .interface import Member
from .zip_package import ZipPackage

# Objects of other programs (bin) are compound files, each of its own kind.
_EMBEDDED = re.compile(r"(?:word|ppt|xl)/embeddings/[^/]+\.(?!bin$)[a-z0-9]{2,5}", re.IGNORECASE)
_CHART_RELATIONS = re.compile(r"(?:word|ppt|xl)/charts/_rels/[^/]+\.rels", re.IGNORECASE)


def embedded_files(package: ZipPackage) -> Iterator[Member]:
    """Yield the documents that are embedded, but for the tables behind charts: a chart has its words itself.

    Raises `Unreadable`.
    """
    names = sorted(name for name in package.names if _EMBEDDED.fullmatch(name))
    if not names:
        return
    relations = b"".join(
        chunk for part in package.names if _CHART_RELATIONS.fullmatch(part) for chunk in package.chunks(part)
    )
    for name in names:
        own = posixpath.basename(name)
        if f"embeddings/{own}".encode() not in relations:
            yield Member(own, partial(package.chunks, name))
