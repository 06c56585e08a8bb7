"""Ids as people and programs write them."""

from __future__ import annotations

import re

from ecm.errors import NotFound

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def parse_id(what: str, value: int | str) -> int:
    """The number behind an opaque id. One that can't be any is NotFound, like one that is unknown."""
    text = str(value)
    if not _ID.fullmatch(text):
        raise NotFound(what, text[:40])
    return int(text)
