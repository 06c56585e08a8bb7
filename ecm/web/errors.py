"""Pages for what went wrong: in words, with what to do next, and with the right status."""

from __future__ import annotations

import logging

from flask import Response, make_response, render_template
from werkzeug.exceptions import HTTPException

from ecm.errors import (
    BadCredentials,
    Conflict,
    DatabaseBusy,
    Forbidden,
    Invalid,
    NotFound,
    TooManyAttempts,
)
from ecm.search.errors import BadQuery, SearchError
from ecm.storage.errors import Corrupt, QuotaExceeded, Unavailable
from ecm.storage.errors import NotFound as BlobNotFound
from ecm.web import messages
from ecm.web.messages import Message, Refusal
from ecm.web.policies import harden

logger = logging.getLogger(__name__)

STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Invalid, 422),
    (BadQuery, 400),
    (SearchError, 503),
    (BadCredentials, 401),
    (TooManyAttempts, 429),
    (QuotaExceeded, 507),
    (Corrupt, 422),
    (BlobNotFound, 503),
    (Unavailable, 503),
    (DatabaseBusy, 503),
)
CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
}


def status_of(error: Exception) -> int:
    """The HTTP status of a refusal; 500 where nobody foresaw it."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def refusal_page(error: Refusal) -> Response:
    """The page for an error of the domain that no form of ours could show at its field."""
    status = status_of(error)
    if status >= 500:
        logger.warning("a page was refused: %s", error.code, exc_info=error)
    return _page(messages.of_error(error), status)


def http_page(error: HTTPException) -> Response:
    """The page for what the web framework refuses: an unknown address, a method that it has not."""
    status = error.code or 500
    response = page(CODES.get(status, "failure"), status)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "location", "retry-after"):
            response.headers[name] = value
    return response


def failure_page(error: Exception) -> Response:
    """The page for a mistake of ours. It tells nothing of it; the log does."""
    logger.exception("a page failed", exc_info=error)
    return page("failure", 500)


def page(code: str, status: int) -> Response:
    """The page for a message that is known by its code."""
    return _page(messages.of_code(code, {}), status)


def _page(message: Message, status: int) -> Response:
    response = make_response(render_template("error.html", message=message, status=status), status)
    return harden(response)  # also where no page of ours was asked for
