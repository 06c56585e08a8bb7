"""Documentation that can't rot: what it names exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OF_THE_TESTS_ALONE = {"ECM_REQUIRE_ALL"}
SETTING = re.compile(r"\bECM_[A-Z][A-Z_]*[A-Z]\b")


def name_page(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    read = set(SETTING.findall((ROOT / "ecm/settings.py").read_text()))
    documented = set(SETTING.findall((ROOT / "docs/settings.md").read_text()))
    assert read
    assert documented - OF_THE_TESTS_ALONE == read


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_a_page_speaks_of_make_targets_that_exist(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    named = set(re.findall(r"(?:`|^\$? *)make ([a-z]+)", page.read_text(), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_page)
def test_a_page_links_to_files_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    for link in links:
        if "://" not in link and not link.startswith("mailto:"):
            assert (page.parent / link).exists(), link
