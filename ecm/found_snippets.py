"""Snippets of the documents on a page of hits. Of a long text only its map and a few pieces are read."""

from __future__ import annotations

from ecm.access import Actor
from ecm.found_rows import FoundRows, Rows
from ecm.search.snippets import Highlighter
from ecm.search.text_map import MAPPED_CHARS, TextMap


def make_snippets(highlighter: Highlighter, actor: Actor, found: FoundRows, rows: Rows) -> dict[int, str]:
    """HTML of a snippet of each text in the rows, by the version's id.

    A map of other rules than today's counts for nothing: then the text is read as one that has none. A text
    that is replaced meanwhile gives what stands there now.
    """
    snippets = {id: highlighter.snippet(head) for id, head in rows.heads.items()}
    readings = {}
    unmapped: dict[int, tuple[int, int]] = {}
    for id, data in rows.maps.items():
        try:
            readings[id] = highlighter.read(TextMap(data))
        except ValueError:
            unmapped[id] = (0, MAPPED_CHARS)
    if unmapped:
        heads = found.pieces(actor, unmapped)
        snippets |= {id: highlighter.snippet(heads.get(id, "")) for id in unmapped}
    while wanted := {id: reading.wanted for id, reading in readings.items() if reading.wanted is not None}:
        pieces = found.pieces(actor, wanted)
        for id in wanted:
            readings[id].look(pieces.get(id, ""))
    return snippets | {id: reading.snippet() for id, reading in readings.items()}
