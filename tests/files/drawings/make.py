"""Makes the drawings of this folder that are named ezdxf-*; house-by-hand.dxf was written in an editor."""

from __future__ import annotations

from pathlib import Path

import ezdxf


def main() -> None:
    """Write the drawings, in text and in binary."""
    drawing = ezdxf.new("R2010", setup=False)
    drawing.header.custom_vars.append("Замовник", "ТОВ Альфа")
    model = drawing.modelspace()
    model.add_text("План першого поверху")
    model.add_mtext("{\\fArial|b1;Вантажний ліфт}\\Pмасштаб 1:100")
    stamp = drawing.blocks.new("STAMP")
    stamp.add_text("Погоджено головним інженером")
    stamp.add_attdef("NUMBER", (0, 0), "")
    for place in range(3):
        model.add_blockref("STAMP", (place, 0)).add_attrib("NUMBER", f"Аркуш АР-{place + 1}")
    model.add_linear_dim(base=(0, 2), p1=(0, 0), p2=(4250, 0)).render()
    drawing.blocks.new("UNUSED").add_text("Чернетка, якої ніде немає")
    drawing.paperspace().add_text("Специфікація обладнання")
    folder = Path(__file__).parent
    drawing.saveas(folder / "ezdxf-r2010.dxf")
    drawing.saveas(folder / "ezdxf-r2010-binary.dxf", fmt="bin")


if __name__ == "__main__":
    main()
