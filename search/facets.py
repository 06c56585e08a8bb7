"""What values the hits of a search have, and how many have each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .interface import MAX_FACET_VALUES, Facet, FacetValue
from .matching import Matches, fold_term
from .segments import Segment


def count_values(
    facet: Facet, segments: Sequence[Segment], matches: Sequence[Matches]
) -> tuple[FacetValue, ...]:
    """The values of a facet among the matches, the most frequent first."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for segment, hits in zip(segments, matches, strict=True):
        documents: dict[str, set[int]] = {}
        for value, having in segment.values(facet):
            key = fold_term(facet, value)
            if key and (found := hits.keys() & having):
                written[key] = min(value, written.get(key, value))
                documents.setdefault(key, set()).update(found)
        counts.update({key: len(found) for key, found in documents.items()})
    ordered = sorted(counts, key=lambda key: (-counts[key], written[key]))
    return tuple(FacetValue(written[key], counts[key]) for key in ordered[:MAX_FACET_VALUES])
