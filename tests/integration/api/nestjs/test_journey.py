"""Two members and a third, from their first word to a talk, through the contract's calls alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.adapters import granting
from app.adapters.embedding import Embedder
from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import roles
from app.databases.names import Database
from tests.conftest import Pair
from tests.integration.api.nestjs.conftest import Installation, installed
from tests.integration.api.nestjs.test_every_statement import OTHERWISE
from tests.nestjs_backend import NestJSBackend

BACKEND = Database.BACKEND
SAID = {
    "Ann": (
        "I need help with the tax return of my small company.",
        "I offer piano lessons for beginners.",
    ),
    "Bob": (
        "I am looking for somebody who teaches me to play the piano.",
        "I can prepare tax returns for small companies, I am a tax adviser.",
    ),
    "Cleo": (
        "I would like to learn the piano, I need a teacher for it.",
        "I offer bookkeeping and tax returns for companies.",
    ),
}


def _onboard(beside: Installation, name: str) -> UUID:
    """Bring a member in as the backend does: start, chat, progress, finalize, complete."""
    user_id = beside.backend.sign_up(name)
    who = {"user_id": str(user_id)}
    begun = beside.post("/onboarding/start", who | {"objective": ""}, times=3)
    session = {"session_id": begun["session_id"]}
    assert begun["greeting"]
    assert len(begun["suggested_questions"]) <= 3
    told: dict[str, Any] = {}
    for text in SAID[name]:
        told = beside.post("/onboarding/chat", who | session | {"message": text})
    assert set(told["all_slots"]) >= {"requirements", "offerings"}, told
    assert told["extracted_slots"]["offerings"]["value"]
    for _ in range(4):
        if told["is_complete"]:
            break
        told = beside.post("/onboarding/chat", who | session | {"message": "I live in Lyon."})
    assert told["is_complete"], told
    assert beside.get(f"/onboarding/progress/{begun['session_id']}")["is_complete"]
    final = beside.post(f"/onboarding/finalize/{begun['session_id']}", {}, times=3)
    assert final["turn_count"] >= 2
    done = beside.post("/onboarding/complete", who | session, times=3)
    assert (done["success"], done["profile_created"]) == (True, True)
    return user_id


def _approve(beside: Installation, user_id: UUID) -> None:
    beside.backend.approve(user_id)
    beside.post("/user/approve-summary", {"user_id": str(user_id)}, times=3)


def _settle(beside: Installation) -> None:
    for _ in range(60):
        beside.work()
        if not beside.open_work():
            return
    pytest.fail(f"{beside.open_work()} pieces of work are not done")


def _summaries(beside: Installation, user_id: UUID) -> list[str]:
    return beside.pair.sql(
        BACKEND,
        f"SELECT version, status, onboarding_status FROM user_summaries JOIN users ON users.id = user_id"
        f" WHERE user_id = '{user_id}'",
    ).splitlines()


@pytest.mark.parametrize(
    ("down_share", "tables"),
    [(0.0, ""), (0.5, ""), (0.0, OTHERWISE)],
    ids=["steady", "down half of the time", "tables as an ORM makes them"],
)
def test_members_onboard_are_matched_decide_and_let_their_assistants_talk(
    beside: Installation, down_share: float, tables: str
) -> None:
    if tables:
        beside.pair.sql(BACKEND, tables)
    beside.backend.down_share = down_share
    _journey(beside)


def test_the_least_rights_beside_a_backend_are_enough_for_all_of_it(
    adopted_pair: Pair, nestjs: NestJSBackend, embedder: Embedder
) -> None:
    addresses: dict[str, dict[str, str]] = {"ai-service": {}, "celery-worker": {}}
    adapter = PostgreSQLAdapter(adopted_pair.settings)
    for database in Database:
        server = adopted_pair.server(database)
        where = f"127.0.0.1:{server.port}/{adopted_pair.name}"
        passwords = dict.fromkeys(roles.roles(database), "a-password")
        dba = f"postgresql://{server.superuser}:{server.password}@{where}"
        granting.apply(
            adapter, database, "nestjs", passwords, address=dba, may_lose=lambda _lost: True
        )
        for service, variables in addresses.items():
            role = roles.role(database, service)
            variables[database.variable] = f"postgresql://{role}:a-password@{where}"
    adapter.close()
    try:
        with installed(
            adopted_pair, nestjs, embedder,
            api=addresses["ai-service"], worker=addresses["celery-worker"],
        ) as beside:  # fmt: skip
            _journey(beside)
            by_questionnaire = nestjs.sign_up("Dora")
            answers = [{"prompt": "What do you offer?", "answer": "I offer tax returns."}]
            beside.post("/user/register", {"user_id": str(by_questionnaire), "questions": answers})
            _settle(beside)
            nestjs.approve(by_questionnaire, text="## Needs\n- a piano\n\n## Offers\n- taxes")
            beside.post("/user/profile-updated", {"user_id": str(by_questionnaire)})
            _settle(beside)
            assert len(beside.get("/admin/list-users")["result"]) == 4
            beside.get("/admin/matching-diagnostics")
            beside.post("/admin/regenerate-embeddings", {"user_id": str(by_questionnaire)})
            beside.get("/user/run-scheduled-matchmaking")
            _settle(beside)
            assert beside.get("/matching/stats")["total_users_with_embeddings"] == 4
    finally:
        for database in Database:  # roles belong to the server and would outlive the databases
            names = ", ".join(roles.roles(database))
            adopted_pair.sql(
                database,
                f"REASSIGN OWNED BY {names} TO {adopted_pair.server(database).superuser};"
                f"DROP OWNED BY {names}; DROP ROLE {names};",
            )


def _journey(beside: Installation) -> None:
    backend = beside.backend
    ann, bob, cleo = (_onboard(beside, name) for name in SAID)
    for member in (ann, bob, cleo):
        assert _summaries(beside, member) == ["1|draft|completed"]
    _settle(beside)
    assert {body["user_id"] for body in backend.received("summary-ready")} == {
        str(ann), str(bob), str(cleo)
    }  # fmt: skip

    for member in (ann, bob, cleo):
        _approve(beside, member)
    _settle(beside)
    assert set(backend.matches_of(ann)) == {bob, cleo}
    for member in (bob, cleo):
        assert ann in backend.matches_of(member)

    told = beside.get(f"/matching/{ann}/matches?similarity_threshold=NaN")
    listed = [UUID(one["user_id"]) for one in told["requirements_matches"]]
    assert set(listed) == {bob, cleo}
    first = listed[0]
    match_id = backend.matches_of(ann)[first]
    explained = beside.post(
        "/match/explanation",
        {
            "match_id": match_id,
            "user_a_id": str(ann),
            "user_b_id": str(first),
            "force_refresh": True,
        },
    )
    assert explained["match_tier"] in {"strong", "promising", "possible"}
    assert "tax" in explained["summary"]
    assert explained["talking_points"]
    ices = beside.post(
        "/match/ice-breakers",
        {"match_id": match_id, "user_id": str(ann), "other_user_id": str(first), "context": {}},
    )
    assert any("piano" in line for line in ices["suggestions"])

    talk = {
        "initiator_id": str(ann), "responder_id": str(first), "match_id": match_id, "template": "t"
    }  # fmt: skip
    beside.post("/user/initiate-ai-chat", talk, times=3)
    _settle(beside)
    [chat] = backend.received("ai-chat-ready")
    assert chat["match_id"] == match_id
    assert {turn["sender_id"] for turn in chat["conversation_data"]} == {str(ann), str(first)}
    assert str(chat["compatibility_score"]) in chat["ai_remarks"]

    backend.decide(ann, match_id, "declined", ["not_what_i_need"])
    beside.post(
        "/user/feedback-with-reasons",
        {"user_id": str(ann), "match_id": match_id, "decision": "declined",
         "reason_tags": ["not_what_i_need"], "decision_time_ms": 1200},
        times=3,
    )  # fmt: skip
    _settle(beside)
    told = beside.get(f"/matching/{ann}/matches")
    assert [UUID(one["user_id"]) for one in told["offerings_matches"]] == [
        one for one in listed if one != first
    ]
    # The decided pair was told again each time: its row is the one it was.
    assert backend.matches_of(ann)[first] == match_id
    batches = [body["batch_id"] for body in backend.received("matches-ready", taken=False)]
    assert len(set(batches)) == len(batches)
    assert all(call.status in {201, 503} for call in backend.calls)
