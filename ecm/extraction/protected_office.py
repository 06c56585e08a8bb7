"""Encrypted office documents whose name does not tell what they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .interface import Piece
from .office_xml import OfficeXmlExtractor
from .protected import unprotected
from .spreadsheets import SpreadsheetExtractor
from .spreadsheets_binary import BinaryPackageExtractor
from .zip_package import ZipPackage


class ProtectedOfficeExtractor:
    """Word, Excel and PowerPoint behind a password; readable where that is the one known to all."""

    media_types = frozenset({"application/encrypted"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[Piece]:
        """Yield what the reader of its kind does. Raises `Unreadable`, mostly because of the password."""
        with unprotected(path) as readable:
            with ZipPackage(readable) as package:
                names = package.names
            extractor: OfficeXmlExtractor | SpreadsheetExtractor | BinaryPackageExtractor
            if "xl/workbook.bin" in names:
                extractor = BinaryPackageExtractor()
            elif any(name.startswith("xl/") for name in names):
                extractor = SpreadsheetExtractor()
            else:
                extractor = OfficeXmlExtractor()
            yield from extractor.extract(readable, media_type, filename)
