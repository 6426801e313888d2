"""Every call and webhook of the contract: written down whole, answered in its shape, harmless thrice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # ships no types

from app.api.contract.written import schemas
from app.databases.guard import Guard
from app.databases.names import Database
from app.services import telling
from tests.architecture.proof import own_statements
from tests.contract_schemas import calls, faults
from tests.integration.api.nestjs.conftest import WITH_KEY, Installation
from tests.integration.api.nestjs.members import member
from tests.integration.api.nestjs.test_every_statement import ALONE
from tests.resume_files import docx

BACKEND = Database.BACKEND
ENVELOPE = "Code Message Result"
_REST = "slots_filled total_required estimated_remaining_minutes is_complete"
_SAID = "completion_percent next_questions phase is_complete"
_NULLABLE = "description? narration? suggestion_chips? options?"
_COUNTS = "total_users_with_embeddings total_requirements_embeddings total_offerings_embeddings"
# The contract, call by call: what is sent, and what the backend reads of the answer.
CONTRACT = {
    "POST /onboarding/start": (
        "user_id objective?", "session_id greeting suggested_questions progress_percent"),
    "POST /onboarding/chat": (
        "user_id message session_id?",
        f"session_id ai_response extracted_slots all_slots {_SAID}"),
    "GET /onboarding/progress/{session_id}": (
        "", f"session_id user_id phase progress_percent {_REST}"),
    "POST /onboarding/finalize/{session_id}": (
        "", "session_id user_id collected_data turn_count completed_at"),
    "POST /onboarding/complete": (
        "user_id session_id slot_overrides?",
        "success user_id message profile_created persona_task_id?"),
    "POST /onboarding/upload-resume": ("", ""),
    "POST /voice/transcribe": ("", "detail"),
    "POST /user/register": ("user_id update? resume_link? questions?", ENVELOPE),
    "POST /user/approve-summary": ("user_id", ENVELOPE),
    "POST /user/profile-updated": ("user_id", ENVELOPE),
    "POST /user/initiate-ai-chat": ("initiator_id responder_id match_id template?", ENVELOPE),
    "POST /user/feedback": ("user_id type id feedback?", ENVELOPE),
    "POST /user/feedback-with-reasons": (
        "user_id match_id decision reason_tags? reason_text? decision_time_ms? other_user_attributes?",
        ENVELOPE),
    "GET /user/run-scheduled-matchmaking": ("", "Code Result"),
    "POST /modify-question": (
        f"previous_user_response? question_id? code? prompt? {_NULLABLE}",
        f"ai_text suggestion_chips {ENVELOPE}"),
    "POST /predict-answer": (
        "options user_response", f"valid_answer predicted_answer fallback_text {ENVELOPE}"),
    "POST /match/explanation": (
        "match_id? user_a_id user_b_id force_refresh?",
        f"summary synergy_areas friction_points talking_points match_tier score_breakdown? {ENVELOPE}"),
    "POST /match/ice-breakers": (
        "match_id? user_id other_user_id context?", f"suggestions {ENVELOPE}"),
    "GET /matching/{user_id}/matches": ("", "requirements_matches offerings_matches"),
    "GET /matching/stats": (
        "", f"{_COUNTS} last_updated?"),
    "GET /admin/system-health": ("", "overall_status"),
    "GET /admin/wiring-audit": ("", "overall_status"),
    "GET /admin/matching-diagnostics": ("", "result summary"),
    "GET /admin/list-users": ("", "result summary"),
    "POST /admin/regenerate-embeddings": ("user_id", "result"),
}  # fmt: skip
_PAIR = "user_a_id user_b_id user_a_designation user_b_designation"
_MATCH = (
    f"{_PAIR} match_score? explanation? headline? key_points? match_tier? synergy_areas?"
    " friction_points? talking_points? score_breakdown? reciprocal?"
)
WEBHOOKS = {
    "summary-ready": ("user_id summary", "", ""),
    "matches-ready": ("batch_id matches", "matches", _MATCH),
    "user-matches-ready": (
        "batch_id user_id matches", "matches",
        "target_user_id target_user_designation match_score?"),
    "ai-chat-ready": (
        "initiator_id responder_id match_id ai_remarks compatibility_score? conversation_data",
        "conversation_data", "sender_id content"),
}  # fmt: skip


def _fields(written: str) -> tuple[set[str], set[str]]:
    names = written.split()
    return {n for n in names if not n.endswith("?")}, {n.rstrip("?") for n in names}


def test_the_written_schemas_say_all_that_the_contract_says() -> None:
    assert {f"{method} {path}" for method, path in calls()} == set(CONTRACT)
    for name, (sent, read) in CONTRACT.items():
        method, path = name.split()
        written = calls()[method, path]
        Draft202012Validator.check_schema(written["answer"])
        required, _ = _fields(read)
        assert required <= set(written["answer"]["required"]), name
        assert written["key"] is (path not in {"/onboarding/upload-resume", "/voice/transcribe"})
        if not sent:
            continue
        Draft202012Validator.check_schema(written["request"])
        needed, known = _fields(sent)
        assert set(written["request"]["properties"]) == known, name
        assert set(written["request"].get("required", ())) == needed, name


def test_the_written_webhooks_are_those_that_are_sent_and_refuse_any_other_field() -> None:
    written = schemas("webhooks")["webhooks"]
    sent = {telling.REPLACE, telling.ADD, telling.SUMMARY, telling.CHAT}
    assert set(written) == set(WEBHOOKS) == sent
    for name, (fields, many, of_each) in WEBHOOKS.items():
        parts = [(written[name], fields)]
        if many:
            parts.append((written[name]["properties"][many]["items"], of_each))
        for schema, told in parts:
            Draft202012Validator.check_schema(schema)
            needed, known = _fields(told)
            assert set(schema["properties"]) == known, name
            assert set(schema["required"]) == needed, name
            assert schema["additionalProperties"] is False


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Write down every statement that is sent to the backend database."""
    found: set[str] = set()
    real: Callable[[Guard, bytes], None] = Guard.check

    def check(guard: Guard, text: bytes) -> None:
        if guard.database is BACKEND:
            found.add(_plain(text.decode()))
        real(guard, text)

    monkeypatch.setattr(Guard, "check", check)
    return found


