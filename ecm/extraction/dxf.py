"""DXF drawings, by ezdxf: every text that is drawn, on the model and on the sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .interface import Unreadable

if TYPE_CHECKING:
    from ezdxf.document import Drawing
    from ezdxf.entities.dxfentity import DXFEntity

_MEASURED = "<>"  # where the measured length stands in the text of a dimension
_END_BYTES = 1024


class DxfExtractor:
    """DXF, in text and binary, of all versions."""

    media_types = frozenset({"image/vnd.dxf", "image/x-dxf", "application/dxf"})

    def extract(self, path: Path, media_type: str, filename: str) -> Iterator[str]:
        """Yield texts, attributes and dimensions, those of a block once however often it is inserted; then
        the drawing's properties."""
        document = _load(path)
        read_blocks: set[str] = set()
        yield from _read(document.modelspace(), document, read_blocks)
        for name in document.layout_names_in_taborder():
            if name != "Model":
                yield from _read(document.layouts.get(name), document, read_blocks)
        for _, value in document.header.custom_vars:
            yield value + "\n"
        if not _is_whole(path):  # of a section without an end ezdxf drops all, and says nothing
            raise Unreadable("damaged", "the drawing is cut short")


def _is_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        return b"EOF" in file.read()


def _load(path: Path) -> Drawing:
    from ezdxf import recover
    from ezdxf.filemanagement import readfile
    from ezdxf.lldxf.const import DXFError

    try:
        try:
            return readfile(path, errors="ignore")
        except (DXFError, ValueError, AttributeError, KeyError):
            return recover.readfile(path)[0]  # not as the standard has it: with more effort
    except (DXFError, OSError) as error:
        raise Unreadable("damaged", "the file is damaged, or is no DXF drawing") from error


def _read(entities: Iterable[DXFEntity], document: Drawing, read_blocks: set[str]) -> Iterator[str]:
    """Yield the texts of entities and, once, of the blocks that they insert, to any depth."""
    from ezdxf.lldxf.encoding import decode_dxf_unicode

    waiting: list[Iterator[DXFEntity]] = [iter(entities)]
    while waiting:
        entity = next(waiting[-1], None)
        if entity is None:
            waiting.pop()
            continue
        for text in _texts(entity):
            yield decode_dxf_unicode(text) + "\n"  # \\U+0491: letters that the code page lacks
        name = _block_name(entity)
        if name and name not in read_blocks:
            read_blocks.add(name)
            block = document.blocks.get(name)
            if block is not None:
                waiting.append(iter(block))


def _texts(entity: DXFEntity) -> Iterator[str]:
    kind = entity.dxftype()
    if kind in ("TEXT", "MTEXT", "ATTRIB"):
        yield entity.plain_text()  # type: ignore[attr-defined]
    elif kind == "INSERT":
        for attribute in entity.attribs:  # type: ignore[attr-defined]
            yield attribute.plain_text()
    elif kind == "DIMENSION" and not entity.dxf.get("geometry"):
        # With a picture of it, a block, the text is there, the measured length filled in.
        yield entity.dxf.get("text", "").replace(_MEASURED, "")
    elif kind in ("MULTILEADER", "MLEADER"):
        from ezdxf.tools.text import plain_mtext

        yield str(plain_mtext(entity.get_mtext_content()))  # type: ignore[attr-defined]
    elif kind == "ATTDEF" and entity.dxf.get("flags", 0) & 2:
        yield entity.plain_text()  # type: ignore[attr-defined]  # the same on each insertion


def _block_name(entity: DXFEntity) -> str:
    kind = entity.dxftype()
    if kind == "INSERT":
        return str(entity.dxf.get("name", ""))
    if kind in ("DIMENSION", "ACAD_TABLE"):
        return str(entity.dxf.get("geometry", ""))
    return ""
