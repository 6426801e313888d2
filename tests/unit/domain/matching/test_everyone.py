from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.matching import everyone
from app.domain.matching.everyone import best_pairs
from app.domain.matching.pair_table import PairTable
from app.domain.matching.scores import Calibration, pair_score
from app.domain.matching.vectors import MemberVectors
from tests.unit.domain.matching.communities import (
    calibrations,
    communities,
    community,
    naive_scores,
    weighed_communities,
)

NEAR = 1e-5
# More members than one block of the test below holds.
crowds = st.builds(
    community,
    st.just([(1, 2), (2, 1), (3, 3)] * 14),
    st.integers(0, 2**32 - 1),
    coarse=st.booleans(),
)


def lists(table: PairTable, vectors: MemberVectors) -> list[list[int]]:
    return [table.partners(member).tolist() for member in range(vectors.members)]


def scores_by_pair(table: PairTable) -> dict[tuple[int, int], float]:
    return {
        (int(a), int(b)): float(score)
        for a, b, score in zip(table.a, table.b, table.score, strict=True)
    }


def reordered(vectors: MemberVectors, order: list[int]) -> MemberVectors:
    """Give the member who was order[i] the index i."""
    at = np.argsort(order)
    need_rows = np.argsort(at[vectors.need_member], kind="stable")
    offer_rows = np.argsort(at[vectors.offer_member], kind="stable")
    return MemberVectors(
        vectors.needs[need_rows],
        at[vectors.need_member][need_rows],
        vectors.offers[offer_rows],
        at[vectors.offer_member][offer_rows],
        vectors.members,
    )


def check_against_loop(
    vectors: MemberVectors,
    calibration: Calibration,
    length: int,
    table: PairTable,
    barred: set[tuple[int, int]],
) -> None:
    truth = {p: s for p, s in naive_scores(vectors, calibration).items() if p not in barred}
    assert scores_by_pair(table).keys() <= truth.keys()
    for pair, score in scores_by_pair(table).items():
        assert score == pytest.approx(truth[pair], rel=NEAR)
    for member, partners in enumerate(lists(table, vectors)):
        reachable = sorted((s for p, s in truth.items() if member in p), reverse=True)
        assert len(partners) == min(length, len(reachable))
        listed = [truth[min(member, p), max(member, p)] for p in partners]
        assert listed == pytest.approx(reachable[: len(partners)], rel=NEAR)


@given(communities | weighed_communities, calibrations, st.integers(1, 6), st.integers(1, 5))
def test_the_lists_are_those_of_a_plain_loop_over_all_pairs(
    vectors: MemberVectors, calibration: Calibration, length: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everyone, "_BLOCK", block)
        patch.setattr(everyone, "_BLOCKS_HELD", 2)
        table = best_pairs(vectors, length=length, calibration=calibration)
    check_against_loop(vectors, calibration, length, table, set())


@given(communities, st.integers(1, 4), st.data())
def test_a_forbidden_pair_never_appears_and_the_next_best_takes_its_place(
    vectors: MemberVectors, length: int, data: st.DataObject
) -> None:
    index = st.integers(0, vectors.members - 1)
    barred = data.draw(st.lists(st.tuples(index, index), max_size=20))
    calibration = Calibration()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everyone, "_BLOCK", 4)
        table = best_pairs(
            vectors, length=length, calibration=calibration, forbidden=np.array(barred)
        )
    ordered = {(min(pair), max(pair)) for pair in barred}
    check_against_loop(vectors, calibration, length, table, ordered)


