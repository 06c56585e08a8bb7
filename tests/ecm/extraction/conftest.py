"""Reading a file in this process, as the guarded one does."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from ecm.extraction.cleaning import clean
from ecm.extraction.readers import make_extractors

ReadText = Callable[[Path, str], str]


@pytest.fixture(scope="session")
def read_text() -> ReadText:
    """Read a file of a media type with the extractor that takes it; returns its cleaned text."""
    extractors = make_extractors()

    def read(path: Path, media_type: str) -> str:
        (extractor,) = (each for each in extractors if media_type in each.media_types)
        return clean("".join(extractor.extract(path, media_type, path.name)))

    return read


@pytest.fixture(scope="session")
def cyrillic_font() -> str:
    """The name of a font with Cyrillic letters, registered with reportlab."""
    path = files("fontpkg_pt_sans").joinpath("files", "PT_Sans-Web-Regular.ttf")
    pdfmetrics.registerFont(TTFont("PT Sans", str(path)))
    return "PT Sans"
