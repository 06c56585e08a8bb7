"""Documents on a company's deals: stored with exact quotas, versioned, found.

The public names; each is loaded when it is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecm.access import Actor
    from ecm.app import Ecm
    from ecm.database import prepare_engine
    from ecm.errors import EcmError
    from ecm.search.errors import SearchError
    from ecm.settings import Settings
    from ecm.staging import StagedFile
    from ecm.storage.errors import QuotaExceeded, StorageError
    from ecm.wiring import open, open_settings

__all__ = [
    "Actor",
    "Ecm",
    "EcmError",
    "QuotaExceeded",
    "SearchError",
    "Settings",
    "StagedFile",
    "StorageError",
    "open",
    "open_settings",
    "prepare_engine",
]

_HOMES = {
    "Actor": "ecm.access",
    "Ecm": "ecm.app",
    "EcmError": "ecm.errors",
    "QuotaExceeded": "ecm.storage.errors",
    "SearchError": "ecm.search.errors",
    "Settings": "ecm.settings",
    "StagedFile": "ecm.staging",
    "StorageError": "ecm.storage.errors",
    "open": "ecm.wiring",
    "open_settings": "ecm.wiring",
    "prepare_engine": "ecm.database",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ecm' has no attribute {name!r}")
