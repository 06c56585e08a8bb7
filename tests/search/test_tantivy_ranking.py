"""The first page out of an order that is nearly the right one."""

from __future__ import annotations

import numpy as np
import pytest

from ecm.search.tantivy_ranking import highest_unseen, read_score
from ecm.search.tantivy_schema import LEANING, SHARE

BASES = [1e-5, 0.3, 9.0, 60.0]


@pytest.mark.parametrize("base", BASES)
def test_no_unseen_hit_has_a_higher_score_than_is_told(base: float) -> None:
    draw = np.random.default_rng(3)
    highest = base / (1 - SHARE)
    tight = 0
    for _ in range(200):
        scores = highest * draw.uniform(0, 1, 2_000) ** draw.uniform(0.1, 3)
        newer = 1.02 ** draw.uniform(20, 60, 2_000)
        lean = (base + SHARE * scores) * newer**LEANING
        order = np.argsort(-lean)
        seen, unseen = order[:64], order[64:]
        bound = highest_unseen(float(lean[seen[-1]]), base)
        assert (scores * newer)[unseen].max() <= bound
        tight += int(np.sum((scores * newer)[seen] > bound) >= 20)
    assert tight > 50, "a bound that is never of use"


@pytest.mark.parametrize("base", BASES)
def test_scores_are_read_back_from_24_bits(base: float) -> None:
    draw = np.random.default_rng(4)
    scores, newer = draw.uniform(0, base, 1_000), 1.02 ** draw.uniform(-50, 150, 1_000)
    lean = ((base + SHARE * scores) * newer**LEANING).astype(np.float32).astype(np.float64)
    found = [read_score(float(one), float(factor), base) for one, factor in zip(lean, newer, strict=True)]
    assert np.allclose(found, scores * newer, atol=float(base * newer.max() * 1e-5))
