"""What all tests of search share."""

from __future__ import annotations

import pytest

from ecm.search.analysis import Analyzer


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    """One for all tests: it loads dictionaries, and remembers nothing that could matter."""
    return Analyzer()
