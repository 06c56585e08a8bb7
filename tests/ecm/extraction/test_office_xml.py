"""Word and PowerPoint, from files made by python-docx and by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml

from ecm.extraction.interface import Unreadable

ReadText = Callable[[Path, str], str]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"


@pytest.fixture
def contract() -> docx.document.Document:
    document = docx.Document()
    document.core_properties.title = "Договір поставки"
    document.add_paragraph("Оплата за рахунками постачальника.")
    return document


def saved(document: docx.document.Document, folder: Path) -> Path:
    path = folder / "contract.docx"
    document.save(str(path))
    return path


def with_parts(path: Path, parts: dict[str, tuple[str, str]]) -> Path:
    """Add parts, each with its content type, as Word does for what python-docx can't make."""
    with zipfile.ZipFile(path) as package:
        content = {name: package.read(name) for name in package.namelist()}
    types = content["[Content_Types].xml"].decode()
    for name, (content_type, xml) in parts.items():
        types = types.replace(
            "</Types>", f'<Override PartName="/{name}" ContentType="{content_type}"/></Types>'
        )
        content[name] = xml.encode()
    content["[Content_Types].xml"] = types.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in content.items():
            package.writestr(name, data)
    return path


def test_body_headers_footers_comments_and_title_are_read(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    section = contract.sections[0]
    section.header.paragraphs[0].text = "ТОВ «Альфа»"
    section.footer.paragraphs[0].text = "Сторінка договору"
    contract.add_comment(contract.paragraphs[0].runs, text="Узгодити з юристом", author="Іван")
    text = read_text(saved(contract, tmp_path), DOCX)
    assert text.startswith("Оплата за рахунками постачальника.\n")
    for words in ("ТОВ «Альфа»", "Сторінка договору", "Узгодити з юристом", "Договір поставки"):
        assert words in text


def test_a_row_of_a_table_is_a_line_with_its_cells_parted(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    table = contract.add_table(2, 2)
    for cell, words in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ("Товар", "Ціна", "Сервер", "125 000,00"), strict=True
    ):
        cell.text = words
    assert "\nТовар\tЦіна\nСервер\t125 000,00\n" in read_text(saved(contract, tmp_path), DOCX)


def test_a_word_split_by_formatting_stays_whole(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    paragraph = contract.add_paragraph("рахун")
    paragraph.add_run("ками").bold = True
    paragraph.add_run("\tі далі\nнова")
    assert "рахунками\tі далі\nнова" in read_text(saved(contract, tmp_path), DOCX)


def test_tab_stops_are_no_text(read_text: ReadText, contract: docx.document.Document, tmp_path: Path) -> None:
    paragraph = contract.add_paragraph("слово")
    paragraph.paragraph_format.tab_stops.add_tab_stop(914400)
    assert "\t" not in read_text(saved(contract, tmp_path), DOCX)


def test_deleted_and_moved_text_is_not_read_and_inserted_is(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    contract.add_paragraph()._p.append(
        parse_xml(
            f'<w:ins xmlns:w="{WORD}" w:id="1"><w:r><w:t>вставлено</w:t></w:r>'
            '<w:del w:id="2"><w:r><w:delText>вилучено</w:delText></w:r></w:del></w:ins>'
        )
    )
    contract.paragraphs[0]._p.append(
        parse_xml(
            f'<w:moveFrom xmlns:w="{WORD}" w:id="3"><w:r><w:t>переміщено звідси</w:t></w:r></w:moveFrom>'
        )
    )
    text = read_text(saved(contract, tmp_path), DOCX)
    assert "вставлено" in text
    assert "вилучено" not in text
    assert "переміщено" not in text


def test_a_text_box_is_read_once_though_it_is_stored_twice(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    box = f'<w:txbxContent xmlns:w="{WORD}"><w:p><w:r><w:t>У рамці</w:t></w:r></w:p></w:txbxContent>'
    contract.paragraphs[0].runs[0]._r.append(
        parse_xml(
            f'<mc:AlternateContent xmlns:mc="{COMPATIBILITY}"><mc:Choice Requires="wps">{box}</mc:Choice>'
            f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
        )
    )
    assert read_text(saved(contract, tmp_path), DOCX).count("У рамці") == 1


def test_footnotes_charts_diagrams_and_alternative_texts_are_read(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    kind = "application/vnd.openxmlformats-officedocument."
    path = with_parts(
        saved(contract, tmp_path),
        {
            "word/footnotes.xml": (
                kind + "wordprocessingml.footnotes+xml",
                f'<w:footnotes xmlns:w="{WORD}"><w:footnote w:id="1"><w:p><w:r><w:t>Виноска про пеню</w:t>'
                "</w:r></w:p></w:footnote></w:footnotes>",
            ),
            "word/charts/chart1.xml": (
                kind + "drawingml.chart+xml",
                f'<c:chartSpace xmlns:c="{CHART}" xmlns:a="{DRAWING}">'
                "<c:title><a:p><a:r><a:t>Продажі</a:t></a:r></a:p></c:title>"
                "<c:cat><c:strCache><c:pt idx='0'><c:v>Березень</c:v></c:pt></c:strCache></c:cat>"
                "<c:val><c:numCache><c:pt idx='0'><c:v>777</c:v></c:pt></c:numCache></c:val></c:chartSpace>",
            ),
            "word/diagrams/data1.xml": (
                kind + "drawingml.diagramData+xml",
                f'<d:dataModel xmlns:d="urn:d" xmlns:a="{DRAWING}">'
                "<a:p><a:r><a:t>Крок схеми</a:t></a:r></a:p></d:dataModel>",
            ),
            "word/header9.xml": (
                kind + "wordprocessingml.header+xml",
                f'<w:hdr xmlns:w="{WORD}" xmlns:wp="urn:wp" xmlns:v="urn:v">'
                '<wp:docPr id="1" descr="Логотип"/><v:textpath string="ЧЕРНЕТКА"/></w:hdr>',
            ),
        },
    )
    text = read_text(path, DOCX)
    for words in ("Виноска про пеню", "Продажі", "Березень", "Крок схеми", "Логотип", "ЧЕРНЕТКА"):
        assert words in text
    assert "777" not in text


def test_the_main_part_is_found_by_its_type_and_not_by_its_name(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    path = saved(contract, tmp_path)
    with zipfile.ZipFile(path) as package:
        content = {name: package.read(name) for name in package.namelist()}
    with zipfile.ZipFile(path, "w") as package:
        for name, data in content.items():
            if name == "[Content_Types].xml":
                data = data.replace(b"/word/document.xml", b"/word/document2.xml")
            package.writestr(name.replace("word/document.xml", "word/document2.xml"), data)
    assert "рахунками" in read_text(path, DOCX)


def slide(words: str) -> str:
    return (
        f'<p:sld xmlns:p="urn:p" xmlns:a="{DRAWING}"><p:sp><p:txBody>'
        f"<a:p><a:pPr/><a:r><a:rPr/><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp></p:sld>"
    )


def test_slides_come_in_order_with_notes(read_text: ReadText, tmp_path: Path) -> None:
    kind = "application/vnd.openxmlformats-officedocument.presentationml."
    parts = {f"ppt/slides/slide{number}.xml": slide(f"Слайд {number}") for number in (10, 2, 1)}
    parts["ppt/notesSlides/notesSlide1.xml"] = slide("Сказати про знижку")
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}{name.split("/")[1].rstrip("s")}+xml"/>'
        for name in parts
    )
    path = tmp_path / "offer.pptx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>',
        )
        for name, xml in parts.items():
            package.writestr(name, xml)
    assert read_text(path, PPTX) == "Слайд 1\n\nСлайд 2\n\nСлайд 10\n\nСказати про знижку"


def test_what_is_no_package_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "contract.docx"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(Unreadable) as refusal:
        read_text(path, DOCX)
    assert refusal.value.reason == "damaged"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("hello.txt", "no document")
    path.write_bytes(file.getvalue())
    with pytest.raises(Unreadable, match="no list of its parts"):
        read_text(path, DOCX)


def test_a_part_protected_by_a_password_is_encrypted(
    read_text: ReadText, contract: docx.document.Document, tmp_path: Path
) -> None:
    path = saved(contract, tmp_path)
    data = bytearray(path.read_bytes())
    # Set the flag of encryption on every entry of the central directory, and on what each points to.
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 8] |= 1
        local = int.from_bytes(data[place + 42 : place + 46], "little")
        data[local + 6] |= 1
        place = data.find(b"PK\x01\x02", place + 1)
    path.write_bytes(data)
    with pytest.raises(Unreadable) as refusal:
        read_text(path, DOCX)
    assert refusal.value.reason == "encrypted"
