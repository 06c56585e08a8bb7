"""Which of the hits of a search stand on a page, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .interface import Sort
from .matching import Matches, Scores

_DIGITS: Final = 6  # of scores: less is no difference


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that was found: where it stands, and its score."""

    segment: int
    document: int
    score: float


def rank(
    matches: Sequence[Matches],
    times: Sequence[NDArray[np.int64]],
    newer: Sequence[Scores],
    id_of: Callable[[int, int], str],
    sort: Sort,
    offset: int,
    limit: int,
) -> list[Found]:
    """The page of matches from `offset` on. `times` are upload times by segment and document, `newer` what
    they multiply scores by; ties of a score are broken by time, newest first, and ties of a time by id."""
    wanted = offset + limit
    if not limit or not any(len(hits.documents) for hits in matches):
        return []
    documents = np.concatenate([hits.documents for hits in matches])
    segments = np.repeat(np.arange(len(matches)), [len(hits.documents) for hits in matches])
    uploaded = np.concatenate([of[hits.documents] for of, hits in zip(times, matches, strict=True)])
    scores = np.concatenate(
        [hits.scores * of[hits.documents] for of, hits in zip(newer, matches, strict=True)]
    )
    scores = np.round(scores, _DIGITS)
    keys = {"relevance": (-scores, -uploaded), "newest": (-uploaded,), "oldest": (uploaded,)}[sort]
    # Ids are read for the page alone, and for what ties with its last entry.
    chosen = _first(keys, wanted)
    keyed = sorted(
        (*(key[at] for key in keys), id_of(int(segments[at]), int(documents[at])), int(at)) for at in chosen
    )
    page = (int(key[-1]) for key in keyed[offset:wanted])
    return [Found(int(segments[at]), int(documents[at]), float(scores[at])) for at in page]


def _first(keys: Sequence[NDArray[np.float64] | NDArray[np.int64]], wanted: int) -> NDArray[np.intp]:
    """The places of the first `wanted` by these keys, and of all that tie with the last of them."""
    tied = np.arange(len(keys[0]))
    chosen = [tied[:0]]
    for key in keys:
        if len(tied) <= wanted:
            break
        of_tied = key[tied]
        last = np.partition(of_tied, wanted - 1)[wanted - 1]
        chosen.append(tied[of_tied < last])
        wanted -= len(chosen[-1])
        tied = tied[of_tied == last]
    return np.concatenate((*chosen, tied))
