from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.matching.calibration import auc, fit, fit_readiness, log_loss
from app.domain.matching.learning import (
    FEWEST_DECISIONS,
    Decisions,
    field_penalties,
    learn,
    lowered,
)
from app.domain.matching.scores import Calibration


def decisions(count: int, truth: Calibration, seed: int = 0) -> Decisions:
    rng = np.random.default_rng(seed)
    cosine = rng.uniform(0.0, 1.0, count)
    accepted = rng.random(count) < truth.probability(cosine)
    return Decisions(cosine, accepted, rng.integers(0, max(count // 4, 1), count))


def test_a_fit_finds_the_midpoint_and_scale_that_made_the_answers() -> None:
    made = decisions(40_000, Calibration(0.45, 0.11))
    found = fit(made.cosine, made.accepted)
    assert found.calibration.midpoint == pytest.approx(0.45, abs=0.01)
    assert found.calibration.scale == pytest.approx(0.11, rel=0.05)
    assert found.auc > 0.9


def test_a_few_answers_hardly_move_a_prior_and_many_do() -> None:
    prior, truth = Calibration(0.59, 0.16), Calibration(0.35, 0.10)
    few, many = decisions(4, truth), decisions(20_000, truth)
    near = fit(few.cosine, few.accepted, prior=prior).calibration
    far = fit(many.cosine, many.accepted, prior=prior).calibration
    assert abs(near.midpoint - prior.midpoint) < abs(far.midpoint - prior.midpoint)
    assert far.midpoint == pytest.approx(0.35, abs=0.02)


def test_answers_of_one_kind_cannot_be_calibrated_without_a_prior() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        fit(np.array([0.1, 0.9]), np.array([True, True]))


def test_a_model_whose_cosine_says_the_opposite_is_refused() -> None:
    cosine = np.linspace(0, 1, 400)
    with pytest.raises(ValueError, match="do not rise"):
        fit(cosine, cosine < 0.5)


def test_a_member_without_evidence_has_no_prior_and_evidence_moves_it_the_right_way() -> None:
    member, partner = np.array([0] * 30 + [1] * 30), np.array([2, 3, 4] * 20)
    answered = np.array([True] * 30 + [False] * 30)
    found = fit_readiness(np.zeros(60), member, partner, answered, 6)
    assert found.accepts[0] > 0.5 > -0.5 > found.accepts[1]
    assert found.accepts[5] == 0.0
    assert found.accepted[5] == 0.0
    once = fit_readiness(np.zeros(1), np.array([0]), np.array([1]), np.array([True]), 2)
    assert 0.0 < once.accepts[0] < found.accepts[0]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool]]) -> None:
    score = np.array([float(s) for s, _ in rows])
    yes = np.array([y for _, y in rows])
    right = [1.0 if a > b else 0.5 if a == b else 0.0 for a in score[yes] for b in score[~yes]]
    assert auc(score, yes) == pytest.approx(float(np.mean(right)) if right else 0.5)


def test_log_loss_is_least_for_the_truth() -> None:
    answered = np.array([True, False])
    assert (
        log_loss(np.array([0.9, 0.1]), answered).sum()
        < log_loss(np.array([0.5, 0.5]), answered).sum()
    )


def test_a_community_that_decides_otherwise_gets_its_own_calibration() -> None:
    lesson = learn(decisions(3_000, Calibration(0.35, 0.10)), Calibration())
    assert lesson.taken_over
    assert lesson.calibration.midpoint == pytest.approx(0.35, abs=0.05)
    assert lesson.before == Calibration()


def test_a_refit_that_is_no_better_than_noise_is_not_taken() -> None:
    taken = [
        learn(decisions(300, Calibration(), seed), Calibration()).taken_over for seed in range(20)
    ]
    assert sum(taken) <= 2


def test_too_few_decisions_teach_nothing_and_say_so() -> None:
    lesson = learn(decisions(FEWEST_DECISIONS - 1, Calibration(0.2, 0.1)), Calibration())
    assert not lesson.taken_over
    assert lesson.calibration == Calibration()
    assert "too few" in lesson.reason


def test_decisions_at_random_leave_the_calibration_as_it_is() -> None:
    rng = np.random.default_rng(2)
    noise = Decisions(rng.uniform(0, 1, 400), rng.random(400) < 0.5, rng.integers(0, 100, 400))
    turned = Decisions(noise.cosine, noise.cosine < 0.5, noise.member)
    assert learn(turned, Calibration()).calibration == Calibration()


def test_learning_twice_from_the_same_decisions_gives_the_same() -> None:
    made = decisions(500, Calibration(0.4, 0.1))
    assert learn(made, Calibration()) == learn(made, Calibration())


def test_three_wrong_fields_in_a_row_lower_that_field_and_no_other() -> None:
    answers = [("law", True), ("health", True), ("law", True), ("law", True)]
    penalties = field_penalties(answers)
    assert penalties == {"law": pytest.approx(1.5)}
    assert lowered(0.6, penalties["law"]) < 0.3


def test_two_wrong_fields_are_chance_and_an_acceptance_forgives() -> None:
    assert field_penalties([("law", True), ("law", True)]) == {}
    assert field_penalties([("law", True)] * 3 + [("law", False)]) == {}


@given(st.floats(0.0, 1.0), st.floats(0.0, 5.0))
def test_a_lowered_gain_stays_a_probability_and_never_rises(gain: float, penalty: float) -> None:
    less = float(lowered(gain, penalty))
    assert 0.0 <= less <= gain + 1e-9
