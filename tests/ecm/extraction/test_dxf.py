"""DXF drawings: one written by hand, others by ezdxf (tests/files/drawings)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ecm.extraction.interface import Unreadable
from ecm.media_types import MediaTypeDetector

ReadText = Callable[[Path, str], str]
DRAWINGS = Path(__file__).parents[2] / "files" / "drawings"
DXF = "image/vnd.dxf"


@pytest.mark.parametrize("name", ["house-by-hand.dxf", "ezdxf-r2010.dxf", "ezdxf-r2010-binary.dxf"])
def test_a_drawing_is_told_by_its_content(name: str) -> None:
    assert MediaTypeDetector().of_file(DRAWINGS / name, "named.txt") == DXF


def test_text_of_a_code_page_and_letters_that_it_lacks(read_text: ReadText) -> None:
    text = read_text(DRAWINGS / "house-by-hand.dxf", DXF)
    assert text.split("\n") == ["Чертёж фундамента", "ґанок 45°", "Двері протипожежні"]


@pytest.mark.parametrize("name", ["ezdxf-r2010.dxf", "ezdxf-r2010-binary.dxf"])
def test_every_text_that_is_drawn_is_read(read_text: ReadText, name: str) -> None:
    assert read_text(DRAWINGS / name, DXF).split("\n") == [
        "План першого поверху",
        "Вантажний ліфт",
        "масштаб 1:100",
        "Аркуш АР-1",
        "Погоджено головним інженером",
        "Аркуш АР-2",
        "Аркуш АР-3",
        "4250",
        "Специфікація обладнання",
        "ТОВ Альфа",
    ]


def test_a_drawing_cut_short_is_damaged(read_text: ReadText, tmp_path: Path) -> None:
    path = tmp_path / "cut.dxf"
    whole = (DRAWINGS / "house-by-hand.dxf").read_bytes()
    path.write_bytes(whole[: whole.index(b"INSERT")])
    with pytest.raises(Unreadable) as refusal:
        read_text(path, DXF)
    assert refusal.value.reason == "damaged"
