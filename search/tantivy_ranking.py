"""The first hits by relevance, out of an order that tantivy finds them in sooner and that is nearly the same.

To take a query's base off (see `tantivy_queries`) costs as much as a search. If it is left, a hit of score
`y` that is newer by the factor `f` stands at ``(base + SHARE * y) * f**LEANING``, not at ``y * f``. LEANING
is such that around a score which is good for a first page (APT) both orders go the same way. So some
more hits than a page has are read, and their scores reckoned; `highest_unseen` tells whether one that
belongs on the page may not be among them.
"""

from __future__ import annotations

from typing import Final

from .tantivy_schema import LEAN_GAIN, LEANING, SHARE

# Tantivy reckons with 24 bits, of which `highest_unseen` loses some four.
_NOISE: Final = 1 + 2.0**-14


def read_score(lean: float, factor: float, base: float) -> float:
    """The score of a hit, from the one that tantivy gave it, and its factor of newness."""
    score: float = (lean / factor**LEANING - base) / SHARE * factor
    return score


def highest_unseen(lean: float, base: float) -> float:
    """What the score of a hit can be at most that stands no higher than this: where
    ``(base + SHARE * y) * f**LEANING`` is given, ``y * f`` is highest at ``SHARE * y = LEAN_GAIN * base``."""
    newer: float = (lean / (base * (1 + LEAN_GAIN))) ** (1 / LEANING)
    return LEAN_GAIN * base / SHARE * newer * _NOISE
