"""Pages printed into a file, written by hand as ECMA-388 asks: no program here writes the format."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecm.extraction.interface import Unreadable
from ecm.media_types import MediaTypeDetector
from tests.ecm.extraction.conftest import ReadText
from tests.ecm.extraction.test_visio import write

TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="fdseq" ContentType="application/vnd.ms-package.xps-fixeddocumentsequence+xml"/>
<Default Extension="fdoc" ContentType="application/vnd.ms-package.xps-fixeddocument+xml"/>
<Default Extension="fpage" ContentType="application/vnd.ms-package.xps-fixedpage+xml"/></Types>"""
NS = 'xmlns="http://schemas.microsoft.com/xps/2005/06"'


def page(*runs: tuple[int, str]) -> str:
    glyphs = (
        f'<Canvas><Glyphs FontRenderingEmSize="12" OriginY="{y}" UnicodeString="{text}"/></Canvas>'
        for y, text in runs
    )
    return f"<FixedPage {NS}>{''.join(glyphs)}</FixedPage>"


def parts(*sources: str) -> dict[str, str]:
    content = "".join(f'<PageContent Source="{source}"/>' for source in sources)
    return {
        "[Content_Types].xml": TYPES,
        "FixedDocSeq.fdseq": f'<S {NS}><DocumentReference Source="/Documents/1/FixedDoc.fdoc"/></S>',
        "Documents/1/FixedDoc.fdoc": f"<FixedDocument {NS}>{content}</FixedDocument>",
        "Documents/1/Pages/1.fpage": page((700, "Підпис:"), (702, "Їжак")),
        "Documents/1/Pages/2.fpage": page((100, "Рахунок"), (100, "№ 17"), (130, "{}{до сплати}"), (130, "")),
        "Documents/1/Pages/3.fpage": page((100, "Додаток")),
    }


@pytest.mark.parametrize("name", ["рахунок.xps", "рахунок.oxps", "без назви"])
def test_pages_are_read_in_the_order_of_the_document(read_text: ReadText, tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, parts("Pages/2.fpage", "/Documents/1/Pages/1.fpage"))
    text = read_text(path, MediaTypeDetector().of_file(path, name))
    assert text == "Рахунок № 17\n{до сплати}\nПідпис: Їжак\nДодаток"


def test_a_document_without_pages_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    pageless = {name: part for name, part in parts().items() if not name.endswith("page")}
    path = write(tmp_path / "a.xps", pageless)
    with pytest.raises(Unreadable, match="no pages"):
        read_text(path, MediaTypeDetector().of_file(path, path.name))
