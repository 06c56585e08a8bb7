"""What values the hits of a search have, and how many have each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from .interface import MAX_FACET_VALUES, Facet, FacetValue
from .matching import Matches
from .segments import Segment


def count_values(
    facet: Facet, segments: Sequence[Segment], matches: Sequence[Matches]
) -> tuple[FacetValue, ...]:
    """The values of a facet among the matches, the most frequent first."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for segment, hits in zip(segments, matches, strict=True):
        column = segment.opened.column(facet)
        found = np.zeros(segment.size, np.bool_)
        found[hits.documents] = True
        counted = np.bincount(column.numbers[found[column.documents]], minlength=len(column.keys))
        for number in np.flatnonzero(counted):
            key, value = column.keys[number], column.written[number]
            counts[key] += int(counted[number])
            written[key] = min(value, written.get(key, value))
    ordered = sorted(counts, key=lambda key: (-counts[key], written[key]))
    return tuple(FacetValue(written[key], counts[key]) for key in ordered[:MAX_FACET_VALUES])
