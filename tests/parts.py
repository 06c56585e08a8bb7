"""Parts of the machine that tests need: a server's binary, a browser.

A part that cannot be had is skipped by name; with ``ECM_REQUIRE_ALL=1``, as in CI, its lack is a failure.
"""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

Found = TypeVar("Found")


def require(part: str, found: Found | None, reason: str) -> Found:
    """Hand `found` back when it is there; else skip the test, or fail it where everything is required."""
    if found is not None:
        return found
    message = f"{part} is missing: {reason}"
    if os.environ.get("ECM_REQUIRE_ALL") == "1":
        pytest.fail(f"{message} (and ECM_REQUIRE_ALL=1 allows no such skip)", pytrace=False)
    pytest.skip(message)
