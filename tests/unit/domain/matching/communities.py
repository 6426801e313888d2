"""Small communities of random vectors, and the best pairs among them by a plain loop."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from app.domain.matching.scores import Calibration, pair_score
from app.domain.matching.vectors import MemberVectors
from app.domain.statements import Importance, Kind

WIDTH = 6


def community(counts: list[tuple[int, int]], seed: int, *, coarse: bool) -> MemberVectors:
    """Draw a member for each (needs, offers); coarse vectors make many equal scores."""
    rng = np.random.default_rng(seed)

    def unit(rows: int) -> np.ndarray:
        raw = rng.integers(-1, 2, (rows, WIDTH)) if coarse else rng.standard_normal((rows, WIDTH))
        raw = raw.astype(np.float64)
        raw[np.abs(raw).sum(axis=1) == 0, 0] = 1.0
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)

    members = np.arange(len(counts))
    need_member = np.repeat(members, [needs for needs, _ in counts])
    offer_member = np.repeat(members, [offers for _, offers in counts])
    return MemberVectors(
        unit(len(need_member)), need_member, unit(len(offer_member)), offer_member, len(counts)
    )


communities = st.builds(
    community,
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=14),
    st.integers(0, 2**32 - 1),
    coarse=st.booleans(),
)


def weighed(
    vectors: MemberVectors, kind: Kind, row: int, importance: Importance = Importance.MINOR
) -> MemberVectors:
    """Let one statement of a community count less."""
    rows = (vectors.needs if kind is Kind.NEED else vectors.offers).copy()
    rows[row] *= np.float32(importance.weight)
    return replace(vectors, needs=rows) if kind is Kind.NEED else replace(vectors, offers=rows)


def statements_of(vectors: MemberVectors) -> list[tuple[Kind, int]]:
    """List the rows of a community's needs and offers."""
    return [(Kind.NEED, row) for row in range(len(vectors.needs))] + [
        (Kind.OFFER, row) for row in range(len(vectors.offers))
    ]


def _some_minor(vectors: MemberVectors, seed: int) -> MemberVectors:
    drawn = np.random.default_rng(seed).random(len(vectors.needs) + len(vectors.offers))
    for (kind, row), chance in zip(statements_of(vectors), drawn, strict=True):
        if chance < 1 / 3:
            vectors = weighed(vectors, kind, row)
    return vectors


weighed_communities = st.builds(_some_minor, communities, st.integers(0, 2**32 - 1))

calibrations = st.builds(Calibration, midpoint=st.floats(-0.5, 0.9), scale=st.floats(0.02, 1.0))


def naive_scores(vectors: MemberVectors, calibration: Calibration) -> dict[tuple[int, int], float]:
    """Score every unordered pair that can be paired, in float64, one after the other."""

    def gain(taker: int, giver: int) -> float:
        needs = vectors.needs[vectors.need_member == taker].astype(np.float64)
        offers = vectors.offers[vectors.offer_member == giver].astype(np.float64)
        if not (len(needs) and len(offers)):
            return float("nan")
        return float(calibration.probability((needs @ offers.T).max()))

    def able(member: int) -> bool:
        return bool(member in vectors.need_member and member in vectors.offer_member)

    return {
        (a, b): float(pair_score(gain(a, b), gain(b, a)))
        for a, b in combinations([m for m in range(vectors.members) if able(m)], 2)
    }
