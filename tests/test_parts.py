"""A missing part is skipped by name, or fails where everything is required."""

from __future__ import annotations

import pytest

from tests.parts import require


def test_a_part_that_is_there_is_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECM_REQUIRE_ALL", "1")
    assert require("a tool", "/bin/tool", "it is not installed") == "/bin/tool"


def test_a_missing_part_is_skipped_with_its_name_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECM_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="a tool is missing: it is not installed"):
        require("a tool", None, "it is not installed")


def test_a_missing_part_fails_where_everything_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECM_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="a tool is missing: it is not installed"):
        require("a tool", None, "it is not installed")
