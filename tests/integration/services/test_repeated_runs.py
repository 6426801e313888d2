"""A run may come twice, late, or beside another one; the rows are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.errors import ConflictError
from app.repositories.backend import eligibility, matches, runs
from app.services import match_sync, steps
from tests.people import People

Rows = list[tuple[Any, ...]]


def _rows(people: People) -> Rows:
    """Read every pair with its score and both reasons; ids of rows and times are left out."""
    with people.databases.backend() as backend:
        return backend.execute(
            "SELECT m.user_a_id, m.user_b_id, m.user_a_decision::text, s.score, s.tier, s.model,"
            " s.algorithm, s.inputs_hash, r.gainer_id, r.need_id, r.offer_id, r.gain"
            " FROM matches m JOIN match_scores s USING (user_a_id, user_b_id)"
            " JOIN match_reasons r USING (user_a_id, user_b_id)"
            " ORDER BY m.user_a_id, m.user_b_id, r.gainer_id"
        ).fetchall()


def _close(one: Rows, other: Rows) -> bool:
    """Compare rows whose numbers may differ in the last bits, as two ways of adding up do."""
    return len(one) == len(other) and all(
        all(
            a == pytest.approx(b, abs=1e-5) if isinstance(a, float) else a == b
            for a, b in zip(left, right, strict=True)
        )
        for left, right in zip(one, other, strict=True)
    )


def test_match_sync_twice_gives_the_same_rows(people: People) -> None:
    people.crowd(30)
    people.relay.look()
    once = _rows(people)
    people.match()
    assert _close(_rows(people), once)


def test_match_sync_of_one_member_again_gives_the_same_rows(people: People) -> None:
    members = people.crowd(60)
    people.relay.look()
    once = _rows(people)
    for member in members[:12]:
        people.match(member)
        assert _close(_rows(people), once)


def _written(people: People) -> dict[tuple[str, UUID, UUID], int]:
    """Name the transaction that wrote each row."""
    with people.databases.backend() as backend:
        rows = backend.execute(
            "SELECT 'match', user_a_id, user_b_id, xmin::text::bigint FROM matches"
            " UNION ALL SELECT 'score', user_a_id, user_b_id, xmin::text::bigint FROM match_scores"
        ).fetchall()
    return {(what, a, b): written for what, a, b, written in rows}


def test_a_run_over_everybody_writes_only_what_changed(people: People) -> None:
    members = people.crowd(30)
    people.relay.look()
    people.match()
    before = _written(people)
    people.match()
    assert _written(people) == before
    people.say(members[4], ["help with gardening number2 plot1"], ["help with gardening shed3"])
    people.relay.look()
    people.match()
    after = _written(people)
    changed = {row for row, written in after.items() if before.get(row, written) != written}
    assert any(row[0] == "score" and members[4] in row for row in changed)
    # Scores of others hold when an introduction runs out, which a changed round may begin.
    assert all(members[4] in row for row in changed if row[0] == "match")


def test_members_decide_while_a_run_over_everybody_writes(people: People) -> None:
    ann, ben, *_ = people.crowd(6)
    people.relay.look()
    people.match()
    job = _begun(people)
    last = match_sync.STEPS[-1]
    assert isinstance(last, steps.OnBackend)
    with ThreadPoolExecutor(1) as beside, people.databases.backend() as backend:
        last.act(backend, job)
        beside.submit(people.decide, ann, ben, "approved").result(timeout=2)
    with people.databases.backend() as backend:
        said = backend.execute(
            "SELECT 1 FROM matches WHERE %s IN (user_a_id, user_b_id)"
            " AND 'approved' IN (user_a_decision, user_b_decision)",
            (ann,),
        ).fetchall()
    assert len(said) == 1


def test_every_pair_carries_model_algorithm_and_the_hash_of_what_it_was_made_of(
    people: People,
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    (first, *_) = _rows(people)
    assert first[5:7] == ("words", "max-geometric-1")
    people.say(ann, ["tax advice", "a garden"], ["piano lessons"])
    people.relay.look()
    (second, *_) = _rows(people)
    assert len(first[7]) == len(second[7]) == 32
    assert first[7] != second[7]


def test_old_matches_stay_until_the_new_ones_take_their_place(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    job = match_sync.MatchJob(people.embedder, None, trigger="test")
    for step in match_sync.STEPS[:-1]:
        step.run(people.databases, job)
        assert people.partners_of(ann) == [ben]
    last = match_sync.STEPS[-1]
    assert isinstance(last, steps.OnBackend)

    def power_cut() -> None:
        with people.databases.backend() as backend:
            last.act(backend, job)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        power_cut()
    assert people.partners_of(ann) == [ben]


def _begun(people: People, *user_ids: UUID) -> match_sync.MatchJob:
    """Do all of a run but its last step, which writes."""
    job = match_sync.MatchJob(people.embedder, list(user_ids) or None, trigger="test")
    return steps.run(people.databases, match_sync.STEPS[:-1], job)


def test_a_run_that_began_earlier_and_ends_later_changes_nothing_that_a_newer_one_wrote(
    people: People,
) -> None:
    members = people.crowd(30)
    people.relay.look()
    late = _begun(people)
    people.say(members[0], ["llama shearing"], ["roof repair"])
    people.relay.look()
    newer = _rows(people)
    with pytest.raises(ConflictError, match="Run it again"):
        steps.run(people.databases, match_sync.STEPS[-1:], late)
    assert _rows(people) == newer


def test_the_pairs_of_a_run_leave_nothing_in_the_staging_table(people: People) -> None:
    people.crowd(6)
    people.relay.look()
    with people.databases.backend() as backend:
        assert backend.execute("SELECT count(*) FROM match_staging").fetchone() == (0,)


def test_a_run_writes_down_how_many_people_each_rule_removed(people: People) -> None:
    people.crowd(6)
    waiting = people.join("Waiting", ["help"], ["gardening"], approve=False)
    paused = people.join("Paused", ["help"], ["gardening"])
    gone = people.join("Gone", ["help"], ["gardening"])
    with people.databases.backend() as backend:
        backend.execute("UPDATE users SET allow_matching = false WHERE id = %s", (paused,))
        backend.execute("UPDATE users SET is_active = false WHERE id = %s", (gone,))
    people.relay.look()
    people.match()
    with people.databases.backend() as backend:
        last = runs.last(backend)
        community = eligibility.community(backend)
    assert last is not None
    assert (last.state, last.members, last.eligible, last.pairs) == ("ready", 6, 6, 15)
    assert last.removed["paused"] == last.removed["inactive"] == 1
    assert last.removed["no approved summary"] == 1
    assert not {waiting, paused, gone} & set(community.members)
    for nobody in (waiting, paused, gone):
        assert people.partners_of(nobody) == []


def test_a_run_that_fails_is_written_down_with_its_reason_and_old_matches_stay(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben, *_ = people.crowd(3)
    people.relay.look()
    before = _rows(people)

    def broken(*_: object, **__: object) -> None:
        raise MemoryError("no room for the tiles")

    monkeypatch.setattr("app.services.everybody.pairs", broken)
    with pytest.raises(MemoryError):
        people.match()
    with people.databases.backend() as backend:
        last = runs.last(backend)
    assert last is not None
    assert last.state == "failed"
    assert "no room for the tiles" in last.reason
    assert _rows(people) == before
    assert ben in people.partners_of(ann)


def test_a_list_is_replaced_even_when_the_new_one_is_shorter(people: People) -> None:
    ann, ben, eve = people.crowd(3)
    people.relay.look()
    assert len(people.partners_of(ann)) == 2
    with people.databases.backend() as backend:
        backend.execute("UPDATE users SET allow_matching = false WHERE id = %s", (eve,))
    people.match()
    assert people.partners_of(ann) == [ben]
    with people.databases.backend() as backend:
        assert matches.count(backend) == 1


def test_a_run_by_a_clock_that_went_back_is_still_compared_by_the_databases_clock(
    people: People,
) -> None:
    people.crowd(3)
    people.relay.look()
    with people.databases.backend() as backend:
        row = backend.execute(
            "SELECT max(m.updated_at) - max(r.started_at) FROM matches m, matching_runs r"
        ).fetchone()
    assert row == (timedelta(0),)
