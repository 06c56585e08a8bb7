"""Files that other people's programs saved give their text.

They are in the sources of packages that `scripts/sample_files.py` fetches; none is kept in the repository.
Which program saved each is told in docs/formats.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecm.extraction import ExtractionPool
from ecm.extraction.interface import Reason
from ecm.media_types import MediaTypeDetector
from tests.parts import require

Find = Callable[[str, str], Path]
SAMPLES = Path(__file__).parents[3] / ".venv" / "sample-files"
ANTIWORD = "doc2txt_antiword-0.1.3.tar.gz"
EZDXF = "ezdxf-1.4.2.tar.gz"
FILETYPE = "filetype-1.2.0.tar.gz"
MSG_PARSER = "msg-parser-1.0.10.tgz"
ODFPY = "odfpy-1.4.1.tar.gz"
OLEFILE = "olefile-0.47.zip"
OLETOOLS = "oletools-0.60.2.zip"
PYTHON_DOCX = "python-docx-0.5.0.tar.gz"
PYTHON_PPTX = "python-pptx-0.2.5.tar.gz"
RARFILE = "rarfile-4.5.tar.gz"
TNEFPARSE = "tnefparse-1.4.0.tar.gz"
VSDX = "vsdx-0.6.1.tar.gz"
XLRD = "xlrd-1.2.0.tar.gz"
XLSBR = "pyexcel-xlsbr-0.6.1.tar.gz"
WORD = ["This document contains an embedded file:", "Have fun parsing it"]
POWERPOINT = ["Embedded Objects", "It is a simple harmless ASCII text file"]
EXCEL = ["Tabelle1\nThis spreadsheet contains an embedded object", "Have fun parsing :-)"]
OPEN = ["Tabelle1\nTest\nLong live open source!"]
MACROS = ["Macro1", "Sheet1"]
# Package, the end of the file's path in it, words.
DONE: tuple[tuple[str, str, list[str]], ...] = (
    (ANTIWORD, "Docs/testdoc.doc", ["This is just a small test document.", "the O’Reilly book about PNG"]),
    (OLEFILE, "images/test-ole-file.doc", ["Test OLE file, saved as Word 97-2003 Document."]),
    (FILETYPE, "fixtures/sample.doc", ["Sample text document"]),
    (FILETYPE, "fixtures/sample_1.doc", ["yet another test sample for doc type"]),
    (FILETYPE, "fixtures/sample_1.docx", ["test sample"]),
    (OLETOOLS, "msodde/harmless-clean.doc", ["This is a harmless test document.", "some ünicöde-ß"]),
    (OLETOOLS, "msodde/harmless-clean.docm", ["This is a harmless test document.", "some ünicöde-ß"]),
    *((OLETOOLS, f"oleobj/embedded-simple-2007.{each}", WORD) for each in ("dot", "dotx", "dotm", "odt")),
    *((OLETOOLS, f"oleobj/embedded-simple-2007.{each}", POWERPOINT) for each in ("ppt", "pps", "pot", "odp")),
    *((OLETOOLS, f"oleobj/embedded-simple-2007.{each}", POWERPOINT) for each in ("pptm", "potx", "ppsx")),
    *((OLETOOLS, f"oleobj/embedded-simple-2007.{each}", EXCEL) for each in ("xls", "xlt", "xlsb", "xlsm")),
    *((OLETOOLS, f"oleobj/embedded-simple-2007.{each}", EXCEL) for each in ("xltx", "xltm", "ods")),
    *(
        (OLETOOLS, f"encrypted/dde-test-encrypt-standardpassword.{each}", OPEN)
        for each in ("xls", "xlsx", "xlsb")
    ),
    *(
        (OLETOOLS, f"excel4-macros/excel4_sample_macro.{each}", MACROS)
        for each in ("xls", "xlsm", "xltm", "xlsb")
    ),
    (OLETOOLS, "excel4-macros/excel4_sample_macro_excel5_format.xls", MACROS),
    (OLETOOLS, "msodde/RTF-Spec-1.7.rtf", ["Rich Text Format (RTF) Specification", "Contents:\t220 Pages"]),
    (
        OLETOOLS,
        "other/presentation.xps",
        ["Präsentation\nOder:\nMacros in Powerpoint", "Sind leider beliebt…"],
    ),
    (PYTHON_DOCX, "test_files/test.docx", ["python-docx was here!", "python-docx was here too!"]),
    (PYTHON_DOCX, "test_files/tbl-having-applied-style.docx", ["foobar\tbarfoo\nfoo\tbar", "foo to you"]),
    (PYTHON_DOCX, "test_files/shp-inline-shape-access.docx", ["Series 1\nCategory 1\nCategory 2"]),
    (PYTHON_PPTX, "test_files/test_slides.pptx", ["Group test text", "Box 1", "Col head 1\tCol head 2"]),
    (PYTHON_PPTX, "test_files/with_images.pptx", ["containing multiple images", "Monty_python_foot.png"]),
    (FILETYPE, "fixtures/sample.ppt", ["Sample\nPresentation"]),
    (XLRD, "tests/formula_test_sjmachin.xls", ["Non-latin1 text\tМОСКВА Москва", "formula text\tABCDEF"]),
    (XLRD, "examples/namesdemo.xls", ["αβγδε\t12.3456.789", "2006-12-07", "Seamus O'Reilly"]),
    (XLRD, "tests/biff4_no_format_no_window2.xls", ["C\tSMALL ANIMAL PRODUCTS\tSmall Animal Product"]),
    (XLRD, "tests/Formate.xls", ["Blätt1\nHuber\t1907-07-03", "Mittag\t12:56:00", "MERGED CELLS"]),
    (XLRD, "tests/test_comments_excel.xlsx", ["hello", "1st line\n2nd line", "Two t elements"]),
    (XLRD, "tests/reveng1.xlsx", ["ZZZfirstsheet", "rich text 1\tboldplain", "Short Date\t1999-12-31"]),
    (XLRD, "tests/merged_cells.xlsx", ["Sheet3\nFoo\tBar\nBaz\tBoo"]),
    (XLSBR, "fixtures/date_field.xlsb", ["Date\tTime\n2014-12-25\t11:11:11\n2014-12-26\t12:12:12"]),
    (MSG_PARSER, "test/Top level email.msg", ["Top level email text", "someone1@gmail.com", "pigeon.jpg"]),
    (MSG_PARSER, "test/Top level email.msg", ["Embedded email text", "cc1@gmail.com", "dog.jpg"]),
    (TNEFPARSE, "examples/body.tnef", ["Bill of Rights", "3krelay", "THE BILL OF RIGHTS"]),
    (TNEFPARSE, "examples/unicode-mapi-attr-name.tnef", ["Marcin Jabłonkowski", "Przesyłam poprawiony plik"]),
    (TNEFPARSE, "examples/two-files.tnef", ["AUTHORS", "Mark Simpson", "README", "TNEF is a program"]),
    (TNEFPARSE, "examples/rtf.tnef", ["Greg Allen", "Senior Engineer"]),
    (TNEFPARSE, "examples/IPM-DistList.tnef", ["Will send the second half", "xxxx902@citlink.net"]),
    (VSDX, "media/media.vsdx", ["Page-1", "my_property_label", "CONNECTED_SHAPE", "CURVED_CONNECTOR"]),
    (ODFPY, "examples/serious_poem.odt", ["Shone o'er him, round the dead."]),
    (ODFPY, "examples/headerfooter.odt", ["Lorem ipsum", "Header\t1\tTest", "Footer\t1\tBottom"]),
    (ODFPY, "examples/pythagoras-kspread.ods", ["Sheet1\n3\n4\n5\n7"]),
    (ODFPY, "examples/emb_spreadsheet.odp", ["Embedded Spreadsheet", "val11\tval21\tval31"]),
    (RARFILE, "files/rar3-subdirs.rar", ["sub/with space/long fn.txt\nlong fn", "sub/üȵĩöḋè/file.txt\nfile"]),
    (RARFILE, "files/rar5-subdirs.rar", ["sub/dir1/file1.txt\nfile1", "sub/üȵĩöḋè/file.txt\nfile"]),
    (RARFILE, "files/unicode2.rar", ["уииоотивл.txt\n1"]),
    (RARFILE, "files/rar5-solid.rar", ["stest1.txt\n000\n001\n", "\n511", "stest2.txt"]),
    (EZDXF, "data/recover02.dxf", ["AutoCAD Standard Lineweights", "ISO"]),
    (EZDXF, "data/acad_table_with_blk_ref.dxf", ["Title\n1\n10", "merge merge merge"]),
)
# What is read of files that are told to be read in part, or not at all.
PARTLY: tuple[tuple[str, str, Reason, list[str]], ...] = (
    (EZDXF, "data/recover01.dxf", "damaged", ["London Engineers Limited", "East Elevation", "June 2010"]),
    (RARFILE, "files/rar3-solid.rar", "unsupported", ["stest1.txt\n000\n001\n"]),
    (RARFILE, "files/rar5-psw.rar", "encrypted", ["stest1.txt", "stest2.txt"]),
    (RARFILE, "files/rar5-hpsw.rar", "encrypted", []),
    (RARFILE, "files/rar3-comment-hpsw.rar", "encrypted", []),
    *((OLETOOLS, f"encrypted/encrypted.{each}", "encrypted", []) for each in ("doc", "docx", "ppt", "pptx")),
    *((OLETOOLS, f"encrypted/encrypted.{each}", "encrypted", []) for each in ("xls", "xlsx", "xlsb", "xlsm")),
)


@pytest.fixture(scope="module")
def pool() -> Iterator[ExtractionPool]:
    with ExtractionPool() as pool:
        yield pool


@pytest.fixture(scope="module")
def detector() -> MediaTypeDetector:
    return MediaTypeDetector()


@pytest.fixture(scope="module")
def find(tmp_path_factory: pytest.TempPathFactory) -> Find:
    """Hand back the one file of a package whose path ends so; each package is unpacked once."""
    unpacked: dict[str, Path] = {}

    def find(package: str, ending: str) -> Path:
        archive = SAMPLES / package
        found = archive if archive.exists() else None
        require(package, found, "`python -m scripts.sample_files` fetches it, where it can be had")
        if package not in unpacked:
            unpacked[package] = tmp_path_factory.mktemp("package")
            if package.endswith(".zip"):
                shutil.unpack_archive(archive, unpacked[package])
            else:
                shutil.unpack_archive(archive, unpacked[package], filter="data")
        (path,) = (each for each in unpacked[package].rglob(ending.rpartition("/")[2]) if each.match(ending))
        return path

    return find


@pytest.mark.parametrize(("package", "ending", "words"), DONE)
def test_the_text_of_a_real_file_is_read(
    pool: ExtractionPool,
    detector: MediaTypeDetector,
    find: Find,
    package: str,
    ending: str,
    words: list[str],
) -> None:
    path = find(package, ending)
    found = pool.extract(path, detector.of_file(path, path.name), path.name)
    assert (found.state, found.reason) == ("done", "")
    assert [each for each in words if each not in found.text] == []


@pytest.mark.parametrize(("package", "ending", "reason", "words"), PARTLY)
def test_of_a_real_file_that_cannot_be_read_whole_the_rest_is_told(
    pool: ExtractionPool,
    detector: MediaTypeDetector,
    find: Find,
    package: str,
    ending: str,
    reason: Reason,
    words: list[str],
) -> None:
    path = find(package, ending)
    found = pool.extract(path, detector.of_file(path, path.name), path.name)
    assert (found.state, found.reason) == ("done" if words else "failed", reason)
    assert [each for each in words if each not in found.text] == []
