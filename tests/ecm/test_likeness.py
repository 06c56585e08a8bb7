"""Documents that are like one."""

from __future__ import annotations

import pytest

from ecm import Ecm
from ecm.errors import Invalid, NotFound
from ecm.models import Document
from tests.firms import Firm, index, put

LEASE = "Оренда приміщення: орендар сплачує орендодавцю щомісячну плату за користування складом у Броварах. "
REPAIR = "Ремонт даху котельні: підрядник замінює покрівлю, водостоки та утеплювач, гарантія п'ять років. "


@pytest.fixture
def lease(app: Ecm, alfa: Firm, beta: Firm) -> Document:
    """A lease, another one and its copy, a repair, a picture without text; a lease of another company."""
    document = put(app, alfa.olena, alfa.deal, (LEASE + "Строк один рік.").encode(), "Оренда складу.txt")
    put(app, alfa.olena, alfa.deal, (LEASE * 3 + "Строк два роки.").encode(), "Договір 2.txt")
    put(app, alfa.petro, alfa.deal, (LEASE + "Додаткова угода.").encode(), "Договір 3.txt")
    put(app, alfa.petro, alfa.deal, REPAIR.encode(), "Дах.txt")
    put(app, alfa.petro, alfa.deal, (REPAIR + "Сплачує щомісячну частину.").encode(), "Котельня.txt")
    put(app, alfa.petro, alfa.deal, b"\x89PNG\r\n\x1a\n broken", "фото.png")
    put(app, beta.olena, beta.deal, LEASE.encode(), "Чужа оренда.txt")
    index(app)
    return document


def titles(app: Ecm, firm: Firm, document: Document, **options: int) -> list[str]:
    return [each.document.title for each in app.similar(firm.olena, document, **options)]


def test_documents_with_the_same_telling_words_are_alike_and_others_are_not(
    app: Ecm, alfa: Firm, lease: Document
) -> None:
    found = app.similar(alfa.olena, lease)
    assert {each.document.title for each in found} == {"Договір 2.txt", "Договір 3.txt"}
    assert all(0.3 <= each.likeness <= 1 for each in found)
    assert [each.likeness for each in found] == sorted((each.likeness for each in found), reverse=True)
    assert len(titles(app, alfa, lease, limit=1)) == 1


def test_a_document_of_too_few_words_is_like_nothing(app: Ecm, alfa: Firm, lease: Document) -> None:
    picture = put(app, alfa.olena, alfa.deal, b"\x89PNG\r\n\x1a\n broken", "фото.png")
    index(app)
    assert titles(app, alfa, picture) == []


def test_similar_never_shows_anything_of_another_company(
    app: Ecm, alfa: Firm, beta: Firm, lease: Document
) -> None:
    assert "Чужа оренда.txt" not in titles(app, alfa, lease)
    with pytest.raises(NotFound):
        app.similar(beta.olena, lease)


def test_what_is_in_the_trash_is_like_nothing_and_nothing_is_like_it(
    app: Ecm, alfa: Firm, lease: Document
) -> None:
    (other,) = (each.document for each in app.similar(alfa.olena, lease, limit=1))
    with app.begin(alfa.olena) as tx:
        tx.documents.trash(tx.documents.get(other.id))
    assert other.title not in titles(app, alfa, lease)
    index(app)
    assert titles(app, alfa, other) == []


def test_a_limit_that_cannot_be_is_refused(app: Ecm, alfa: Firm, lease: Document) -> None:
    for limit in (0, 51):
        with pytest.raises(Invalid):
            app.similar(alfa.olena, lease.id, limit=limit)
