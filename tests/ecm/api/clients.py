"""What tests of the API talk with: the application, two companies, and everybody's token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from ecm import Actor, Ecm
from ecm.api.application import Application
from tests.firms import Firm
from tests.statements import hear_statements

ROOT = "/api/v1"


@dataclass(frozen=True)
class Api:
    """A served library with two companies in it, and an operator."""

    app: Ecm
    application: Application
    alfa: Firm
    beta: Firm
    operator: Actor
    tokens: dict[int, str]

    def ask(self, method: str, path: str, actor: Actor | None = None, **options: Any) -> TestResponse:
        """Send a request, by default as Olena of the first company. Paths begin after /api/v1."""
        token = self.tokens[(actor or self.alfa.olena).user_id]
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        client = self.application.test_client(use_cookies=False)
        return client.open(ROOT + path, method=method, headers=headers, **options)

    def get(self, path: str, actor: Actor | None = None, **options: Any) -> TestResponse:
        """Ask with GET."""
        return self.ask("GET", path, actor, **options)

    def post(self, path: str, actor: Actor | None = None, **options: Any) -> TestResponse:
        """Ask with POST."""
        return self.ask("POST", path, actor, **options)

    def patch(self, path: str, actor: Actor | None = None, **options: Any) -> TestResponse:
        """Ask with PATCH."""
        return self.ask("PATCH", path, actor, **options)

    def put(self, path: str, actor: Actor | None = None, **options: Any) -> TestResponse:
        """Ask with PUT."""
        return self.ask("PUT", path, actor, **options)

    def delete(self, path: str, actor: Actor | None = None, **options: Any) -> TestResponse:
        """Ask with DELETE."""
        return self.ask("DELETE", path, actor, **options)

    def store(self, content: bytes, query: str = "filename=файл.txt", **options: Any) -> dict[str, Any]:
        """Store a document on the first company's deal."""
        response = self.post(f"/deals/{self.alfa.deal.id}/documents?{query}", data=content, **options)
        assert response.status_code == 201, response.text
        stored: dict[str, Any] = response.json
        return stored

    def content(self, path: str, **options: Any) -> bytes:
        """What GET answers with, closed."""
        with self.get(path, **options) as response:
            assert response.status_code in (200, 206), response.text
            return response.get_data()


def check_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """See that an answer is a problem of the right kind, and return it."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem: dict[str, Any] = response.json
    assert problem["status"] == status
    assert problem["code"] == code
    assert set(problem) >= {"type", "title", "detail"}
    return problem


def count_statements(api: Api, ask: Callable[[], TestResponse]) -> int:
    """How many statements an answer takes."""
    with hear_statements(api.app) as sent:
        response = ask()
    assert response.status_code == 200, response.text
    return len(sent)
