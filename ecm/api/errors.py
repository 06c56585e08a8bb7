"""What a refusal looks like over HTTP: `application/problem+json` (RFC 9457).

The only place that knows which error is which status. A problem has `type`, `title`, `status`, `detail`,
the error's stable `code`, and its facts beside them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from apiflask.exceptions import HTTPError as ApiFlaskError
from flask import Response, current_app, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect

from ecm import errors as domain
from ecm.errors import EcmError
from ecm.search import errors as search
from ecm.storage import errors as storage

logger = logging.getLogger(__name__)

Facts = dict[str, Any]


class Unauthenticated(EcmError):
    """The request shows no token or session, or one that stands for nobody."""

    code = "unauthenticated"


class ForeignOrigin(EcmError):
    """A page of another site asked for a change in the name of whoever is logged in here."""

    code = "foreign_origin"

    def __init__(self) -> None:
        super().__init__("a change that a cookie alone carries must come from a page of this service")


class BrokenJson(EcmError):
    """The body is not JSON."""

    code = "broken_json"


class BrokenBody(EcmError):
    """The body ended or broke before it was whole, or is no form. Nothing of it is kept."""

    code = "broken_body"


class WrongRange(EcmError):
    """No byte of the content is in the range that was asked for."""

    code = "wrong_range"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"the content has {size_bytes} bytes", size_bytes=size_bytes)
        self.size_bytes = size_bytes


class ContentDamaged(EcmError):
    """The stored content is not what was stored. `ecm fsck` tells more."""

    code = "content_damaged"

    def __init__(self, document_id: int, version: int) -> None:
        super().__init__(
            f"the content of document {document_id}, version {version}, is damaged",
            id=str(document_id),
            version=version,
        )


STATUS: dict[type[Exception], int] = {
    domain.NotFound: 404,
    domain.Forbidden: 403,
    domain.Invalid: 422,
    domain.Conflict: 409,
    domain.NoSuchPage: 404,
    domain.PreviewUnavailable: 404,
    domain.PreviewPending: 503,
    domain.UploadLocked: 423,
    domain.UploadTooLong: 413,
    domain.ChecksumMismatch: 460,
    domain.BadCredentials: 401,
    domain.TooManyAttempts: 429,
    domain.DatabaseBusy: 503,
    domain.EcmError: 500,
    Unauthenticated: 401,
    ForeignOrigin: 403,
    BrokenJson: 400,
    BrokenBody: 400,
    WrongRange: 416,
    ContentDamaged: 500,
    storage.QuotaExceeded: 507,
    storage.Unavailable: 503,
    storage.Corrupt: 400,
    storage.StorageError: 500,
    search.BadQuery: 400,
    search.IndexBusy: 503,
    search.SearchError: 500,
}
"""Looked up by an error's class, then by the ones that it is derived from."""

TITLES = {
    "bad_credentials": "Wrong e-mail or password",
    "bad_query": "The query cannot be understood",
    "broken_body": "The body is broken",
    "broken_json": "The body is not JSON",
    "changed_meanwhile": "Changed by somebody else meanwhile",
    "checksum_mismatch": "Checksum mismatch",
    "content_damaged": "The stored content is damaged",
    "corrupt": "The content is not what was promised",
    "database_busy": "The database is busy",
    "database_unavailable": "The database does not answer",
    "duplicates_found": "There are such cards already",
    "forbidden": "Not allowed in this role",
    "foreign_origin": "A change asked for by another site",
    "has_documents": "The card has documents",
    "import_started": "The import was started already",
    "in_use": "In use",
    "index_busy": "The index is busy",
    "internal_error": "Internal error",
    "invalid": "A value cannot be taken",
    "last_card": "The document is on no other card",
    "lead_converted": "The lead was converted",
    "managed_by_application": "The card is managed by another application",
    "missing_fields": "Required fields are missing",
    "no_such_page": "No such page",
    "not_found": "Not found",
    "offset_mismatch": "The upload goes on at another byte",
    "preview_pending": "The picture is being made",
    "preview_unavailable": "There is no picture of this",
    "quota_exceeded": "The tariff's limit is reached",
    "staged_file_expired": "The upload expired",
    "storage_unavailable": "The storage does not answer",
    "taken": "In use already",
    "too_many_attempts": "Too many failed log-ins",
    "trashed": "The document is in the trash",
    "unauthenticated": "Log in first",
    "upload_locked": "Another request is writing to this upload",
    "upload_too_long": "More bytes than declared",
    "wrong_range": "No such range",
}
HTTP_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large",
              415: "unsupported_media_type", 431: "too_large"}  # fmt: skip
