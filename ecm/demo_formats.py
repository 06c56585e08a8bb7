"""Small writers of the formats that the demo company's documents are in.

Each writes what its format asks for and nothing more, without the libraries that applications make such files
with: those are no part of the product.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_TEXT_DOCUMENT = "application/vnd.oasis.opendocument.text"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first row names the columns."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Table | str
Cell = str | int | float | date


def write_zip(parts: dict[str, str], stored_first: tuple[str, str] | None = None) -> bytes:
    """Return a zip file of these parts, the same bytes each time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        if stored_first:
            package.writestr(zipfile.ZipInfo(stored_first[0]), stored_first[1])
        for name, content in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, content)
    return file.getvalue()


def _content_types(overrides: dict[str, str]) -> str:
    entries = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in overrides.items()
    )
    return (
        f'{_XML}<Types xmlns="{_PACKAGE}content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{entries}</Types>'
    )


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}relationships">{entries}</Relationships>'


def _core_properties(title: str) -> str:
    return (
        f'{_XML}<p:coreProperties xmlns:p="{_PACKAGE}metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></p:coreProperties>'
    )


def word_file(title: str, blocks: Sequence[Block], header: str) -> bytes:
    """Return a Word document (ECMA-376) with a heading, paragraphs, bordered tables and a page header."""
    body = "".join(_word_block(block) for block in (Heading(title), *blocks))
    names = f'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{_RELATIONS}"'
    heading = (
        '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:keepNext/>'
        '<w:spacing w:before="240" w:after="120"/><w:outlineLvl w:val="0"/></w:pPr>'
        '<w:rPr><w:b/><w:sz w:val="28"/></w:rPr></w:style>'
    )
    return write_zip(
        {
            "[Content_Types].xml": _content_types(
                {
                    "word/document.xml": _WORD + "document.main+xml",
                    "word/styles.xml": _WORD + "styles+xml",
                    "word/header1.xml": _WORD + "header+xml",
                    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
                }
            ),
            "_rels/.rels": _relations(
                [
                    (f"{_RELATIONS}/officeDocument", "word/document.xml"),
                    (f"{_PACKAGE}relationships/metadata/core-properties", "docProps/core.xml"),
                ]
            ),
            "word/_rels/document.xml.rels": _relations(
                [(f"{_RELATIONS}/styles", "styles.xml"), (f"{_RELATIONS}/header", "header1.xml")]
            ),
            "word/document.xml": (
                f'{_XML}<w:document {names}><w:body>{body}<w:sectPr><w:headerReference w:type="default" '
                'r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="850" '
                'w:bottom="1134" w:left="1701" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
                "</w:body></w:document>"
            ),
            "word/styles.xml": f"{_XML}<w:styles {names}>{heading}</w:styles>",
            "word/header1.xml": f"{_XML}<w:hdr {names}>{_word_paragraph(header)}</w:hdr>",
            "docProps/core.xml": _core_properties(title),
        }
    )


def _word_block(block: Block) -> str:
    if isinstance(block, Heading):
        return _word_paragraph(block.text, '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>')
    if isinstance(block, str):
        return _word_paragraph(block, '<w:pPr><w:spacing w:after="120"/></w:pPr>')
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    width = 9355 // len(block.rows[0])
    rows = "".join(
        "<w:tr>"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_word_paragraph(cell)}</w:tc>'
            for cell in row
        )
        + "</w:tr>"
        for row in block.rows
    )
    grid = f'<w:gridCol w:w="{width}"/>' * len(block.rows[0])
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblBorders>{borders}</w:tblBorders></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>{_word_paragraph('')}"
    )


def _word_paragraph(text: str, properties: str = "") -> str:
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def open_document_text(title: str, blocks: Sequence[Block]) -> bytes:
    """Return an OpenDocument text (ISO/IEC 26300) with headings, paragraphs and tables."""
    body = "".join(
        _open_document_block(block, number) for number, block in enumerate((Heading(title), *blocks))
    )
    names = (
        f'xmlns:office="{_OASIS}office:1.0" xmlns:text="{_OASIS}text:1.0" xmlns:table="{_OASIS}table:1.0" '
        f'xmlns:meta="{_OASIS}meta:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2"'
    )
    parts = {"content.xml": "text/xml", "styles.xml": "text/xml", "meta.xml": "text/xml", "/": _TEXT_DOCUMENT}
    entries = "".join(
        f'<m:file-entry m:full-path="{name}" m:media-type="{kind}"/>' for name, kind in parts.items()
    )
    return write_zip(
        {
            "content.xml": (
                f"{_XML}<office:document-content {names}><office:body><office:text>{body}</office:text>"
                "</office:body></office:document-content>"
            ),
            "styles.xml": f"{_XML}<office:document-styles {names}><office:styles/></office:document-styles>",
            "meta.xml": (
                f"{_XML}<office:document-meta {names}><office:meta><dc:title>{escape(title)}</dc:title>"
                "</office:meta></office:document-meta>"
            ),
            "META-INF/manifest.xml": (
                f'{_XML}<m:manifest xmlns:m="{_OASIS}manifest:1.0" m:version="1.2">{entries}</m:manifest>'
            ),
        },
        stored_first=("mimetype", _TEXT_DOCUMENT),
    )


