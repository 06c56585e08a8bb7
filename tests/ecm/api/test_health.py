"""Health, readiness and metrics."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from tests.ecm.api.clients import Api


def test_the_process_lives_and_all_parts_answer(api: Api) -> None:
    client = api.application.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {"status": "ok", "database": "ok", "storage": "ok", "index": "ok"}


def test_it_is_told_which_part_does_not_answer_and_nothing_else(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = api.application.test_client()
    api.store(b"1")
    shutil.rmtree(tmp_path / "files")
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json == {"status": "failed", "database": "ok", "storage": "failed", "index": "ok"}
    shutil.rmtree(tmp_path / "index", ignore_errors=True)
    (tmp_path / "index").write_text("no folder")
    assert client.get("/readyz").json["index"] == "failed"

    def fail(*args: object) -> None:
        raise ConnectionError("password=secret")

    monkeypatch.setattr(api.app.database, "transaction", fail)
    ready = client.get("/readyz")
    assert ready.json["database"] == "failed"
    assert "secret" not in ready.text
    assert client.get("/healthz").status_code == 200


def test_metrics_count_requests_by_route_and_bytes_moved(api: Api) -> None:
    document = api.store(b"12345")
    api.content(f"/documents/{document['id']}/content")
    api.get("/documents/999")
    api.application.test_client().get("/made/up/by/anybody")
    response = api.application.test_client().get("/metrics")
    assert response.status_code == 200
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }

    def value(name: str, **labels: str) -> float | None:
        return samples.get((name, tuple(sorted(labels.items()))))

    by_id = "/api/v1/documents/<id>"
    assert value("ecm_requests_total", method="GET", route=by_id, status="404") == 1
    upload = {"method": "POST", "route": "/api/v1/deals/<id>/documents"}
    assert value("ecm_requests_total", **upload, status="201") == 1
    assert value("ecm_request_seconds_count", **upload) == 1
    assert value("ecm_requests_total", method="ANY", route="unknown", status="404") == 1
    assert value("ecm_uploaded_bytes_total") == 5
    assert value("ecm_downloaded_bytes_total") == 5
    assert value("ecm_pending_documents") == 1
    assert value("ecm_held_bytes") == 5
    assert "made/up" not in response.text


def test_metrics_are_told_while_the_database_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("no server"))

    monkeypatch.setattr(api.app.database, "transaction", fail)
    response = api.application.test_client().get("/metrics")
    assert response.status_code == 200
    assert "ecm_requests_total" in response.text
    assert "ecm_held_bytes" not in response.text
