"""Office files, written as the packages of XML that they are: Word, Excel, OpenDocument text.

A text is a list of blocks: a paragraph, a heading (``# `` before it), or the rows of a table.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

Rows = Sequence[Sequence[str]]
Block = str | Rows
Cell = str | int | Decimal

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument."
_OPEN_TEXT = "application/vnd.oasis.opendocument.text"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns:"
_WHEN = (2026, 1, 1, 0, 0, 0)
_WIDTH_TWIPS = 9638  # A4 between margins of 2 cm


def is_heading(block: str) -> bool:
    """Whether a block of text is a heading."""
    return block.startswith("# ")


def make_docx(title: str, blocks: Sequence[Block]) -> bytes:
    """A Word document."""
    body = "".join(_word_block(block) for block in blocks)
    page = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="709" w:footer="709"'
        ' w:gutter="0"/></w:sectPr>'
    )
    parts = {
        "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}{page}</w:body></w:document>',
        "word/styles.xml": _WORD_STYLES,
    }
    kinds = {
        "word/document.xml": _TYPE + "wordprocessingml.document.main+xml",
        "word/styles.xml": _TYPE + "wordprocessingml.styles+xml",
    }
    return _office_package(title, "word/document.xml", parts, kinds, {"styles.xml": "styles"})


def make_xlsx(title: str, sheet: str, rows: Sequence[Sequence[Cell]], widths: Sequence[int]) -> bytes:
    """An Excel workbook of one sheet. Its first row is the heading; `widths` of columns are in characters."""
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(widths, 1)
    )
    cells = "".join(
        f'<row r="{row}">' + "".join(_sheet_cell(row, column, value) for column, value in enumerate(values))
        + "</row>"
        for row, values in enumerate(rows, 1)
    )  # fmt: skip
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><cols>{columns}</cols>'
        f"<sheetData>{cells}</sheetData></worksheet>",
        "xl/styles.xml": _SHEET_STYLES,
    }
    kinds = {
        "xl/workbook.xml": _TYPE + "spreadsheetml.sheet.main+xml",
        "xl/worksheets/sheet1.xml": _TYPE + "spreadsheetml.worksheet+xml",
        "xl/styles.xml": _TYPE + "spreadsheetml.styles+xml",
    }
    links = {"worksheets/sheet1.xml": "worksheet", "styles.xml": "styles"}
    return _office_package(title, "xl/workbook.xml", parts, kinds, links)


def make_odt(title: str, blocks: Sequence[Block]) -> bytes:
    """An OpenDocument text."""
    names = {name: _OPEN + f"{name}:1.0" for name in ("office", "text", "table", "style", "meta", "manifest")}
    names |= {"fo": _OPEN + "xsl-fo-compatible:1.0", "dc": "http://purl.org/dc/elements/1.1/"}
    spaces = " ".join(
        f'xmlns:{name}="{names[name]}"' for name in ("office", "text", "table", "style", "fo", "meta", "dc")
    )
    body = "".join(_open_block(block) for block in blocks)
    version = 'office:version="1.3"'
    files = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (
            ("/", _OPEN_TEXT),
            ("content.xml", "text/xml"),
            ("styles.xml", "text/xml"),
            ("meta.xml", "text/xml"),
        )
    )
    parts = {
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{names["manifest"]}"'
        f' manifest:version="1.3">{files}</manifest:manifest>',
        "content.xml": f"<office:document-content {spaces} {version}><office:body><office:text>{body}"
        "</office:text></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {spaces} {version}>{_OPEN_STYLES}</office:document-styles>",
        "meta.xml": f"<office:document-meta {spaces} {version}><office:meta><dc:title>{escape(title)}"
        "</dc:title></office:meta></office:document-meta>",
    }
    return _zip({"mimetype": _OPEN_TEXT, **{name: _HEAD + xml for name, xml in parts.items()}})


def _word_block(block: Block) -> str:
    if isinstance(block, str):
        if is_heading(block):
            return _word_paragraph(block[2:], '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>')
        return _word_paragraph(block)
    width = _WIDTH_TWIPS // len(block[0])
    grid = f'<w:gridCol w:w="{width}"/>' * len(block[0])
    rows = "".join(
        "<w:tr>"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_word_paragraph(cell)}</w:tc>'
            for cell in row
        )
        + "</w:tr>"
        for row in block
    )
    look = '<w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/></w:tblPr>'
    return f"<w:tbl>{look}<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>" + _word_paragraph("")


def _word_paragraph(text: str, properties: str = "") -> str:
    run = f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>' if text else ""
    return f"<w:p>{properties}{run}</w:p>"


def _sheet_cell(row: int, column: int, value: Cell) -> str:
    place = f'r="{chr(ord("A") + column)}{row}"'
    if isinstance(value, str):
        style = ' s="1"' if row == 1 else ""
        return f'<c {place}{style} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    style = ' s="2"' if isinstance(value, Decimal) else ""
    return f"<c {place}{style}><v>{value}</v></c>"


def _open_block(block: Block) -> str:
    if isinstance(block, str):
        if is_heading(block):
            return (
                f'<text:h text:style-name="Heading_20_1" text:outline-level="1">{escape(block[2:])}</text:h>'
            )
        return f'<text:p text:style-name="Standard">{escape(block)}</text:p>'
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in block
    )
    columns = f'<table:table-column table:number-columns-repeated="{len(block[0])}"/>'
    return f'<table:table table:name="Table">{columns}{cells}</table:table>'


def _office_package(
    title: str, main: str, parts: Mapping[str, str], kinds: Mapping[str, str], links: Mapping[str, str]
) -> bytes:
    """A package with a main part, the parts that it links to, and the title among its properties."""
    properties = "docProps/core.xml"
    core = (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}metadata/core-properties"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>'
    )
    kinds = {**kinds, properties: "application/vnd.openxmlformats-package.core-properties+xml"}
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in kinds.items()
    )
    types = (
        f'<Types xmlns="{_PACKAGE}content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
    folder, _, name = main.rpartition("/")
    files = {
        "[Content_Types].xml": types,
        "_rels/.rels": _links(
            {
                main: f"{_OFFICE}/officeDocument",
                properties: f"{_PACKAGE}relationships/metadata/core-properties",
            }
        ),
        **parts,
        f"{folder}/_rels/{name}.rels": _links(
            {target: f"{_OFFICE}/{kind}" for target, kind in links.items()}
        ),
        properties: core,
    }
    return _zip({name: _HEAD + xml for name, xml in files.items()})


def _links(targets: Mapping[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (target, kind) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}relationships">{links}</Relationships>'


def _zip(files: Mapping[str, str]) -> bytes:
    """The files packed in their order. The first is stored as it is: so OpenDocument wants its mimetype."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for number, (name, text) in enumerate(files.items()):
            entry = zipfile.ZipInfo(name, date_time=_WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED if number else zipfile.ZIP_STORED
            package.writestr(entry, text)
    return target.getvalue()


def _word_borders() -> str:
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    return "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>' for side in sides)


_WORD_STYLES = f"""<w:styles xmlns:w="{_WORD}"><w:docDefaults><w:rPrDefault><w:rPr>\
<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="22"/></w:rPr></w:rPrDefault>\
<w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults>\
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>\
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>\
<w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240"/><w:outlineLvl w:val="0"/></w:pPr>\
<w:rPr><w:b/><w:sz w:val="28"/></w:rPr></w:style>\
<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/></w:style>\
<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:basedOn w:val="TableNormal"/>\
<w:tblPr><w:tblBorders>{_word_borders()}</w:tblBorders></w:tblPr></w:style></w:styles>"""

_SHEET_STYLES = f"""<styleSheet xmlns="{_SHEET}"><fonts count="2">\
<font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>\
<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""

_OPEN_STYLES = """<office:styles><style:style style:name="Standard" style:family="paragraph">\
<style:paragraph-properties fo:margin-bottom="0.25cm"/>\
<style:text-properties fo:font-size="11pt"/></style:style>\
<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph"\
 style:parent-style-name="Standard"><style:text-properties fo:font-size="14pt" fo:font-weight="bold"/>\
</style:style></office:styles>"""