def _open_document_block(block: Block, number: int) -> str:
    if isinstance(block, Heading):
        return f'<text:h text:outline-level="1">{escape(block.text)}</text:h>'
    if isinstance(block, str):
        return f"<text:p>{escape(block)}</text:p>"
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in block.rows
    )
    columns = f'<table:table-column table:number-columns-repeated="{len(block.rows[0])}"/>'
    return f'<table:table table:name="Table{number}">{columns}{rows}</table:table>'


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """Return an Excel workbook (ECMA-376) of these sheets; the first row of each is in bold."""
    names = list(sheets)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    entries = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    files = {
        f"xl/worksheets/sheet{number}.xml": _sheet(main, sheets[name]) for number, name in enumerate(names, 1)
    }
    styles = (
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        "<borders count='1'><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    )
    return write_zip(
        {
            "[Content_Types].xml": _content_types(
                {
                    "xl/workbook.xml": _SHEET + "sheet.main+xml",
                    "xl/styles.xml": _SHEET + "styles+xml",
                    **dict.fromkeys(files, _SHEET + "worksheet+xml"),
                }
            ),
            "_rels/.rels": _relations([(f"{_RELATIONS}/officeDocument", "xl/workbook.xml")]),
            "xl/_rels/workbook.xml.rels": _relations(
                [
                    *((f"{_RELATIONS}/worksheet", name.removeprefix("xl/")) for name in files),
                    (f"{_RELATIONS}/styles", "styles.xml"),
                ]
            ),
            "xl/workbook.xml": (
                f'{_XML}<workbook xmlns="{main}" xmlns:r="{_RELATIONS}"><sheets>{entries}</sheets></workbook>'
            ),
            "xl/styles.xml": f'{_XML}<styleSheet xmlns="{main}">{styles}</styleSheet>',
            **files,
        }
    )


def _sheet(main: str, rows: Sequence[Sequence[Cell]]) -> str:
    lines = "".join(
        f'<row r="{number}">'
        + "".join(_cell(f"{chr(65 + column)}{number}", cell, number == 1) for column, cell in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    width = f'<cols><col min="1" max="{len(rows[0])}" width="24" customWidth="1"/></cols>'
    return f'{_XML}<worksheet xmlns="{main}">{width}<sheetData>{lines}</sheetData></worksheet>'


def _cell(place: str, value: Cell, bold: bool) -> str:
    if isinstance(value, date):
        days = (value - date(1899, 12, 30)).days  # as Excel counts days
        return f'<c r="{place}" s="2"><v>{days}</v></c>'
    if isinstance(value, str):
        style = ' s="1"' if bold else ""
        return f'<c r="{place}"{style} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    style = ' s="3"' if isinstance(value, float) else ""
    return f'<c r="{place}"{style}><v>{value}</v></c>'


def web_page(title: str, blocks: Sequence[Block], language: str) -> bytes:
    """Return a web page in UTF-8."""
    body = "\n".join(_web_block(block) for block in (Heading(title), *blocks))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        "<style>body { font-family: sans-serif; max-width: 45em; margin: 2em auto } "
        "td, th { border: 1px solid #999; padding: .3em .8em; text-align: left }</style>\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _web_block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h1>{escape(block.text)}</h1>"
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    head, *rows = block.rows
    lines = ["".join(f"<th>{escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def picture(width: int, height: int, color_at: Callable[[int, int], tuple[int, int, int]]) -> bytes:
    """Return a PNG picture (ISO/IEC 15948) whose pixel at column x and row y has the color that is told."""
    lines = bytearray()
    for y in range(height):
        lines.append(0)  # each line unfiltered
        for x in range(width):
            lines.extend(color_at(x, y))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(lines), 9)), (b"IEND", b""))
    )
