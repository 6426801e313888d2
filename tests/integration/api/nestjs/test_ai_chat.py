"""What assistants say of members is what the members said, whatever a language model would have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.api.nestjs.conftest import Installation
from tests.integration.api.nestjs.members import member

SAID = {
    "Ann": ("I need somebody for my taxes.", "I offer piano lessons."),
    "Bob": ("I need a piano teacher.", "I can prepare tax returns."),
}
LIES = (
    "My member has won prizes as a pianist.",
    "My member does not offer piano lessons.",
    "My member offers somebody for my taxes.",
    "They are a strong match.",
)


@dataclass
class Model:
    """Word a dialogue in which one sentence is what the test wants."""

    sentence: str
    model: str = "a-model"

    def structured(
        self, *, instructions: str, text: str, name: str, schema: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        assert all((instructions, name, schema))
        turns = [("initiator", self.sentence), ("responder", "They need a piano teacher.")]
        assert "piano" in text
        return {"turns": [{"speaker": side, "text": said} for side, said in turns]}


def _talk(beside: Installation, ann: UUID, bob: UUID, sentence: str | None) -> dict[str, Any]:
    further = beside.relay.beside
    assert further.reader is not None
    model = None if sentence is None else Model(sentence)
    beside.relay.beside = replace(further, reader=replace(further.reader, language_model=model))
    body = {
        "initiator_id": str(ann), "responder_id": str(bob), "match_id": str(uuid4()), "template": "t"
    }  # fmt: skip
    beside.post("/user/initiate-ai-chat", body, times=3)
    beside.work(2)
    told: dict[str, Any] = beside.backend.received("ai-chat-ready")[-1]
    assert told["match_id"] == body["match_id"]
    return told


def _quotes(turns: Sequence[Mapping[str, str]], speaker: UUID) -> str:
    said = " ".join(turn["content"] for turn in turns if turn["sender_id"] == str(speaker))
    return " ".join(re.findall("“([^”]*)”", said))


def test_a_talk_says_of_each_what_they_said_and_a_model_that_says_more_is_not_heard(
    beside: Installation,
) -> None:
    ann, bob = (member(beside, name, *said) for name, said in SAID.items())
    beside.work(3)
    written = _talk(beside, ann, bob, None)
    turns = written["conversation_data"]
    # Each assistant quotes its own member, and every quotation stands in what that member wrote.
    for who, name in ((ann, "Ann"), (bob, "Bob")):
        quoted = _quotes(turns, who)
        assert quoted
        wrote = set(re.findall(r"\w+", " ".join(SAID[name]).casefold()))
        assert set(re.findall(r"\w+", quoted.casefold())) <= wrote
    assert f"{written['compatibility_score']} of 100" in written["ai_remarks"]
    shown = beside.get(f"/matching/{ann}/matches")["requirements_matches"]
    assert [one["user_id"] for one in shown] == [str(bob)]
    for lie in LIES:
        told = _talk(beside, ann, bob, lie)
        assert told["conversation_data"] == turns, lie
        assert told["compatibility_score"] == written["compatibility_score"]
    true = "My member needs somebody for taxes and offers piano lessons."
    told = _talk(beside, ann, bob, true)
    assert told["conversation_data"][0]["content"] == true
    assert told["compatibility_score"] == written["compatibility_score"]
    assert told["ai_remarks"] == written["ai_remarks"]


@pytest.mark.parametrize("known", ["nothing", "one"])
def test_of_two_of_whom_nothing_is_known_nothing_is_claimed(
    beside: Installation, known: str
) -> None:
    ann, bob = (beside.backend.sign_up(name) for name in SAID)
    if known == "one":
        ann = member(beside, "Cleo", *SAID["Ann"])
        beside.work(2)
    told = _talk(beside, ann, bob, LIES[0])
    assert told["compatibility_score"] == 0
    [turn] = told["conversation_data"]
    assert "found nothing" in turn["content"]
    assert "piano" not in str(told)
