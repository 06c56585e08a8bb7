"""``?refresh=wait``: a program finds what it has just written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ecm import Settings
from ecm.api import refreshing
from ecm.api.application import create_app
from ecm.bell import Bell
from tests.ecm.api.clients import Api, check_problem

# What differs between databases is tested beside the domain; these rules are of HTTP.
pytestmark = pytest.mark.parametrize("founded", ["sqlite"], indirect=True)


@pytest.fixture
def worker(api: Api) -> Iterator[None]:
    """Background work beside the test."""
    stop = threading.Event()
    thread = threading.Thread(target=api.app.worker.run, args=[stop])
    thread.start()
    yield
    stop.set()
    thread.join()


def total(api: Api, q: str) -> int:
    found: int = api.get("/search", query_string={"q": q}).json["total"]
    return found


@pytest.mark.usefixtures("worker")
def test_each_change_is_found_once_it_is_answered(api: Api) -> None:
    deal = f"/deals/{api.alfa.deal.id}"
    stored = api.post(f"{deal}/documents?filename=a.txt&refresh=wait", data="договір".encode())
    assert stored.headers["Ecm-Refreshed"] == "true"
    path = f"/documents/{stored.json['id']}"
    assert total(api, "договором") == 1
    api.patch(f"{path}?refresh=wait", json={"title": "Довіреність"})
    assert total(api, "довіреністю") == 1
    api.patch(f"{deal}?refresh=wait", json={"title": "Оренда складу"})
    assert total(api, "складом") == 1
    api.post(f"{path}/versions?filename=b.txt&refresh=wait", data="акт".encode())
    assert (total(api, "договором"), total(api, "актом")) == (0, 1)
    assert api.delete(f"{path}?refresh=wait").headers["Ecm-Refreshed"] == "true"
    assert total(api, "актом") == 0


def test_a_change_wakes_the_worker(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecm.worker.POLL_S", 3600)
    bell, stop = Bell(), threading.Event()
    settings = Settings.from_env({"ECM_DATA_DIR": str(tmp_path)})
    woken = replace(api, application=create_app(settings, library=api.app, changed=bell.ring))
    worker = threading.Thread(target=api.app.worker.run, args=[stop, bell])
    worker.start()
    for _ in range(3):  # the first may have been seen as the worker started
        answer = woken.post(f"/deals/{api.alfa.deal.id}/documents?filename=a.txt&refresh=wait", data=b"1")
        assert answer.headers["Ecm-Refreshed"] == "true"
    stop.set()
    bell.ring()
    worker.join()
    bell.close()


def test_an_answer_says_when_search_does_not_know_yet(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "WAIT_S", 0.05)
    path = f"/deals/{api.alfa.deal.id}/documents?filename=a.txt"
    stored = api.post(f"{path}&refresh=wait", data=b"1")
    assert (stored.status_code, stored.headers["Ecm-Refreshed"]) == (201, "false")
    assert "Ecm-Refreshed" not in api.post(path, data=b"2").headers


def test_those_who_wait_leave_threads_to_others(api: Api) -> None:
    waiting = api.application.extensions["ecm.waiting"]
    for _ in range(refreshing.WAITING_MOST):
        waiting.acquire()
    stored = api.post(f"/deals/{api.alfa.deal.id}/documents?filename=a.txt&refresh=wait", data=b"1")
    assert (stored.status_code, stored.headers["Ecm-Refreshed"]) == (201, "false")


def test_another_word_than_wait_is_refused_before_anything_is_done(api: Api) -> None:
    path = f"/deals/{api.alfa.deal.id}/documents"
    refused = api.post(f"{path}?filename=a.txt&refresh=now", data=b"1")
    assert check_problem(refused, 422, "invalid")["field"] == "refresh"
    assert api.get(path).json["total"] == 0


def test_the_parameter_is_described_with_every_change(api: Api) -> None:
    paths = api.get("/openapi.json").json["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            names = {parameter.get("name") for parameter in operation.get("parameters", ())}
            assert ("refresh" in names) == (method.upper() in refreshing.CHANGES), (method, path)
