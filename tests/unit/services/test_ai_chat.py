"""A language model may word what assistants say, and is believed only what members said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from app.domain.dialogue import Dialogue, written
from app.domain.explaining import Half
from app.services.ai_chat import STEPS, ChatJob
from app.services.comparing import Compared
from app.services.language import LanguageModelError

FOUND = Compared(
    Half("Help with my tax return", "I prepare tax returns", 0.7),
    Half("piano", "piano lessons", 0.6),
    0.65,
)


@dataclass
class Model:
    """Answer with what the test wants; None fails as a server does."""

    answer: Any
    model: str = "a-model"

    def structured(
        self, *, instructions: str, text: str, name: str, schema: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        assert "tax return" in text
        assert "tax return" not in instructions + name + str(schema)
        if self.answer is None:
            raise LanguageModelError("The server is away.")
        found: Mapping[str, Any] = self.answer
        return found


def _dialogue(answer: Any) -> Dialogue:
    job = ChatJob(uuid4(), uuid4(), uuid4(), Model(answer), compared=FOUND)
    act: Any = STEPS[0].act
    act(job)
    return job.dialogue


def test_what_it_words_of_their_own_words_is_sent_with_our_verdict() -> None:
    turns = [
        {
            "speaker": "initiator",
            "text": "My member needs help with a tax return. Could yours help?",
        },
        {"speaker": "responder", "text": "Yes, and mine would like a piano."},
    ]
    made = _dialogue({"turns": turns})
    assert [turn.content for turn in made.turns[:2]] == [turn["text"] for turn in turns]
    assert made.turns[-1].content == made.remarks
    assert made.score == 65


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"turns": "none"},
        {"turns": [{"speaker": "initiator", "text": "Hello", "score": 99}]},
        {"turns": [{"speaker": "initiator", "text": "Hello"}, {"speaker": "judge", "text": "Yes"}]},
        {"turns": [{"speaker": "initiator", "text": "Mine is an award-winning pianist."},
                   {"speaker": "responder", "text": "Good."}]},
    ],
)  # fmt: skip
def test_anything_else_is_replaced_by_what_is_written_from_the_reasons(answer: Any) -> None:
    assert _dialogue(answer) == written(FOUND.mine, FOUND.theirs, FOUND.score)
