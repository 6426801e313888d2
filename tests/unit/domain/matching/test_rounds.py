from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.matching.exposure import exposure, gini
from app.domain.matching.inboxes import Candidates, Inboxes, Lists
from app.domain.matching.newcomers import StoredInboxes, place_newcomers
from app.domain.matching.quotas import introduce
from app.domain.matching.rounds import (
    Round,
    RoundSettings,
    best_lists,
    measured,
    share_attention,
    trusted,
)


def market(members: int, seed: int, *, density: float = 0.6, skew: float = 0.8) -> Candidates:
    rng = np.random.default_rng(seed)
    a, b = np.triu_indices(members, 1)
    keep = rng.random(len(a)) < density
    a, b = a[keep], b[keep]
    popular = rng.normal(0.0, skew, members)

    def yes(partner: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 / (1.0 + np.exp(-rng.normal(0, 1, len(partner)) - popular[partner])))

    return Candidates.of(members, a, b, yes(b), yes(a))


markets = st.builds(
    market, st.integers(1, 25), st.integers(0, 2**32 - 1), density=st.sampled_from([0.0, 0.3, 1.0])
)
settings = st.builds(
    RoundSettings,
    alpha=st.sampled_from([0.0, 0.25, 0.5]),
    temper=st.sampled_from([0.0, 0.5, 1.0]),
    order=st.sampled_from([0.0, 0.5, 1.0]),
)


def plain(candidates: Candidates, budget: np.ndarray) -> set[tuple[int, int]]:
    lists = best_lists(candidates, candidates.yes * candidates.heard, budget)
    return set(zip(candidates.member[lists.row], candidates.partner[lists.row], strict=True))


@given(markets, settings, st.data())
def test_a_round_never_exceeds_a_budget_and_shows_only_candidates(
    candidates: Candidates, chosen: RoundSettings, data: st.DataObject
) -> None:
    budget = np.array(
        data.draw(
            st.lists(st.integers(0, 6), min_size=candidates.members, max_size=candidates.members)
        )
    )
    made = share_attention(candidates, budget, chosen)
    assert (np.bincount(made.member, minlength=candidates.members) <= budget).all()
    shown = list(zip(made.member.tolist(), made.partner.tolist(), strict=True))
    allowed = set(zip(candidates.member.tolist(), candidates.partner.tolist(), strict=True))
    assert set(shown) <= allowed
    assert len(shown) == len(set(shown))
    for member in range(candidates.members):
        places = sorted(made.place[made.member == member].tolist())
        assert places == list(range(1, len(places) + 1))


@given(markets, settings)
def test_everybody_with_candidates_gets_a_list_as_long_as_it_can_be(
    candidates: Candidates, chosen: RoundSettings
) -> None:
    made = share_attention(candidates, np.full(candidates.members, 4), chosen)
    possible = np.minimum(np.bincount(candidates.member, minlength=candidates.members), 4)
    assert np.array_equal(np.bincount(made.member, minlength=candidates.members), possible)


@given(st.integers(0, 2**32 - 1), st.permutations(range(12)))
def test_a_round_does_not_depend_on_the_order_of_members(seed: int, order: list[int]) -> None:
    candidates = market(12, seed)
    name = np.argsort(order)
    half = candidates.member < candidates.partner
    a, b = candidates.member[half], candidates.partner[half]
    yes, heard = candidates.yes[half], candidates.heard[half]
    moved = Candidates.of(12, name[a], name[b], yes, heard)
    made = share_attention(candidates, np.full(12, 3))
    again = share_attention(moved, np.full(12, 3))
    before = sorted(zip(name[made.member], name[made.partner], made.place, strict=True))
    after = sorted(zip(again.member, again.partner, again.place, strict=True))
    assert before == after


def test_sharing_attention_brings_more_matches_and_leaves_nobody_out() -> None:
    candidates = market(400, 3, density=0.2, skew=1.5)
    made = share_attention(candidates, np.full(400, 10))
    assert made.plain_exposure.never_shown > 0.1
    assert made.exposure.never_shown < 0.01
    assert made.expected_matches > 1.1 * made.plain_matches
    assert made.exposure.gini < made.plain_exposure.gini
    assert made.exposure.mutual_pairs > made.plain_exposure.mutual_pairs


