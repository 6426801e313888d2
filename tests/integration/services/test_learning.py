"""Decisions move later lists: fields at once, calibration and readiness where that is better."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from app.domain.decisions import Choice
from app.domain.matching.scores import Calibration
from app.errors import NotFoundError
from app.repositories.backend import calibrations, profiles
from app.services import decisions, judgement, learn
from tests.people import People


def describe(people: People, name: str, field: str) -> None:
    user_id = people.join(name, ["piano lessons"], ["tax advice"])
    with people.databases.backend() as backend:
        profiles.put(
            backend,
            profiles.Profile(
                user_id=user_id, headline="", place="", languages=(), fields=(field,), further={}
            ),
            datetime.now(UTC),
        )


def test_three_times_wrong_field_in_a_row_lowers_that_field_for_this_member(
    people: People,
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    for number in range(5):
        describe(people, f"Lawyer{number}", "Law")
    describe(people, "Baker", "Baking")
    people.relay.look()
    first = {one.name: one for one in people.list_of(ann).introductions}
    refused = [one for name, one in first.items() if name.startswith("Lawyer")][:3]
    assert first["Baker"].score == first["Lawyer4"].score, "all say the same words"
    for one in refused:
        with people.databases.backend() as backend:
            decisions.decide(backend, ann, one.match_id, Choice.NO, reasons=["wrong_field"])
    for everybody in (True, False):
        people.match(*([] if everybody else [ann]))
        now = {one.name: one for one in people.list_of(ann).introductions}
        lawyers = [one for name, one in now.items() if name.startswith("Lawyer")]
        assert now["Baker"].i_gain == first["Baker"].i_gain
        assert len(lawyers) == 2
        for one in lawyers:
            assert one.i_gain.probability < first["Baker"].i_gain.probability
            assert one.they_gain == first[one.name].they_gain, "what they gain is theirs to judge"
            assert one.score == pytest.approx(
                np.sqrt(one.i_gain.probability * one.they_gain.probability)
            )
        assert people.list_of(ann).introductions[0].name == "Baker"


def decide_all(people: People, count: int) -> float:
    """Have members decide by a steep logistic around the median cosine, which is given back."""
    draw = np.random.default_rng(7)
    with people.databases.backend() as backend:
        rows = backend.execute(
            "SELECT m.id, r.gainer_id, r.similarity FROM matches m JOIN match_reasons r"
            " ON r.user_a_id = m.user_a_id AND r.user_b_id = m.user_b_id"
            " ORDER BY m.user_a_id, m.user_b_id, r.gainer_id LIMIT %s",
            (count,),
        ).fetchall()
        midpoint, scale = float(np.median([row[2] for row in rows])), 0.05
        for match_id, user_id, similarity in rows:
            yes = draw.random() < 1 / (1 + np.exp(-(similarity - midpoint) / scale))
            decision = "approved" if yes else "declined"
            backend.execute(
                "UPDATE matches SET user_a_decision = CASE WHEN user_a_id = %(id)s"
                "  THEN %(decision)s::matches_decision_enum ELSE user_a_decision END,"
                " user_b_decision = CASE WHEN user_b_id = %(id)s"
                "  THEN %(decision)s::matches_decision_enum ELSE user_b_decision END"
                " WHERE id = %(match)s",
                {"id": user_id, "decision": decision, "match": match_id},
            )
    return midpoint


def test_decisions_refit_the_calibration_where_that_is_better_and_it_can_be_taken_back(
    people: People,
) -> None:
    people.crowd(40)
    people.relay.look()
    midpoint = decide_all(people, 600)
    model = people.embedder.model
    with people.databases.backend() as backend:
        tried = learn.from_decisions(backend, model, dry_run=True)
        assert calibrations.history(backend, model, limit=5) == []
    with people.databases.backend() as backend:
        learned = learn.from_decisions(backend, model)
    assert (tried.midpoint, tried.scale) == (learned.midpoint, learned.scale)
    assert learned.taken_over
    assert learned.better_by > 1.96 * learned.error > 0
    assert learned.midpoint == pytest.approx(midpoint, abs=0.1)
    job = people.match()
    assert job.judged_by.calibration == Calibration(learned.midpoint, learned.scale)
    with people.databases.backend() as backend:
        assert learn.take_back(backend, model) == Calibration()
        assert judgement.calibration(backend, model)[0] == Calibration()
        with pytest.raises(NotFoundError, match="shipped"):
            learn.take_back(backend, model)


def test_too_few_decisions_teach_nothing_and_say_so(people: People) -> None:
    people.crowd(12)
    people.relay.look()
    decide_all(people, 20)
    with people.databases.backend() as backend:
        learned = learn.from_decisions(backend, people.embedder.model)
        assert judgement.calibration(backend, people.embedder.model)[0] == Calibration()
    assert not learned.taken_over
    assert "too few" in learned.reason


def test_a_no_that_says_nothing_about_the_need_is_not_learned_from(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.join("Ben", ["piano lessons"], ["tax advice"])
    people.join("Cem", ["piano lessons"], ["tax advice"])
    people.relay.look()
    one, other = people.list_of(ann).introductions
    with people.databases.backend() as backend:
        decisions.decide(backend, ann, one.match_id, Choice.NO, reasons=["know_already"])
        decisions.decide(backend, ann, other.match_id, Choice.NO, reasons=["not_what_i_need"])
    with people.databases.backend() as backend:
        assert learn.from_decisions(backend, people.embedder.model).decisions == 1
