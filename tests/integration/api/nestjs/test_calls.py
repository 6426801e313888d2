"""Every call of the written contract is there, is answered in its shape, and does no harm thrice."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from app.databases.names import Database
from app.services import upkeep
from tests.contract_schemas import calls, faults
from tests.integration.api.nestjs.conftest import WITH_KEY, Installation
from tests.integration.api.nestjs.members import NEEDS, member
from tests.resume_files import docx

BACKEND = Database.BACKEND


def test_the_written_contract_and_the_routes_are_one(beside: Installation) -> None:
    app = beside.client.app
    assert isinstance(app, FastAPI)
    there = {
        (method, route.path.removeprefix("/api/v1"))
        for route in iter_route_contexts(app.routes)
        if route.path and route.path.startswith("/api/v1/")
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert there == set(calls())


def test_members_of_a_questionnaire_are_matched_and_their_edits_count(
    beside: Installation,
) -> None:
    ann = member(beside, "Ann", "I need somebody for my taxes.", "I offer piano lessons.")
    bob = member(beside, "Bob", "I need a piano teacher.", "I can prepare tax returns.")
    cleo = member(beside, "Cleo", "I need a sailing instructor.", "I offer legal advice.")
    beside.work(4)
    assert beside.open_work() == 0
    assert len(beside.backend.received("summary-ready")) == 3
    stored = beside.pair.sql(
        BACKEND,
        f"SELECT count(*) FROM onboarding_messages WHERE user_id = '{ann}' AND author = 'member'",
    )
    assert stored == "2"
    assert bob in beside.backend.matches_of(ann)

    told = beside.get(f"/matching/{ann}/matches?similarity_threshold=0.99")
    scores = {UUID(o["user_id"]): o["similarity_score"] for o in told["requirements_matches"]}
    assert scores[bob] > scores.get(cleo, 0.0)
    # Cleo turns to taxes and pianos in the backend's own editor; the call comes twice.
    beside.backend.approve(
        cleo, text=NEEDS.format("A piano teacher", "I prepare tax returns, taxes")
    )
    beside.post("/user/profile-updated", {"user_id": str(cleo)}, times=2)
    beside.work(4)
    assert beside.open_work() == 0
    told = beside.get(f"/matching/{ann}/matches")
    after = {UUID(o["user_id"]): o["similarity_score"] for o in told["requirements_matches"]}
    assert after[cleo] > scores.get(cleo, 0.0) + 0.2

    stats = beside.get("/matching/stats")
    assert stats["total_users_with_embeddings"] == 3
    assert beside.get("/admin/system-health")["overall_status"] == "healthy"
    assert beside.get("/admin/wiring-audit")["overall_status"] == "healthy"
    diagnosed = beside.get("/admin/matching-diagnostics")
    assert [one["problem"] for one in diagnosed["result"]] == ["", "", ""]
    assert diagnosed["summary"]["with_vectors"] == 3
    listed = beside.get("/admin/list-users")
    assert {one["user_id"] for one in listed["result"]} == {str(ann), str(bob), str(cleo)}
    assert "example.org" not in str(listed)

    assert beside.post("/admin/regenerate-embeddings", {"user_id": str(ann)})["result"]
    assert beside.get("/matching/stats")["total_users_with_embeddings"] == 2
    for _ in range(2):
        assert beside.get("/user/run-scheduled-matchmaking")["Code"] == 200
    beside.work(3)
    assert beside.open_work() == 0
    assert beside.get("/matching/stats")["total_users_with_embeddings"] == 3
    match_id = beside.backend.matches_of(ann)[bob]
    remark = {"user_id": str(ann), "type": "match", "id": match_id, "feedback": "a good one"}
    beside.post("/user/feedback", remark, times=3)
    assert beside.open_work() == 2  # her list is made anew, and his set is told
    beside.post("/user/feedback", remark | {"type": "chat", "id": str(uuid4())}, times=3)


def test_an_approval_that_comes_before_its_commit_is_waited_for(beside: Installation) -> None:
    ann = beside.backend.sign_up("Ann")
    beside.post(
        "/user/register",
        {"user_id": str(ann), "questions": [{"prompt": "?", "answer": "I need tax advice."}]},
    )
    beside.work(2)
    beside.post("/user/approve-summary", {"user_id": str(ann)})
    beside.relay.look()
    waiting = beside.pair.sql(
        BACKEND, "SELECT topic, state, last_error FROM outbox WHERE state <> 'done'"
    )
    assert waiting.startswith("take_over|pending|NotApprovedYetError")
    beside.backend.approve(ann)
    beside.work(3)
    assert beside.open_work() == 0
    assert beside.get("/matching/stats")["total_users_with_embeddings"] == 1


def test_a_free_answer_is_read_by_word_and_by_meaning(beside: Installation) -> None:
    options = [
        {"label": "Every day", "value": 1},
        {"label": "Never", "value": 0},
        {"label": "Sometimes", "value": "somewhat_often"},
    ]
    for answer, predicted in (
        ("somewhat_often", "somewhat_often"),
        ("Every day", 1),
        ("daily, each morning", 1),
        ("purple elephants", None),
        ("", None),
    ):
        told = beside.post("/predict-answer", {"options": options, "user_response": answer})
        assert told["predicted_answer"] == predicted
        assert told["valid_answer"] is (predicted is not None)
        assert bool(told["fallback_text"]) is (predicted is None)
    question = {
        "previous_user_response": [{"answer": "I build boats"}], "question_id": str(uuid4()),
        "code": "c", "prompt": "How often do you sail?", "description": None, "narration": None,
        "suggestion_chips": ["Often"], "options": None,
    }  # fmt: skip
    worded = beside.post("/modify-question", question, times=3)
    assert (worded["ai_text"], worded["suggestion_chips"]) == ("How often do you sail?", ["Often"])


def test_a_resume_is_let_in_by_a_session_of_ours_and_read_once(beside: Installation) -> None:
    ann = beside.backend.sign_up("Ann")
    begun = beside.post("/onboarding/start", {"user_id": str(ann)})
    names = {"session_id": begun["session_id"], "user_id": str(ann)}
    content = docx("I need help with my taxes. I offer piano lessons.")
    for _ in range(3):
        answer = beside.client.post(
            "/api/v1/onboarding/upload-resume", files={"file": ("r.docx", content)}, data=names
        )
        assert answer.status_code == 200, answer.text
        assert faults(calls()[("POST", "/onboarding/upload-resume")]["answer"], answer.json()) == []
    final = beside.post(f"/onboarding/finalize/{begun['session_id']}", {})
    assert final["turn_count"] == 1
    assert "piano" in final["collected_data"]["offerings"]["value"]
    for wrong in ({"user_id": str(uuid4())}, {"session_id": str(uuid4())}):
        answer = beside.client.post(
            "/api/v1/onboarding/upload-resume",
            files={"file": ("r.docx", content)},
            data=names | wrong,
        )
        assert answer.status_code == 404
    large = {"file": ("r.pdf", b"%PDF-" + bytes(5 * 1024 * 1024))}
    answer = beside.client.post("/api/v1/onboarding/upload-resume", files=large, data=names)
    assert answer.status_code == 422
    spoken = beside.client.post("/api/v1/voice/transcribe", files={"file": ("a.ogg", b"o")})
    assert spoken.status_code == 501
    assert faults(calls()[("POST", "/voice/transcribe")]["answer"], spoken.json()) == []


def test_overrides_are_the_members_word_and_without_a_statement_there_is_no_profile(
    beside: Installation,
) -> None:
    ann = beside.backend.sign_up("Ann")
    begun = beside.post("/onboarding/start", {"user_id": str(ann), "objective": "hello there"})
    body = {"user_id": str(ann), "session_id": begun["session_id"]}
    told = beside.post("/onboarding/complete", body)
    assert (told["success"], told["profile_created"]) == (False, False)
    overrides = {
        "requirements": {"value": "Somebody who prepares tax returns"},
        "offerings": ["Piano lessons", "Sheet music"],
        "company_size": 12,
    }
    told = beside.post("/onboarding/complete", body | {"slot_overrides": overrides}, times=3)
    assert told["profile_created"] is True
    rows = beside.pair.sql(
        BACKEND, f"SELECT version, summary FROM user_summaries WHERE user_id = '{ann}'"
    )
    assert rows.startswith("1|")
    for words in ("Somebody who prepares tax returns", "Sheet music", "company size: 12"):
        assert words in rows


def test_what_cannot_be_answered_is_told_with_a_code(beside: Installation) -> None:
    nobody = str(uuid4())
    for path, body in (
        ("/onboarding/start", {"user_id": nobody}),
        ("/onboarding/chat", {"user_id": nobody, "message": "hello"}),
        ("/user/register", {"user_id": nobody, "questions": []}),
        ("/user/feedback", {"user_id": nobody, "type": "match", "id": nobody}),
        ("/match/explanation", {"user_a_id": nobody, "user_b_id": nobody}),
        ("/admin/regenerate-embeddings", {"user_id": nobody}),
    ):
        answer = beside.client.post(f"/api/v1{path}", json=body, headers=WITH_KEY)
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "not_found"
        answer = beside.client.post(f"/api/v1{path}", json={"user_id": "x"}, headers=WITH_KEY)
        assert answer.status_code == 422, path


def test_whoever_leaves_the_backend_is_forgotten_with_what_others_were_told_of_them(
    beside: Installation,
) -> None:
    ann = member(beside, "Ann", "I need tax advice.", "I offer piano lessons.")
    bob = member(beside, "Bob", "I need a piano teacher.", "I can give advice on taxes.")
    beside.work(4)
    assert bob in beside.backend.matches_of(ann)
    beside.pair.sql(BACKEND, f"DELETE FROM users WHERE id = '{bob}'")
    upkeep.run(beside.relay.databases, beside.relay.embedder)
    beside.work(3)
    assert beside.open_work() == 0
    assert beside.get("/matching/stats")["total_users_with_embeddings"] == 1
    held = "; ".join(
        f"SELECT '{table}' FROM {table} t WHERE t::text LIKE '%{bob}%'"
        for table in (
            "statements", "onboarding_sessions", "onboarding_messages", "match_scores",
            "match_reasons", "webhook_deliveries", "told_matches", "introductions", "profiles",
        )
    )  # fmt: skip
    assert beside.pair.sql(BACKEND, held) == ""
    upkeep.run(beside.relay.databases, beside.relay.embedder)
    assert beside.open_work() == 0
