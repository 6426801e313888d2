"""What the contract layer bounds it bounds: sizes, lengths, counts, waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import yaml

from app.api.contract import bounded, matching, uploads
from app.databases.names import Database
from app.services import backend_diagnostics, telling, webhooks
from app.settings import ApiSettings
from tests.conftest import ROOT
from tests.integration.api.nestjs.conftest import WITH_KEY, Installation
from tests.integration.api.nestjs.members import member

BACKEND = Database.BACKEND


def _status(beside: Installation, path: str, body: dict[str, Any]) -> int:
    answer = beside.client.post(f"/api/v1{path}", json=body, headers=WITH_KEY)
    return answer.status_code


def test_a_resume_may_have_five_megabytes_to_the_byte_and_a_body_a_little_more(
    beside: Installation,
) -> None:
    ann = beside.backend.sign_up("Ann")
    begun = beside.post("/onboarding/start", {"user_id": str(ann)})
    names = {"session_id": begun["session_id"], "user_id": str(ann)}

    def upload(size: int) -> tuple[int, str]:
        answer = beside.client.post(
            "/api/v1/onboarding/upload-resume", files={"file": ("r.txt", bytes(size))}, data=names
        )
        return answer.status_code, answer.json()["detail"]

    assert uploads.LARGEST_RESUME == 5 * 1024 * 1024
    status, why = upload(uploads.LARGEST_RESUME)
    assert (status, "neither a PDF" in why) == (422, True), "it was opened"
    status, why = upload(uploads.LARGEST_RESUME + 1)
    assert (status, "larger than 5 MB" in why) == (422, True)
    status, why = upload(bounded.LARGEST + 1)
    assert (status, "At most 6 MB" in why) == (413, True)


def test_a_body_whose_length_nobody_told_is_not_read_to_its_end_with_a_key_or_without(
    beside: Installation,
) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1024 * 1024
            yield bytes(1024 * 1024)

    for headers in (WITH_KEY, {}):
        answer = beside.client.post(
            "/api/v1/user/register",
            content=endless(),
            headers=headers | {"Content-Type": "application/json"},
        )
        assert answer.status_code == 413
    spoken = beside.client.post(
        "/api/v1/voice/transcribe", files={"file": ("a.ogg", bytes(26 * 1024 * 1024))}
    )
    assert spoken.status_code == 501, "and of a voice nothing is read at all"


def test_texts_are_bounded_or_cut_and_never_an_error_of_ours(beside: Installation) -> None:
    ann = beside.backend.sign_up("Ann")
    who = {"user_id": str(ann)}
    begun = beside.post("/onboarding/start", who)
    session = who | {"session_id": begun["session_id"]}
    assert _status(beside, "/onboarding/chat", session | {"message": "x" * 200_001}) == 422
    decision = who | {"match_id": str(uuid4()), "decision": "d" * 101}
    assert _status(beside, "/user/feedback-with-reasons", decision) == 422
    long = who | {
        "match_id": str(uuid4()), "decision": "declined", "reason_text": "r" * 20_000,
        "reason_tags": ["t" * 500, 7, None], "decision_time_ms": 1e30,
    }  # fmt: skip
    beside.post("/user/feedback-with-reasons", long, times=3)
    beside.post(
        "/user/feedback", who | {"type": "match", "id": str(uuid4()), "feedback": "f" * 20_000}
    )
    kept = beside.pair.sql(
        BACKEND,
        "SELECT kind, length(reason_text), length(reason_tags[1]), milliseconds FROM backend_feedback"
        " ORDER BY kind",
    )
    assert kept.splitlines() == [f"decision|10000|200|{2**31 - 1}", "match|10000||"]
    options = [{"label": f"Option {number}", "value": number} for number in range(250)]
    told = beside.post("/predict-answer", {"options": options, "user_response": "Option 199"})
    assert told["predicted_answer"] == 199
    asked = {"options": options, "user_response": "Option 249"}
    assert beside.post("/predict-answer", asked)["predicted_answer"] != 249
    beside.post("/predict-answer", {"options": options[:3], "user_response": "word " * 50_000})


def test_lists_are_bounded_and_say_so(
    beside: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = member(beside, "Ann", "I need somebody for my taxes.", "I offer piano lessons.")
    for name in ("Bob", "Cleo"):
        member(beside, name, "I need a piano teacher.", "I can prepare tax returns.")
    beside.work(3)
    assert len(beside.get(f"/matching/{ann}/matches")["requirements_matches"]) == 2
    monkeypatch.setattr(matching, "MOST_LISTED", 1)
    monkeypatch.setattr(backend_diagnostics, "_MOST", 2)
    assert len(beside.get(f"/matching/{ann}/matches")["requirements_matches"]) == 1
    listed = beside.get("/admin/list-users")
    assert (len(listed["result"]), listed["summary"]["most_shown"]) == (2, 2)
    monkeypatch.setattr(telling, "LIST_LENGTH", 1)
    beside.pair.sql(BACKEND, "DELETE FROM told_matches")
    with beside.relay.databases.backend() as backend:
        assert telling.tell(backend, ann)
    beside.work()
    assert len(beside.backend.received("matches-ready")[-1]["matches"]) == 1


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ({}, webhooks.REST),
        ({"Retry-After": "nonsense"}, webhooks.REST),
        ({"Retry-After": "30"}, timedelta(seconds=30)),
        ({"Retry-After": "86400"}, webhooks.LONGEST_REST),
    ],
)
def test_a_wait_is_the_one_asked_for_within_bounds(
    beside: Installation, asked: dict[str, str], wait: timedelta
) -> None:
    ann = beside.backend.sign_up("Ann")
    beside.backend.wrong = lambda _path: (429, asked)
    with beside.relay.databases.backend() as backend:
        telling.tell_summary(backend, ann, "## What I need")
    begun = datetime.now(UTC)
    beside.relay.look()
    with beside.relay.databases.backend() as backend:
        [one] = webhooks.listed(backend)
    assert abs(one.available_at - begun - wait) < timedelta(seconds=10)
    assert one.give_up_at - one.created_at == telling.LIVES == timedelta(days=1)


def test_a_call_that_is_not_answered_in_time_is_given_up_before_the_backend_gives_up(
    beside: Installation,
) -> None:
    settings = ApiSettings.model_validate(beside.pair.environment)
    assert settings.patience <= 60, "the backend waits for sixty seconds"
    services = yaml.safe_load((ROOT / "docker/nestjs.yml").read_text())["services"]
    beside_one = services["ai-service"]["environment"]["API_REQUEST_TIMEOUT"]
    assert int(beside_one.rpartition("-")[2].rstrip("}")) < 60
