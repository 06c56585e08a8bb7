"""Documents over HTTP: stored raw and by forms, shown, changed, trashed, restored, purged."""

from __future__ import annotations

import hashlib
import io
import json
import threading

import pytest
from sqlalchemy import func, select

from ecm.api.forms import ENVELOPE_MOST_BYTES, FIELD_MOST_BYTES
from ecm.models import Document, Intent
from ecm.tariffs import MEGABYTE
from tests.ecm.api.clients import Api, check_problem
from tests.firms import put, usage

BOUNDARY = "the-boundary"


def file_part(content: bytes, filename: str = "Акт.txt", name: str = "file") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
    return f"--{BOUNDARY}\r\n{head}\r\n".encode() + content + b"\r\n"


def field_part(name: str, value: str) -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def form(*parts: bytes) -> dict[str, object]:
    """A form whose parts stand in the order given."""
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return {"data": body, "content_type": f"multipart/form-data; boundary={BOUNDARY}"}


def check_nothing_is_kept(api: Api) -> None:
    with api.app.begin() as tx:
        counts = [tx.session.scalar(select(func.count()).select_from(table)) for table in (Document, Intent)]
    assert counts == [0, 0]
    assert list(api.app.storage.list()) == []
    assert usage(api.app, api.alfa.admin) == (0, 0)


def test_a_raw_body_is_stored_with_what_the_address_says_of_it(api: Api) -> None:
    content = "Договір".encode()
    response = api.post(
        f"/deals/{api.alfa.deal.id}/documents",
        query_string={
            "filename": "Договір.txt",
            "title": "Договір 7",
            "kind": "contract",
            "tags": ["a", "б"],
        },
        data=content,
    )
    assert response.status_code == 201
    stored = response.json
    assert response.headers["Location"] == f"/api/v1/documents/{stored['id']}"
    expected = {
        "title": "Договір 7",
        "kind": "contract",
        "tags": ["a", "б"],
        "cards": [{"id": str(api.alfa.deal.id), "kind": "deal", "title": "Постачання сервера"}],
        "version": 1,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "media_type": "text/plain",
        "filename": "Договір.txt",
        "uploaded_by": str(api.alfa.olena.user_id),
        "uploaded_by_name": api.alfa.olena.name,
        "trashed_at": None,
        "duplicates": [],
    }
    assert {name: stored[name] for name in expected} == expected
    assert stored["uploaded_at"].endswith("Z")
    assert api.content(f"/documents/{stored['id']}/content") == content
    shown = api.get(f"/documents/{stored['id']}").json
    assert shown == {name: value for name, value in stored.items() if name != "duplicates"}


@pytest.mark.parametrize("size_first", [True, False])
def test_a_form_is_stored_with_fields_on_both_sides_of_the_file(api: Api, size_first: bool) -> None:
    content = b"\r\n--the-boundar\r\n\r" * 50_000
    size = [field_part("size_bytes", str(len(content)))] if size_first else []
    sent = form(
        field_part("kind", "act"), *size, file_part(content), field_part("title", "Акт"),
        field_part("tags", "один"), field_part("tags", "два"),
    )  # fmt: skip
    response = api.post(f"/deals/{api.alfa.deal.id}/documents", **sent)
    assert response.status_code == 201, response.text
    stored = response.json
    assert (stored["title"], stored["kind"], stored["tags"]) == ("Акт", "act", ["один", "два"])
    assert (stored["filename"], stored["size_bytes"]) == ("Акт.txt", len(content))
    assert api.content(f"/documents/{stored['id']}/content") == content
    assert usage(api.app, api.alfa.admin) == (len(content), 0)


