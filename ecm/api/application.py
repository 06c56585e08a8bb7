"""The Flask application: the API, the pages, health; wired to an open library."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint, APIFlask
from apispec import APISpec
from flask import current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ecm import web
from ecm.api import (
    admin,
    contacts,
    content,
    conversions,
    deals,
    documents,
    errors,
    fields,
    filters,
    health,
    imports,
    leads,
    metrics,
    option_sets,
    organizations,
    pipelines,
    previews,
    quota,
    refreshing,
    requirements,
    search,
    teams,
    tokens,
    trash,
    uploads,
    users,
    versions,
)
from ecm.api.authentication import authenticate
from ecm.api.bodies import CheckedRequest, check_address, check_json_body
from ecm.api.schemas import Problem
from ecm.app import Ecm
from ecm.settings import Settings
from ecm.web.errors import http_page
from ecm.wiring import open_settings

PREFIX = "/api/"
SPEC_PATH = "/api/v1/openapi.json"
SPEC_ENDPOINT = "openapi.spec"
BEARER = {"bearer": {"type": "http", "scheme": "bearer"}}


class Application(APIFlask):
    """Answers whatever goes wrong under /api with a problem; what goes wrong elsewhere is the pages'."""

    request_class = CheckedRequest

    def handle_user_exception(self, e: Exception) -> Any:
        """Also called for what Flask itself refuses: an unknown path, a wrong method."""
        if request.path.startswith(PREFIX):
            return errors.answer(e)
        return super().handle_user_exception(e)

    def _generate_spec(self) -> APISpec:
        """Without the warning that a shape is known already when it stands alone as well as in a list."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".* has already been added to the spec")
            return super()._generate_spec()


def create_app(
    settings: Settings | None = None,
    *,
    library: Ecm | None = None,
    changed: Callable[[], None] = lambda: None,
) -> Application:
    """The service on an open library, by default the one that `settings` describe (and they, by default,
    the environment). `changed` is called after each change: the background may have work by it.
    SettingError names a wrong setting."""
    if settings is None:
        settings = Settings.from_env()
    app = library if library is not None else open_settings(settings)
    application = build_application()
    put_library(application, app, secret_key=settings.secret_key, changed=changed)
    return application


def build_application() -> Application:
    """The API and the pages, with no library behind them yet."""
    application = Application(
        "ecm",
        title="ECM",
        version=importlib.metadata.version("ecm"),
        spec_path=SPEC_PATH,
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]  # Flask's own word for "none"
    )
    _configure(application)
    metrics.init_app(application)
    application.before_request(_guard)
    application.after_request(_harden)
    refreshing.init_app(application)
    for room in (*api_blueprints(), *web.blueprints()):
        application.register_blueprint(room)
    for blueprint in application.blueprints.values():  # what is no API has nothing to describe
        vars(blueprint).setdefault("enable_openapi", False)
    application.register_error_handler(HTTPException, http_page)
    web.init_app(application)
    return application


def put_library(
    application: Application, library: Ecm, *, secret_key: str, changed: Callable[[], None] = lambda: None
) -> None:
    """Put an open library behind an application, while it answers nobody: what is asked from now on is
    asked of this library, and figures begin anew. `changed` is called after each change."""
    application.secret_key = secret_key
    application.extensions["ecm"] = library
    metrics.begin(application, library)
    refreshing.begin(application, changed)


def api_blueprints() -> list[APIBlueprint]:
    """The API's parts."""
    of_cards = (deals, leads, conversions, contacts, organizations)
    of_company = (pipelines, requirements, fields, option_sets, filters, teams, users, imports)
    of_documents = (documents, versions, content, previews, uploads, trash, search)
    return [room.blueprint for room in (tokens, quota, *of_cards, *of_company, *of_documents, admin, health)]


def _configure(application: Application) -> None:
    application.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_OPERATION_ID=True,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        HTTP_ERROR_SCHEMA=Problem,
        SECURITY_SCHEMES=BEARER,
        DESCRIPTION="A company's deals, leads and clients, and documents: exactly counted, versioned, found.",
    )
    application.json.ensure_ascii = False  # type: ignore[attr-defined]
    application.json.sort_keys = False  # type: ignore[attr-defined]
    application.spec_processor(_complete_spec)


def _guard() -> None:
    """Before each view under /api: who asks is known, and the body is small and well-formed."""
    if request.endpoint is None or not request.path.startswith(PREFIX):
        return
    check_address()
    view = current_app.view_functions[request.endpoint]
    if not getattr(view, "is_public", False) and request.endpoint != SPEC_ENDPOINT:
        g.actor = authenticate()
    if not getattr(view, "is_streamed", False):
        check_json_body()
    refreshing.check_refresh()


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _complete_spec(spec: dict[str, Any] | str) -> dict[str, Any] | str:
    """Add what is the same for all operations: the token, and the answer that says what was wrong."""
    assert isinstance(spec, dict)  # it is text only where it is to be YAML
    spec["security"] = [{"bearer": []}]
    problem = {"description": "What was wrong", "content": {}}
    problem["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in spec["paths"].values():
        for operation in path.values():
            if not isinstance(operation, dict):
                continue
            for status, response in operation["responses"].items():
                if status[0] in "45":
                    response["content"] = problem["content"]
            operation["responses"]["default"] = problem
    spec["paths"]["/api/v1/tokens"]["post"]["security"] = []
    uploads.describe(spec)
    refreshing.describe(spec)
    return spec
