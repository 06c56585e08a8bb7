"""The session's cookie: signed, out of reach of scripts, sent to nobody else, renewed by reading pages."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

LOGGED_IN_FOR = timedelta(days=7)


class PageSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, sent only over TLS where the site is served so."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send the cookie over TLS only."""
        return request.is_secure

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Renew by pages alone: an answer to a script or a picture that comes in after the log-out must not
        bring the cookie back, and one that caches keep must carry none."""
        is_page = request.endpoint != "pages.static" and (request.endpoint or "").startswith("pages.")
        return session.modified or (session.permanent and is_page and request.method == "GET")


def set_up(app: Flask) -> None:
    """Have an application keep its sessions in our cookie."""
    app.session_interface = PageSessions()
    app.config.update(
        SESSION_COOKIE_NAME="ecm_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LOGGED_IN_FOR,
    )
