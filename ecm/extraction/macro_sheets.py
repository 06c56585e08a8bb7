"""Sheets of Excel 4's macros, which stand in workbooks to this day: read as the tables that they are."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .zip_package import ZipPackage

# calamine refuses a workbook with sheets in the first folder (xlsb) or of the first kind (xlsx); what is in
# the second folder and of the second kind it reads.
_FOLDER, _KNOWN_FOLDER = "macrosheets/", "worksheets/macro-"
_KIND = re.compile(
    rb"http://schemas\.microsoft\.com/office/2006/relationships/xl(?:Intl)?Macrosheet", re.IGNORECASE
)
_KNOWN_KIND = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
_NAMERS = (".rels", "[Content_Types].xml")


@contextmanager
def as_worksheets(path: Path, package: ZipPackage) -> Iterator[Path]:
    """Give the path of a workbook without macro sheets: this one, or for the time a copy of the package where
    they are called worksheets. Raises `Unreadable`."""
    if not any(_FOLDER in name for name in package.names):
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="worksheets-") as copy:
        with zipfile.ZipFile(copy, "w") as written:
            for name in package.names:
                content = b"".join(package.chunks(name))
                if name.endswith(_NAMERS):
                    content = _KIND.sub(
                        _KNOWN_KIND, content.replace(_FOLDER.encode(), _KNOWN_FOLDER.encode())
                    )
                written.writestr(name.replace(_FOLDER, _KNOWN_FOLDER), content)
        copy.flush()
        yield Path(copy.name)
