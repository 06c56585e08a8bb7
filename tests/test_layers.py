"""The shape of the house, where import-linter (pyproject.toml) can't say it: names, links and the wheel."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts import require

ROOT = Path(__file__).resolve().parent.parent
OURS = {"ecm", "service", "storage", "search", "tests", "scripts"}


def read_imports(file: Path) -> Iterator[tuple[int, str]]:
    """All imports of a file, as (how many dots, top-level name)."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, (node.module or "").partition(".")[0]


def run_python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("room", ["storage", "search"])
def test_a_room_refuses_its_bare_name_and_says_the_right_one(room: str) -> None:
    done = run_python(f"import {room}", ROOT)
    assert done.returncode == 1
    assert f"ImportError: import this package as `ecm.{room}`" in done.stderr


@pytest.mark.parametrize("room", ["storage", "search"])
def test_a_room_imports_nothing_of_ours_but_itself(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        # Two dots of a file right in the room lead out of it, three of a file one folder below, ...
        depth = len(file.relative_to(ROOT / room).parts)
        for dots, name in read_imports(file):
            assert dots <= depth, f"{file} imports from outside its room"
            assert dots or name not in OURS, f"{file} imports {name} by an absolute name"


def test_the_package_never_imports_the_front_door_or_the_rooms_by_their_bare_names() -> None:
    for file in sorted((ROOT / "ecm").rglob("*.py")):
        absolute = {name for dots, name in read_imports(file) if not dots}
        assert not absolute & (OURS - {"ecm"}), file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: what an earlier build left in the tree would find its way into it."""
    copy = tmp_path_factory.mktemp("source") / "ecm"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    for name in ("ecm", "storage", "search"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=ignored)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", copy / "dist", copy], check=True, timeout=120)
    return next((copy / "dist").glob("ecm-*.whl"))


def test_the_wheel_holds_our_one_package_whole(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"ecm"}
    packed = {name for name in names if name.endswith(".py")}
    written = {str(file.relative_to(ROOT)) for file in (ROOT / "ecm").rglob("*.py")}
    for room in ("storage", "search"):
        written |= {f"ecm/{file.relative_to(ROOT)}" for file in (ROOT / room).rglob("*.py")}
    assert packed == written


def test_the_wheel_holds_what_is_no_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "ecm/py.typed" in names
    for suffix in (".html", ".mo", ".mako", ".css", ".js"):
        for file in (ROOT / "ecm").rglob(f"*{suffix}"):
            assert str(file.relative_to(ROOT)) in names


def test_the_wheel_holds_the_fetched_scripts_and_styles(wheel: Path) -> None:
    vendor = ROOT / "ecm/web/static/vendor"
    found = vendor if (vendor / "bootstrap.min.css").exists() else None
    require("the pages' scripts and styles", found, "`make assets` fetches them")
    assert "ecm/web/static/vendor/bootstrap.min.css" in zipfile.ZipFile(wheel).namelist()


def test_an_application_keeps_its_own_storage_and_search_beside_ours(wheel: Path, tmp_path: Path) -> None:
    installed, application = tmp_path / "site-packages", tmp_path / "application"
    zipfile.ZipFile(wheel).extractall(installed)
    for room in ("storage", "search"):
        (application / room).mkdir(parents=True)
        (application / room / "__init__.py").write_text(f"MINE = 'the application\\'s own {room}'\n")
    code = """
import search, storage
import ecm, ecm.search, ecm.storage
from ecm.storage.errors import StorageError
from ecm.search.errors import SearchError
assert storage.MINE == "the application's own storage" and not hasattr(storage, "errors")
assert search.MINE == "the application's own search" and not hasattr(search, "errors")
assert StorageError.__module__ == "ecm.storage.errors" and SearchError.__module__ == "ecm.search.errors"
print(ecm.__file__)
"""
    done = run_python(code, application, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == installed / "ecm/__init__.py"