def test_fairness_first_spreads_attention_further() -> None:
    candidates = market(300, 4, density=0.3)
    budget = np.full(300, 8)
    even = [
        share_attention(candidates, budget, RoundSettings(alpha=alpha)).exposure.gini
        for alpha in (0.0, 0.25, 0.5)
    ]
    assert even[0] > even[1] > even[2]


def test_without_temper_and_fairness_a_round_is_the_plain_lists() -> None:
    candidates = market(60, 5)
    budget = np.full(60, 5)
    made = share_attention(candidates, budget, RoundSettings(alpha=0.0, temper=0.0))
    assert set(zip(made.member, made.partner, strict=True)) == plain(candidates, budget)
    assert made.expected_matches == pytest.approx(made.plain_matches)


def test_probabilities_that_cannot_tell_are_not_trusted_with_congestion() -> None:
    blind, seeing = trusted(RoundSettings(), 0.60), trusted(RoundSettings(), 0.90)
    assert (blind.alpha, blind.temper) == (0.0, 0.0)
    assert (seeing.alpha, seeing.temper) == (RoundSettings().alpha, RoundSettings().temper)
    assert 0.0 < trusted(RoundSettings(), 0.65).temper < 0.5


def test_the_order_of_an_inbox_is_trusted_as_far_as_probabilities_order_a_yes_and_a_no() -> None:
    orders = [trusted(RoundSettings(order=1.0), auc).order for auc in (0.4, 0.5, 0.75, 1.0)]
    assert orders == pytest.approx([0.0, 0.0, 0.5, 1.0])


def inbox_by_hand(candidates: Candidates, sent: np.ndarray) -> np.ndarray:
    left = []
    for k in range(len(sent)):
        same = candidates.partner == candidates.partner[k]
        ahead = (candidates.heard > candidates.heard[k]) | (
            (candidates.heard == candidates.heard[k]) & (candidates.member < candidates.member[k])
        )
        left.append(1.0 / (1.0 + sent[same & ahead].sum()))
    return np.array(left)


@given(markets)
def test_attention_is_one_over_one_plus_those_whom_the_owner_likes_better(
    candidates: Candidates,
) -> None:
    sent = np.random.default_rng(1).random(len(candidates.member))
    assert Inboxes(candidates).attention(sent) == pytest.approx(inbox_by_hand(candidates, sent))


@given(markets)
def test_without_the_order_half_of_the_liked_others_stand_before_each(
    candidates: Candidates,
) -> None:
    sent = np.random.default_rng(1).random(len(candidates.member))
    liked = sent * candidates.heard
    others = [
        liked[candidates.partner == candidates.partner[k]].sum() - liked[k]
        for k in range(len(sent))
    ]
    inboxes = Inboxes(candidates)
    unordered = inboxes.attention(sent, 0.0)
    assert unordered == pytest.approx(1.0 / (1.0 + np.array(others) / 2.0))
    between = 1.0 / inboxes.attention(sent, 0.5)
    assert between == pytest.approx((1.0 / unordered + 1.0 / inboxes.attention(sent)) / 2.0)


def test_where_only_a_yes_is_known_and_no_order_rounds_without_the_order_bring_more() -> None:
    gained = [answered(400, seed) for seed in range(5)]
    assert np.mean([without for without, _ in gained]) > np.mean([by for _, by in gained])


def answered(members: int, seed: int) -> tuple[float, float]:
    candidates = market(members, seed, density=0.2)
    half = candidates.member < candidates.partner
    rng = np.random.default_rng(seed)
    yes = [rng.random(half.sum()) < chance[half] for chance in (candidates.yes, candidates.heard)]
    a, b = candidates.member[half], candidates.partner[half]
    truth = Inboxes(Candidates.of(members, a, b, *(each.astype(np.float64) for each in yes)))
    codes = candidates.member * members + candidates.partner

    def matches(order: float) -> float:
        made = share_attention(candidates, np.full(members, 10), RoundSettings(order=order))
        rows = np.searchsorted(codes, made.member * members + made.partner)
        return truth.expected(Lists(rows, made.place))

    return matches(0.0), matches(1.0)


def arrive(candidates: Candidates, newcomer: int) -> tuple[Round, StoredInboxes, Candidates]:
    old = (candidates.member != newcomer) & (candidates.partner != newcomer)
    rest = Candidates(
        candidates.members,
        candidates.member[old],
        candidates.partner[old],
        candidates.yes[old],
        candidates.heard[old],
    )
    mine = candidates.member == newcomer
    arrivals = Candidates(
        candidates.members,
        candidates.member[mine],
        candidates.partner[mine],
        candidates.yes[mine],
        candidates.heard[mine],
    )
    made = share_attention(rest, np.full(candidates.members, 6))
    return made, StoredInboxes.of(rest, made), arrivals


