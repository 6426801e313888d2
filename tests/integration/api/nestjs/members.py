"""Members of a backend, brought in as it does."""

from __future__ import annotations

from uuid import UUID

from tests.integration.api.nestjs.conftest import Installation

NEEDS = "## What I need\n\n- {}\n\n## What I offer\n\n- {}"


def member(beside: Installation, name: str, need: str, offer: str) -> UUID:
    """Bring a member in by the questionnaire, approved."""
    user_id = beside.backend.sign_up(name)
    beside.post(
        "/user/register",
        {
            "user_id": str(user_id),
            "update": False,
            "resume_link": "",
            "questions": [
                {"prompt": "What do you need?", "answer": need},
                {"prompt": "What can you offer?", "answer": offer},
                {"prompt": "Anything else?", "answer": None},
            ],
        },
        times=3,
    )
    beside.work(2)
    beside.backend.approve(user_id, text=NEEDS.format(need, offer))
    beside.post("/user/approve-summary", {"user_id": str(user_id)}, times=3)
    return user_id