@given(communities | weighed_communities, calibrations)
def test_score_and_reasons_are_one_and_the_same_numbers(
    vectors: MemberVectors, calibration: Calibration
) -> None:
    table = best_pairs(vectors, length=3, calibration=calibration)
    assert np.array_equal(table.score, pair_score(table.a_gains.gain, table.b_gains.gain))
    for side, taker, giver in (
        (table.a_gains, table.a, table.b),
        (table.b_gains, table.b, table.a),
    ):
        assert np.array_equal(side.gain, calibration.probability(side.cosine.astype(float)))
        assert np.array_equal(vectors.need_member[side.need], taker)
        assert np.array_equal(vectors.offer_member[side.offer], giver)
        cosine = np.einsum("ij,ij->i", vectors.needs[side.need], vectors.offers[side.offer])
        assert np.array_equal(side.cosine, np.clip(cosine, np.float32(-1), np.float32(1)))


@given(communities, st.randoms(use_true_random=False))
def test_the_order_in_which_members_are_counted_changes_no_score(
    vectors: MemberVectors, random: Random
) -> None:
    order = list(range(vectors.members))
    random.shuffle(order)
    calibration = Calibration()
    before = best_pairs(vectors, length=vectors.members, calibration=calibration)
    after = best_pairs(reordered(vectors, order), length=vectors.members, calibration=calibration)
    renamed = {
        (min(order[a], order[b]), max(order[a], order[b])): score
        for (a, b), score in scores_by_pair(after).items()
    }
    assert renamed == scores_by_pair(before)


@given(st.integers(0, 2**32 - 1), st.permutations(range(9)))
def test_lists_of_unequal_scores_do_not_depend_on_the_order_of_members(
    seed: int, order: list[int]
) -> None:
    vectors = community([(2, 1), (1, 3), (3, 3)] * 3, seed, coarse=False)
    before = lists(best_pairs(vectors, length=3, calibration=Calibration()), vectors)
    moved = reordered(vectors, order)
    after = lists(best_pairs(moved, length=3, calibration=Calibration()), moved)
    assert [[order[p] for p in partners] for partners in after] == [before[m] for m in order]


@given(communities)
def test_a_statement_repeated_word_for_word_changes_nothing(vectors: MemberVectors) -> None:
    twice = (
        np.repeat(np.arange(len(vectors.needs)), 2),
        np.repeat(np.arange(len(vectors.offers)), 2),
    )
    louder = MemberVectors(
        vectors.needs[twice[0]],
        vectors.need_member[twice[0]],
        vectors.offers[twice[1]],
        vectors.offer_member[twice[1]],
        vectors.members,
    )
    before = best_pairs(vectors, length=4, calibration=Calibration())
    after = best_pairs(louder, length=4, calibration=Calibration())
    assert scores_by_pair(after) == scores_by_pair(before)
    assert lists(after, louder) == lists(before, vectors)


@given(communities)
def test_a_member_of_no_use_to_anybody_changes_no_list(vectors: MemberVectors) -> None:
    stranger = np.zeros((1, vectors.needs.shape[1] + 1), np.float32)
    stranger[0, -1] = 1.0

    def widened(rows: np.ndarray, sign: float) -> np.ndarray:
        wide = np.concatenate([rows, np.zeros((len(rows), 1), np.float32)], axis=1)
        # The stranger stands as far from everybody as a unit vector can.
        return np.concatenate([wide, sign * stranger]).astype(np.float32)

    last = np.array([vectors.members])
    more = MemberVectors(
        widened(vectors.needs, 1.0),
        np.concatenate([vectors.need_member, last]),
        widened(vectors.offers, 1.0),
        np.concatenate([vectors.offer_member, last]),
        vectors.members + 1,
    )
    length = 3
    before = lists(best_pairs(vectors, length=length, calibration=Calibration()), vectors)
    after = lists(best_pairs(more, length=length, calibration=Calibration()), more)
    truth = naive_scores(more, Calibration())
    for member, partners in enumerate(before):
        outside = [truth[m, n] for m, n in truth if n == vectors.members and m == member]
        worst = min((truth[min(member, p), max(member, p)] for p in partners), default=1.0)
        if len(partners) == length and (not outside or outside[0] < worst * (1 - NEAR)):
            assert after[member] == partners


