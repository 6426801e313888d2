"""Whoever deals introductions keeps to everybody's budget, in communities small and large."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.matching.adjustments import Adjustments
from app.domain.matching.calibration import Readiness
from app.domain.matching.couples import Gains, ScoredPairs
from app.domain.matching.dealing import deal
from app.domain.matching.pair_table import PairTable, listed
from app.domain.matching.quotas import SMALL_COMMUNITY
from app.domain.matching.rounds import RoundSettings
from app.domain.matching.scores import pair_score


def community(members: int, seed: int, length: int = 8) -> PairTable:
    draw = np.random.default_rng(seed)
    a, b = np.triu_indices(members, 1)
    gains = draw.uniform(0.01, 0.99, (2, len(a)))
    none = np.zeros(len(a), np.int64)
    flat = np.zeros(len(a), np.float32)
    sides = [Gains(none, none, flat, one) for one in gains]
    everybody = np.ones(len(a), np.bool_)
    scored = ScoredPairs(pair_score(gains[0], gains[1]), sides[0], sides[1])
    return listed(a, b, scored, everybody, everybody, length)


@settings(max_examples=20)
@given(
    st.sampled_from([5, 30, SMALL_COMMUNITY, SMALL_COMMUNITY + 20]),
    st.integers(0, 1000),
    st.integers(0, 6),
)
def test_nobody_is_shown_more_people_than_they_asked_for(
    members: int, seed: int, least: int
) -> None:
    budget = np.random.default_rng(seed).integers(least, least + 5, members)
    made = deal(community(members, seed), budget, RoundSettings())
    shown = np.bincount(made.member, minlength=members)
    assert (shown <= budget).all()
    assert len(set(zip(made.member.tolist(), made.partner.tolist(), strict=True))) == len(
        made.member
    )
    for member in np.unique(made.member):
        mine = made.member == member
        assert made.place[mine].tolist() == list(range(1, int(mine.sum()) + 1))
        assert (np.diff(made.worth[mine]) <= 0).all(), "worth falls from place to place"
    assert ((made.worth >= 0) & (made.worth <= 1)).all()


@pytest.mark.parametrize("members", [60, 300])
def test_a_round_leaves_fewer_unseen_than_lists_made_for_each_alone(members: int) -> None:
    draw = np.random.default_rng(1)
    table = community(members, 1)
    popular = draw.normal(0.0, 1.5, members)
    known = Readiness(np.zeros(members), popular)
    made = deal(table, np.full(members, 4), RoundSettings(), known)
    assert made.exposure.never_shown <= made.plain_exposure.never_shown
    assert made.exposure.gini < made.plain_exposure.gini


def test_whoever_accepts_more_readily_is_expected_to_say_yes_more_often() -> None:
    table, budget = community(250, 3), np.full(250, 5)
    still = deal(table, budget, RoundSettings())
    keen = deal(table, budget, RoundSettings(), Readiness(np.full(250, 1.0), np.zeros(250)))
    assert keen.expected_matches > still.expected_matches


def test_a_field_that_costs_moves_its_people_down_and_leaves_everybody_elses_scores() -> None:
    table = community(20, 5, length=19)
    fields = [frozenset({"law"}) if member % 2 else frozenset[str]() for member in range(20)]
    lowered = Adjustments({0: {"law": 3.0}}, fields).table(table, 6)
    before, after = table.partners(0)[:6], lowered.partners(0)
    assert np.sum(after % 2) < np.sum(before % 2)
    of_others = {
        (a, b): score
        for a, b, score in zip(
            lowered.a.tolist(), lowered.b.tolist(), lowered.score.tolist(), strict=True
        )
        if a != 0
    }
    known = {
        (a, b): score
        for a, b, score in zip(
            table.a.tolist(), table.b.tolist(), table.score.tolist(), strict=True
        )
    }
    assert of_others
    assert all(known[pair] == score for pair, score in of_others.items())
    assert np.allclose(lowered.score, pair_score(lowered.a_gains.gain, lowered.b_gains.gain))
