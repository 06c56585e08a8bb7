"""Which written forms are near to a word: what people meant to type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

MAX_EDITS: Final = 2


def near(word: str, forms: Sequence[str]) -> dict[str, int]:
    """The forms within MAX_EDITS of a word, and the number of edits: a letter put in, left out, changed,
    or two neighbours swapped."""
    found = extract(word, forms, scorer=OSA.distance, score_cutoff=MAX_EDITS, limit=None)
    return {form: int(edits) for form, edits, _ in found}
