"""What tests of the pages talk with: the application, two companies, and browsers that are logged in."""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ecm import Actor, Ecm
from ecm.api.application import Application
from ecm.sessions import session_values
from tests.firms import Firm

ORIGIN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form that it sends from our own page."""


@dataclass(frozen=True)
class Site:
    """A served library with two companies in it."""

    app: Ecm
    application: Application
    alfa: Firm
    beta: Firm

    def visit(self, actor: Actor | None = None, *, language: str = "en") -> FlaskClient:
        """A browser of somebody who is logged in, or of nobody."""
        client = self.application.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        if actor is not None:
            with client.session_transaction() as session:
                session.permanent = True
                session.update(session_values(self.app, actor))
        return client


def read(response: TestResponse) -> str:
    """The page as people read its words."""
    return unescape(response.get_data(as_text=True))


def send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Send a form as a browser does, and go where that leads."""
    return client.post(path, data=fields, headers=ORIGIN, follow_redirects=True)


def send_only(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Send a form as a browser does, and stay."""
    return client.post(path, data=fields, headers=ORIGIN)


def file(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    """A file in a form."""
    return io.BytesIO(content), name
