"""Who asks: a bearer token, or the session of somebody who logged in on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request, session

from ecm.access import Actor
from ecm.api.errors import ForeignOrigin, Unauthenticated
from ecm.app import Ecm
from ecm.errors import BadCredentials
from ecm.sessions import session_actor
from ecm.web.origins import is_foreign

View = TypeVar("View", bound=Callable[..., Any])


def library() -> Ecm:
    """The open library that this application serves."""
    app: Ecm = current_app.extensions["ecm"]
    return app


def current_actor() -> Actor:
    """Who asks. Set before each view under /api that is not `public`."""
    actor: Actor = g.actor
    return actor


def public(view: View) -> View:
    """Mark a view that answers anybody."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def authenticate() -> Actor:
    """Whom the request's token stands for, or else its session. Unauthenticated; ForeignOrigin."""
    header = request.headers.get("Authorization")
    if header is None:
        return _session_owner()
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("the Authorization header should be: Bearer TOKEN")
    try:
        with library().begin() as tx:
            return tx.tokens.actor(token.strip())
    except BadCredentials:
        raise Unauthenticated("the token is not valid") from None


def refuse_foreign_origin() -> None:
    """ForeignOrigin when a page of another site asks for a change."""
    if is_foreign(request):
        raise ForeignOrigin


def _session_owner() -> Actor:
    actor = session_actor(library(), session) if session else None
    if actor is None:
        raise Unauthenticated("send a token: Authorization: Bearer TOKEN")
    refuse_foreign_origin()
    return actor
