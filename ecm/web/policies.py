"""What browsers are told that our pages never do."""

from __future__ import annotations

from flask import Response, request

FOREVER_S = 365 * 86400

# Nothing but what we serve ourselves may run, and nobody may put our pages into theirs. Bootstrap's style
# sheet holds small pictures as data.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def harden(response: Response) -> Response:
    """Tell the browser what our pages never do. Static files may be kept for as long as their address names
    their content, pages are asked for anew each time."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "pages.static":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    elif "v" in request.args and response.status_code in (200, 304):
        response.headers["Cache-Control"] = f"public, max-age={FOREVER_S}, immutable"
    return response
