"""Pictures of pages over HTTP."""

from __future__ import annotations

import pytest

from tests.ecm.api.clients import Api, check_problem
from tests.ecm.test_previews import make_docx, make_pdf

PDF = "filename=договір.pdf"


def test_a_page_is_a_png_that_nobody_takes_for_something_else(api: Api) -> None:
    document = api.store(make_pdf(), PDF)
    assert (document["preview_state"], document["preview_pages"]) == ("pending", None)
    response = api.get(f"/documents/{document['id']}/preview?page=2&width=500")
    assert response.status_code == 200
    assert response.get_data().startswith(b"\x89PNG\r\n")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Ecm-Pages"] == "3"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_a_picture_that_is_known_is_not_sent_again(api: Api) -> None:
    address = f"/documents/{api.store(make_pdf(), PDF)['id']}/preview"
    etag = api.get(address).headers["ETag"]
    response = api.get(address, headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert not response.get_data()
    assert response.headers["ETag"] == etag
    assert api.get(f"{address}?page=2", headers={"If-None-Match": etag}).status_code == 200


def test_under_an_address_with_its_version_a_picture_may_be_kept(api: Api) -> None:
    document = api.store(make_pdf(), PDF)
    response = api.get(f"/documents/{document['id']}/preview?version=1")
    assert response.headers["Cache-Control"] == "private, max-age=86400"
    check_problem(api.get(f"/documents/{document['id']}/preview?version=2"), 404, "not_found")


def test_a_page_beyond_the_last_is_not_found(api: Api) -> None:
    document = api.store(make_pdf(), PDF)
    problem = check_problem(api.get(f"/documents/{document['id']}/preview?page=4"), 404, "no_such_page")
    assert (problem["page"], problem["pages"]) == (4, 3)


@pytest.mark.parametrize("query", ["page=0", "page=x", "width=0", "width=-5"])
def test_a_wrong_page_or_width_is_named(api: Api, query: str) -> None:
    document = api.store(b"some text")
    problem = check_problem(api.get(f"/documents/{document['id']}/preview?{query}"), 422, "invalid")
    assert problem["field"] == query.partition("=")[0]


def test_what_has_no_picture_says_why(api: Api) -> None:
    document = api.store(b"\x00\x01\x02", "filename=щось.bin")
    problem = check_problem(api.get(f"/documents/{document['id']}/preview"), 404, "preview_unavailable")
    assert (problem["preview_state"], problem["reason"]) == ("unsupported", "unsupported")


def test_a_picture_that_takes_long_is_asked_for_again(api: Api) -> None:
    document = api.store(make_docx(), "filename=договір.docx")
    response = api.get(f"/documents/{document['id']}/preview")
    assert response.status_code == 202
    assert response.headers["Retry-After"] == "1"
    assert response.json == {"preview_state": "pending"}


def test_another_company_finds_nothing(api: Api) -> None:
    document = api.store(make_pdf(), PDF)
    check_problem(api.get(f"/documents/{document['id']}/preview", api.beta.admin), 404, "not_found")


def test_a_trashed_document_still_has_pictures(api: Api) -> None:
    document = api.store(make_pdf(), PDF)
    assert api.delete(f"/documents/{document['id']}").status_code == 204
    assert api.get(f"/documents/{document['id']}/preview").status_code == 200