def test_an_empty_file_is_stored(api: Api) -> None:
    assert api.store(b"", "filename=empty.txt")["size_bytes"] == 0
    stored = api.post(f"/deals/{api.alfa.deal.id}/documents", **form(file_part(b""))).json
    assert (stored["size_bytes"], len(stored["duplicates"])) == (0, 1)
    assert api.content(f"/documents/{stored['id']}/content") == b""


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("a\\b.txt", "a\\b.txt"),
        ("ім'я з пробілами.txt", "ім'я з пробілами.txt"),
        ("契約書.pdf", "契約書.pdf"),
        ("a\x1b[2Jb\u202etxt.exe", "a [2Jb txt.exe"),
        ("д" * 300 + ".txt", "д" * 300),
    ],
)
def test_any_name_is_a_title_and_never_a_path(api: Api, name: str, title: str) -> None:
    response = api.post(f"/deals/{api.alfa.deal.id}/documents", query_string={"filename": name}, data=b"1")
    assert response.status_code == 201
    stored = response.json
    assert not set(stored["filename"]) & set("/\\\x1b\u202e")
    assert len(stored["filename"].encode()) <= 255
    assert stored["filename"].rpartition(".")[2] == name.rpartition(".")[2].replace("/", "_")
    assert stored["title"] == title
    (blob,) = api.app.storage.list()
    assert blob.key.startswith(f"c{api.alfa.company.id}/")


def test_the_same_content_is_pointed_out_in_the_company_alone(api: Api) -> None:
    put(api.app, api.beta.olena, api.beta.deal, b"the same", "b.txt")
    first = api.store(b"the same", "filename=a.txt")
    assert first["duplicates"] == []
    (found,) = api.store(b"the same", "filename=c.txt")["duplicates"]
    assert (found["id"], found["title"]) == (first["id"], "a.txt")
    assert found["cards"][0]["id"] == str(api.alfa.deal.id)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("kind=novel", "kind"),
        ("title=%20", "title"),
        ("tags=" + "x" * 61, "tags"),
        ("title=" + "x" * 301, "title"),
    ],
)
def test_a_wrong_value_beside_a_raw_body_is_refused_before_the_body(api: Api, query: str, field: str) -> None:
    class Unread(io.BytesIO):
        def read(self, *size: int | None) -> bytes:
            raise AssertionError("the body was read")

        readline = readinto = read  # type: ignore[assignment]

    response = api.post(
        f"/deals/{api.alfa.deal.id}/documents?filename=a.txt&{query}",
        input_stream=Unread(b"12345"),
        content_length=5,
    )
    assert check_problem(response, 422, "invalid")["field"] == field
    check_nothing_is_kept(api)


@pytest.mark.parametrize(
    ("parts", "status", "code", "field"),
    [
        ([field_part("kind", "novel"), file_part(b"1")], 422, "invalid", "kind"),
        ([file_part(b"1"), field_part("kind", "novel")], 422, "invalid", "kind"),
        ([file_part(b"1"), field_part("title", " ")], 422, "invalid", "title"),
        ([file_part(b"1"), field_part("color", "red")], 422, "invalid", "color"),
        ([file_part(b"1"), field_part("kind", "act"), field_part("kind", "act")], 422, "invalid", "kind"),
        ([file_part(b"1"), file_part(b"2")], 422, "invalid", "file"),
        ([file_part(b"1", name="scan")], 422, "invalid", "file"),
        ([field_part("title", "a")], 422, "invalid", "file"),
        ([], 422, "invalid", "file"),
        ([field_part("size_bytes", "many"), file_part(b"1")], 422, "invalid", "size_bytes"),
        ([field_part("size_bytes", "2"), file_part(b"1")], 400, "corrupt", None),
        ([field_part("size_bytes", "2"), file_part(b"123")], 400, "corrupt", None),
        ([file_part(b"123"), field_part("size_bytes", "2")], 400, "corrupt", None),
        ([file_part(b"1"), field_part("title", "x" * (FIELD_MOST_BYTES + 1))], 413, "too_large", None),
        ([field_part("tags", "x" * 60_000)] * 3 + [file_part(b"1")], 413, "too_large", None),
        ([file_part(b"1")] + [field_part("tags", "x" * 60_000)] * 3, 413, "too_large", None),
        ([field_part("tags", "x")] * 300 + [file_part(b"1")], 413, "too_large", None),
    ],
)  # fmt: skip
def test_a_wrong_form_is_refused_and_nothing_of_it_is_kept(
    api: Api, parts: list[bytes], status: int, code: str, field: str | None
) -> None:
    response = api.post(f"/deals/{api.alfa.deal.id}/documents", **form(*parts))
    problem = check_problem(response, status, code)
    assert problem.get("field") == field
    check_nothing_is_kept(api)


