"""Visio's drawings: a file written by hand; one that Visio saved is in test_real_files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ecm.extraction.interface import Unreadable
from ecm.media_types import MediaTypeDetector
from tests.ecm.extraction.conftest import ReadText

TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/visio/document.xml" ContentType="application/vnd.ms-visio.drawing.main+xml"/>
<Override PartName="/visio/masters/master1.xml" ContentType="application/vnd.ms-visio.master+xml"/>
<Override PartName="/visio/pages/pages.xml" ContentType="application/vnd.ms-visio.pages+xml"/>
<Override PartName="/visio/pages/page1.xml" ContentType="application/vnd.ms-visio.page+xml"/>
<Override PartName="/visio/pages/page2.xml" ContentType="application/vnd.ms-visio.page+xml"/>
<Override PartName="/visio/comments.xml" ContentType="application/vnd.ms-visio.comments+xml"/>
<Override PartName="/docProps/core.xml"
 ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>"""
NS = 'xmlns="http://schemas.microsoft.com/office/visio/2012/main"'
PARTS = {
    "[Content_Types].xml": TYPES,
    "visio/document.xml": f"<VisioDocument {NS}/>",
    "visio/masters/master1.xml": f"<MasterContents {NS}><Text>зразок</Text></MasterContents>",
    "visio/pages/pages.xml": f'<Pages {NS}><Page Name="Схема складу"/><Page Name="План"/></Pages>',
    "visio/pages/page1.xml": f"""<PageContents {NS}><Shapes><Shape ID="1">
<Cell N="Value" V="0.5"/><Section N="Property"><Row><Cell N="Label" V="Відповідальний"/>
<Cell N="Value" V="Ґалаґан"/><Cell N="Prompt" V="підказка"/></Row></Section>
<Section N="Hyperlink"><Row><Cell N="Description" V="Договір на сервер"/></Row></Section>
<Text><cp IX="0"/>Приймання <cp IX="1"/>товару, поверх <fld IX="0">2</fld></Text>
<Shapes><Shape ID="2"><Text>Стелаж А</Text></Shape></Shapes></Shape></Shapes></PageContents>""",
    "visio/pages/page2.xml": f"<PageContents {NS}><Text>Вивантаження</Text></PageContents>",
    "visio/comments.xml": f"<Comments {NS}><CommentEntry>Узгодити</CommentEntry></Comments>",
    "docProps/core.xml": '<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Логістика</dc:title></p>',
}


def write(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return path


@pytest.mark.parametrize("ending", ["vsdx", "vsdm", "vstx", "vssx"])
def test_pages_shapes_data_comments_and_title_are_read(
    read_text: ReadText, tmp_path: Path, ending: str
) -> None:
    path = write(tmp_path / f"схема.{ending}", PARTS)
    text = read_text(path, MediaTypeDetector().of_file(path, path.name))
    assert text.splitlines() == [
        "Схема складу",
        "План",
        "",
        "Відповідальний",
        "Ґалаґан",
        "Договір на сервер",
        "Приймання товару, поверх 2",
        "Стелаж А",
        "",
        "Вивантаження",
        "",
        "Узгодити",
        "",
        "Логістика",
    ]


def test_a_file_without_a_list_of_its_parts_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    path = write(tmp_path / "a.vsdx", {"visio/document.xml": "<VisioDocument/>"})
    with pytest.raises(Unreadable, match="no list of its parts"):
        read_text(path, MediaTypeDetector().of_file(path, path.name))
