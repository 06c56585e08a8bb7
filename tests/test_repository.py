"""What is kept under version control: it runs anywhere, and says nothing of the machine it was written on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.parts import require

ROOT = Path(__file__).resolve().parent.parent
# Written with a class of one letter in each, so that this file does not find itself.
FOREIGN = {
    "a package registry's host": r"registry\.npmj[s]|pypi\.or[g]|pythonhoste[d]\.or|debia[n]\.org/",
    "an index address": r"--(?:extra-)?index-ur[l]|--find-link[s] ",
    "a path of somebody's machine": r"(?<![\w.])/(?:hom[e]|Users|roo[t]|wor[k])/\w",
}
TEXT_BYTES = 1024 * 1024


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """All files under version control, links left out."""
    git = shutil.which("git") if (ROOT / ".git").exists() else None
    require("git", git, "the files under version control can't be listed without it and its folder")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in done.stdout.split("\0") if name]
    return [file for file in files if file.is_file() and not file.is_symlink()]


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str, tracked: list[Path]) -> None:
    pattern = re.compile(FOREIGN[what].encode())
    found = [
        f"{file.relative_to(ROOT)}: {match.group().decode()}"
        for file in tracked
        if (match := pattern.search(file.read_bytes()))
    ]
    assert found == []


def test_links_lead_from_the_package_to_its_rooms() -> None:
    for room in ("storage", "search"):
        link = ROOT / "ecm" / room
        assert link.is_symlink()
        assert link.readlink() == Path("..") / room


def test_no_large_file_is_tracked(tracked: list[Path]) -> None:
    large = [str(file.relative_to(ROOT)) for file in tracked if file.stat().st_size > TEXT_BYTES]
    assert large == []


def test_every_locked_package_has_a_hash() -> None:
    for lock in sorted(ROOT.glob("requirements*.lock")):
        pins = re.split(r"(?m)^(?=[a-z0-9][\w.-]*==)", lock.read_text())
        assert len(pins) > 1
        for pin in pins[1:]:
            assert "--hash=sha256:" in pin, f"{lock.name}: {pin.splitlines()[0]}"
