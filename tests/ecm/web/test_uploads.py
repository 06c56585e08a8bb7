"""Uploads by plain forms, and the words for uploads that scripts make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ecm.models import Tariff
from tests.ecm.web.site import ORIGIN, Site, file, read, send
from tests.firms import put, usage


@pytest.fixture
def small(site: Site) -> None:
    """Both companies may store 1,000 bytes."""
    with site.app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=1000)


def test_a_form_stores_several_files_byte_for_byte(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    content = bytes(range(256)) * 20
    page = read(
        send(
            client,
            f"/deals/{site.alfa.deal.id}/documents",
            file=[file(content, "перший.bin"), file(b"2", "b.txt")],
        )
    )
    assert "2 documents are added." in page
    assert "перший.bin" in page
    assert client.get("/api/v1/documents/1/content", buffered=True).data == content


def test_an_empty_file_is_a_file(site: Site) -> None:
    page = read(
        send(
            site.visit(site.alfa.olena),
            f"/deals/{site.alfa.deal.id}/documents",
            file=[file(b"", "empty.txt")],
        )
    )
    assert "1 document is added." in page


def test_a_form_without_a_file_says_so(site: Site) -> None:
    client = site.visit(site.alfa.olena)
    for files in ([], [file(b"", "")]):
        assert "Choose a file first." in read(
            send(client, f"/deals/{site.alfa.deal.id}/documents", file=files)
        )


@pytest.mark.usefixtures("small")
def test_what_does_not_fit_is_refused_with_figures_and_the_rest_is_stored(site: Site) -> None:
    put(site.app, site.alfa.petro, site.alfa.deal, b"x" * 600)
    client = site.visit(site.alfa.olena)
    page = read(
        send(
            client,
            f"/deals/{site.alfa.deal.id}/documents",
            file=[file(b"y" * 300, "fits.txt"), file(b"z" * 500, "large.txt")],
        )
    )
    assert "1 document is added." in page
    assert "“large.txt” was not stored." in page
    page = page.replace("\xa0", " ")
    assert "the file takes 500 bytes, and of 0.98 kB only 100 bytes are left. 900 bytes are used." in page
    assert usage(site.app, site.alfa.olena) == (900, 0)


@pytest.mark.usefixtures("small")
def test_what_can_not_fit_as_a_whole_is_refused_before_it_is_read(site: Site) -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    response = site.visit(site.alfa.olena).post(
        f"/deals/{site.alfa.deal.id}/documents",
        headers=ORIGIN,
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "10000000"},
        content_type="multipart/form-data; boundary=x",
    )
    assert response.status_code == 507
    assert "There is no room" in read(response)


@pytest.mark.usefixtures("small")
def test_a_refusal_offers_the_trash_to_who_may_empty_it(site: Site) -> None:
    mine = put(site.app, site.alfa.olena, site.alfa.deal, b"x" * 900)
    with site.app.begin(site.alfa.olena) as tx:
        tx.documents.trash(tx.documents.get(mine.id))
    form = {"file": [file(b"z" * 500, "large.txt")]}
    page = read(send(site.visit(site.alfa.olena), f"/deals/{site.alfa.deal.id}/documents", **form))
    assert "Emptying the trash would free 900 bytes." in page
    form = {"file": [file(b"z" * 500, "large.txt")]}
    page = read(send(site.visit(site.alfa.petro), f"/deals/{site.alfa.deal.id}/documents", **form))
    assert "The trash holds 900 bytes, which an administrator can delete." in page


def test_a_storage_that_is_away_is_told_in_words(site: Site, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "files", ignore_errors=True)
    (tmp_path / "files").write_text("in the way")
    client = site.visit(site.alfa.olena)
    page = read(send(client, f"/deals/{site.alfa.deal.id}/documents", file=[file(b"1", "a.txt")]))
    assert "“a.txt” was not stored. The storage of files does not answer" in page
    assert "There are no documents here yet." in page


def test_a_form_stores_a_new_version(site: Site) -> None:
    document = put(site.app, site.alfa.olena, site.alfa.deal, b"first")
    client = site.visit(site.alfa.petro)
    page = read(send(client, f"/documents/{document.id}/versions", file=[file(b"second", "v2.txt")]))
    assert "The new version is the current one." in page
    assert "v2.txt" in page
    assert client.get(f"/api/v1/documents/{document.id}/content", buffered=True).data == b"second"


def test_refusals_that_scripts_hear_of_are_put_into_words(site: Site) -> None:
    client = site.visit(site.alfa.olena, language="uk")
    figures = "limit_bytes=209715200&used_bytes=209000000&reserved_bytes=0"
    figures += "&requested_bytes=12345678&purgeable_bytes=50000000"
    text = read(client.get(f"/uploads/refusal?code=quota_exceeded&{figures}")).replace("\xa0", " ")
    assert "Бракує місця: файл займає 11,8 МБ, а з 200 МБ вільно лише 698 кБ." in text
    assert "Очищення кошика звільнить 47,7 МБ." in text
    assert 'href="/trash"' in text
    text = read(client.get(f"/uploads/refusal?code=quota_exceeded&{figures.removesuffix('0')}"))
    assert "попросіть адміністратора перейти на більший тариф" in text  # the trash alone would not do
    assert 'href="/storage"' in text
    assert "Сховище файлів не відповідає" in read(client.get("/uploads/refusal?code=storage_unavailable"))
    assert "Ваш сеанс завершено" in read(client.get("/uploads/refusal?code=unauthenticated"))
    assert "Дію не виконано" in read(client.get("/uploads/refusal?code=<script>"))
    assert "0" in read(client.get("/uploads/refusal?code=quota_exceeded&limit_bytes=many"))


def test_the_tariff_is_the_only_limit_of_a_form(site: Site) -> None:
    with site.app.database.transaction() as session:
        assert session.get_one(Tariff, "free").limit_bytes == 200 * 1_048_576
    client = site.visit(site.alfa.olena)
    big = b"x" * (3 * 1_048_576)
    assert "1 document is added." in read(
        send(client, f"/deals/{site.alfa.deal.id}/documents", file=[file(big, "big.bin")])
    )
