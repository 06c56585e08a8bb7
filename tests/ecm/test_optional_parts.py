"""What the machine lacks is told, with what it is for and what brings it."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from ecm.cli import cli
from ecm.optional_parts import find_parts, warn_of_missing_parts


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, the only one that is looked into."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def missing() -> set[str]:
    return {part.name for part in find_parts() if not part.is_there}


def test_parts_are_found_where_they_are_installed() -> None:
    assert ("LibreOffice" in missing()) == (shutil.which("soffice") is None)
    if shutil.which("tesseract") is None:
        assert "tesseract, English" in missing()


def test_programs_that_are_not_installed_are_missing(programs: Path) -> None:
    recognition = {"tesseract, Ukrainian", "tesseract, Russian", "tesseract, English"}
    assert missing() - {"libarchive"} == {*recognition, "LibreOffice"}


def test_a_language_that_tesseract_lacks_is_named(programs: Path) -> None:
    program = programs / "tesseract"
    program.write_text("#!/bin/sh\nprintf 'List of available languages (2):\\neng\\nosd\\n'\n")
    program.chmod(0o755)
    assert missing() - {"libarchive"} == {"tesseract, Ukrainian", "tesseract, Russian", "LibreOffice"}


def test_each_missing_part_is_logged_with_what_brings_it(
    programs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_missing_parts()
    (line,) = (each for each in caplog.messages if each.startswith("LibreOffice"))
    assert "to show pages of office documents" in line
    assert "libreoffice-writer-nogui" in line
    assert len([each for each in caplog.messages if each.startswith("tesseract")]) == 3


def test_the_command_tells_people_and_programs(programs: Path) -> None:
    told = CliRunner().invoke(cli, ["parts"])
    assert told.exit_code == 0
    line = next(each for each in told.output.splitlines() if each.startswith("tesseract, Ukrainian"))
    assert line.split("\t")[1] == "no"
    assert line.endswith("tesseract-ocr tesseract-ocr-ukr")
    listed = json.loads(CliRunner().invoke(cli, ["parts", "--json"]).output)
    assert {part["name"]: part["is_there"] for part in listed}["LibreOffice"] is False
