"""A served company, and a browser that fails the test when a page complains."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from werkzeug.serving import WSGIRequestHandler, make_server

import ecm
from ecm import Settings
from ecm.api.application import create_app
from ecm.passwords import Passwords
from ecm.search.analysis import Analyzer
from ecm.wiring import ChildPools
from tests.browser.office import PASSWORD, Office, Visitor
from tests.firms import make_firm

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# How long a page may take says something of the machine only.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


class QuietHandler(WSGIRequestHandler):
    """Answers as HTTP/1.1, keeping connections, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def office(
    migrated_sqlite: Path, tmp_path: Path, analyzer: Analyzer, child_pools: ChildPools, passwords: Passwords
) -> Iterator[Office]:
    """A company on the free tariff, served on a port of its own."""
    shutil.copyfile(migrated_sqlite, tmp_path / "ecm.db")
    settings = Settings.from_env({"ECM_DATA_DIR": str(tmp_path), "ECM_SECRET_KEY": "test"})
    with ecm.open_settings(settings, analyzer=analyzer, child_pools=child_pools) as app:
        firm = make_firm(app, "ТОВ «Альфа»")
        with app.begin() as tx:
            for actor in (firm.admin, firm.olena):
                tx.users.get(actor.user_id).password_hash = passwords.hash(PASSWORD)
        application = create_app(settings, library=app)
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Office(app, application, firm, f"http://127.0.0.1:{server.port}")
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def visit(browser: Browser, office: Office) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser for somebody who is logged in, or for nobody, with any options of Playwright's.

    At the end no script may have failed, and no page complained: nothing was blocked by our own policy.
    """
    visitors: list[Visitor] = []

    def open_browser(actor: ecm.Actor | None = None, **options: Any) -> Visitor:
        settings: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Europe/Kyiv"} | options
        context = browser.new_context(base_url=office.address, **settings)
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(office, context.new_page())
        context.on("weberror", lambda error: visitor.complaints.append(str(error.error)))
        context.on("console", visitor.hear)
        visitors.append(visitor)
        if actor is not None:
            context.add_cookies([office.session_cookie(actor)])
            visitor.page.goto("/deals")
        return visitor

    yield open_browser
    for visitor in visitors:
        visitor.page.context.close()
        assert visitor.complaints == []
