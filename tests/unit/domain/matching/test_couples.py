"""A couple's cosine depends on its two statements, and on nothing that is scored beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.matching import couples
from app.domain.matching.couples import Couples
from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import MemberVectors


def drawn(seed: int, width: int, members: int = 40) -> MemberVectors:
    rng = np.random.default_rng(seed)

    def unit(rows: int) -> np.ndarray:
        raw = rng.standard_normal((rows, width))
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), np.float32)

    need_member = np.repeat(np.arange(members), rng.integers(1, 4, members))
    offer_member = np.repeat(np.arange(members), rng.integers(1, 5, members))
    return MemberVectors(
        unit(len(need_member)), need_member, unit(len(offer_member)), offer_member, members
    )


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 37, 384, 1024]))
def test_every_cosine_is_bit_by_bit_that_of_its_couple_alone_and_the_highest_of_the_pair(
    seed: int, width: int
) -> None:
    vectors = drawn(seed, width)
    taker = np.random.default_rng(seed).integers(0, vectors.members, 300)
    giver = np.random.default_rng(seed + 1).integers(0, vectors.members, 300)
    found = Couples(vectors, Calibration()).gains(taker, giver)
    for k, (one, other) in enumerate(zip(taker, giver, strict=True)):
        both = [
            (need, offer)
            for need in np.flatnonzero(vectors.need_member == one)
            for offer in np.flatnonzero(vectors.offer_member == other)
        ]
        alone = [
            np.clip(
                np.einsum(
                    "ij,ij->i", vectors.needs[need : need + 1], vectors.offers[offer : offer + 1]
                )[0],
                np.float32(-1.0),
                np.float32(1.0),
            )
            for need, offer in both
        ]
        assert found.cosine[k] == max(alone)
        assert (found.need[k], found.offer[k]) == both[int(np.argmax(alone))]


@given(st.integers(0, 2**32 - 1))
def test_a_pair_scored_alone_has_the_numbers_it_has_among_many(seed: int) -> None:
    vectors = drawn(seed, 37, members=12)
    a, b = np.triu_indices(vectors.members, 1)
    couples = Couples(vectors, Calibration())
    among = couples.score(a, b)
    for k in range(0, len(a), 7):
        alone = couples.score(a[k : k + 1], b[k : k + 1])
        assert alone.score[0] == among.score[k]
        assert alone.a_gains.need[0] == among.a_gains.need[k]
        assert alone.b_gains.offer[0] == among.b_gains.offer[k]


def test_no_pairs_have_no_gains() -> None:
    nobody = np.empty(0, np.int64)
    assert len(Couples(drawn(1, 5), Calibration()).score(nobody, nobody).score) == 0


def test_a_pair_without_an_offer_is_an_error_that_says_what_to_do() -> None:
    one = np.ones((1, 1), np.float32)
    vectors = MemberVectors(one, np.array([0]), one, np.array([1]), 2)
    with pytest.raises(ValueError, match="leave it out"):
        Couples(vectors, Calibration()).gains(np.array([1]), np.array([0]))


def test_however_much_is_said_only_so_many_couples_are_held_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = drawn(0, 16)
    taker, giver = np.arange(40), np.roll(np.arange(40), 1)
    whole = Couples(vectors, Calibration()).gains(taker, giver)
    held: list[int] = []
    best = Couples._best

    def watched(self: Couples, needs: np.ndarray, offers: np.ndarray) -> Any:
        held.append(len(needs) * needs.shape[1] * offers.shape[1])
        return best(self, needs, offers)

    monkeypatch.setattr(Couples, "_best", watched)
    monkeypatch.setattr(couples, "_COUPLES_AT_ONCE", 24)
    parts = Couples(vectors, Calibration()).gains(taker, giver)
    assert max(held) <= 24
    for name in ("need", "offer", "cosine", "gain"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
