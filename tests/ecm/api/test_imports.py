"""Imports over HTTP: a table read, its columns mapped, its rows previewed, started and watched."""

from __future__ import annotations

import io

import pytest

from tests.ecm.api.clients import Api, check_problem

TABLE = "Назва;ЄДРПОУ;Тел;Інше\nАльфа;32855961;044 123 45 67;x\nБета;12345679;;\nАльфа-2;32855961;;\n"


@pytest.mark.parametrize("founded", ["sqlite"], indirect=True)
def test_a_table_is_read_mapped_previewed_and_run(api: Api) -> None:
    body = {"file": (io.BytesIO(TABLE.encode("cp1251")), "фірми.csv")}
    response = api.post("/imports?kind=organization", data=body, content_type="multipart/form-data")
    assert response.status_code == 201, response.text
    read = response.json
    path = f"/imports/{read['id']}"
    assert response.headers["Location"].endswith(path)
    assert (read["filename"], read["state"], read["duplicates"]) == ("фірми.csv", "read", "skip")
    assert read["mapping"] == ["title", "tax_number", "phones", None]
    assert read["progress"] == {"total": 3, "waiting": 3, "made": 0, "updated": 0, "skipped": 0, "refused": 0}
    assert {"title", "comment", "owner"} <= set(read["targets"])

    previewed = api.get(f"{path}/preview").json
    assert [(row["number"], row["state"]) for row in previewed["items"]] == [
        (2, "made"),
        (3, "refused"),
        (4, "skipped"),
    ]
    (error,) = previewed["items"][1]["errors"]
    assert (error["field"], error["column"]) == ("tax_number", "ЄДРПОУ")
    assert previewed["more"] is False
    assert api.get(f"{path}/preview?after=2&limit=1").json["more"] is True
    assert api.get("/organizations").json["total"] == 0

    changed = api.patch(
        path, json={"duplicates": "update", "mapping": ["title", "tax_number", "phones", "comment"]}
    )
    assert changed.json["mapping"][3] == "comment"
    assert check_problem(api.patch(path, json={"mapping": ["no"] * 4}), 422, "invalid")["field"] == "mapping"
    assert api.post(f"{path}/run").status_code == 202
    check_problem(api.post(f"{path}/run"), 409, "import_started")
    api.app.work_off()
    done = api.get(path).json
    assert (done["state"], done["finished_at"] is not None) == ("done", True)
    assert done["progress"] == {"total": 3, "waiting": 0, "made": 1, "updated": 1, "skipped": 0, "refused": 1}
    refused = api.get(f"{path}/rows").json
    assert [(row["number"], row["cells"][0]) for row in refused["items"]] == [(3, "Бета")]
    (card,) = api.get("/organizations").json["items"]
    assert [row["card"] for row in api.get(f"{path}/rows?state=updated").json["items"]] == [card["id"]]
    assert api.get("/imports").json["total"] == 1
    assert api.delete(path).status_code == 204
    check_problem(api.get(path), 404, "not_found")


@pytest.mark.parametrize("founded", ["sqlite"], indirect=True)
def test_an_import_is_stopped(api: Api) -> None:
    id = api.post("/imports?kind=organization", data=TABLE.encode()).json["id"]
    api.post(f"/imports/{id}/run")
    stopped = api.post(f"/imports/{id}/stop").json
    assert (stopped["state"], stopped["progress"]["waiting"]) == ("done", 3)
    api.app.work_off()
    assert api.get("/organizations").json["total"] == 0


@pytest.mark.parametrize("founded", ["sqlite"], indirect=True)
def test_what_is_no_table_is_refused(api: Api) -> None:
    assert check_problem(api.post("/imports?kind=contact", data=b""), 422, "invalid")["field"] == "file"
    check_problem(api.post("/imports?kind=contact", data=b"PK\x03\x04"), 422, "invalid")
    check_problem(api.post("/imports?kind=document", data=TABLE.encode()), 422, "invalid")
    check_problem(api.post("/imports?kind=contact", data=b"x" * (20 * 1024 * 1024 + 1)), 422, "invalid")
    check_problem(
        api.post("/imports?kind=contact", data=b"x", content_type="multipart/form-data"), 400, "broken_body"
    )
