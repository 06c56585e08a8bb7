"""The suites that each backend inherits."""

from pathlib import Path

import pytest

# By their names they are no test modules; like this they fail as readably as those.
for path in Path(__file__).parent.glob("*_contract.py"):
    pytest.register_assert_rewrite(f"{__name__}.{path.stem}")
