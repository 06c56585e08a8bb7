"""Plain text of any kind (notes, CSV, Markdown, JSON, source), in UTF or in any Cyrillic encoding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .encodings import decode

_SIZE_LIMIT_BYTES = 16 * 1024 * 1024


class PlainTextExtractor:
    """Text that is its own content."""

    media_types = frozenset(
        {
            "text/plain",
            "text/csv",
            "text/tab-separated-values",
            "text/markdown",
            "text/xml",
            "application/xml",
            "application/json",
        }
    )

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield the text; of a very large file the first 16 MiB."""
        with path.open("rb") as file:
            data = file.read(_SIZE_LIMIT_BYTES)
            more = bool(file.read(1))
        yield decode(data, cut=more)
