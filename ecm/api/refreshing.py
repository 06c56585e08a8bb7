"""Changes and search: the background is told of each change at once, and with ``?refresh=wait`` a change is
answered once search knows of it, so that a program finds what it wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from ecm.api.authentication import library
from ecm.errors import Invalid

REFRESHED_HEADER = "Ecm-Refreshed"
WAIT_S = 30.0
WAITING_MOST = 8
"""Each holds one of the server's threads; others are answered at once, with ``Ecm-Refreshed: false``."""
CHANGES = ("POST", "PUT", "PATCH", "DELETE")
PARAMETER = {
    "name": "refresh",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": ["wait"]},
    "description": f"`wait`: answer once search knows of the change, or after {WAIT_S:.0f} seconds;"
    f" the header {REFRESHED_HEADER} tells whether it does.",
}


def init_app(application: Flask) -> None:
    """Tell of this application's changes whom `begin` names, and have those of its API wait for search when
    they are asked to."""
    application.after_request(_wait)
    application.after_request(_tell)  # the last is called first: it wakes whom the other waits for


def begin(application: Flask, changed: Callable[[], None]) -> None:
    """Call `changed` after each change from now on; nobody waits yet."""
    application.extensions["ecm.waiting"] = threading.BoundedSemaphore(WAITING_MOST)
    application.extensions["ecm.changed"] = changed


def check_refresh() -> None:
    """Before a view: Invalid for another value than ``wait``."""
    if request.method in CHANGES and request.args.get("refresh", "wait") != "wait":
        raise Invalid("refresh", "wait, or nothing")


def describe(spec: dict[str, Any]) -> None:
    """Add the parameter to the changes that OpenAPI is told of."""
    for path in spec["paths"].values():
        for method, operation in path.items():
            if method.upper() in CHANGES:
                operation["parameters"] = [*operation.get("parameters", ()), PARAMETER]


def _tell(response: Response) -> Response:
    if request.method in CHANGES and response.status_code < 400:
        changed: Callable[[], None] = current_app.extensions["ecm.changed"]
        changed()
    return response


def _wait(response: Response) -> Response:
    if "refresh" not in request.args or request.method not in CHANGES or "actor" not in g:
        return response
    if response.status_code < 400:
        is_refreshed = False
        waiting: threading.BoundedSemaphore = current_app.extensions["ecm.waiting"]
        if waiting.acquire(blocking=False):
            try:
                is_refreshed = library().refresh(g.actor, timeout_s=WAIT_S)
            finally:
                waiting.release()
        response.headers[REFRESHED_HEADER] = "true" if is_refreshed else "false"
    return response