RETRY_S = 5
SECRET_FACTS = ("key",)
"""Where bytes are stored is nobody's business outside."""


def status_of(error: Exception) -> int | None:
    """The status that an error of ours means; None for one that nobody foresaw."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)


def problem(
    status: int, code: str, detail: str, facts: Facts | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as a response."""
    body: Facts = {
        "type": f"urn:ecm:problem:{code}",
        "title": TITLES.get(code) or HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    facts = {name: value for name, value in (facts or {}).items() if name not in body}
    response = current_app.response_class(
        current_app.json.dumps({**body, **facts}, separators=(",", ":")),
        status=status,
        content_type="application/problem+json",
        headers=dict(headers or {}),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def answer(error: Exception) -> Response:
    """The response to a request that ended with `error`. One that nobody foresaw is logged, and told as
    an internal error without its details."""
    status = status_of(error)
    if status is not None:
        return _answer_own(error, status)
    if isinstance(error, ApiFlaskError):
        return _answer_validation(error)
    if isinstance(error, HTTPException):
        return _answer_http(error)
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and _is_connection_lost(error)):
        logger.warning("the database does not answer: %s", type(error).__name__)
        detail = "the database does not answer; nothing was changed"
        return problem(503, "database_unavailable", detail, headers={"Retry-After": str(RETRY_S)})
    logger.error("%s failed", _told_route(), exc_info=error)
    return problem(500, "internal_error", "something went wrong inside; it is in the log")


def _answer_own(error: Exception, status: int) -> Response:
    facts = dict(error.facts if isinstance(error, EcmError) else vars(error))
    for name in SECRET_FACTS:
        facts.pop(name, None)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ecm"'
    elif isinstance(error, domain.TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, WrongRange):
        headers["Content-Range"] = f"bytes */{error.size_bytes}"
    elif status == 503:
        headers["Retry-After"] = str(RETRY_S)
    detail = str(error)
    if isinstance(error, storage.Corrupt):
        detail = f"{error.what} should be {error.expected}, found {error.found}"
    if status >= 500 and not isinstance(error, storage.QuotaExceeded):
        logger.error("%s failed: %s", _told_route(), error, exc_info=error)
    code: str = getattr(error, "code", "internal_error")
    return problem(status, code, detail, facts, headers)


def _answer_validation(error: ApiFlaskError) -> Response:
    """What a schema refused: the first field by name, and all of them."""
    by_place = error.detail if isinstance(error.detail, dict) else {}
    errors = {
        str(field): _flat(messages)
        for fields in by_place.values()
        for field, messages in (fields.items() if isinstance(fields, dict) else {"body": fields}.items())
    }
    if not errors:
        code = HTTP_CODES.get(error.status_code, "invalid")
        return problem(error.status_code, code, error.message or code)
    errors = {"body" if field == "_schema" else field: messages for field, messages in errors.items()}
    field, reasons = next(iter(errors.items()))
    facts: Facts = {"field": field, "reason": reasons[0], "errors": errors}
    return problem(422, "invalid", f"{field}: {reasons[0]}", facts)


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if isinstance(error, RequestRedirect) or error.response is not None:
        response = error.get_response()
        assert isinstance(response, Response)
        return response
    own = ("content-type", "content-length")
    headers = {name: value for name, value in error.get_headers() if name.lower() not in own}
    code = HTTP_CODES.get(status, (error.name or "error").lower().replace(" ", "_"))
    detail = "nothing is at this address" if status == 404 else error.description or error.name
    return problem(status, code, detail, headers=headers)


def _flat(messages: Any) -> list[str]:
    """What a schema says of a field, which may be a list with errors by place."""
    if isinstance(messages, dict):
        return [text for each in messages.values() for text in _flat(each)]
    if isinstance(messages, list):
        return [text for each in messages for text in _flat(each)]
    return [str(messages)]


def _is_connection_lost(error: DBAPIError) -> bool:
    """Whether the database could not be reached, or broke off."""
    return error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")


def _told_route() -> str:
    rule = request.url_rule.rule if request.url_rule else "an unknown route"
    return f"{request.method} {rule}"
