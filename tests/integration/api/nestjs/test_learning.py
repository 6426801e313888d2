"""What the backend's members decide moves later lists: told by call, standing in its tables, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import numpy as np
import pytest

from app.databases.names import Database
from app.domain.decisions import SILENT
from app.repositories.backend import eligibility, outbox, profiles, taught
from app.services import backend_feedback, introductions, learn, match_sync, summaries, topics
from app.workers.beside import Beside
from tests.conftest import Pair
from tests.integration.api.nestjs.conftest import Installation, installed
from tests.nestjs_backend import NestJSBackend
from tests.people import WordEmbedder

BACKEND = Database.BACKEND


@pytest.fixture
def beside(adopted_pair: Pair, nestjs: NestJSBackend) -> Iterator[Installation]:
    """Give an installation whose worker sends nothing and judges texts by their words."""
    with installed(adopted_pair, nestjs, WordEmbedder()) as made:
        made.relay.beside = Beside()
        yield made


def _join(
    beside: Installation, name: str, need: str, offer: str, fields: Sequence[str] = ()
) -> UUID:
    user_id = beside.backend.sign_up(name)
    with beside.relay.databases.backend() as backend:
        summaries.draft(backend, user_id, [need], [offer], datetime.now(UTC))
        about = profiles.Profile(
            user_id=user_id, headline="", place="", languages=(), fields=tuple(fields), further={}
        )
        profiles.put(backend, about, datetime.now(UTC))
    return user_id


def _match(beside: Installation, members: Sequence[UUID]) -> None:
    beside.pair.sql(BACKEND, "UPDATE user_summaries SET status = 'approved'")
    with beside.relay.databases.backend() as backend:
        outbox.add(backend, topics.EMBED, list(members))
    beside.relay.look()


def _hold(beside: Installation) -> None:
    """Let the backend hold every scored pair, in the order that our own rows never have."""
    batch = uuid4()
    beside.pair.sql(
        BACKEND,
        f"INSERT INTO match_batches VALUES ('{batch}', '{{}}', 'completed', now(), now());"
        f" INSERT INTO matches SELECT gen_random_uuid(), '{batch}', user_b_id, user_a_id, 'pending',"
        " 'pending', 'pending', NULL, NULL, NULL, now(), now() FROM match_scores",
    )


def _listed(beside: Installation, member: UUID) -> dict[str, introductions.Introduction]:
    with beside.relay.databases.backend() as backend:
        found = introductions.of_member(backend, member, limit=100)
    return {one.name: one for one in found.introductions}


@pytest.mark.parametrize("told_by", ["call", "table", "both"])
def test_three_times_wrong_field_moves_the_next_list(beside: Installation, told_by: str) -> None:
    ann = _join(beside, "Ann", "tax advice", "piano lessons")
    lawyers = [
        _join(beside, f"Lawyer{number}", "piano lessons", "tax advice", ["Law"])
        for number in range(5)
    ]
    baker = _join(beside, "Baker", "piano lessons", "tax advice", ["Baking"])
    _match(beside, [ann, *lawyers, baker])
    _hold(beside)
    first = _listed(beside, ann)
    assert first["Baker"].score == first["Lawyer4"].score, "all say the same words"
    for name in ("Lawyer0", "Lawyer1", "Lawyer2"):
        match_id = first[name].match_id
        if told_by != "call":
            beside.backend.decide(ann, str(match_id), "declined", ["wrong_field"])
        if told_by != "table":
            beside.post(
                "/user/feedback-with-reasons",
                {"user_id": str(ann), "match_id": str(match_id), "decision": "declined",
                 "reason_tags": ["wrong_field"]},
                times=3,
            )  # fmt: skip
    beside.get("/user/run-scheduled-matchmaking")
    beside.work()
    now = _listed(beside, ann)
    assert set(now) == {"Baker", "Lawyer3", "Lawyer4"}
    assert next(iter(now)) == "Baker"
    assert now["Lawyer3"].score < now["Baker"].score == first["Baker"].score
    told = beside.get(f"/matching/{ann}/matches")["requirements_matches"]
    assert next(one["name"] for one in told) == "Baker"


def test_decisions_told_by_call_and_held_by_the_backend_teach_the_nightly_round(
    beside: Installation,
) -> None:
    members = [
        _join(
            beside,
            f"Member{number}",
            f"help with gardening number{number % 7} plot{number % 5}",
            f"help with gardening number{number % 3} shed{number % 11}",
        )
        for number in range(30)
    ]
    _match(beside, members)
    _hold(beside)
    model = beside.relay.embedder.model
    before = {member: list(_listed(beside, member).values()) for member in members[:4]}
    made = _decide_all(beside)
    with beside.relay.databases.backend() as backend:
        assert len(taught.decisions(backend, model, SILENT)) == made
        learned = learn.from_decisions(backend, model)
    assert learned.decisions == made
    assert learned.taken_over
    assert learned.better_by > 1.96 * learned.error > 0
    match_sync.run(
        beside.relay.databases, match_sync.MatchJob(beside.relay.embedder, None, trigger="test")
    )
    worths = {
        member: {one.name: one.worth for one in _listed(beside, member).values()}
        for member in before
    }
    moved = [
        member
        for member, listed in before.items()
        for one in listed
        if one.name in worths[member]
        and worths[member][one.name] != pytest.approx(one.worth, abs=1e-6)
    ]
    assert moved, "what is learned is what later lists are judged by"


def _decide_all(beside: Installation) -> int:
    """Have members decide three pairs in four by a steep logistic, by call, by row, or by both."""
    draw = np.random.default_rng(7)
    rows = beside.pair.sql(
        BACKEND,
        "SELECT m.id, r.gainer_id, r.similarity FROM matches m JOIN match_reasons r"
        " ON r.user_a_id = m.user_b_id AND r.user_b_id = m.user_a_id"
        " ORDER BY m.user_a_id, m.user_b_id, r.gainer_id",
    )
    couples = [line.split("|") for line in rows.splitlines()]
    midpoint = float(np.median([float(similarity) for *_, similarity in couples]))
    by_row, made = [], 0
    with beside.relay.databases.backend() as backend:
        for number, (match_id, user_id, similarity) in enumerate(couples):
            if number // 2 % 4 == 0:
                continue
            made += 1
            yes = draw.random() < 1 / (1 + np.exp(-(float(similarity) - midpoint) / 0.05))
            word = "approved" if yes else "declined"
            if number % 3:
                by_row.append(
                    f"UPDATE matches SET user_a_decision = CASE WHEN user_a_id = '{user_id}'"
                    f" THEN '{word}' ELSE user_a_decision END, user_b_decision ="
                    f" CASE WHEN user_b_id = '{user_id}' THEN '{word}' ELSE user_b_decision END"
                    f" WHERE id = '{match_id}';"
                )
            if number % 3 != 1:
                backend_feedback.decide(backend, UUID(user_id), UUID(match_id), word)
    beside.pair.sql(BACKEND, "".join(by_row))
    return made


def test_a_no_that_says_nothing_about_the_need_teaches_nothing_and_a_no_outweighs_a_yes(
    beside: Installation,
) -> None:
    ann = _join(beside, "Ann", "tax advice", "piano lessons")
    others = [_join(beside, name, "piano lessons", "tax advice") for name in ("Ben", "Cem", "Dan")]
    _match(beside, [ann, *others])
    _hold(beside)
    ids = {name: one.match_id for name, one in _listed(beside, ann).items()}
    beside.backend.decide(ann, str(ids["Cem"]), "approved")
    with beside.relay.databases.backend() as backend:
        for name, word, tags in (
            ("Ben", "declined", ["know_already"]),
            ("Cem", "declined", []),
            ("Dan", "maybe", []),
        ):
            backend_feedback.decide(backend, ann, ids[name], word, tags=tags)
        # A remark teaches like a decision, and decides nothing.
        backend_feedback.comment(backend, ann, "match", ids["Dan"], "dislike")
    with beside.relay.databases.backend() as backend:
        found = taught.decisions(backend, beside.relay.embedder.model, SILENT)
        assert {(one.user_id, one.partner_id, one.accepted) for one in found} == {
            (ann, others[1], False),
            (ann, others[2], False),
        }
        assert eligibility.decided_partners(backend, ann) == {others[0], others[1]}
        assert len(eligibility.decided_pairs(backend)) == 2


def test_a_declined_pair_takes_no_place_in_whichever_order_the_backend_holds_it(
    beside: Installation,
) -> None:
    ann = _join(beside, "Ann", "tax advice", "piano lessons")
    others = [
        _join(beside, f"Member{number}", "piano lessons", f"tax advice{' more' * number}")
        for number in range(3)
    ]
    _match(beside, [ann, *others])

    def enters(score: float, length: int) -> bool:
        with beside.relay.databases.backend() as backend:
            return eligibility.entering(backend, [ann], [score], [], length) == [True]

    scores = sorted((one.score for one in _listed(beside, ann).values()), reverse=True)
    worse, better = scores[2] - 1e-6, scores[2] + 1e-6
    assert (enters(worse, 3), enters(better, 3)) == (False, True), (
        "before the backend holds any row"
    )
    _hold(beside)
    assert (enters(worse, 3), enters(better, 3)) == (False, True)
    best = next(iter(_listed(beside, ann).values()))
    beside.backend.decide(ann, str(best.match_id), "declined")
    assert enters(0.0, 3), "two are left, so that there is room"
    assert (enters(worse, 2), enters(better, 2)) == (False, True)