def test_a_newcomer_is_placed_within_budget_without_a_new_round() -> None:
    candidates = market(80, 6, density=0.5)
    made, stored, arrivals = arrive(candidates, 79)
    lists = place_newcomers(stored, arrivals, np.full(80, 6))
    assert len(lists.row) == 6
    assert sorted(lists.place.tolist()) == [1, 2, 3, 4, 5, 6]
    left = stored.attention(arrivals.partner, arrivals.heard, RoundSettings().order)
    worth = arrivals.yes * arrivals.heard * left**0.5 * made.weights[arrivals.partner]
    assert lists.row.tolist() == np.argsort(-worth)[:6].tolist()


def test_newcomers_see_the_same_attention_that_the_round_computed() -> None:
    candidates = market(40, 7)
    made = share_attention(candidates, np.full(40, 5))
    stored = StoredInboxes.of(candidates, made)
    inside = Inboxes(candidates).attention(made.sent)
    assert stored.attention(candidates.partner, candidates.heard) == pytest.approx(inside)
    # Without the order everybody but oneself counts: here oneself stands among the stored ones.
    unordered = Inboxes(candidates).attention(made.sent, 0.0)
    oneself = made.sent * candidates.heard / 2.0
    found = 1.0 / stored.attention(candidates.partner, candidates.heard, 0.0)
    assert found - oneself == pytest.approx(1.0 / unordered)


def test_a_crowded_inbox_sends_newcomers_elsewhere() -> None:
    stored = StoredInboxes(
        owner=np.array([0, 0, 0]),
        liking=np.array([0.9, 0.8, 0.7]),
        sent=np.array([1.0, 1.0, 1.0]),
        weights=np.ones(3),
    )
    arrivals = Candidates(
        4, np.array([3, 3]), np.array([0, 1]), np.array([0.6, 0.5]), np.array([0.5, 0.5])
    )
    lists = place_newcomers(stored, arrivals, np.array([1, 1, 1, 1]))
    assert arrivals.partner[lists.row].tolist() == [1]


@given(markets, st.data())
def test_quotas_are_kept_and_nobody_is_left_out_who_could_be_introduced(
    candidates: Candidates, data: st.DataObject
) -> None:
    quota = np.array(
        data.draw(
            st.lists(st.integers(0, 3), min_size=candidates.members, max_size=candidates.members)
        )
    )
    half = candidates.member < candidates.partner
    a, b = candidates.member[half], candidates.partner[half]
    chosen = introduce(a, b, (candidates.yes * candidates.heard)[half], quota)
    count = np.bincount(np.concatenate([a[chosen], b[chosen]]), minlength=candidates.members)
    assert (count <= quota).all()
    assert len(set(chosen.tolist())) == len(chosen)
    free = count < quota
    possible = set(range(len(a))) - set(chosen.tolist())
    assert not any(free[a[k]] and free[b[k]] for k in possible)


def test_the_best_pair_is_introduced_first() -> None:
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    chosen = introduce(a, b, np.array([0.2, 0.9, 0.5]), np.array([1, 1, 1]))
    assert chosen.tolist() == [1]


def test_gini_is_nought_for_alike_and_near_one_for_one_who_has_all() -> None:
    assert gini(np.ones(50)) == pytest.approx(0.0)
    assert gini(np.eye(50)[0]) == pytest.approx(0.98)


def test_exposure_counts_unseen_members_and_pairs_on_both_lists() -> None:
    measured_lists = exposure(
        np.array([0, 1, 2]), np.array([1, 0, 0]), np.array([1, 1, 1]), np.array([0, 1, 2])
    )
    assert measured_lists.never_shown == pytest.approx(1 / 3)
    assert measured_lists.mutual_pairs == 1


def test_a_community_without_candidates_has_an_empty_round() -> None:
    nobody = market(3, 0, density=0.0)
    made = share_attention(nobody, np.full(3, 4))
    assert len(made.member) == 0
    assert made.expected_matches == 0.0
    assert measured(nobody, best_lists(nobody, nobody.yes, np.full(3, 4))).gini == 0.0
