"""Pictures of pages: made once, kept beside the content, gone with it; and a reason where there are none."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import docx
import pytest
from ezdxf import new as new_dxf
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select, update

from ecm import Ecm, fsck
from ecm.drawing import office
from ecm.errors import NoSuchPage, NotFound, PreviewPending, PreviewUnavailable
from ecm.jobs import Jobs, add_job
from ecm.models import AuditEvent, Document, Job, Version
from ecm.previews import Preview, version_prefix
from ecm.redrawing import Redrawing
from tests.firms import Firm, put, usage
from tests.parts import require

# What is drawn does not differ from database to database.
on_sqlite = pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)


def make_pdf(pages: int = 3, size: tuple[float, float] = (595, 842)) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size)
    for number in range(1, pages + 1):
        canvas.rect(0, 0, 100 * number, 100, fill=1)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def make_image(format: str, size: tuple[int, int] = (1200, 600), **options: object) -> bytes:
    """White on the left, red on the right."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill="red")
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def opened(preview: Preview) -> Image.Image:
    image = Image.open(io.BytesIO(preview.png))
    assert image.format == "PNG"
    image.load()
    return image.convert("RGB")


def state(app: Ecm, firm: Firm, document: Document) -> tuple[str, int | None, str | None]:
    with app.begin(firm.olena) as tx:
        version = tx.documents.get(document.id).current
        return version.preview_state, version.preview_pages, version.preview_reason


def do_jobs(app: Ecm) -> None:
    """Do what of the background's work is about pictures, as if texts had been read; that takes its time."""
    with app.database.transaction() as session:
        for version in session.scalars(select(Version).where(Version.preview_state == "pending")):
            add_job(session, "preview", version.company_id, version.id)
    jobs = Jobs(app.database, {"preview": app.previews.make, "forget_preview": app.previews.forget})
    while jobs.work():
        pass


def kept(app: Ecm) -> list[str]:
    return [blob.key.rsplit("/", 1)[1] for blob in app.storage.list("previews/")]