@given(communities, st.integers(1, 4), st.data())
def test_asking_for_some_members_gives_the_lists_they_have_among_all(
    vectors: MemberVectors, length: int, data: st.DataObject
) -> None:
    asked = data.draw(st.lists(st.integers(0, vectors.members - 1), unique=True))
    whole = lists(best_pairs(vectors, length=length, calibration=Calibration()), vectors)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everyone, "_BLOCK", 3)
        some = best_pairs(
            vectors, length=length, calibration=Calibration(), members=np.array(asked, np.int64)
        )
    partial = lists(some, vectors)
    for member in range(vectors.members):
        assert partial[member] == (whole[member] if member in asked else [])


@settings(max_examples=30)
@given(crowds, st.integers(1, 3), st.integers(1, 6))
def test_a_first_guess_of_who_is_near_loses_nobody_however_many_a_rule_takes_out(
    vectors: MemberVectors, length: int, kept: int
) -> None:
    calibration = Calibration()
    one, other = np.triu_indices(vectors.members, 1)
    apart = (one + other) % kept != 0
    with pytest.MonkeyPatch.context() as patch:
        # Blocks of this many members are dealt to groups for lists of up to two.
        patch.setattr(everyone, "_BLOCK", 21)
        table = best_pairs(
            vectors, length=length, calibration=calibration, barred=lambda a, b: (a + b) % kept != 0
        )
        some = best_pairs(
            vectors, length=length, calibration=calibration, members=np.array([3, 30]),
            barred=lambda a, b: (a + b) % kept != 0,
        )  # fmt: skip
    barred = set(zip(one[apart].tolist(), other[apart].tolist(), strict=True))
    check_against_loop(vectors, calibration, length, table, barred)
    for member in (3, 30):
        assert some.partners(member).tolist() == table.partners(member).tolist()


def test_equal_scores_are_ordered_by_index_and_stay_exact_however_many_there_are() -> None:
    count = 700
    one = np.zeros((count, 4), np.float32)
    one[:, 0] = 1.0
    members = np.arange(count)
    vectors = MemberVectors(one, members, one, members, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everyone, "_BLOCK", 100)
        table = best_pairs(vectors, length=3, calibration=Calibration())
    found = lists(table, vectors)
    assert found[0] == [1, 2, 3]
    assert found[2] == [0, 1, 3]
    assert found[-1] == [0, 1, 2]


def test_progress_rises_to_the_whole() -> None:
    told: list[float] = []
    vectors = community([(1, 1)] * 30, 1, coarse=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everyone, "_BLOCK", 7)
        best_pairs(vectors, length=3, calibration=Calibration(), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_nobody_and_nothing_is_an_empty_table() -> None:
    empty = MemberVectors(
        np.empty((0, 4), np.float32),
        np.empty(0, int),
        np.empty((0, 4), np.float32),
        np.empty(0, int),
        0,
    )
    assert len(best_pairs(empty, length=3, calibration=Calibration())) == 0


def test_unsorted_owners_are_an_error_that_says_what_to_do() -> None:
    rows = np.eye(2, dtype=np.float32)
    with pytest.raises(ValueError, match="sorted by their member"):
        MemberVectors(rows, np.array([1, 0]), rows, np.array([0, 1]), 2)


def test_forbidden_pairs_of_a_wrong_shape_are_an_error() -> None:
    vectors = community([(1, 1)] * 3, 1, coarse=False)
    with pytest.raises(ValueError, match=r"\(k, 2\)"):
        best_pairs(vectors, length=1, calibration=Calibration(), forbidden=np.array([1, 2, 3]))


def test_members_out_of_range_are_an_error() -> None:
    vectors = community([(1, 1)] * 3, 1, coarse=False)
    with pytest.raises(ValueError, match="from 0 to 2"):
        best_pairs(vectors, length=1, calibration=Calibration(), members=np.array([3]))
