"""Which written forms are near to a word: what people meant to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from .interface import Spelling
from .matching import Mask
from .segments import Segment, form_field

MAX_EDITS: Final = 2
_FIELD: Final = form_field("everywhere")


def nearest(
    word: str, segments: Sequence[Segment], there: Sequence[Mask | None], limit: int
) -> tuple[Spelling, ...]:
    """The forms nearest to a word that stand in documents which are there: see `SearchEngine.spellings`."""
    edits: dict[str, int] = {}
    for segment in segments:
        edits.update(near(word, segment.opened.forms(len(word))))
    found: list[Spelling] = []
    for distance in range(MAX_EDITS + 1):
        if len(found) >= limit:
            break
        forms = [form for form, of_form in edits.items() if of_form == distance]
        counts: Counter[str] = Counter()
        for segment, mask in zip(segments, there, strict=True):
            for form in forms:
                documents = segment.having(_FIELD, form)
                counts[form] += len(documents) if mask is None else int(np.count_nonzero(mask[documents]))
        ordered = sorted((form for form in forms if counts[form]), key=lambda form: (-counts[form], form))
        found += (Spelling(form, counts[form]) for form in ordered)
    return tuple(found[:limit])


def near(word: str, forms: Sequence[str]) -> dict[str, int]:
    """The forms within MAX_EDITS of a word, and the number of edits: a letter put in, left out, changed,
    or two neighbours swapped."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extract

    found = extract(word, forms, scorer=OSA.distance, score_cutoff=MAX_EDITS, limit=None)
    return {form: int(edits) for form, edits, _ in found}
