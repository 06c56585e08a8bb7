"""Text out of files: documents a second for each family of formats, through a guarded process."""

from __future__ import annotations

import gzip
import io
import shutil
import statistics
import time
import zipfile
from collections import defaultdict
from pathlib import Path

import docx
import openpyxl
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ecm.extraction import ExtractionPool
from ecm.media_types import MediaTypeDetector
from tests.bench.library import MIB
from tests.bench.measuring import Result
from tests.files.scans.make import FONTS, TEXTS

NEEDED_BYTES = 64 * MIB
FILES = Path(__file__).parents[1] / "files"
SOURCES = (".py", ".md", ".sh")
ROUNDS = 30
RECOGNIZED_ROUNDS = 3
PAGES = 10


def run(folder: Path, quick: bool) -> list[Result]:
    """Measure it: generated documents of ten pages, and the small ones of the tests."""
    generate(folder)
    detector = MediaTypeDetector()
    families: dict[tuple[str, bool], list[tuple[Path, str]]] = defaultdict(list)
    with ExtractionPool() as pool:
        for path in sorted([*folder.iterdir(), *FILES.rglob("*")]):
            path = unpacked(path, folder) if path.suffix == ".gz" and ".tar" not in path.name else path
            if not path.is_file() or path.suffix in SOURCES or "source" in path.parts:
                continue
            media_type = detector.of_file(path, path.name)
            found = pool.extract(path, media_type, path.name)  # also warms the reader up
            if found.state != "failed" and (found.text or found.has_scans):
                family = f"{path.suffix.lstrip('.').lower()}{', ten pages' if path.parent == folder else ''}"
                families[family, found.has_scans].append((path, media_type))
        return [
            measure(pool, family, files, recognize=has_scans, quick=quick)
            for (family, has_scans), files in sorted(families.items())
            if not has_scans or shutil.which("tesseract")
        ]


def measure(
    pool: ExtractionPool, family: str, files: list[tuple[Path, str]], *, recognize: bool, quick: bool
) -> Result:
    """Read all files of a family in turns."""
    rounds = 1 if quick else RECOGNIZED_ROUNDS if recognize else ROUNDS
    taken_s: list[float] = []
    for _ in range(rounds):
        for path, media_type in files:
            began = time.perf_counter()
            pool.extract(path, media_type, path.name, recognize=recognize)
            taken_s.append(time.perf_counter() - began)
    average_bytes = sum(path.stat().st_size for path, _ in files) / len(files)
    return Result(
        f"text out of {family}{', recognised' if recognize else ''}",
        1 / statistics.mean(taken_s),
        "documents a second",
        details=f"{len(files)} files of {average_bytes / 1024:.0f} KiB on average, {rounds} rounds",
    )


def generate(folder: Path) -> None:
    """Documents of ten pages in what companies store most."""
    lines = [line for text in TEXTS.values() for line in text.split("\n") if line]
    paragraphs = lines * PAGES
    text = "\n".join(paragraphs)
    (folder / "letter.txt").write_text(text)
    (folder / "letter.html").write_text("<html><body><p>" + "<p>".join(paragraphs) + "</body></html>")
    document = docx.Document()
    workbook = openpyxl.Workbook()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
        workbook.active.append(paragraph.split("  "))
    document.save(folder / "letter.docx")
    workbook.save(folder / "letter.xlsx")
    pdfmetrics.registerFont(TTFont("DejaVu Sans", str(FONTS / "DejaVuSans.ttf")))
    canvas = Canvas(str(folder / "letter.pdf"))
    for _ in range(PAGES):
        canvas.setFont("DejaVu Sans", 11)
        for number, line in enumerate(lines):
            canvas.drawString(72, 780 - 16 * number, line)
        canvas.showPage()
    canvas.save()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    (folder / "letters.zip").write_bytes(packed.getvalue())


def unpacked(path: Path, folder: Path) -> Path:
    """A file that the tests keep packed, unpacked beside the others."""
    target = folder / "unpacked" / path.stem
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(gzip.decompress(path.read_bytes()))
    return target