def test_the_background_makes_a_thumbnail_and_the_first_page(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    assert state(app, alfa, document) == ("pending", None, None)
    app.work_off()
    assert state(app, alfa, document) == ("ready", 3, None)
    assert kept(app) == ["1-240.png", "1-800.png"]
    preview = app.preview(alfa.olena, document)
    assert (preview.page, preview.pages, preview.width) == (1, 3, 800)
    assert opened(preview).size == (800, 1132)


def test_other_pages_and_widths_are_drawn_when_asked_for_and_kept(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    do_jobs(app)
    second = app.preview(alfa.olena, document, page=2, width=801)
    assert (second.page, second.pages, second.width) == (2, 3, 1600)
    assert opened(second).width == 1600
    assert app.preview(alfa.olena, document, page=2, width=10**6) == second
    assert kept(app) == ["1-240.png", "1-800.png", "2-1600.png"]
    with pytest.raises(NoSuchPage):
        app.preview(alfa.olena, document, page=4)


def test_a_page_that_somebody_waits_for_does_not_wait_for_the_background(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    assert app.preview(alfa.olena, document).pages == 3
    assert state(app, alfa, document) == ("ready", 3, None)
    with pytest.raises(NoSuchPage):
        app.preview(alfa.olena, document, page=4)


def test_each_version_has_pictures_of_its_own(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(1), "договір.pdf")
    staged = app.stage(alfa.olena, io.BytesIO(make_pdf(2)), filename="договір.pdf")
    with app.begin(alfa.olena) as tx:
        tx.documents.add_version(tx.documents.get(document.id), staged)
    assert app.preview(alfa.olena, document).pages == 2
    assert app.preview(alfa.olena, document, version=1).pages == 1


def test_pictures_are_not_counted_and_no_download(app: Ecm, alfa: Firm) -> None:
    content = make_pdf()
    document = put(app, alfa.olena, alfa.deal, content, "договір.pdf")
    do_jobs(app)
    app.preview(alfa.olena, document, page=2)
    assert usage(app, alfa.olena) == (len(content), 0)
    with app.database.transaction() as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert "document.downloaded" not in actions


def test_another_company_finds_nothing(app: Ecm, alfa: Firm, beta: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    with pytest.raises(NotFound):
        app.preview(beta.admin, document.id)


def test_what_is_in_the_trash_still_has_pictures_and_what_is_purged_has_none(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    other = put(app, alfa.olena, alfa.deal, make_image("PNG"), "фото.png")
    do_jobs(app)
    with app.begin(alfa.olena) as tx:
        tx.documents.trash(tx.documents.get(document.id))
    assert app.preview(alfa.olena, document, page=2).pages == 3
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
    assert list(app.fsck()) == []  # on their way out
    do_jobs(app)
    assert kept(app) == ["1-240.png", "1-800.png"]
    assert app.preview(alfa.olena, other).pages == 1
    assert list(app.fsck()) == []


def test_a_purge_while_a_page_is_drawn_leaves_no_picture(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    with app.begin(alfa.olena) as tx:
        version = tx.documents.get(document.id).current
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
    app.storage.put(version.storage_key, io.BytesIO(make_pdf()))  # read before its bytes went
    app.previews.read(version)
    assert kept(app) == []


def test_fsck_finds_pictures_of_a_version_that_is_gone(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    do_jobs(app)
    assert list(app.fsck()) == []
    with app.begin(alfa.olena) as tx:
        tx.documents.purge(tx.documents.get(document.id))
    with app.database.transaction() as session:
        for job in session.scalars(select(Job)):
            session.delete(job)
    do_jobs(app)
    assert [finding.code for finding in app.fsck()] == ["preview_orphan"] * 2
    assert "preview_orphan" in fsck.CODES
    assert all(finding.repaired for finding in app.fsck(alfa.company.id, repair=True))
    assert kept(app) == []


def test_fsck_leaves_pictures_of_an_unknown_company_alone(app: Ecm, alfa: Firm) -> None:
    key = version_prefix(alfa.company.id + 1, 7) + "1-240.png"
    app.storage.put(key, io.BytesIO(b"x"))
    assert [finding.code for finding in app.fsck(repair=True)] == ["blob_foreign"]
    assert kept(app) == ["1-240.png"]


def test_lost_pictures_are_drawn_again(app: Ecm, alfa: Firm, tmp_path: Path) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    do_jobs(app)
    shutil.rmtree(tmp_path / "files/previews")
    assert app.preview(alfa.olena, document, page=2).pages == 3


@on_sqlite
@pytest.mark.parametrize(
    ("filename", "content", "pages"),
    [
        ("фото.png", make_image("PNG"), 1),
        ("фото.jpg", make_image("JPEG"), 1),
        ("фото.webp", make_image("WEBP"), 1),
        ("фото.gif", make_image("GIF"), 1),
        ("фото.bmp", make_image("BMP"), 1),
        ("фото.avif", make_image("AVIF"), 1),
        ("скан.tiff", make_image("TIFF", save_all=True, append_images=[Image.new("1", (80, 60))]), 2),
    ],
)
def test_images_are_drawn(app: Ecm, alfa: Firm, filename: str, content: bytes, pages: int) -> None:
    document = put(app, alfa.olena, alfa.deal, content, filename)
    preview = app.preview(alfa.olena, document)
    image = opened(preview)
    assert preview.pages == pages
    assert image.size == (800, 400)
    assert min(image.getpixel((100, 200))) > 240  # type: ignore[type-var,arg-type]
    assert image.getpixel((700, 200))[0] > 200 > 60 > image.getpixel((700, 200))[1]  # type: ignore[index,operator]


@on_sqlite
def test_the_second_page_of_a_scan_is_its_own(app: Ecm, alfa: Firm) -> None:
    scan = make_image("TIFF", save_all=True, append_images=[Image.new("1", (80, 60))])
    document = put(app, alfa.olena, alfa.deal, scan, "скан.tiff")
    image = opened(app.preview(alfa.olena, document, page=2))
    assert image.size == (80, 60)  # nothing is made larger than it is
    assert image.getpixel((5, 5)) == (0, 0, 0)


@on_sqlite
def test_a_photo_that_lies_on_its_side_is_put_upright(app: Ecm, alfa: Firm) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    document = put(app, alfa.olena, alfa.deal, make_image("JPEG", exif=exif), "фото.jpg")
    image = opened(app.preview(alfa.olena, document))
    assert image.size == (600, 1200)
    assert image.getpixel((300, 1100))[1] < 60  # type: ignore[index,operator]


@on_sqlite
def test_a_transparent_picture_stands_on_white(app: Ecm, alfa: Firm) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(buffer, "PNG")
    document = put(app, alfa.olena, alfa.deal, buffer.getvalue(), "лого.png")
    assert opened(app.preview(alfa.olena, document)).getpixel((50, 50)) == (255, 255, 255)


@on_sqlite
def test_a_very_high_page_becomes_narrower(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(1, (10, 14000)), "стрічка.pdf")
    image = opened(app.preview(alfa.olena, document))
    assert image.height <= 2400
    assert image.width <= 800


@on_sqlite
def test_text_is_drawn_in_cyrillic(app: Ecm, alfa: Firm) -> None:
    text = "Протокол зборів\n" + "Ґанок, їжак, ёлка. " * 20 + "\n" * 100 + "кінець"
    document = put(app, alfa.olena, alfa.deal, text.encode("cp1251"), "протокол.txt")
    preview = app.preview(alfa.olena, document)
    assert preview.pages == 2
    assert opened(preview).getextrema()[0][0] < 100  # something dark is on it


@on_sqlite
def test_a_drawing_is_drawn(app: Ecm, alfa: Firm) -> None:
    drawing = new_dxf()
    drawing.modelspace().add_circle((0, 0), 50)
    text = io.StringIO()
    drawing.write(text)
    document = put(app, alfa.olena, alfa.deal, text.getvalue().encode(), "вал.dxf")
    with pytest.raises(PreviewPending):
        app.preview(alfa.olena, document)
    do_jobs(app)
    assert state(app, alfa, document) == ("ready", 1, None)
    image = opened(app.preview(alfa.olena, document))
    assert image.getextrema()[0][0] < 60


@on_sqlite
def test_what_no_renderer_takes_is_said_at_once(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, b"<html><body>x</body></html>", "сторінка.html")
    assert state(app, alfa, document) == ("unsupported", None, None)
    with pytest.raises(PreviewUnavailable) as caught:
        app.preview(alfa.olena, document)
    assert caught.value.facts == {"preview_state": "unsupported", "reason": "unsupported"}


@on_sqlite
@pytest.mark.parametrize(
    ("filename", "content", "reason"),
    [
        ("битий.pdf", b"%PDF-1.7\n" + b"garbage " * 100, "damaged"),
        ("обрізане.png", make_image("PNG")[:200], "damaged"),
    ],
)
def test_what_can_not_be_drawn_says_why(
    app: Ecm, alfa: Firm, filename: str, content: bytes, reason: str
) -> None:
    document = put(app, alfa.olena, alfa.deal, content, filename)
    do_jobs(app)
    assert state(app, alfa, document) == ("failed", None, reason)
    assert kept(app) == []


def test_a_document_without_its_content_says_so(app: Ecm, alfa: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, make_pdf(), "договір.pdf")
    app.storage.delete(document.current.storage_key)
    do_jobs(app)
    assert state(app, alfa, document) == ("failed", None, "missing")


@on_sqlite
def test_without_libreoffice_it_is_said_what_to_install(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "find_office", lambda: None)
    document = put(app, alfa.olena, alfa.deal, make_docx(), "договір.docx")
    do_jobs(app)
    assert state(app, alfa, document) == ("unsupported", None, "office_missing")


@on_sqlite
def test_pictures_are_queued_again_once_libreoffice_has_come(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    redrawing = Redrawing(app.database)
    for program in (None, "/usr/bin/soffice", None, "/usr/bin/soffice"):
        monkeypatch.setattr(office, "find_office", lambda program=program: program)
        if program is None:
            document = put(app, alfa.olena, alfa.deal, make_docx(), "договір.docx")
            do_jobs(app)
            assert not redrawing.work()
            assert state(app, alfa, document) == ("unsupported", None, "office_missing")
            continue
        assert redrawing.work()
        assert not redrawing.work()
        assert state(app, alfa, document) == ("pending", None, None)
        with app.database.transaction() as session:
            assert document.current.id in session.scalars(select(Job.version_id)).all()


@on_sqlite
def test_an_office_document_is_made_into_a_pdf_once(
    app: Ecm, alfa: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("LibreOffice", office.find_office(), "Debian's packages libreoffice-writer-nogui and others")
    document = put(app, alfa.olena, alfa.deal, make_docx(), "договір.docx")
    with pytest.raises(PreviewPending):
        app.preview(alfa.olena, document)
    do_jobs(app)
    assert state(app, alfa, document) == ("ready", 2, None)
    assert kept(app) == ["1-240.png", "1-800.png", "document.pdf"]
    monkeypatch.setattr(office, "find_office", lambda: None)
    assert opened(app.preview(alfa.olena, document, page=2)).width == 800


@on_sqlite
def test_an_office_document_whose_pictures_were_lost_is_made_again(
    app: Ecm, alfa: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = put(app, alfa.olena, alfa.deal, make_docx(), "договір.docx")
    with app.database.transaction() as session:
        session.execute(update(Version).values(preview_state="ready", preview_pages=2))
        for job in session.scalars(select(Job)):
            session.delete(job)
    with pytest.raises(PreviewPending):
        app.preview(alfa.olena, document)
    assert state(app, alfa, document)[0] == "pending"
    monkeypatch.setattr(office, "find_office", lambda: None)
    do_jobs(app)
    assert state(app, alfa, document)[2] == "office_missing"


def make_docx() -> bytes:
    document = docx.Document()
    document.add_paragraph("Договір постачання")
    document.add_page_break()
    document.add_paragraph("Додаток")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@on_sqlite
def test_a_photo_of_a_telephone_is_drawn(app: Ecm, alfa: Firm) -> None:
    photo = Path(__file__).parents[1] / "files/scans/phone.heic"
    document = put(app, alfa.olena, alfa.deal, photo.read_bytes(), "фото.heic")
    assert opened(app.preview(alfa.olena, document)).width <= 800
