"""The session's cookie: signed, out of reach of scripts, sent to nobody else, renewed by reading pages.

Only a whole page renews it (`ecm.web.current.renew`, called by the layout). A part of a page or a picture
carries no cookie: one that comes in after a page's would undo what that page wrote, a log-out or a message to
be shown, and caches may keep it.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

LOGGED_IN_FOR = timedelta(days=7)


class PageSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, sent only over TLS where the site is served so."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send the cookie over TLS only."""
        return request.is_secure


def set_up(app: Flask) -> None:
    """Have an application keep its sessions in our cookie."""
    app.session_interface = PageSessions()
    app.config.update(
        SESSION_COOKIE_NAME="ecm_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LOGGED_IN_FOR,
    )
