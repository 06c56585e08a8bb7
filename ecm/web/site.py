"""The pages brought together: one blueprint with a family of pages in each of its own, and their rules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Flask, redirect, request, url_for
from flask_babel import get_locale
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ecm.cards.kinds import KINDS
from ecm.errors import EcmError
from ecm.search.errors import SearchError
from ecm.storage.errors import StorageError
from ecm.texts import has_nul
from ecm.web import (
    accounts,
    card_choice,
    card_labels,
    card_values,
    cards,
    conversion,
    cookies,
    documents,
    errors,
    fields,
    filters,
    formats,
    imports,
    labels,
    languages,
    pipelines,
    policies,
    rows,
    search,
    storage,
    teams,
    trash,
    uploads,
)
from ecm.web.addresses import local_address
from ecm.web.current import find_actor, renew
from ecm.web.origins import is_foreign

PUBLIC = frozenset(
    {"pages.static", "pages.accounts.log_in", "pages.accounts.log_out", "pages.accounts.choose"}
)
"""The endpoints that need nobody to be logged in."""
FAMILIES = (
    accounts,
    filters,
    conversion,
    card_choice,
    documents,
    uploads,
    search,
    trash,
    storage,
    pipelines,
    fields,
    teams,
    imports,
)
STATIC = Path(__file__).parent / "static"


def blueprints() -> list[Blueprint]:
    """The blueprints of the pages, to be registered without a prefix."""
    site = Blueprint(
        "pages",
        "ecm.web",
        template_folder="templates",
        static_folder="static",
        static_url_path="/assets",
    )
    site.before_request(admit)
    site.after_request(policies.harden)
    site.add_url_rule("/", view_func=home)
    for family in FAMILIES:
        site.register_blueprint(family.pages)
    for name in card_labels.FAMILIES:
        site.register_blueprint(cards.pages, name=name, url_prefix=f"/{name}")
    for root in (EcmError, StorageError, SearchError):
        site.register_error_handler(root, errors.refusal_page)
    site.register_error_handler(HTTPException, errors.http_page)
    site.register_error_handler(Exception, errors.failure_page)
    return [site]


def home() -> BaseResponse:
    """The first page: the deals."""
    return redirect(url_for("pages.deals.index"))


def init_app(app: Flask) -> None:
    """Give an application what the pages need: languages, the session's cookie, words in templates.

    The open library must stand in ``app.extensions["ecm"]`` before the first request. Addresses that no page
    answers are the application's to refuse: `ecm.web.errors.http_page` does it as a page.
    """
    languages.set_up(app)
    cookies.set_up(app)
    app.jinja_env.globals.update(
        asset=make_asset_address(),
        card_address=card_values.card_address,
        card_fields={kind.name: {field.name for field in kind.fields} for kind in KINDS.values()},
        card_link=card_values.card_link,
        card_words=card_labels.KINDS,
        find_actor=find_actor,
        format_icon=labels.format_icon,
        format_word=labels.format_word,
        get_locale=get_locale,
        is_shown_inline=rows.is_shown_inline,
        labels=labels,
        preview_reason=labels.preview_reason,
        renew=renew,
        languages=languages.LANGUAGES,
        list_address=card_values.list_address,
        text_state=labels.text_state,
    )
    app.jinja_env.filters.update(
        decimal=formats.decimal,
        duration=formats.duration,
        moment=formats.moment,
        money=formats.money,
        number=formats.number,
        size=formats.size,
    )


def admit() -> BaseResponse | None:
    """Let a request through if it comes from our own pages and from someone who may make it. 400 for a NUL
    character in its address."""
    if has_nul(request.path, request.query_string):
        raise BadRequest
    if is_foreign(request):
        return errors.page("foreign_origin", 403)
    if request.endpoint in PUBLIC or find_actor() is not None:
        return None
    if request.method in ("GET", "HEAD"):
        here = local_address(request.full_path.rstrip("?"), "/")
        return redirect(url_for("pages.accounts.log_in", next=here))
    return errors.page("unauthenticated", 401)


def make_asset_address() -> Callable[[str], str]:
    """What gives the address of a static file: a new one whenever any of them has changed."""
    digest = hashlib.sha256()
    for file in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(file.read_bytes())
    version = digest.hexdigest()[:12]

    def asset(filename: str) -> str:
        return url_for("pages.static", filename=filename, v=version)

    return asset