def _plain(statement: str) -> str:
    return " ".join(re.sub(r"\$\d+", "?", statement).split())


@pytest.mark.long
def test_every_call_is_answered_in_its_shape_and_does_nothing_when_it_is_repeated(
    beside: Installation, executed: set[str]
) -> None:
    """Each POST comes three times, the worker works in between: nothing stands there that would not."""
    ann = member(beside, "Ann", "I need somebody for my taxes.", "I offer piano lessons.")
    bob = member(beside, "Bob", "I need a piano teacher.", "I can prepare tax returns.")
    beside.work(3)
    match_id = beside.backend.matches_of(ann)[bob]
    cleo = beside.backend.sign_up("Cleo")
    asked: dict[str, int] = {}
    session = ""
    for name, body in _bodies(ann, bob, cleo, match_id):
        filled = {k: session if v == "SESSION" else v for k, v in body.items()}
        states, answers = [], []
        once = name.startswith("GET") or name == "POST /onboarding/chat"
        for _ in range(1 if once else 3):
            answers.append(_call(beside, name, filled, session, ann))
            for _ in range(3):
                if not beside.open_work():
                    break
                beside.work()
            assert beside.open_work() == 0, name
            states.append(_state(beside))
        assert states == states[:1] * len(states), name
        session = answers[0].get("session_id", session)
        asked[name] = len(answers)
    assert set(asked) == set(CONTRACT)

    # What is prepared on tables that others made is all that this mode sends.
    statements = own_statements()
    alone = {_plain(one.text) for one in statements if one.path.name in ALONE}
    prepared = {_plain(one.text) for one in statements if one.known and one.path.name not in ALONE}
    assert executed & (alone - prepared) == set()
    assert {one for one in executed - prepared if not _of_the_driver(one)} == set()
    assert len(executed & prepared) > 80


