"""The examples of the documentation run as they stand, on real documents."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import pytest
from reportlab.pdfgen.canvas import Canvas

ROOT = Path(__file__).parents[1]


def python_blocks(page: str) -> list[str]:
    """The Python examples of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", ["docs/embedding.md", "README.md"])
def test_the_python_examples_run(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    contract = docx.Document()
    contract.add_paragraph("Договір постачання серверного обладнання")
    contract.save("Договір.docx")
    canvas = Canvas("Рахунок.pdf")
    canvas.drawString(72, 720, "Invoice 42")
    canvas.save()
    blocks = python_blocks(page)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
        names["app"].close()  # type: ignore[attr-defined]
    assert "Договір.docx" in capsys.readouterr().out
    assert names.get("content", b"PK").startswith(b"PK")  # type: ignore[attr-defined]
