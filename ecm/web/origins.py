"""Changes are taken from our own pages only: a form on another site must not act for whoever is logged in.

Browsers say where a request comes from (https://www.w3.org/TR/fetch-metadata/, RFC 6454); a page can forge
neither header. A program that sends none of them carries no cookie that it was not given on purpose.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_foreign(request: Request) -> bool:
    """Whether the request would change something and comes from another origin than ours."""
    if request.method in SAFE_METHODS:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    # The scheme is left out: behind a proxy that ends TLS we are asked by plain HTTP.
    return origin is not None and urlsplit(origin).netloc != request.host