@pytest.mark.parametrize(
    "body",
    [
        b"no form at all",
        b"--the-boundary\r\nContent-Disposition: form-data; name=",
        file_part(b"cut off")[:-4],
        b"--the-boundary\r\nX: y\r\n\r\n1\r\n--the-boundary--\r\n",
        b'--the-boundary\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--the-boundary--\r\n',
        b"",
    ],
)
def test_a_broken_form_is_refused_and_nothing_of_it_is_kept(api: Api, body: bytes) -> None:
    response = api.post(
        f"/deals/{api.alfa.deal.id}/documents",
        data=body,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )
    assert response.status_code in (400, 422)
    check_problem(response, response.status_code, "invalid" if response.status_code == 422 else "broken_body")
    check_nothing_is_kept(api)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 71])
def test_a_form_without_a_usable_boundary_is_refused(api: Api, boundary: str) -> None:
    response = api.post(
        f"/deals/{api.alfa.deal.id}/documents", data=b"x", content_type=f"multipart/form-data{boundary}"
    )
    check_problem(response, 400, "broken_body")


def test_the_limit_is_exact_for_declared_sizes_and_told_in_figures(api: Api) -> None:
    with api.app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=1000)
    path = f"/deals/{api.alfa.deal.id}/documents"
    problem = check_problem(api.post(path, data=b"x" * 1001), 507, "quota_exceeded")
    figures = {"limit_bytes": 1000, "used_bytes": 0, "reserved_bytes": 0, "requested_bytes": 1001}
    assert problem.items() >= {**figures, "trash_bytes": 0, "purgeable_bytes": 0}.items()
    content = b"x" * 1000
    check_problem(
        api.post(path, **form(field_part("size_bytes", "1001"), file_part(content))), 507, "quota_exceeded"
    )
    assert api.post(path, **form(field_part("size_bytes", "1000"), file_part(content))).status_code == 201
    check_problem(api.post(path, data=b"x"), 507, "quota_exceeded")
    assert api.post(path, data=b"").status_code == 201


def test_a_form_without_a_size_is_refused_early_only_when_it_cannot_fit(api: Api) -> None:
    with api.app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=MEGABYTE)
    path = f"/deals/{api.alfa.deal.id}/documents"
    assert api.post(path, **form(file_part(b"x" * MEGABYTE))).status_code == 201
    with api.app.begin() as tx:
        tx.tariffs.save("free", scope="company", limit_bytes=2 * MEGABYTE)
    late = api.post(path, **form(file_part(b"x" * (MEGABYTE + 1))))
    assert check_problem(late, 507, "quota_exceeded")["requested_bytes"] <= MEGABYTE + 1
    hopeless = form(file_part(b"x" * (MEGABYTE + 2 * ENVELOPE_MOST_BYTES)))
    early = check_problem(api.post(path, **hopeless), 507, "quota_exceeded")
    assert early["requested_bytes"] > MEGABYTE
    assert usage(api.app, api.alfa.admin) == (MEGABYTE, 0)


def test_a_repeated_request_with_a_key_answers_as_the_first_and_stores_nothing(api: Api) -> None:
    key = {"Idempotency-Key": "one"}
    first = api.store(b"content", headers=key)
    again = api.store(b"content", headers=key)
    assert again == first
    assert len(list(api.app.storage.list())) == 1
    path = f"/deals/{api.alfa.deal.id}/documents"
    other = api.post(f"{path}?filename=other.txt", data=b"content", headers=key)
    assert check_problem(other, 422, "invalid")["field"] == "Idempotency-Key"
    bad = api.post(f"{path}?filename=other.txt", data=b"content", headers={"Idempotency-Key": "x" * 201})
    assert check_problem(bad, 422, "invalid")["field"] == "Idempotency-Key"
    petros = api.post(path, api.alfa.petro, data=b"content", headers=key)
    assert petros.json["id"] != first["id"]


