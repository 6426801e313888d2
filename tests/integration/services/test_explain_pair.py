"""Why one member is not in another's list: the first thing that stands between them, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import numpy as np
import pytest

from app.databases.arrays import as_array
from app.databases.names import Database
from app.domain.matching.learning import lowered
from app.domain.matching.scores import Calibration, pair_score
from app.errors import InvalidInputError, NotFoundError
from app.repositories.ai import candidates, vector_sets
from app.repositories.backend import visibility
from app.repositories.backend.member_rules import TypedRules
from app.services import explain_pair, member_rules
from tests.conftest import Pair, Reciprocity
from tests.people import People

BACKEND = Database.BACKEND


def _why(people: People, missing: UUID, owner: UUID) -> tuple[str, str]:
    found = explain_pair.explain(people.databases, missing, owner).obstacle
    assert found is not None
    return found.code, found.words


def _couple(people: People) -> tuple[UUID, UUID]:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    return ann, ben


def test_who_stands_in_the_list_is_told_with_the_place(people: People) -> None:
    ann, ben = _couple(people)
    assert _why(people, ben, ann) == (
        "listed",
        "Nothing: ben@example.org stands in the list of ann@example.org, at place 1 of 1.",
    )


def test_each_thing_that_stands_between_two_is_named_before_those_behind_it(
    people: People, pair: Pair
) -> None:
    ann, ben = _couple(people)
    draft = people.join("Draft", ["piano lessons"], ["tax advice"], approve=False)
    assert _why(people, draft, ann) == (
        "not_approved",
        "draft@example.org has no approved summary.",
    )
    one_kind = people.join("Kind", ["piano lessons"], [])
    assert _why(people, one_kind, ann) == ("no_vectors", "kind@example.org has no vectors yet.")
    people.relay.look()
    code, words = _why(people, one_kind, ann)
    assert (code, words.partition(",")[0]) == ("one_kind", "kind@example.org has said no offer")
    people.decide(ann, ben, "declined")
    assert _why(people, ben, ann)[1] == ("ann@example.org has said no, which ends it for good.")
    assert _why(people, ann, ben)[0] == "declined"
    with people.databases.backend() as backend:
        visibility.block(backend, ben, ann, datetime.now(UTC))
    assert _why(people, ben, ann)[1] == "ben@example.org has blocked ann@example.org."
    with people.databases.backend() as backend:
        visibility.pause(backend, ben, paused=True)
    assert _why(people, ben, ann)[1] == "ben@example.org has paused."
    pair.sql(BACKEND, f"UPDATE users SET is_active = false WHERE id = '{ann}'")
    assert _why(people, ben, ann)[1] == "ann@example.org is suspended or inactive."


def test_a_rule_is_named_from_either_side(people: People) -> None:
    ann, ben = _couple(people)
    with people.databases.backend() as backend:
        member_rules.put(backend, TypedRules(ben, people_unwanted=("ann@example.org",)))
    people.match()
    for missing, owner in ((ann, ben), (ben, ann)):
        assert _why(people, missing, owner) == (
            "rule",
            "A rule of one of the two keeps them apart: person not wanted.",
        )


def test_vectors_that_no_run_has_seen_are_told_and_so_is_work_under_way(
    people: People, pair: Pair
) -> None:
    ann, _ = _couple(people)
    cleo = people.join("Cleo", ["piano lessons"], ["tax advice"])
    people.relay.look()
    pair.sql(BACKEND, "DELETE FROM matches")
    pair.sql(BACKEND, "DELETE FROM introductions")
    pair.sql(BACKEND, "UPDATE outbox SET state = 'pending', available_at = now() + interval '1 day'"
                      " WHERE topic = 'match_sync'")  # fmt: skip
    assert _why(people, cleo, ann)[0] == "computing"
    pair.sql(BACKEND, "UPDATE outbox SET state = 'done'")
    pair.sql(BACKEND, "DELETE FROM introductions; DELETE FROM match_scores;")
    pair.sql(BACKEND, "UPDATE matching_runs SET finished_at = now() - interval '1 day'")
    assert _why(people, cleo, ann)[0] == "not_judged"


def test_who_is_outranked_is_told_score_place_and_where_the_list_ends(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    for number in range(24):
        people.join(f"Near{number}", ["piano lessons"], ["tax advice"])
    far = people.join("Far", ["sailing trips abroad"], ["knitting patterns wool"])
    people.relay.look()
    people.match()
    found = explain_pair.explain(people.databases, far, ann)
    assert found.obstacle is not None
    assert found.scored is not None
    assert found.obstacle.code == "outranked"
    assert (found.scored.place, found.scored.of) == (25, 25)
    assert found.end is not None
    assert found.scored.score < found.end
    assert f"Scored {found.scored.score:.3f}, place 25 of 25 whom the rules leave" in (
        found.obstacle.words
    )
    listed = {one.partner_id for one in people.list_of(ann).introductions}
    left_out = next(m for m in _near(people) if m not in listed)
    code, words = _why(people, left_out, ann)
    assert code == "dealt_otherwise"
    assert "the last round gave it to somebody else" in words


def test_a_place_counts_what_penalties_take_and_leaves_out_whom_rules_remove(
    people: People,
) -> None:
    me, *others = people.crowd(5)
    people.relay.look()
    given = Calibration()
    with people.databases.ai() as ai:
        serving = vector_sets.current(ai)
        assert serving is not None
        found = candidates.exact(ai, serving.name, me, others, given, limit=5)
        plain = {
            one.user_id: given.probability(np.array([one.i_gain, one.they_gain])) for one in found
        }
        asked = found[1].user_id
        among = candidates.Among(
            as_array(others), without=[found[-1].user_id], lost={asked: (1.5, 0.0)}
        )
        place = candidates.place(ai, serving.name, me, asked, among, given)
        nobody = candidates.place(ai, serving.name, me, found[-1].user_id, among, given)
    mine, theirs = plain[asked]
    score = float(pair_score(lowered(mine, 1.5), theirs))
    kept = [float(pair_score(*plain[one.user_id])) for one in found[:-1] if one.user_id != asked]
    assert place is not None
    assert place.score == pytest.approx(score)
    assert (place.place, place.of) == (1 + sum(one > score for one in kept), len(kept) + 1)
    assert nobody is None


def _near(people: People) -> list[UUID]:
    with people.databases.backend() as backend:
        rows = backend.execute("SELECT id FROM users WHERE first_name LIKE 'Near%'").fetchall()
    return [row[0] for row in rows]


def test_one_member_alone_and_unknown_ones_are_errors(people: People) -> None:
    ann = people.join("Ann", ["x"], ["y"])
    with pytest.raises(InvalidInputError, match="name two members"):
        explain_pair.explain(people.databases, ann, ann)
    with pytest.raises(NotFoundError, match="erased"):
        explain_pair.explain(people.databases, ann, uuid4())
    with pytest.raises(NotFoundError, match=r"nobody@example\.org"):
        explain_pair.by_addresses(people.databases, "nobody@example.org", "ann@example.org")


def test_the_command_says_it_in_words(people: People, pair: Pair, reciprocity: Reciprocity) -> None:
    _couple(people)
    said = reciprocity("why", "BEN@example.org", "ann@example.org", environment=pair.environment)
    assert said.status == 0, said.stderr
    assert "stands in the list of ann@example.org, at place 1 of 1" in said.stdout
    lost = reciprocity("why", "x@example.org", "ann@example.org", environment=pair.environment)
    assert (lost.status, lost.stdout) == (1, "")
    assert "No member has the e-mail address or id 'x@example.org'" in lost.stderr
