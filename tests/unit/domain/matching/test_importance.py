"""A statement that counts less lowers the pairs it takes part in, and touches nobody else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.matching.couples import Couples, ScoredPairs
from app.domain.matching.everyone import best_pairs
from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import MemberVectors
from app.domain.statements import Importance, Kind
from tests.unit.domain.matching.communities import communities, statements_of, weighed

CALIBRATION = Calibration()
# A product of the weighed vector rounds anew: it may differ in the last places of a float32.
ROUNDING = 1e-6


def _scored(vectors: MemberVectors) -> tuple[np.ndarray, np.ndarray, ScoredPairs]:
    able = [
        m for m in range(vectors.members) if m in vectors.need_member and m in vectors.offer_member
    ]
    pairs = np.array(list(combinations(able, 2)), np.int64).reshape(-1, 2)
    a, b = pairs[:, 0], pairs[:, 1]
    return a, b, Couples(vectors, CALIBRATION).score(a, b)


def _made_minor(vectors: MemberVectors, data: st.DataObject) -> tuple[MemberVectors, int]:
    """Make one statement of somebody minor; give the community after it, and whose it is."""
    kind, row = data.draw(st.sampled_from(statements_of(vectors)))
    owners = vectors.need_member if kind is Kind.NEED else vectors.offer_member
    return weighed(vectors, kind, row), int(owners[row])


def _near(vectors: MemberVectors) -> MemberVectors:
    """Turn everybody's vectors so that no two statements are further apart than a right angle."""
    return replace(vectors, needs=np.abs(vectors.needs), offers=np.abs(vectors.offers))


@given(communities.filter(statements_of), st.data())
def test_a_minor_statement_never_raises_a_score_and_changes_no_pair_of_others(
    vectors: MemberVectors, data: st.DataObject
) -> None:
    minor, owner = _made_minor(vectors, data)
    a, b, before = _scored(vectors)
    _, _, after = _scored(minor)
    concerned = (a == owner) | (b == owner)
    assert np.array_equal(after.score[~concerned], before.score[~concerned])
    # Where nothing fits at all (a cosine below nought) less of it is nearer to nought, and counts as
    # nothing: what an inner product of nought gives is the bound there.
    nothing = float(CALIBRATION.probability(0.0))
    for was, became in ((before.a_gains, after.a_gains), (before.b_gains, after.b_gains)):
        assert np.all(became.gain <= np.maximum(was.gain, nothing) + ROUNDING)
    fits = (before.a_gains.cosine >= 0) & (before.b_gains.cosine >= 0)
    assert np.all(after.score[fits] <= before.score[fits] + ROUNDING)


@given(communities.filter(statements_of), st.integers(1, 4), st.data())
def test_whoever_did_not_list_the_member_keeps_their_list(
    vectors: MemberVectors, length: int, data: st.DataObject
) -> None:
    vectors = _near(vectors)
    minor, owner = _made_minor(vectors, data)
    before = best_pairs(vectors, length=length, calibration=CALIBRATION)
    after = best_pairs(minor, length=length, calibration=CALIBRATION)
    for member in set(range(vectors.members)) - {owner}:
        was, became = before.partners(member).tolist(), after.partners(member).tolist()
        if owner not in was:
            assert became == was
        rest = [other for other in was if other != owner]
        assert [other for other in became if other != owner][: len(rest)] == rest


@given(communities.filter(statements_of), st.data())
def test_a_weight_of_one_changes_not_one_bit(vectors: MemberVectors, data: st.DataObject) -> None:
    kind, row = data.draw(st.sampled_from(statements_of(vectors)))
    same = weighed(vectors, kind, row, Importance.MAIN)
    assert same.needs.tobytes() == vectors.needs.tobytes()
    assert same.offers.tobytes() == vectors.offers.tobytes()


def test_a_minor_need_lets_the_other_need_come_first() -> None:
    # The first member needs two things; the second answers the one a little better, the third the
    # other. Everybody else's halves are alike.
    east, north = np.eye(2, dtype=np.float32)
    near = np.array([0.95, np.sqrt(1 - 0.95**2)], np.float32)
    vectors = MemberVectors(
        needs=np.stack([east, north, east, east]), need_member=np.array([0, 0, 1, 2]),
        offers=np.stack([east, east, near[::-1]]), offer_member=np.array([0, 1, 2]),
        members=3,
    )  # fmt: skip
    before = best_pairs(vectors, length=2, calibration=CALIBRATION)
    assert before.partners(0).tolist() == [1, 2]
    after = best_pairs(weighed(vectors, Kind.NEED, 0), length=2, calibration=CALIBRATION)
    assert after.partners(0).tolist() == [2, 1]
