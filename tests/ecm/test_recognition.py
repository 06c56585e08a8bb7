"""Scans from an upload to a hit: a job of their own reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from ecm import Ecm
from ecm.extraction import ExtractionPool
from ecm.models import Version, VersionText
from ecm.recognition import Recognition
from tests.firms import Firm, put
from tests.parts import require

SCANS = Path(__file__).parents[1] / "files" / "scans"


@pytest.fixture(autouse=True)
def _tesseract() -> None:
    require("tesseract", shutil.which("tesseract"), "install tesseract-ocr with ukr, rus and eng")


def version_of(app: Ecm, firm: Firm, document_id: int) -> Version:
    with app.begin(firm.olena) as tx:
        version = tx.session.scalar(select(Version).where(Version.document_id == document_id))
    assert version is not None
    return version


def test_a_photo_of_a_contract_is_found_by_its_words(app: Ecm, alfa: Firm, beta: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, (SCANS / "contract-uk.jpg").read_bytes(), "IMG_0001.jpg")
    app.work_off()
    (hit,) = app.search(alfa.petro, "рахунок обладнання")
    assert hit.document.id == document.id
    assert "<mark>рахунком" in hit.snippet
    assert version_of(app, alfa, document.id).text_state == "done"
    assert app.search(beta.olena, "рахунок").total == 0


def test_recognising_again_or_what_is_gone_changes_nothing(app: Ecm, alfa: Firm, beta: Firm) -> None:
    document = put(app, alfa.olena, alfa.deal, (SCANS / "notice.gif").read_bytes(), "notice.gif")
    app.work_off()
    version = version_of(app, alfa, document.id)
    with app.begin(alfa.olena) as tx:
        before = tx.session.scalar(select(VersionText.text).where(VersionText.version_id == version.id))
    assert before is not None
    assert "зачинено" in before
    with ExtractionPool() as pool:
        recognition = Recognition(app.database, app.storage, pool)
        recognition.recognize(alfa.company.id, version.id)  # read already
        recognition.recognize(beta.company.id, version.id)  # not theirs
        recognition.recognize(alfa.company.id, version.id + 1000)  # gone
    with app.begin(alfa.olena) as tx:
        text = tx.session.scalar(select(VersionText.text).where(VersionText.version_id == version.id))
    assert text == before