def _of_the_driver(statement: str) -> bool:
    return not statement or statement.upper().startswith(
        ("SET ", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT SET_CONFIG")
    )


def _bodies(
    ann: UUID, bob: UUID, cleo: UUID, match_id: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    a, b, c = {"user_id": str(ann)}, {"user_id": str(bob)}, {"user_id": str(cleo)}
    both = {"user_a_id": str(ann), "user_b_id": str(bob), "match_id": match_id}
    question = {"prompt": "What do you need?", "answer": "I need a sailing instructor."}
    yield "POST /onboarding/start", c | {"objective": "I want to learn sailing."}
    yield "POST /onboarding/chat", c | {"session_id": "SESSION", "message": "I offer legal advice."}
    yield "GET /onboarding/progress/{session_id}", {}
    yield "POST /onboarding/upload-resume", c | {"session_id": "SESSION"}
    yield "POST /voice/transcribe", {}
    yield "POST /onboarding/finalize/{session_id}", {}
    overrides = {"requirements": {"value": "A sailing instructor"}}
    yield "POST /onboarding/complete", c | {"session_id": "SESSION", "slot_overrides": overrides}
    yield "POST /user/register", c | {"update": True, "resume_link": "", "questions": [question]}
    yield "POST /user/approve-summary", a
    yield "POST /user/profile-updated", a
    yield "POST /user/initiate-ai-chat", {
        "initiator_id": str(ann), "responder_id": str(bob), "match_id": match_id, "template": "t"
    }  # fmt: skip
    yield "POST /user/feedback", a | {"type": "match", "id": match_id, "feedback": "good"}
    yield "POST /user/feedback-with-reasons", b | {"match_id": match_id, "decision": "approved"}
    yield "GET /user/run-scheduled-matchmaking", {}
    yield "POST /modify-question", {
        "previous_user_response": [], "question_id": "q", "code": "c", "prompt": "Where?",
        "description": None, "narration": None, "suggestion_chips": None, "options": None,
    }  # fmt: skip
    yield (
        "POST /predict-answer",
        {"options": [{"label": "Yes", "value": 1}], "user_response": "yes"},
    )
    yield "POST /match/explanation", both | {"force_refresh": False}
    yield "POST /match/ice-breakers", a | {
        "other_user_id": str(bob), "match_id": match_id, "context": None
    }  # fmt: skip
    for path in (
        "/matching/{user_id}/matches", "/matching/stats", "/admin/system-health",
        "/admin/wiring-audit", "/admin/matching-diagnostics", "/admin/list-users",
    ):  # fmt: skip
        yield f"GET {path}", {}
    yield "POST /admin/regenerate-embeddings", a


def _call(
    beside: Installation, name: str, body: dict[str, Any], session: str, ann: UUID
) -> dict[str, Any]:
    method, template = name.split()
    path = template.replace("{session_id}", session).replace("{user_id}", str(ann))
    if method == "GET":
        return beside.get(path)
    if calls()[method, template]["key"]:
        return beside.post(path, body)
    files = {"file": ("r.docx", docx("I can also repair boats."))}
    answer = beside.client.post(f"/api/v1{path}", files=files, data=body)
    written = calls()[method, template]
    assert answer.status_code == written["status"], answer.text
    assert faults(written["answer"], answer.json()) == []
    told: dict[str, Any] = answer.json()
    return told


def _state(beside: Installation) -> str:
    """Digest what a repeated call might have done twice; not when, and not by which run."""
    return beside.pair.sql(
        BACKEND,
        "SELECT user_id, version, status, summary FROM user_summaries ORDER BY 1, 2;"
        " SELECT id, onboarding_status FROM users ORDER BY 1;"
        " SELECT user_id, kind, position, text FROM statements ORDER BY 1, 2, 3;"
        " SELECT user_id, position, author, text FROM onboarding_messages ORDER BY 1, 2;"
        " SELECT user_id, kind, text FROM onboarding_items ORDER BY 1, 2, 3;"
        " SELECT user_a_id, user_b_id, user_a_decision, user_b_decision FROM matches ORDER BY 1, 2;"
        " SELECT user_id, subject_id, kind, decision FROM backend_feedback ORDER BY 1, 2, 3;"
        " SELECT user_a_id, user_b_id, round(score::numeric, 6) FROM match_scores ORDER BY 1, 2;"
        " SELECT user_id, partner_id FROM introductions ORDER BY 1, 2;"
        " SELECT user_id, kind, state, count(*) FROM webhook_deliveries GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;",
    )


def test_without_a_key_or_with_a_wrong_one_no_call_is_answered(beside: Installation) -> None:
    before = beside.pair.contents()
    for method, path in calls():
        if not calls()[method, path]["key"]:
            continue
        for headers in ({}, {"X-API-KEY": "wrong"}, {"X-API-KEY": WITH_KEY["X-API-KEY"] + " "}):
            filled = re.sub(r"\{\w+\}", "00000000-0000-4000-8000-000000000000", path)
            answer = beside.client.request(method, f"/api/v1{filled}", json={}, headers=headers)
            assert answer.status_code in {401, 422}, (method, path)
            assert answer.status_code == 401 or method == "POST"
    assert beside.pair.contents() == before