def test_two_requests_at_once_with_one_key_make_one_document(api: Api) -> None:
    both_read = threading.Barrier(2)
    ids: list[str] = []

    class Slow(io.BytesIO):
        """Lets both requests pass the look into the database before either of them stores."""

        waited = False

        def read(self, size: int | None = -1, /) -> bytes:
            if not self.waited:
                self.waited = True
                both_read.wait(30)
            return super().read(size)

    def send() -> None:
        response = api.post(
            f"/deals/{api.alfa.deal.id}/documents",
            input_stream=Slow(b"12345"),
            content_length=5,
            headers={"Idempotency-Key": "one"},
        )
        assert response.status_code == 201, response.text
        ids.append(response.json["id"])

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert len(list(api.app.storage.list())) == 1
    assert usage(api.app, api.alfa.admin) == (5, 0)


def test_a_deals_documents_are_listed_by_pages_newest_first(api: Api) -> None:
    ids = [api.store(b"%d" % number, f"filename={number}.txt")["id"] for number in range(3)]
    path = f"/deals/{api.alfa.deal.id}/documents"
    page = api.get(f"{path}?per_page=2").json
    assert ([each["id"] for each in page["items"]], page["total"]) == (ids[:0:-1], 3)
    assert (page["page"], page["per_page"]) == (1, 2)
    assert [each["id"] for each in api.get(f"{path}?per_page=2&page=2").json["items"]] == ids[:1]
    for wrong, field in (("per_page=1001", "per_page"), ("page=0", "page"), ("page=x", "page")):
        assert check_problem(api.get(f"{path}?{wrong}"), 422, "invalid")["field"] == field


def test_a_document_is_changed_and_put_on_other_deals(api: Api) -> None:
    document = api.store(b"1")
    other = api.post("/deals", json={"title": "Друга"}).json["id"]
    changes = {"title": "Нова", "kind": "invoice", "tags": ["терміново"]}
    changed = api.patch(f"/documents/{document['id']}", json=changes).json
    assert changed.items() >= changes.items()
    first = str(api.alfa.deal.id)
    for cards in ([first, other], [other]):
        changed = api.patch(f"/documents/{document['id']}", json={"cards": cards}).json
        assert [card["id"] for card in changed["cards"]] == cards
    assert api.get(f"/deals/{first}/documents").json["items"] == []
    for body, field in (
        ({"cards": []}, "cards"),
        ({"cards": "1"}, "cards"),
        ({"cards": [1]}, "cards"),
        ({"tags": "x"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"title": 5}, "title"),
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"kind": "novel"}, "kind"),
        ({"colour": "red"}, "colour"),
    ):
        problem = check_problem(api.patch(f"/documents/{document['id']}", json=body), 422, "invalid")
        assert problem["field"] == field, body
    foreign = api.patch(f"/documents/{document['id']}", json={"cards": [str(api.beta.deal.id)]})
    check_problem(foreign, 404, "not_found")
    assert api.get(f"/documents/{document['id']}").json == changed


def test_the_trash_is_left_by_restoring_or_for_good(api: Api) -> None:
    document = api.store(b"12345")
    path = f"/documents/{document['id']}"
    assert api.delete(path).status_code == 204
    assert api.get(f"/deals/{api.alfa.deal.id}/documents").json["total"] == 0
    (trashed,) = api.get("/trash").json["items"]
    assert (trashed["id"], trashed["trashed_by"]) == (document["id"], str(api.alfa.olena.user_id))
    assert trashed["trashed_by_name"] == api.alfa.olena.name
    assert api.get(path).json["trashed_at"] == trashed["trashed_at"]
    assert api.content(f"{path}/content") == b"12345"
    check_problem(api.patch(path, json={"title": "x"}), 409, "trashed")
    check_problem(api.post(f"{path}/versions", data=b"2"), 409, "trashed")
    assert api.get("/quota").json["purgeable_bytes"] == 5
    restored = api.post(f"{path}/restore")
    assert (restored.status_code, restored.json["trashed_at"]) == (200, None)
    check_problem(api.delete(f"{path}?purge=1", api.alfa.petro), 403, "forbidden")
    assert api.delete(f"{path}?purge=1").status_code == 204
    check_problem(api.get(path), 404, "not_found")
    check_nothing_is_kept(api)


