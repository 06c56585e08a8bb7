"""Snippets of the documents on a page of hits. Of a long text only its map and a few pieces are read."""

from __future__ import annotations

from contextlib import suppress

from ecm.access import Actor
from ecm.found_rows import FoundRows, Rows
from ecm.search.snippets import Highlighter, Reading
from ecm.search.text_map import MAPPED_CHARS, TextMap


def make_snippets(highlighter: Highlighter, actor: Actor, found: FoundRows, rows: Rows) -> dict[int, str]:
    """HTML of a snippet of each text in the rows, by the version's id.

    A map of other rules than today's counts for nothing: then the text is read as one that has none. A text
    that is replaced meanwhile gives what stands there now.
    """
    readings: dict[int, Reading] = {}
    for id, data in rows.maps.items():
        with suppress(ValueError):  # a map of other rules
            readings[id] = highlighter.read(TextMap(data))
    texts = dict(rows.heads)
    if unmapped := {id: (0, MAPPED_CHARS) for id in rows.maps if id not in readings and id not in texts}:
        texts |= dict.fromkeys(unmapped, "") | found.pieces(actor, unmapped)
    readings |= {id: highlighter.read_whole(text) for id, text in texts.items() if id not in readings}
    while wanted := {id: reading.wanted for id, reading in readings.items() if reading.wanted is not None}:
        pieces = {id: texts[id][start:end] for id, (start, end) in wanted.items() if id in texts}
        if elsewhere := {id: piece for id, piece in wanted.items() if id not in texts}:
            pieces |= found.pieces(actor, elsewhere)
        highlighter.look([(readings[id], pieces.get(id, "")) for id in wanted])
    fragments = [reading.fragment for reading in readings.values()]
    return dict(zip(readings, highlighter.show(fragments), strict=True))
