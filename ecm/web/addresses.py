"""Addresses within this site that come back to us from a browser: safe to send people to."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request


def local_address(target: str | None, otherwise: str) -> str:
    """`target` when it is a path of this site, else `otherwise`."""
    if not target or not target.isprintable() or "\\" in target or not target.startswith("/"):
        return otherwise
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or target.startswith("//"):
        return otherwise
    return target


def page_number() -> int:
    """The page that the address asks for; the first where it asks for none that can be."""
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdecimal() and 1 <= len(text) <= 9 and int(text) else 1