def test_emptying_the_trash_purges_what_the_caller_may(api: Api) -> None:
    olenas = api.store(b"12345")
    petros = api.store(b"123", actor=api.alfa.petro)
    for document in (olenas, petros):
        api.delete(f"/documents/{document['id']}")
    assert api.delete("/trash", api.alfa.petro).json == {"purged": 1, "freed_bytes": 3}
    assert [each["id"] for each in api.get("/trash").json["items"]] == [olenas["id"]]
    assert api.delete("/trash", api.alfa.admin).json == {"purged": 1, "freed_bytes": 5}
    check_nothing_is_kept(api)


def test_versions_follow_and_any_becomes_current_again(api: Api) -> None:
    document = api.store(b"one", "filename=a.txt")
    path = f"/documents/{document['id']}"
    added = api.post(f"{path}/versions?filename=b.txt", api.alfa.petro, data=b"second")
    assert added.status_code == 201
    assert added.json.items() >= {"version": 2, "current": True, "size_bytes": 6, "filename": "b.txt"}.items()
    third = api.post(f"{path}/versions", **form(field_part("size_bytes", "5"), file_part(b"third"))).json
    assert (third["version"], third["filename"]) == (3, "Акт.txt")
    restored = api.post(f"{path}/versions/1/restore").json
    assert (restored["version"], restored["current"]) == (1, True)
    versions = api.get(f"{path}/versions").json
    assert [(each["version"], each["current"]) for each in versions["items"]] == [
        (3, False), (2, False), (1, True),
    ]  # fmt: skip
    assert versions["items"][1]["uploaded_by_name"] == api.alfa.petro.name
    shown = api.get(path).json
    assert (shown["version"], shown["size_bytes"], shown["filename"]) == (1, 3, "a.txt")
    assert api.content(f"{path}/content") == b"one"
    assert api.content(f"{path}/content?version=2") == b"second"
    assert usage(api.app, api.alfa.admin) == (14, 0)
    for number in ("4", "0", "x"):
        check_problem(api.get(f"{path}/content?version={number}"), 404, "not_found")
        check_problem(api.post(f"{path}/versions/{number}/restore"), 404, "not_found")
    refused = api.post(f"{path}/versions", **form(file_part(b"1"), field_part("title", "x")))
    assert check_problem(refused, 422, "invalid")["field"] == "title"


def test_a_repeated_version_with_a_key_answers_with_the_version_that_the_first_made(api: Api) -> None:
    document = api.store(b"one")
    path = f"/documents/{document['id']}/versions"
    key = {"Idempotency-Key": "two"}
    first = api.post(path, data=b"two", headers=key).json
    api.post(path, data=b"three")
    again = api.post(path, data=b"two", headers=key)
    assert again.status_code == 201
    assert again.json == {**first, "current": False}
    assert api.get(path).json["total"] == 3


def test_the_text_that_was_found_is_answered_as_text(api: Api) -> None:
    document = api.store("Договір про постачання".encode("cp1251"), "filename=a.txt")
    path = f"/documents/{document['id']}/text"
    waiting = api.get(path)
    assert (waiting.text, waiting.headers["Ecm-Text-State"]) == ("", "pending")
    api.app.work_off()
    found = api.get(path)
    assert (found.text, found.headers["Ecm-Text-State"]) == ("Договір про постачання", "done")
    assert found.content_type == "text/plain; charset=utf-8"
    assert api.get(f"/documents/{document['id']}").json["text_state"] == "done"


def test_a_hostile_title_stays_what_it_is_in_json(api: Api) -> None:
    title = "</script><b>\"'\\ї"
    document = api.post(f"/deals/{api.alfa.deal.id}/documents", query_string={"title": title}, data=b"1")
    assert json.loads(document.get_data())["title"] == title
