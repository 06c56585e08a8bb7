"""The trash: back from it, or gone for good."""

from __future__ import annotations

import pytest

from ecm import Actor
from ecm.models import Document
from tests.ecm.web.site import Site, read, send
from tests.firms import put, usage


def put_in_trash(site: Site, actor: Actor, content: bytes, name: str) -> Document:
    document = put(site.app, actor, site.alfa.deal, content, name)
    with site.app.begin(actor) as tx:
        tx.documents.trash(tx.documents.get(document.id))
    return document


@pytest.fixture
def full(site: Site) -> dict[str, Document]:
    """A trash with a document of Olena's and one of Petro's."""
    return {
        "hers": put_in_trash(site, site.alfa.olena, b"x" * 2048, "hers.txt"),
        "his": put_in_trash(site, site.alfa.petro, b"y" * 1024, "his.txt"),
    }


def test_the_trash_tells_what_it_holds_and_what_emptying_would_free(
    site: Site, full: dict[str, Document]
) -> None:
    page = read(site.visit(site.alfa.olena).get("/trash"))
    assert "What is here still takes up space: 3 kB." in page
    assert "Emptying the trash would free 2 kB." in page
    assert f'href="/trash/{full["hers"].id}/delete"' in page
    assert f'href="/trash/{full["his"].id}/delete"' not in page


def test_a_document_is_restored(site: Site, full: dict[str, Document]) -> None:
    page = read(send(site.visit(site.alfa.petro), f"/trash/{full['hers'].id}/restore"))
    assert "“hers.txt” is restored." in page
    with site.app.begin(site.alfa.olena) as tx:
        assert tx.documents.get(full["hers"].id).trashed_at is None


def test_deleting_asks_first_and_then_frees_at_once(site: Site, full: dict[str, Document]) -> None:
    client = site.visit(site.alfa.olena)
    path = f"/trash/{full['hers'].id}/delete"
    assert "It has 1 version. It cannot be brought back. This frees 2 kB." in " ".join(
        read(client.get(path)).split()
    )
    assert usage(site.app, site.alfa.olena) == (3072, 0)
    assert "2 kB are free again." in read(send(client, path))
    assert usage(site.app, site.alfa.olena) == (1024, 0)
    assert client.get(f"/documents/{full['hers'].id}").status_code == 404


def test_what_others_uploaded_is_theirs_to_delete(site: Site, full: dict[str, Document]) -> None:
    client = site.visit(site.alfa.olena)
    for method in ("GET", "POST"):
        response = client.open(f"/trash/{full['his'].id}/delete", method=method)
        assert response.status_code == 403
        assert "Your role does not allow this." in read(response)
    assert usage(site.app, site.alfa.olena) == (3072, 0)


def test_emptying_deletes_ones_own_and_for_an_administrator_all(
    site: Site, full: dict[str, Document]
) -> None:
    hers = site.visit(site.alfa.olena)
    assert "This frees 2 kB." in read(hers.get("/trash/empty"))
    assert "the others stay" in read(hers.get("/trash/empty"))
    assert "1 document is deleted permanently. 2 kB are free again." in read(send(hers, "/trash/empty"))
    admins = site.visit(site.alfa.admin)
    assert "All of them are deleted permanently." in read(admins.get("/trash/empty"))
    assert "The trash is empty." in read(send(admins, "/trash/empty"))
    assert usage(site.app, site.alfa.olena) == (0, 0)
